//! What a test may look at and do without being a client (S-407).

use super::ServerCore;
use crate::connection::Release;
use crate::connection::{Close, ConnId};
use crate::faults::Faults;
use crate::time::Now;
use crate::transcript::Transcript;
use zk_proto::records::Stat;

impl ServerCore {
    /// The faults, to be looked at.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The faults, to be changed.
    pub fn faults_mut(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// Forgets all faults, releases held replies and stopped connections. A read-only server
    /// stays read-only.
    pub fn clear_faults(&mut self, now: Now) {
        self.faults = Faults::default();
        self.release();
        for id in self.connections() {
            self.set_reading(id, true, now);
        }
    }

    /// Lets every held or delayed reply go; returns on how many connections.
    pub fn release(&mut self) -> usize {
        self.release_where(|release| matches!(release, Release::At(_) | Release::Manual))
    }

    /// Expires a session now, as if its time had come; false if there is none (S-024).
    pub fn expire_session(&mut self, session: i64, now: Now) -> bool {
        self.end_session(session, now)
    }

    /// Closes a connection without a frame; false if there is none.
    pub fn close_connection(&mut self, id: ConnId, how: Close) -> bool {
        self.cut_conn(id, how);
        self.conns.contains_key(&id)
    }

    /// Stops or resumes reading from a connection; false if there is none.
    pub fn set_reading(&mut self, id: ConnId, on: bool, now: Now) -> bool {
        let Some(conn) = self.conns.get_mut(&id) else {
            return false;
        };
        conn.stopped = !on;
        if on {
            conn.silent = false;
            self.process_input(id, now);
        }
        self.mark_ready(id);
        true
    }

    /// Ends a connection's output after so many more bytes, then closes it; false if there is
    /// none.
    pub fn cut_output_after(&mut self, id: ConnId, bytes: u64, how: Close) -> bool {
        let Some(conn) = self.conns.get_mut(&id) else {
            return false;
        };
        let position = conn.out.end().saturating_add(bytes);
        conn.out.cut_at(position, how);
        self.mark_ready(id);
        true
    }

    /// Switches read-only service on or off; every connection is closed on a change (S-241,
    /// S-245). Sessions made in read-only mode are gone afterwards.
    pub fn set_read_only(&mut self, on: bool, now: Now) {
        if self.read_only == on {
            return;
        }
        self.read_only = on;
        for id in self.connections() {
            self.cut_conn(id, Close::Fin);
        }
        for session in self.sessions.ids() {
            if self.sessions.get(session).is_some_and(|s| s.local) {
                self.end_session(session, now);
            }
        }
    }

    /// True while only read-only clients are served.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Open connections, oldest first.
    pub fn connections(&self) -> Vec<ConnId> {
        let mut ids: Vec<ConnId> = self.conns.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// Live sessions, oldest id first.
    pub fn sessions(&self) -> Vec<i64> {
        self.sessions.ids()
    }

    /// The connection that holds a session now.
    pub fn connection_of(&self, session: i64) -> Option<ConnId> {
        self.sessions.get(session)?.conn
    }

    /// The session of a connection.
    pub fn session_of(&self, id: ConnId) -> Option<i64> {
        self.conns.get(&id)?.session
    }

    /// The last applied transaction.
    pub fn zxid(&self) -> i64 {
        self.zxid
    }

    /// A node's data (`None` is null data) and stat; `None` if there is no such node.
    pub fn node(&self, path: &str) -> Option<(Option<Vec<u8>>, Stat)> {
        let node = self.tree.get(path.as_bytes())?;
        Some((node.data.as_deref().map(<[u8]>::to_vec), node.stat()))
    }

    /// Watches held, in both tables.
    pub fn watch_count(&self) -> usize {
        self.watches.data.total() + self.watches.child.total()
    }

    /// The record of frames; empty unless it was asked for.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The same, to be emptied.
    pub fn transcript_mut(&mut self) -> &mut Transcript {
        &mut self.transcript
    }
}
