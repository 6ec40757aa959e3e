//! Telling watchers, and the operations on watches (S-200…S-224).

use super::ServerCore;
use crate::connection::{Close, ConnId};
use crate::faults::{Action, Facts};
use crate::path;
use crate::text;
use crate::time::Now;
use crate::txn::Change;
use crate::watches::mode;
use zk_proto::records::{
    AddWatchRequest, AddWatchResponse, CheckWatchesRequest, RemoveWatchesRequest, ReplyHeader,
    SetWatches, SetWatches2,
};
use zk_proto::{
    AddWatchMode, Code, EventType, Jute, List, Op, Perms, RemoveWatchType, SessionState, Text, Xid,
    frame,
};

impl ServerCore {
    /// Fires the watches of a transaction's changes, in their order (S-205, S-217).
    pub(super) fn deliver(&mut self, changes: &[Change], now: Now) {
        let zxid = self.zxid;
        let mut hit = std::mem::take(&mut self.hit);
        for change in changes {
            hit.clear();
            self.watches.data.fire(&change.path, &mut hit);
            self.tell(
                &hit,
                change.kind,
                &change.path,
                zxid,
                Some(&change.acl),
                now,
            );
            if change.kind == EventType::CHANGED {
                continue;
            }
            if change.kind == EventType::DELETED {
                let mut more = Vec::new();
                self.watches.child.fire(&change.path, &mut more);
                more.retain(|conn| !hit.contains(conn));
                self.tell(
                    &more,
                    change.kind,
                    &change.path,
                    zxid,
                    Some(&change.acl),
                    now,
                );
            }
            hit.clear();
            let parent = path::parent(&change.path);
            self.watches.child.fire(parent, &mut hit);
            let acl = change.parent_acl.as_ref();
            self.tell(&hit, EventType::CHILD, parent, zxid, acl, now);
        }
        self.hit = hit;
    }

    /// Sends one event to each of these connections that may read the node (S-211).
    fn tell(
        &mut self,
        conns: &[ConnId],
        kind: i32,
        path: &[u8],
        zxid: i64,
        acl: Option<&std::sync::Arc<crate::acl::AclList>>,
        now: Now,
    ) {
        for &id in conns {
            let Some(conn) = self.conns.get_mut(&id) else {
                continue;
            };
            let visible = acl.is_none_or(|acl| acl.allows(Perms::READ, &conn.ids));
            if conn.close.is_some() || !visible {
                continue;
            }
            let session = conn.session;
            let mut fault = None;
            if self.faults.has_rules() {
                fault = self.faults.act(&Facts {
                    op: Op::Notification,
                    session,
                    conn: id,
                    path: Some(path),
                });
            }
            match fault {
                Some(Action::Fail(_) | Action::Drop) => continue,
                Some(Action::DropAndClose(how)) => {
                    self.close_conn(id, how);
                    continue;
                }
                _ => {}
            }
            if conn.out.waiting() > self.options.event_limit {
                conn.out.abandon(Close::Reset);
                self.close_conn(id, Close::Reset);
                continue;
            }
            conn.last_reply = conn.out.end();
            conn.stats.sent += 1;
            frame::append(conn.out.buf(), |out| {
                let header = ReplyHeader {
                    xid: Xid::NOTIFICATION,
                    zxid,
                    err: Code::OK,
                };
                header.encode(out);
                kind.encode(out);
                SessionState::CONNECTED.encode(out);
                text::echo(out, path);
            });
            self.finish_reply(id, fault, now);
        }
    }

