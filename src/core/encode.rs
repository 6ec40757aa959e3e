//! From a request to its frame: argument checks, operation number, record.

use zk_proto::records::{
    CheckVersionRequest, CreateRequest, CreateTtlRequest, DeleteRequest, MultiHeader, MultiOp,
    MultiReadOp, ReconfigRequest, RequestHeader, SetDataRequest, WatchedPathRequest,
};
use zk_proto::{Code, CreateMode, Jute, Op, Text, frame};

use super::paths;
use super::reply::ReplyKind;
use super::request::Request;
use super::watch::Table;

/// Where the ensemble's configuration is, outside of any chroot (C-281).
pub(crate) const CONFIG_NODE: &[u8] = b"/zookeeper/config";

/// Largest time to live, ms (C-286).
const MAX_TTL: i64 = 0xff_ffff_ffff;

/// Largest body of a frame that its length word can tell.
const MAX_FRAME: usize = i32::MAX as usize;

/// Judges the arguments in the contract's order: time to live, then path (C-260, C-286, C-623).
pub(crate) fn check(request: &Request<'_>, chroot: &[u8]) -> Result<(), Code> {
    let path = |path: Text<'_>, mode: i32| match path {
        Some(path) if is_valid_under(chroot, path, mode) => Ok(()),
        _ => Err(Code::BAD_ARGUMENTS),
    };
    match *request {
        Request::Create {
            path: p, mode, ttl, ..
        } => {
            let takes_ttl = CreateMode::from_i32(mode).is_some_and(CreateMode::has_ttl);
            let ttl_fits = if takes_ttl {
                (1..=MAX_TTL).contains(&ttl)
            } else {
                ttl < 0
            };
            if !ttl_fits {
                return Err(Code::BAD_ARGUMENTS);
            }
            path(p, mode)
        }
        Request::Delete { path: p, .. }
        | Request::Exists { path: p }
        | Request::GetData { path: p }
        | Request::SetData { path: p, .. }
        | Request::GetChildren { path: p }
        | Request::GetChildren2 { path: p }
        | Request::Sync { path: p }
        | Request::GetAcl { path: p }
        | Request::SetAcl { path: p, .. }
        | Request::AddWatch { path: p, .. }
        | Request::GetAllChildrenNumber { path: p } => path(p, 0),
        Request::GetConfig | Request::Reconfig { .. } | Request::WhoAmI => Ok(()),
        Request::MultiRead(reads) => reads.iter().try_for_each(|read| path(read_path(read).1, 0)),
        // Not a path but the beginning of some; behind a chroot it must not go on the chroot's
        // last name.
        Request::GetEphemerals { prefix } => match prefix {
            None | Some([] | [b'/', ..]) => Ok(()),
            Some(_) => Err(Code::BAD_ARGUMENTS),
        },
        Request::Multi(ops) => ops.iter().try_for_each(|op| {
            let (p, mode) = multi_path(op);
            path(p, mode).map_err(|_| Code::MARSHALLING_ERROR)
        }),
    }
}

/// Judges the concatenation of chroot and path (C-279).
pub(crate) fn is_valid_under(chroot: &[u8], path: &[u8], mode: i32) -> bool {
    if chroot.is_empty() || path.starts_with(b"/") && path.len() > 1 {
        // The chroot itself is valid and does not end in '/', so only the path matters.
        return paths::is_valid(path, mode);
    }
    let mut full = Vec::with_capacity(chroot.len() + path.len());
    paths::append_chrooted(chroot, path, &mut full);
    paths::is_valid(&full, mode)
}

fn read_path<'a>(read: &MultiReadOp<'a>) -> (Op, Text<'a>) {
    match read {
        MultiReadOp::GetData(r) => (Op::GetData, r.path),
        MultiReadOp::GetChildren(r) => (Op::GetChildren, r.path),
    }
}

fn multi_path<'a>(op: &MultiOp<'a>) -> (Text<'a>, i32) {
    match op {
        MultiOp::Create(r) | MultiOp::Create2(r) | MultiOp::CreateContainer(r) => (r.path, r.flags),
        MultiOp::CreateTtl(r) => (r.path, r.flags),
        MultiOp::Delete(r) => (r.path, 0),
        MultiOp::SetData(r) => (r.path, 0),
        MultiOp::Check(r) => (r.path, 0),
    }
}

fn multi_data<'a>(op: &MultiOp<'a>) -> zk_proto::Buffer<'a> {
    match op {
        MultiOp::Create(r) | MultiOp::Create2(r) | MultiOp::CreateContainer(r) => r.data,
        MultiOp::CreateTtl(r) => r.data,
        MultiOp::SetData(r) => r.data,
        MultiOp::Delete(_) | MultiOp::Check(_) => None,
    }
}

