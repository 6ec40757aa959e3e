//! Sessions: ids, passwords, expiry in buckets (S-015…S-027). Knows neither sockets nor nodes.

use crate::connection::ConnId;
use crate::time::bucket_end;
use foldhash::fast::FixedState;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use zk_proto::records::PASSWORD_LEN;

/// The password of a session; any server can compute it (S-018).
pub(crate) fn password(session_id: i64) -> [u8; PASSWORD_LEN] {
    const MASK: u64 = (1 << 48) - 1;
    let mut seed = ((session_id as u64 ^ 0xB341_5C00) ^ 0x5_DEEC_E66D) & MASK;
    let mut out = [0; PASSWORD_LEN];
    for chunk in out.chunks_exact_mut(4) {
        seed = seed.wrapping_mul(0x5_DEEC_E66D).wrapping_add(0xB) & MASK;
        chunk.copy_from_slice(&((seed >> 16) as u32).to_le_bytes());
    }
    out
}

/// The first id of a server that starts now (S-019).
pub(crate) fn first_id(server_id: u8, mono_ms: u64) -> i64 {
    (i64::from(server_id) << 56) | ((mono_ms << 24) >> 8) as i64
}

#[derive(Debug)]
pub(crate) struct Session {
    /// Negotiated timeout, ms.
    pub(crate) timeout: u32,
    /// Monotonic ms; the end of its bucket.
    pub(crate) deadline: u64,
    /// The connection that holds it now.
    pub(crate) conn: Option<ConnId>,
    /// Made by a read-only server: no transaction belongs to it (S-250).
    pub(crate) local: bool,
}

#[derive(Debug)]
pub(crate) struct Sessions {
    by_id: HashMap<i64, Session, FixedState>,
    buckets: BTreeMap<u64, BTreeSet<i64>>,
    tick_ms: u64,
    next_id: i64,
}

impl Sessions {
    pub(crate) fn new(tick_ms: u64, first_id: i64) -> Self {
        Self {
            by_id: HashMap::default(),
            buckets: BTreeMap::new(),
            tick_ms,
            next_id: first_id,
        }
    }

    /// Opens a session; returns its id.
    pub(crate) fn create(&mut self, timeout: u32, local: bool, mono_ms: u64) -> i64 {
        if self.next_id == i64::MIN {
            self.next_id += 1;
        }
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        let deadline = bucket_end(mono_ms, timeout.into(), self.tick_ms);
        let session = Session {
            timeout,
            deadline,
            conn: None,
            local,
        };
        self.by_id.insert(id, session);
        self.buckets.entry(deadline).or_default().insert(id);
        id
    }

    #[inline]
    pub(crate) fn get(&self, id: i64) -> Option<&Session> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: i64) -> Option<&mut Session> {
        self.by_id.get_mut(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn ids(&self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.by_id.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    pub(crate) fn buckets(&self) -> impl ExactSizeIterator<Item = (u64, &BTreeSet<i64>)> {
        self.buckets.iter().map(|(&end, ids)| (end, ids))
    }

    /// Moves the deadline; nearly always within the bucket it is in, which costs nothing.
    #[inline]
    pub(crate) fn touch(&mut self, id: i64, mono_ms: u64) {
        if let Some(session) = self.by_id.get_mut(&id) {
            let deadline = bucket_end(mono_ms, session.timeout.into(), self.tick_ms);
            if deadline != session.deadline {
                let old = std::mem::replace(&mut session.deadline, deadline);
                self.leave_bucket(old, id);
                self.buckets.entry(deadline).or_default().insert(id);
            }
        }
    }

    pub(crate) fn remove(&mut self, id: i64) -> Option<Session> {
        let session = self.by_id.remove(&id)?;
        self.leave_bucket(session.deadline, id);
        Some(session)
    }

    fn leave_bucket(&mut self, deadline: u64, id: i64) {
        if let Some(ids) = self.buckets.get_mut(&deadline) {
            ids.remove(&id);
            if ids.is_empty() {
                self.buckets.remove(&deadline);
            }
        }
    }

    /// Sessions whose bucket has ended.
    pub(crate) fn expired(&self, mono_ms: u64) -> Vec<i64> {
        let due = self.buckets.range(..=mono_ms);
        due.flat_map(|(_, ids)| ids).copied().collect()
    }

    /// When the next bucket ends, monotonic ms.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.buckets.keys().next().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s410_passwords_are_those_of_the_real_server() {
        for (id, expected) in [
            (1, "054cc74a37327db215e702e20c73f005"),
            (0x0100_001b_8a20_0000, "524fa5d377a3d3aa804fae6c182247c1"),
            (i64::MAX, "20f62cb5648dc2d771471c8a2486a9ee"),
            (0x0100_002d_0a74_0000, "ae37058fa33a3c9a3c3598d824db94a9"),
        ] {
            let hex: String = password(id).iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(hex, expected);
        }
    }

    #[test]
    fn s019_ids_hold_the_server_and_the_clock_and_count_up() {
        assert_eq!(first_id(1, 0x2d_0a74), 0x0100_002d_0a74_0000);
        assert_eq!(first_id(1, 0xff00_0000_2d0a_74ff) >> 56, 1);
        let mut sessions = Sessions::new(100, i64::MAX);
        assert_eq!(sessions.create(1, false, 0), i64::MAX);
        assert_eq!(sessions.create(1, false, 0), i64::MIN + 1);
    }

    #[test]
    fn s022_sessions_of_a_bucket_expire_together_at_its_end() {
        let mut sessions = Sessions::new(500, 1);
        let early = sessions.create(1000, false, 10);
        let late = sessions.create(1000, false, 490);
        assert_eq!(sessions.next_deadline(), Some(1500));
        assert!(sessions.expired(1499).is_empty());
        assert_eq!(sessions.expired(1500), [early, late]);
        sessions.touch(late, 500);
        assert_eq!(sessions.expired(1500), [early]);
        assert_eq!(sessions.expired(2000), [early, late]);
    }
}