    /// addWatch, checkWatches, removeWatches (S-144, S-145).
    pub(super) fn watch_op(&mut self, id: ConnId, xid: i32, op: Op, body: &[u8]) {
        let result = match op {
            Op::AddWatch => self.add_watch(id, body),
            Op::CheckWatches => CheckWatchesRequest::from_bytes(body)
                .map_err(|_| Code::MARSHALLING_ERROR)
                .and_then(|r| {
                    let (path, kind) = removal(r.path, r.kind)?;
                    Ok(self.watches.contains(path, kind, id))
                }),
            _ => RemoveWatchesRequest::from_bytes(body)
                .map_err(|_| Code::MARSHALLING_ERROR)
                .and_then(|r| {
                    let (path, kind) = removal(r.path, r.kind)?;
                    Ok(self.watches.remove(path, kind, id))
                }),
        };
        let zxid = self.zxid;
        self.reply(id, xid, zxid, |out| {
            if !result? {
                return Err(Code::NO_WATCHER);
            }
            if op == Op::AddWatch {
                AddWatchResponse { err: Code::OK }.encode(out);
            }
            Ok(())
        });
    }

    fn add_watch(&mut self, id: ConnId, body: &[u8]) -> Result<bool, Code> {
        let r = AddWatchRequest::from_bytes(body).map_err(|_| Code::MARSHALLING_ERROR)?;
        let path = r.path.ok_or(Code::MARSHALLING_ERROR)?;
        match AddWatchMode::from_i32(r.mode).ok_or(Code::MARSHALLING_ERROR)? {
            AddWatchMode::Persistent => self.watches.add_persistent(path, id),
            AddWatchMode::PersistentRecursive => self.watches.add_recursive(path, id),
        }
        Ok(true)
    }

    /// setWatches and setWatches2: replays what was missed, arms the rest (S-220, S-221).
    pub(super) fn set_watches(&mut self, id: ConnId, xid: i32, op: Op, body: &[u8], now: Now) {
        let request = match op {
            Op::SetWatches2 => SetWatches2::from_bytes(body),
            _ => SetWatches::from_bytes(body).map(|r| SetWatches2 {
                relative_zxid: r.relative_zxid,
                data: r.data,
                exist: r.exist,
                child: r.child,
                persistent: List::NULL,
                persistent_recursive: List::NULL,
            }),
        };
        let result = match &request {
            Ok(request) => {
                self.rearm(id, request, now);
                Ok(())
            }
            Err(_) => Err(Code::MARSHALLING_ERROR),
        };
        let zxid = self.zxid;
        self.reply(id, xid, zxid, |_| result);
    }

    fn rearm(&mut self, id: ConnId, r: &SetWatches2<'_>, now: Now) {
        let paths = |list: &List<'_, Text<'_>>, f: &mut dyn FnMut(&[u8])| {
            list.iter().flatten().for_each(f);
        };
        paths(&r.data, &mut |path| {
            let event = match self.tree.get(path) {
                None => EventType::DELETED,
                Some(node) if node.mzxid > r.relative_zxid => EventType::CHANGED,
                Some(_) => return self.watches.data.add(path, id, mode::STANDARD),
            };
            self.tell(&[id], event, path, -1, None, now);
        });
        paths(&r.exist, &mut |path| {
            if self.tree.get(path).is_some() {
                self.tell(&[id], EventType::CREATED, path, -1, None, now);
            } else {
                self.watches.data.add(path, id, mode::STANDARD);
            }
        });
        paths(&r.child, &mut |path| {
            let event = match self.tree.get(path) {
                None => EventType::DELETED,
                Some(node) if node.pzxid > r.relative_zxid => EventType::CHILD,
                Some(_) => return self.watches.child.add(path, id, mode::STANDARD),
            };
            self.tell(&[id], event, path, -1, None, now);
        });
        paths(&r.persistent, &mut |path| {
            self.watches.add_persistent(path, id);
        });
        paths(&r.persistent_recursive, &mut |path| {
            self.watches.add_recursive(path, id);
        });
    }
}

fn removal<'a>(path: Text<'a>, kind: i32) -> Result<(&'a [u8], RemoveWatchType), Code> {
    let kind = RemoveWatchType::from_i32(kind).ok_or(Code::MARSHALLING_ERROR)?;
    Ok((path.ok_or(Code::MARSHALLING_ERROR)?, kind))
}