/// Appends the frame of a checked request. On an error `out` is as before.
pub(crate) fn append(
    request: &Request<'_>,
    chroot: &[u8],
    xid: i32,
    watch: bool,
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> Result<(), Code> {
    let start = out.len();
    frame::append(out, |out| {
        RequestHeader {
            xid,
            op: op(request).into(),
        }
        .encode(out);
        body(request, chroot, watch, scratch, out);
    });
    if out.len() - start - frame::PREFIX > MAX_FRAME {
        out.truncate(start);
        return Err(Code::MARSHALLING_ERROR);
    }
    Ok(())
}

/// Bytes of a request's data, which are most of a large frame.
pub(crate) fn payload(request: &Request<'_>) -> usize {
    let of = |data: zk_proto::Buffer<'_>| data.map_or(0, <[u8]>::len);
    match *request {
        Request::Create { data, .. } | Request::SetData { data, .. } => of(data),
        Request::Multi(ops) => ops.iter().map(|op| of(multi_data(op))).sum(),
        _ => 0,
    }
}

fn op(request: &Request<'_>) -> Op {
    match request {
        Request::Create { mode, stat, .. } => match CreateMode::from_i32(*mode) {
            Some(CreateMode::Container) => Op::CreateContainer,
            Some(mode) if mode.has_ttl() => Op::CreateTtl,
            _ if *stat => Op::Create2,
            _ => Op::Create,
        },
        Request::Delete { .. } => Op::Delete,
        Request::Exists { .. } => Op::Exists,
        Request::GetData { .. } | Request::GetConfig => Op::GetData,
        Request::SetData { .. } => Op::SetData,
        Request::GetChildren { .. } => Op::GetChildren,
        Request::GetChildren2 { .. } => Op::GetChildren2,
        Request::Sync { .. } => Op::Sync,
        Request::GetAcl { .. } => Op::GetAcl,
        Request::SetAcl { .. } => Op::SetAcl,
        Request::Reconfig { .. } => Op::Reconfig,
        Request::Multi(_) => Op::Multi,
        Request::AddWatch { .. } => Op::AddWatch,
        Request::MultiRead(_) => Op::MultiRead,
        Request::GetEphemerals { .. } => Op::GetEphemerals,
        Request::GetAllChildrenNumber { .. } => Op::GetAllChildrenNumber,
        Request::WhoAmI => Op::WhoAmI,
    }
}

/// What the reply to a request will hold.
pub(crate) fn reply_kind(request: &Request<'_>) -> ReplyKind {
    match request {
        Request::Create { stat: true, .. } => ReplyKind::PathStat,
        Request::Create { .. } | Request::Sync { .. } => ReplyKind::Path,
        Request::Exists { .. } | Request::SetData { .. } | Request::SetAcl { stat: true, .. } => {
            ReplyKind::Stat
        }
        Request::Delete { .. } | Request::SetAcl { .. } => ReplyKind::Void,
        Request::GetData { .. } | Request::GetConfig | Request::Reconfig { .. } => ReplyKind::Data,
        Request::GetChildren { .. } => ReplyKind::Strings,
        Request::GetChildren2 { .. } => ReplyKind::StringsStat,
        Request::GetAcl { .. } => ReplyKind::Acl,
        Request::Multi(_) => ReplyKind::Multi,
        Request::AddWatch { .. } => ReplyKind::Acknowledgement,
        Request::MultiRead(_) => ReplyKind::MultiRead,
        Request::GetEphemerals { .. } => ReplyKind::Paths,
        Request::GetAllChildrenNumber { .. } => ReplyKind::Number,
        Request::WhoAmI => ReplyKind::Identities,
    }
}

/// Where a watch of this request goes: `(client path, on success, on a missing node)` (C-471).
pub(crate) fn watch_of<'a>(request: &Request<'a>) -> Option<WatchOf<'a>> {
    let (path, found, missing) = match *request {
        Request::Exists { path } => (path?, Table::Data, Some(Table::Exist)),
        Request::GetData { path } => (path?, Table::Data, None),
        Request::GetChildren { path } | Request::GetChildren2 { path } => {
            (path?, Table::Child, None)
        }
        Request::AddWatch { path, mode } => (path?, Table::of_mode(mode), None),
        Request::GetConfig => {
            return Some(WatchOf {
                path: CONFIG_NODE,
                chrooted: false,
                found: Table::Data,
                missing: None,
            });
        }
        _ => return None,
    };
    Some(WatchOf {
        path,
        chrooted: true,
        found,
        missing,
    })
}

/// The watch that a request leaves.
pub(crate) struct WatchOf<'a> {
    /// Path as given by the caller.
    pub(crate) path: &'a [u8],
    /// False if the chroot does not apply to it.
    pub(crate) chrooted: bool,
    /// Table on success.
    pub(crate) found: Table,
    /// Table if the node is missing.
    pub(crate) missing: Option<Table>,
}

