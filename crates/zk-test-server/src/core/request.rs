//! One request frame: what is checked before any operation, and who serves it (S-036…S-049).

use super::ServerCore;
use crate::acl;
use crate::connection::{Close, ConnId};
use crate::faults::{Action, Facts};
use crate::time::Now;
use zk_proto::records::{AuthPacket, PathRequest, RequestHeader, SaslRequest, SaslResponse};
use zk_proto::{Code, Jute, Op, Reader, Xid};

/// What the server makes of a request, besides the reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It goes on.
    Continue,
    /// The connection is closed behind the reply.
    Close,
    /// There is no reply, the connection is closed.
    Malformed,
}

impl ServerCore {
    pub(super) fn handle_request(&mut self, id: ConnId, frame: &[u8], now: Now) {
        let mut reader = Reader::new(frame);
        let Ok(header) = reader.read::<RequestHeader>() else {
            return self.malformed(id, &"a frame too short for a request header");
        };
        let body = reader.rest();
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        let Some(session) = conn.session else {
            return;
        };
        let op = Op::from_i32(header.op).filter(|&op| is_request(op));
        self.stats.received += 1;
        conn.stats.received += 1;
        conn.stats.last_xid = header.xid;
        conn.stats.last_response_ms = now.wall_ms;
        conn.stats.last_op = op;
        let Some(op) = op else {
            self.reply(id, header.xid, -1, |_| Err(Code::UNIMPLEMENTED));
            self.finish_reply(id, None, now);
            return self.malformed(id, &format_args!("unknown operation {}", header.op));
        };
        if !matches!(op, Op::Auth | Op::Sasl) {
            self.sessions.touch(session, now.mono_ms);
        }
        let mut fault = None;
        if self.faults.has_rules() {
            fault = self.faults.act(&Facts {
                op,
                session: Some(session),
                conn: id,
                path: path_of(op, body),
            });
        }
        let then = match fault {
            Some(Action::Drop) => return,
            Some(Action::DropAndClose(how)) => return self.close_conn(id, how),
            Some(Action::Fail(code)) => {
                let zxid = self.zxid;
                self.reply(id, header.xid, zxid, |_| Err(code));
                Then::Continue
            }
            _ => self.serve(id, session, header.xid, op, body, now),
        };
        if then == Then::Malformed {
            return self.malformed(id, &format_args!("{op:?} that does not decode"));
        }
        self.finish_reply(id, fault, now);
        if then == Then::Close {
            self.close_conn(id, Close::Fin);
        }
    }

    #[inline]
    fn serve(&mut self, id: ConnId, session: i64, xid: i32, op: Op, body: &[u8], now: Now) -> Then {
        let zxid = self.zxid;
        if self.read_only && is_refused_by_read_only(op) {
            self.reply(id, xid, zxid, |_| Err(Code::NOT_READ_ONLY));
            return Then::Continue;
        }
        match op {
            Op::Ping => self.reply(id, Xid::PING, zxid, |_| Ok(())),
            Op::Auth => return self.auth(id, xid, body),
            Op::Sasl => return self.sasl(id, xid, body),
            Op::CloseSession => {
                self.close_session(id, xid, session, now);
                return Then::Close;
            }
            Op::AddWatch | Op::CheckWatches | Op::RemoveWatches => {
                self.watch_op(id, xid, op, body);
            }
            Op::SetWatches | Op::SetWatches2 => self.set_watches(id, xid, op, body, now),
            // Known, but for servers among themselves.
            Op::CreateSession => self.reply(id, xid, zxid, |_| Err(Code::MARSHALLING_ERROR)),
            Op::Multi => self.multi(id, session, xid, body, now),
            Op::Create
            | Op::Create2
            | Op::CreateContainer
            | Op::CreateTtl
            | Op::Delete
            | Op::DeleteContainer
            | Op::SetData
            | Op::SetAcl
            | Op::Reconfig => self.write(id, session, xid, op, body, now),
            _ => self.read(id, session, xid, op, body),
        }
        Then::Continue
    }

    /// S-106; auth replies carry zxid 0 (S-039).
    fn auth(&mut self, id: ConnId, xid: i32, body: &[u8]) -> Then {
        let Ok(packet) = AuthPacket::from_bytes(body) else {
            return Then::Malformed;
        };
        let Some(conn) = self.conns.get_mut(&id) else {
            return Then::Continue;
        };
        let super_digest = self.options.super_digest.as_deref();
        let result = acl::authenticate(&packet, super_digest, &mut conn.ids);
        self.stats.auth_failed += u64::from(result.is_err());
        self.reply(id, xid, 0, |_| result);
        if result.is_ok() {
            Then::Continue
        } else {
            Then::Close
        }
    }

    /// Without a SASL login every token is answered with success and none (S-348).
    fn sasl(&mut self, id: ConnId, xid: i32, body: &[u8]) -> Then {
        if SaslRequest::from_bytes(body).is_err() {
            return Then::Malformed;
        }
        self.reply(id, xid, 0, |out| {
            SaslResponse { token: None }.encode(out);
            Ok(())
        });
        Then::Continue
    }
}

/// S-046: what is not a request of a client is unknown, a check outside a multi included.
#[inline]
fn is_request(op: Op) -> bool {
    !matches!(op, Op::Notification | Op::Check | Op::Error)
}

/// S-243.
fn is_refused_by_read_only(op: Op) -> bool {
    matches!(
        op,
        Op::Sync
            | Op::Create
            | Op::Create2
            | Op::CreateContainer
            | Op::CreateTtl
            | Op::Delete
            | Op::DeleteContainer
            | Op::SetData
            | Op::SetAcl
            | Op::Multi
            | Op::Reconfig
    )
}

/// The path a request speaks of, where it speaks of one.
fn path_of(op: Op, body: &[u8]) -> Option<&[u8]> {
    let has_none = matches!(
        op,
        Op::Multi
            | Op::MultiRead
            | Op::Auth
            | Op::Sasl
            | Op::SetWatches
            | Op::SetWatches2
            | Op::Ping
            | Op::CreateSession
            | Op::CloseSession
            | Op::WhoAmI
            | Op::Reconfig
    );
    if has_none {
        return None;
    }
    PathRequest::from_bytes(body).ok()?.path
}
