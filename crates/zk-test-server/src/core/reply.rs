//! Encoding replies straight into a connection's output.

use super::ServerCore;
use crate::connection::{Conn, ConnId, Release};
use crate::faults::Action;
use crate::time::Now;
use crate::transcript::Direction;
use zk_proto::records::ReplyHeader;
use zk_proto::{Code, Jute, frame};

/// Appends a reply frame. A body that fails leaves its code in the header and nothing else
/// (S-005).
#[inline]
pub(super) fn encode(
    conn: &mut Conn,
    xid: i32,
    zxid: i64,
    body: impl FnOnce(&mut Vec<u8>) -> Result<(), Code>,
) {
    conn.last_reply = conn.out.end();
    conn.stats.sent += 1;
    conn.stats.last_zxid = zxid;
    frame::append(conn.out.buf(), |out| {
        let start = out.len();
        let header = |err| ReplyHeader { xid, zxid, err };
        header(Code::OK).encode(out);
        if let Err(err) = body(out) {
            out.truncate(start);
            header(err).encode(out);
        }
    });
}

impl ServerCore {
    /// Replies with a header, and a body if there is one.
    pub(super) fn reply(
        &mut self,
        id: ConnId,
        xid: i32,
        zxid: i64,
        body: impl FnOnce(&mut Vec<u8>) -> Result<(), Code>,
    ) {
        if let Some(conn) = self.conns.get_mut(&id) {
            encode(conn, xid, zxid, body);
        }
    }

    /// The last steps of any answer: record it, let a fault have it, tell the driver.
    #[inline]
    pub(super) fn finish_reply(&mut self, id: ConnId, fault: Option<Action>, now: Now) {
        self.stats.sent += 1;
        if self.transcript.is_enabled() {
            self.record_output(id, now);
        }
        if let Some(action) = fault {
            self.spoil_reply(id, action, now);
        }
        self.mark_ready(id);
    }

    /// Records the last frame written.
    pub(super) fn record_output(&mut self, id: ConnId, now: Now) {
        if let Some(conn) = self.conns.get_mut(&id) {
            let position = conn.last_reply + frame::PREFIX as u64;
            let frame = conn.out.since(position);
            self.transcript.record(id, Direction::ToClient, frame, now);
        }
    }

    fn spoil_reply(&mut self, id: ConnId, action: Action, now: Now) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        let start = conn.last_reply;
        let mut patch = |at: usize, bytes: &[u8]| {
            if let Some(place) = conn.out.since(start).get_mut(at..at + bytes.len()) {
                place.copy_from_slice(bytes);
            }
        };
        match action {
            Action::Fail(_) | Action::Drop | Action::DropAndClose(_) => {}
            Action::LoseReply => conn.out.truncate(start),
            Action::LoseReplyAndClose(how) => conn.out.cut_at(start, how),
            Action::Delay(ms) => {
                let at = now.mono_ms.saturating_add(ms.into());
                conn.out.hold_from(start, Release::At(at));
                self.next_conn_timer = self.next_conn_timer.min(at);
            }
            Action::Hold => conn.out.hold_from(start, Release::Manual),
            Action::CutAfter(bytes, how) => {
                let end = conn.out.end();
                conn.out.cut_at(end.min(start + u64::from(bytes)), how);
            }
            Action::LengthWord(word) => patch(0, &word.to_be_bytes()),
            Action::Xid(xid) => patch(4, &xid.to_be_bytes()),
            Action::Zxid(zxid) => patch(8, &zxid.to_be_bytes()),
        }
    }
}
