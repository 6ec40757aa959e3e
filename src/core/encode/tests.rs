use zk_proto::records::{Ops, SetAclRequest, WatchedPathRequest};
use zk_proto::{List, Reader};

use super::*;
use crate::core::tests::vectors::recorded;

fn encoded(request: &Request<'_>, chroot: &[u8], xid: i32, watch: bool) -> Vec<u8> {
    let mut out = Vec::new();
    append(request, chroot, xid, watch, &mut Vec::new(), &mut out).unwrap();
    out
}

/// The call that made a recorded request: `(xid, watch, request)`; `None` for control packets.
fn call<'a>(
    op: &str,
    body: &'a [u8],
    multi: &'a mut Vec<MultiOp<'a>>,
) -> Option<(i32, bool, Request<'a>)> {
    let mut reader = Reader::new(body);
    let header: RequestHeader = reader.read().ok()?;
    let record = reader.rest();
    let watched = || WatchedPathRequest::from_bytes(record).unwrap();
    let path_only = || Text::from_bytes(record).unwrap();
    let mut watch = false;
    let request = match op {
        "create" | "create2" | "createContainer" => {
            let r = CreateRequest::from_bytes(record).unwrap();
            Request::Create {
                path: r.path,
                data: r.data,
                acl: r.acl,
                mode: r.flags,
                ttl: -1,
                stat: op == "create2",
            }
        }
        "createTTL" => {
            let r = CreateTtlRequest::from_bytes(record).unwrap();
            Request::Create {
                path: r.path,
                data: r.data,
                acl: r.acl,
                mode: r.flags,
                ttl: r.ttl,
                stat: false,
            }
        }
        "delete" => {
            let r = DeleteRequest::from_bytes(record).unwrap();
            Request::Delete {
                path: r.path,
                version: r.version,
            }
        }
        "exists" | "getData" | "getChildren" | "getChildren2" => {
            let path = watched().path;
            watch = watched().watch;
            match op {
                "exists" => Request::Exists { path },
                "getData" => Request::GetData { path },
                "getChildren" => Request::GetChildren { path },
                _ => Request::GetChildren2 { path },
            }
        }
        "setData" => {
            let r = SetDataRequest::from_bytes(record).unwrap();
            Request::SetData {
                path: r.path,
                data: r.data,
                version: r.version,
            }
        }
        "sync" => Request::Sync { path: path_only() },
        "getACL" => Request::GetAcl { path: path_only() },
        "setACL" => {
            let r = SetAclRequest::from_bytes(record).unwrap();
            Request::SetAcl {
                path: r.path,
                acl: r.acl,
                version: r.version,
                stat: false,
            }
        }
        "reconfig" => {
            let r = ReconfigRequest::from_bytes(record).unwrap();
            Request::Reconfig {
                joining: r.joining,
                leaving: r.leaving,
                members: r.members,
                version: r.config_id,
            }
        }
        "multi" => {
            let mut ops = Ops::new(record);
            multi.extend(std::iter::from_fn(|| ops.next_op()).map(Result::unwrap));
            Request::Multi(multi)
        }
        _ => return None,
    };
    Some((header.xid, watch, request))
}

/// The path in it, to be changed; `None` if it has none or several.
fn path_mut<'r, 'a>(request: &'r mut Request<'a>) -> Option<&'r mut Text<'a>> {
    match request {
        Request::Create { path, .. }
        | Request::Delete { path, .. }
        | Request::Exists { path }
        | Request::GetData { path }
        | Request::SetData { path, .. }
        | Request::GetChildren { path }
        | Request::GetChildren2 { path }
        | Request::Sync { path }
        | Request::GetAcl { path }
        | Request::SetAcl { path, .. }
        | Request::AddWatch { path, .. }
        | Request::GetAllChildrenNumber { path } => Some(path),
        Request::GetConfig
        | Request::Reconfig { .. }
        | Request::Multi(_)
        | Request::MultiRead(_)
        | Request::GetEphemerals { .. }
        | Request::WhoAmI => None,
    }
}

// C-204, C-230…C-244, C-622
#[test]
fn every_request_is_encoded_as_the_c_library_does_it() {
    let mut seen = std::collections::BTreeSet::new();
    for vector in recorded().iter().filter(|v| v.from_client) {
        let mut multi = Vec::new();
        if let Some((xid, watch, request)) = call(vector.op, vector.body(), &mut multi) {
            seen.insert(vector.op);
            let frame = encoded(&request, b"", xid, watch);
            assert_eq!(frame, vector.frame, "{request:?}");
            assert_eq!(check(&request, b""), Ok(()), "{request:?}");
        }
    }
    assert_eq!(seen.len(), 15, "{seen:?}");
}

// C-279
#[test]
fn a_chroot_and_the_rest_of_the_path_encode_as_the_whole_path() {
    let mut checked = 0;
    for vector in recorded().iter().filter(|v| v.from_client) {
        let mut multi = Vec::new();
        let Some((xid, watch, mut request)) = call(vector.op, vector.body(), &mut multi) else {
            continue;
        };
        let Some(path) = path_mut(&mut request) else {
            continue;
        };
        let whole = path.unwrap();
        let end = whole.iter().skip(1).position(|&b| b == b'/');
        let end = end.map_or(whole.len(), |at| at + 1);
        let (chroot, rest) = whole.split_at(end);
        *path = Some(if rest.is_empty() { b"/" } else { rest });
        if whole.len() > 1 {
            checked += 1;
            assert_eq!(encoded(&request, chroot, xid, watch), vector.frame);
            assert_eq!(check(&request, chroot), Ok(()));
        }
    }
    assert!(checked > 50, "{checked}");
}

// C-281
#[test]
fn getconfig_asks_for_the_config_node_whatever_the_chroot() {
    let path = Some(CONFIG_NODE);
    let expected = encoded(&Request::GetData { path }, b"", 9, true);
    assert_eq!(encoded(&Request::GetConfig, b"/ch", 9, true), expected);
}

// C-277, C-286: a mode that does not exist is the server's business, with a plain create.
#[test]
fn unknown_modes_are_sent_as_they_are() {
    for mode in [7, -1, i32::MAX] {
        let request = Request::Create {
            path: Some(b"/a"),
            data: None,
            acl: List::NULL,
            mode,
            ttl: -1,
            stat: false,
        };
        assert_eq!(check(&request, b""), Ok(()));
        let frame = encoded(&request, b"", 1, false);
        assert_eq!(frame[8..12], 1i32.to_be_bytes(), "create");
        assert_eq!(frame[frame.len() - 4..], mode.to_be_bytes());
    }
}

// C-286, C-260: the time to live is judged before the path.
#[test]
fn times_to_live_are_checked_to_the_limits() {
    let request = |mode, ttl| Request::Create {
        path: Some(b"/a"),
        data: None,
        acl: List::NULL,
        mode,
        ttl,
        stat: true,
    };
    for mode in [5, 6] {
        for (ttl, fits) in [
            (0, false),
            (1, true),
            (MAX_TTL, true),
            (MAX_TTL + 1, false),
            (-1, false),
        ] {
            assert_eq!(
                check(&request(mode, ttl), b"").is_ok(),
                fits,
                "{mode} {ttl}"
            );
        }
    }
    for mode in [0, 1, 2, 3, 4, 9] {
        for (ttl, fits) in [(-1, true), (i64::MIN, true), (0, false), (1, false)] {
            assert_eq!(
                check(&request(mode, ttl), b"").is_ok(),
                fits,
                "{mode} {ttl}"
            );
        }
    }
}
