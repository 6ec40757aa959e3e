//! What a program gives along with a request: paths, data, ACLs, modes, transactions.
//!
//! Good arguments are on the wire as they were given, the path behind the chroot; all others
//! are refused.

use std::ffi::CString;

use arbitrary::{Arbitrary, Unstructured};
use zk_proto::records::{
    Acl, CheckVersionRequest, CreateRequest, CreateTtlRequest, DeleteRequest, Id, MultiOp, Ops,
    PathRequest, ReconfigRequest, RequestHeader, SetAclRequest, SetDataRequest, WatchedPathRequest,
};
use zk_proto::{Code, CreateMode, Jute, List, Op, Reader, Text};
use zookeeper_mt::core::Request;
use zookeeper_mt::fuzzing;

use crate::hosts::is_path;

const XID: i32 = 0x1234_5678;
const LONGEST_TTL: i64 = 0xff_ffff_ffff;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    under_chroot: bool,
    watch: bool,
    call: Call<'a>,
}

#[derive(Arbitrary, Debug)]
enum Call<'a> {
    Create(Create<'a>, i64, bool),
    OnPath(u8, Option<&'a [u8]>, i32),
    SetData(Option<&'a [u8]>, Option<&'a [u8]>, i32),
    SetAcl(Option<&'a [u8]>, Option<Vec<Entry<'a>>>, i32, bool),
    Reconfig([Option<&'a [u8]>; 3], i64),
    Multi(Vec<SubOp<'a>>),
    FromProgram(Vec<(i32, Option<CString>, Option<CString>)>),
}

#[derive(Arbitrary, Debug)]
struct Create<'a> {
    path: Option<&'a [u8]>,
    data: Option<&'a [u8]>,
    acl: Option<Vec<Entry<'a>>>,
    mode: i32,
}

#[derive(Arbitrary, Debug)]
struct Entry<'a> {
    perms: i32,
    scheme: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
}

#[derive(Arbitrary, Debug)]
enum SubOp<'a> {
    Create(u8, Create<'a>, i64),
    Delete(Option<&'a [u8]>, i32),
    Set(Option<&'a [u8]>, Option<&'a [u8]>, i32),
    Check(Option<&'a [u8]>, i32),
}

/// Encodes and compares with what was given.
pub fn run(data: &[u8]) {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    let chroot: &[u8] = if input.under_chroot { b"/ch" } else { b"" };
    match &input.call {
        Call::Create(create, ttl, stat) => check_create(create, *ttl, *stat, chroot),
        &Call::OnPath(kind, path, version) => {
            check_on_path(kind, path, version, chroot, input.watch);
        }
        &Call::SetData(path, data, version) => {
            let request = Request::SetData {
                path,
                data,
                version,
            };
            check(&request, Op::SetData, chroot, path, 0, |path| {
                let record = SetDataRequest {
                    path,
                    data,
                    version,
                };
                record.to_bytes()
            });
        }
        Call::SetAcl(path, acl, version, stat) => {
            let entries = entries(acl);
            let request = Request::SetAcl {
                path: *path,
                acl: list(acl, &entries),
                version: *version,
                stat: *stat,
            };
            check(&request, Op::SetAcl, chroot, *path, 0, |path| {
                let record = SetAclRequest {
                    path,
                    acl: List::new(&entries),
                    version: *version,
                };
                record.to_bytes()
            });
        }
        &Call::Reconfig([joining, leaving, members], version) => {
            let request = Request::Reconfig {
                joining,
                leaving,
                members,
                version,
            };
            let record = ReconfigRequest {
                joining,
                leaving,
                members,
                config_id: version,
            };
            // It has no path; one that is always good stands for that.
            check(&request, Op::Reconfig, chroot, Some(b"/"), 0, |_| {
                record.to_bytes()
            });
        }
        Call::Multi(ops) => check_multi(ops, chroot),
        Call::FromProgram(acl) => {
            let bytes = |text: &Option<CString>| text.as_ref().map(|text| text.as_bytes().to_vec());
            let (given, expected): (Vec<_>, Vec<_>) = acl
                .iter()
                .map(|(perms, scheme, id)| {
                    let given = (*perms, scheme.as_deref(), id.as_deref());
                    (given, (*perms, bytes(scheme), bytes(id)))
                })
                .unzip();
            assert_eq!(fuzzing::acl_from_program(&given), expected);
        }
    }
}

/// The server's path, if the client's is good.
fn server_path(path: Text<'_>, chroot: &[u8], mode: i32) -> Option<Vec<u8>> {
    let path = path?;
    let full = if chroot.is_empty() {
        path.to_vec()
    } else if path.len() == 1 {
        chroot.to_vec()
    } else {
        [chroot, path].concat()
    };
    let sequential = CreateMode::from_i32(mode).is_some_and(CreateMode::is_sequential);
    is_path(&full, sequential).then_some(full)
}

/// Encodes a request with this path and compares; `expected` makes the body for the server's
/// path.
fn check(
    request: &Request<'_>,
    op: Op,
    chroot: &[u8],
    path: Text<'_>,
    mode: i32,
    expected: impl FnOnce(Text<'_>) -> Vec<u8>,
) {
    check_watching(request, op, chroot, path, mode, false, expected);
}

fn check_watching(
    request: &Request<'_>,
    op: Op,
    chroot: &[u8],
    path: Text<'_>,
    mode: i32,
    watch: bool,
    expected: impl FnOnce(Text<'_>) -> Vec<u8>,
) {
    let encoded = fuzzing::encoded(request, chroot, XID, watch);
    let Some(path) = server_path(path, chroot, mode) else {
        return assert_eq!(encoded, Err(Code::BAD_ARGUMENTS), "{request:?}");
    };
    assert_eq!(body(encoded, op), expected(Some(&path)), "{request:?}");
}

/// What follows the request header, which must be this operation's.
fn body(encoded: Result<Vec<u8>, Code>, op: Op) -> Vec<u8> {
    let frame = encoded.expect("good arguments");
    let mut reader = Reader::new(&frame[4..]);
    let header: RequestHeader = reader.read().expect("a request header");
    assert_eq!((header.xid, header.op), (XID, op.into()));
    reader.rest().to_vec()
}

fn entries<'a>(acl: &Option<Vec<Entry<'a>>>) -> Vec<Acl<'a>> {
    let entry = |entry: &Entry<'a>| Acl {
        perms: entry.perms,
        id: Id {
            scheme: entry.scheme,
            id: entry.id,
        },
    };
    acl.iter().flatten().map(entry).collect()
}

/// The list as a request takes it; no ACL is not an empty one, though it is sent as such.
fn list<'a>(given: &Option<Vec<Entry<'_>>>, entries: &'a [Acl<'a>]) -> List<'a, Acl<'a>> {
    match given {
        None => List::NULL,
        Some(_) => List::new(entries),
    }
}

fn check_create(create: &Create<'_>, ttl: i64, stat: bool, chroot: &[u8]) {
    let &Create {
        path, data, mode, ..
    } = create;
    let entries = entries(&create.acl);
    let request = Request::Create {
        path,
        data,
        acl: list(&create.acl, &entries),
        mode,
        ttl,
        stat,
    };
    let known = CreateMode::from_i32(mode);
    let takes_ttl = known.is_some_and(CreateMode::has_ttl);
    let good_ttl = if takes_ttl {
        (1..=LONGEST_TTL).contains(&ttl)
    } else {
        ttl < 0
    };
    if !good_ttl {
        let encoded = fuzzing::encoded(&request, chroot, XID, false);
        return assert_eq!(encoded, Err(Code::BAD_ARGUMENTS));
    }
    let op = match known {
        Some(CreateMode::Container) => Op::CreateContainer,
        _ if takes_ttl => Op::CreateTtl,
        _ if stat => Op::Create2,
        _ => Op::Create,
    };
    let acl = List::new(&entries);
    let flags = mode;
    check(&request, op, chroot, path, mode, |path| {
        if takes_ttl {
            let record = CreateTtlRequest {
                path,
                data,
                acl,
                flags,
                ttl,
            };
            return record.to_bytes();
        }
        let record = CreateRequest {
            path,
            data,
            acl,
            flags,
        };
        record.to_bytes()
    });
}

fn check_on_path(kind: u8, path: Text<'_>, version: i32, chroot: &[u8], watch: bool) {
    let (op, request) = match kind % 7 {
        0 => (Op::Delete, Request::Delete { path, version }),
        1 => (Op::Exists, Request::Exists { path }),
        2 => (Op::GetData, Request::GetData { path }),
        3 => (Op::GetChildren, Request::GetChildren { path }),
        4 => (Op::GetChildren2, Request::GetChildren2 { path }),
        5 => (Op::Sync, Request::Sync { path }),
        _ => (Op::GetAcl, Request::GetAcl { path }),
    };
    check_watching(&request, op, chroot, path, 0, watch, |path| match op {
        Op::Delete => DeleteRequest { path, version }.to_bytes(),
        Op::Sync | Op::GetAcl => PathRequest { path }.to_bytes(),
        _ => WatchedPathRequest { path, watch }.to_bytes(),
    });
}

fn check_multi(ops: &[SubOp<'_>], chroot: &[u8]) {
    let acls: Vec<Vec<Acl<'_>>> = ops
        .iter()
        .map(|op| match op {
            SubOp::Create(_, create, _) => entries(&create.acl),
            _ => Vec::new(),
        })
        .collect();
    let given: Vec<MultiOp<'_>> = ops
        .iter()
        .zip(&acls)
        .map(|(op, acl)| multi_op(op, acl, |path| path))
        .collect();
    let encoded = fuzzing::encoded(&Request::Multi(&given), chroot, XID, false);
    let paths: Option<Vec<Vec<u8>>> = ops
        .iter()
        .map(|op| {
            let (path, mode) = path_of(op);
            server_path(path, chroot, mode)
        })
        .collect();
    let Some(paths) = paths else {
        return assert_eq!(encoded, Err(Code::MARSHALLING_ERROR), "{ops:?}");
    };
    let body = body(encoded, Op::Multi);
    let mut sent = Ops::new(&body);
    for ((op, acl), path) in ops.iter().zip(&acls).zip(&paths) {
        let expected = multi_op(op, acl, |_| Some(&path[..]));
        assert_eq!(sent.next_op(), Some(Ok(expected)));
    }
    assert_eq!(sent.next_op(), None);
}

fn path_of<'a>(op: &SubOp<'a>) -> (Text<'a>, i32) {
    match op {
        SubOp::Create(_, create, _) => (create.path, create.mode),
        SubOp::Delete(path, _) | SubOp::Set(path, ..) | SubOp::Check(path, _) => (*path, 0),
    }
}

fn multi_op<'a>(
    op: &SubOp<'a>,
    acl: &'a [Acl<'a>],
    path: impl FnOnce(Text<'a>) -> Text<'a>,
) -> MultiOp<'a> {
    let path = path(path_of(op).0);
    match *op {
        SubOp::Create(kind, ref create, ttl) => {
            let record = CreateRequest {
                path,
                data: create.data,
                acl: List::new(acl),
                flags: create.mode,
            };
            match kind % 4 {
                0 => MultiOp::Create(record),
                1 => MultiOp::Create2(record),
                2 => MultiOp::CreateContainer(record),
                _ => MultiOp::CreateTtl(CreateTtlRequest {
                    path,
                    data: create.data,
                    acl: record.acl,
                    flags: record.flags,
                    ttl,
                }),
            }
        }
        SubOp::Delete(_, version) => MultiOp::Delete(DeleteRequest { path, version }),
        SubOp::Set(_, data, version) => MultiOp::SetData(SetDataRequest {
            path,
            data,
            version,
        }),
        SubOp::Check(_, version) => MultiOp::Check(CheckVersionRequest { path, version }),
    }
}
