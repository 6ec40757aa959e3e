//! The first frame of a connection: opening and resuming sessions (S-010…S-020).

use super::{ServerCore, reply};
use crate::connection::{Close, ConnId};
use crate::faults::{Action, Facts};
use crate::sessions;
use crate::time::Now;
use zk_proto::records::{ConnectRequest, ConnectResponse, PASSWORD_LEN};
use zk_proto::{Jute, Op, frame};

impl ServerCore {
    pub(super) fn handle_connect(&mut self, id: ConnId, body: &[u8], now: Now) {
        let request = match ConnectRequest::from_bytes(body) {
            Ok(request) => request,
            Err(error) => return self.malformed(id, &error),
        };
        self.stats.received += 1;
        let fault = self.connect_fault(id, &request);
        match fault {
            Some(Action::Fail(code)) => {
                let zxid = self.zxid;
                self.reply(id, 0, zxid, |_| Err(code));
                return self.finish_reply(id, None, now);
            }
            Some(Action::Drop) => return,
            Some(Action::DropAndClose(how)) => return self.close_conn(id, how),
            _ => {}
        }
        let refused = self.read_only && request.read_only != Some(true)
            || request.last_zxid_seen > self.zxid
            || self.read_only && self.is_global(request.session_id);
        if refused {
            return self.close_conn(id, Close::Fin);
        }
        let timeout = self.options.clamp_timeout(request.timeout);
        let session = if request.session_id == 0 {
            Some(self.open_session(timeout, now))
        } else {
            self.resume_session(&request, timeout, now)
        };
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.session = session;
            conn.stats.received += 1;
            conn.stats.last_op = Some(Op::CreateSession);
        }
        if let Some(session) = session.and_then(|s| self.sessions.get_mut(s)) {
            session.conn = Some(id);
        }
        self.answer_connect(id, session, timeout, request.read_only.is_some());
        self.finish_reply(id, fault, now);
        if session.is_none() {
            self.close_conn(id, Close::Fin);
        }
    }

    fn connect_fault(&mut self, id: ConnId, request: &ConnectRequest<'_>) -> Option<Action> {
        if !self.faults.has_rules() {
            return None;
        }
        self.faults.act(&Facts {
            op: Op::CreateSession,
            session: Some(request.session_id),
            conn: id,
            path: None,
        })
    }

    fn is_global(&self, session: i64) -> bool {
        self.sessions.get(session).is_some_and(|s| !s.local)
    }

    fn open_session(&mut self, timeout: u32, now: Now) -> i64 {
        if !self.read_only {
            self.zxid += 1;
        }
        self.sessions.create(timeout, self.read_only, now.mono_ms)
    }

    /// S-016: the old connection goes before the password is even looked at.
    fn resume_session(
        &mut self,
        request: &ConnectRequest<'_>,
        timeout: u32,
        now: Now,
    ) -> Option<i64> {
        let session_id = request.session_id;
        if let Some(old) = self.sessions.get(session_id).and_then(|s| s.conn) {
            self.cut_conn(old, Close::Fin);
        }
        let session = self.sessions.get_mut(session_id)?;
        if request.password != Some(&sessions::password(session_id)) {
            return None;
        }
        session.timeout = timeout;
        self.sessions.touch(session_id, now.mono_ms);
        Some(session_id)
    }

    fn answer_connect(&mut self, id: ConnId, session: Option<i64>, timeout: u32, new_client: bool) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        let mut response = ConnectResponse {
            protocol_version: 0,
            timeout: 0,
            session_id: 0,
            password: Some(&[0; PASSWORD_LEN]),
            read_only: new_client.then_some(self.read_only),
        };
        let password;
        if let Some(session_id) = session {
            let faults = &self.faults;
            response.timeout = faults.answer_timeout.unwrap_or(timeout as i32);
            response.session_id = faults.answer_session.unwrap_or(session_id);
            password = faults
                .answer_password
                .unwrap_or_else(|| sessions::password(session_id));
            response.password = Some(&password);
        }
        conn.last_reply = conn.out.end();
        conn.stats.sent += 1;
        frame::append(conn.out.buf(), |out| response.encode(out));
    }

    /// closeSession: the events of its own end, the reply, then the end of the connection
    /// (S-031).
    pub(super) fn close_session(&mut self, id: ConnId, xid: i32, session: i64, now: Now) {
        self.remove_session(session, now);
        let zxid = self.zxid;
        if let Some(conn) = self.conns.get_mut(&id) {
            reply::encode(conn, xid, zxid, |_| Ok(()));
        }
    }

    /// Expiry: the connection, if any, is closed without a frame (S-024).
    pub(super) fn end_session(&mut self, session: i64, now: Now) -> bool {
        let Some(conn) = self.sessions.get(session).map(|s| s.conn) else {
            return false;
        };
        self.remove_session(session, now);
        if let Some(conn) = conn {
            self.cut_conn(conn, Close::Fin);
        }
        true
    }

    /// One transaction that ends the session and its ephemeral nodes; watchers are told.
    fn remove_session(&mut self, session: i64, now: Now) {
        let local = self.sessions.remove(session).is_some_and(|s| s.local);
        if local {
            return;
        }
        self.zxid += 1;
        let nodes: Vec<_> = self.tree.ephemerals_of(session).cloned().collect();
        let changes = self.transaction(None, session, now, |txn| {
            for path in &nodes {
                txn.remove(path);
            }
            std::mem::take(&mut txn.changes)
        });
        self.deliver(&changes, now);
    }
}
