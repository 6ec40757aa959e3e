//! Operations that change nothing but watches (S-126, S-140…S-143, S-178).

use super::{ServerCore, reply};
use crate::acl::AuthId;
use crate::connection::ConnId;
use crate::text;
use crate::tree::{Node, Tree};
use crate::watches::mode;
use zk_proto::records::{
    GetEphemeralsRequest, MultiHeader, MultiReadOp, Ops, PathRequest, WatchedPathRequest,
};
use zk_proto::{Code, Jute, Op, Perms};

impl ServerCore {
    #[inline]
    pub(super) fn read(&mut self, id: ConnId, session: i64, xid: i32, op: Op, body: &[u8]) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        let (tree, watches) = (&self.tree, &mut self.watches);
        // Lent out while the reply is encoded.
        let ids = std::mem::take(&mut conn.ids);
        reply::encode(conn, xid, self.zxid, |out| match op {
            Op::GetData => {
                let (path, watch) = watched(body)?;
                let node = readable(tree, path, &ids)?;
                put_data(node, out);
                if watch {
                    watches.data.add(path, id, mode::STANDARD);
                }
                Ok(())
            }
            Op::Exists => {
                let (path, watch) = watched(body)?;
                if path.contains(&0) {
                    return Err(Code::BAD_ARGUMENTS);
                }
                let node = tree.get(path);
                if let Some(node) = node {
                    node.acl.check(Perms::READ, &ids)?;
                }
                if watch {
                    // Also for a node that is missing (S-140).
                    watches.data.add(path, id, mode::STANDARD);
                }
                node.ok_or(Code::NO_NODE)?.stat().encode(out);
                Ok(())
            }
            Op::GetChildren | Op::GetChildren2 => {
                let (path, watch) = watched(body)?;
                let node = readable(tree, path, &ids)?;
                put_children(node, out);
                if op == Op::GetChildren2 {
                    node.stat().encode(out);
                }
                if watch {
                    watches.child.add(path, id, mode::STANDARD);
                }
                Ok(())
            }
            Op::GetAcl => {
                let node = tree.get(path(body)?).ok_or(Code::NO_NODE)?;
                node.acl.check(Perms::READ | Perms::ADMIN, &ids)?;
                node.acl.encode(&ids, out);
                node.stat().encode(out);
                Ok(())
            }
            Op::GetAllChildrenNumber => {
                let path = path(body)?;
                readable(tree, path, &ids)?;
                // The alias of the root counts the root too (S-081).
                let count = match path {
                    b"" => tree.len(),
                    _ => tree.count_below(path),
                };
                (count as i32).encode(out);
                Ok(())
            }
            Op::Sync => {
                // Any string, even none.
                let r = PathRequest::from_bytes(body).map_err(|_| Code::MARSHALLING_ERROR)?;
                match r.path {
                    Some(path) => text::echo(out, path),
                    None => r.path.encode(out),
                }
                Ok(())
            }
            Op::GetEphemerals => put_ephemerals(tree, session, body, out),
            Op::WhoAmI => {
                (ids.len() as i32).encode(out);
                for id in &ids {
                    text::write(out, &id.scheme);
                    text::write(out, id.user());
                }
                Ok(())
            }
            Op::MultiRead => multi_read(tree, &ids, body, out),
            _ => Err(Code::UNIMPLEMENTED),
        });
        conn.ids = ids;
    }
}

#[inline]
fn watched(body: &[u8]) -> Result<(&[u8], bool), Code> {
    let r = WatchedPathRequest::from_bytes(body).map_err(|_| Code::MARSHALLING_ERROR)?;
    Ok((r.path.ok_or(Code::MARSHALLING_ERROR)?, r.watch))
}

fn path(body: &[u8]) -> Result<&[u8], Code> {
    let r = PathRequest::from_bytes(body).map_err(|_| Code::MARSHALLING_ERROR)?;
    r.path.ok_or(Code::MARSHALLING_ERROR)
}

/// The node, if it is there and may be read; in this order (S-141).
#[inline]
fn readable<'a>(tree: &'a Tree, path: &[u8], ids: &[AuthId]) -> Result<&'a Node, Code> {
    let node = tree.get(path).ok_or(Code::NO_NODE)?;
    node.acl.check(Perms::READ, ids)?;
    Ok(node)
}

#[inline]
fn put_data(node: &Node, out: &mut Vec<u8>) {
    node.data.as_deref().encode(out);
    node.stat().encode(out);
}

fn put_children(node: &Node, out: &mut Vec<u8>) {
    (node.child_count() as i32).encode(out);
    for name in node.children() {
        Some(name).encode(out);
    }
}

/// S-143.
fn put_ephemerals(tree: &Tree, session: i64, body: &[u8], out: &mut Vec<u8>) -> Result<(), Code> {
    let r = GetEphemeralsRequest::from_bytes(body).map_err(|_| Code::MARSHALLING_ERROR)?;
    let prefix = match r.prefix {
        None | Some(b"/") => b"",
        Some(blank) if blank.trim_ascii().is_empty() => b"",
        Some(prefix) => prefix,
    };
    let paths = || {
        tree.ephemerals_of(session)
            .filter(|path| path.starts_with(prefix))
    };
    (paths().count() as i32).encode(out);
    for path in paths() {
        Some(&**path).encode(out);
    }
    Ok(())
}

/// Each operation fails on its own; watch flags are ignored (S-178).
fn multi_read(tree: &Tree, ids: &[AuthId], body: &[u8], out: &mut Vec<u8>) -> Result<(), Code> {
    let mut ops = Ops::new(body);
    while let Some(op) = ops.next_read() {
        let op = op.map_err(|_| Code::MARSHALLING_ERROR)?;
        let (number, request) = match op {
            MultiReadOp::GetData(r) => (Op::GetData, r),
            MultiReadOp::GetChildren(r) => (Op::GetChildren, r),
        };
        let path = request.path.ok_or(Code::MARSHALLING_ERROR)?;
        let node = readable(tree, path, ids);
        let (op, err) = match node {
            Ok(_) => (number.into(), 0),
            Err(code) => (Op::Error.into(), code.0),
        };
        let done = false;
        MultiHeader { op, done, err }.encode(out);
        match (node, number) {
            (Err(code), _) => code.encode(out),
            (Ok(node), Op::GetData) => put_data(node, out),
            (Ok(node), _) => put_children(node, out),
        }
    }
    MultiHeader::END.encode(out);
    Ok(())
}