fn body(
    request: &Request<'_>,
    chroot: &[u8],
    watch: bool,
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    let server_path = |path: Text<'_>, out: &mut Vec<u8>| append_path(path, chroot, out);
    match *request {
        Request::Create {
            path,
            data,
            acl,
            mode,
            ttl,
            ..
        } => {
            server_path(path, out);
            data.encode(out);
            // A null vector would crash old servers; the C library sends an empty one (C-248).
            if acl.is_null() {
                0i32.encode(out)
            } else {
                acl.encode(out)
            }
            mode.encode(out);
            if CreateMode::from_i32(mode).is_some_and(CreateMode::has_ttl) {
                ttl.encode(out);
            }
        }
        Request::Delete { path, version } => {
            server_path(path, out);
            version.encode(out);
        }
        Request::Exists { path }
        | Request::GetData { path }
        | Request::GetChildren { path }
        | Request::GetChildren2 { path } => {
            server_path(path, out);
            watch.encode(out);
        }
        Request::GetConfig => WatchedPathRequest {
            path: Some(CONFIG_NODE),
            watch,
        }
        .encode(out),
        Request::SetData {
            path,
            data,
            version,
        } => {
            server_path(path, out);
            data.encode(out);
            version.encode(out);
        }
        Request::Sync { path } | Request::GetAcl { path } => server_path(path, out),
        Request::SetAcl {
            path, acl, version, ..
        } => {
            server_path(path, out);
            if acl.is_null() {
                0i32.encode(out)
            } else {
                acl.encode(out)
            }
            version.encode(out);
        }
        Request::Reconfig {
            joining,
            leaving,
            members,
            version,
        } => {
            ReconfigRequest {
                joining,
                leaving,
                members,
                config_id: version,
            }
            .encode(out);
        }
        Request::Multi(ops) => {
            for op in ops {
                append_multi_op(op, chroot, scratch, out);
            }
            MultiHeader::END.encode(out);
        }
        _ => rarer_body(request, chroot, out),
    }
}

/// [`body`] of what the C library has no calls for; apart, so that the usual requests do not pay
/// for it.
#[inline(never)]
fn rarer_body(request: &Request<'_>, chroot: &[u8], out: &mut Vec<u8>) {
    match *request {
        Request::AddWatch { path, mode } => {
            append_path(path, chroot, out);
            (mode as i32).encode(out);
        }
        Request::MultiRead(reads) => {
            for read in reads {
                let (op, path) = read_path(read);
                MultiHeader {
                    op: op.into(),
                    done: false,
                    err: -1,
                }
                .encode(out);
                append_path(path, chroot, out);
                // Servers ignore it here (S-178).
                false.encode(out);
            }
            MultiHeader::END.encode(out);
        }
        Request::GetEphemerals { prefix } => append_prefix(prefix, chroot, out),
        Request::GetAllChildrenNumber { path } => append_path(path, chroot, out),
        // whoAmI has none.
        _ => {}
    }
}

/// Appends the beginning of paths, with the chroot in front. What stands for all of them is then
/// the chroot with a slash, which no neighbour's path begins with.
fn append_prefix(prefix: Text<'_>, chroot: &[u8], out: &mut Vec<u8>) {
    match prefix {
        None | Some(b"" | b"/") if !chroot.is_empty() => {
            Some(&[chroot, b"/"].concat()[..]).encode(out)
        }
        prefix => append_path(prefix, chroot, out),
    }
}

/// Appends a path as a string, with the chroot in front; saves the copy that a record would need.
pub(crate) fn append_path(path: Text<'_>, chroot: &[u8], out: &mut Vec<u8>) {
    let Some(path) = path else {
        return path.encode(out);
    };
    if chroot.is_empty() {
        return Some(path).encode(out);
    }
    let start = out.len();
    0i32.encode(out);
    paths::append_chrooted(chroot, path, out);
    let len = (out.len() - start - 4) as u32;
    if let Some(prefix) = out.get_mut(start..start + 4) {
        prefix.copy_from_slice(&len.to_be_bytes());
    }
}

fn append_multi_op(op: &MultiOp<'_>, chroot: &[u8], scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    if chroot.is_empty() {
        return op.encode(out);
    }
    scratch.clear();
    paths::append_chrooted(chroot, multi_path(op).0.unwrap_or_default(), scratch);
    let path = Some(&scratch[..]);
    match *op {
        MultiOp::Create(r) => MultiOp::Create(CreateRequest { path, ..r }),
        MultiOp::Create2(r) => MultiOp::Create2(CreateRequest { path, ..r }),
        MultiOp::CreateContainer(r) => MultiOp::CreateContainer(CreateRequest { path, ..r }),
        MultiOp::CreateTtl(r) => MultiOp::CreateTtl(CreateTtlRequest { path, ..r }),
        MultiOp::Delete(r) => MultiOp::Delete(DeleteRequest { path, ..r }),
        MultiOp::SetData(r) => MultiOp::SetData(SetDataRequest { path, ..r }),
        MultiOp::Check(r) => MultiOp::Check(CheckVersionRequest { path, ..r }),
    }
    .encode(out);
}

#[cfg(test)]
mod tests;
