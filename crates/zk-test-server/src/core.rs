//! The server without sockets and without a clock.

mod connect;
mod query;
mod read;
mod reply;
mod request;
mod watching;
mod words;
mod write;

use crate::acl::{AclLists, AuthId};
use crate::connection::{Close, Conn, ConnId, ConnStats, Outbox, Release};
use crate::faults::{Faults, OnAccept};
use crate::options::Options;
use crate::quota::Quotas;
use crate::sessions::{self, Sessions};
use crate::time::{Now, bucket_end};
use crate::transcript::{Direction, Transcript};
use crate::tree::Tree;
use crate::watches::Watches;
use foldhash::fast::FixedState;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use zk_proto::frame::{self, Split};

/// A connection without a session lives this long, rounded up to a bucket of the same width, ms
/// (S-026).
const SESSIONLESS_MS: u64 = 10_000;

/// A ZooKeeper server as bytes in, bytes out.
///
/// # Contract
///
/// A driver (the TCP listener, or a test in virtual time) owns connections and time:
///
/// - [`connect`](Self::connect) for each new connection; [`handle_bytes`](Self::handle_bytes)
///   with whatever arrived, split or merged in any way; [`disconnect`](Self::disconnect) when
///   the peer has gone, and after the driver has closed a connection itself.
/// - After any of these, and after [`advance`](Self::advance) or a change of faults, drain
///   [`poll_ready`](Self::poll_ready): each connection it names has output to take or is to be
///   closed. Take output by [`output`](Self::output) and [`consume`](Self::consume) (or both at
///   once by [`poll_output`](Self::poll_output)); then, if [`closing`](Self::closing) is
///   `Some`, close the transport and call `disconnect`. One request can make output on many
///   connections.
/// - While [`wants_read`](Self::wants_read) is false, leave the peer's bytes where they are:
///   too much output waits, or a test stopped the connection. Bytes handed over all the same
///   are kept.
/// - Call [`advance`](Self::advance) not later than [`next_deadline`](Self::next_deadline).
///
/// Every method takes the time; it must not go back. No method blocks, reads a clock or panics
/// on what a peer sends. Equal inputs give equal outputs.
#[derive(Debug)]
pub struct ServerCore {
    options: Options,
    conns: HashMap<ConnId, Conn, FixedState>,
    next_conn: u64,
    ready: VecDeque<ConnId>,
    tree: Tree,
    quotas: Quotas,
    acls: AclLists,
    watches: Watches,
    sessions: Sessions,
    /// Last applied transaction.
    zxid: i64,
    read_only: bool,
    next_reaping: u64,
    /// No connection has a timer that ends before this monotonic time, ms.
    next_conn_timer: u64,
    faults: Faults,
    transcript: Transcript,
    stats: Stats,
    /// Reused by watch delivery.
    hit: Vec<ConnId>,
}

/// Counters of the whole server.
#[derive(Debug, Default)]
struct Stats {
    received: u64,
    sent: u64,
    auth_failed: u64,
    start_ms: u64,
}

impl ServerCore {
    /// A fresh server that starts `now`.
    pub fn new(options: Options, now: Now) -> Self {
        let first_id = sessions::first_id(options.server_id, now.mono_ms);
        Self {
            conns: HashMap::default(),
            next_conn: 1,
            ready: VecDeque::new(),
            tree: Tree::new(),
            quotas: Quotas::default(),
            acls: AclLists::new(),
            watches: Watches::default(),
            sessions: Sessions::new(options.tick_ms.into(), first_id),
            zxid: 0,
            read_only: options.read_only,
            next_reaping: now.mono_ms + u64::from(options.container_check_ms),
            next_conn_timer: u64::MAX,
            faults: Faults::default(),
            transcript: Transcript::new(options.transcript),
            stats: Stats {
                start_ms: now.mono_ms,
                ..Stats::default()
            },
            hit: Vec::new(),
            options,
        }
    }

    /// A new connection from `peer`. It may come out closing at once (S-060, faults).
    pub fn connect(&mut self, peer: SocketAddr, now: Now) -> ConnId {
        let id = ConnId(self.next_conn);
        self.next_conn += 1;
        let limit = self.options.max_client_cnxns as usize;
        let mut close = None;
        if limit > 0 {
            let same = |c: &&Conn| c.close.is_none() && c.peer.ip() == peer.ip();
            if self.conns.values().filter(same).count() >= limit {
                close = Some(Close::Fin);
            }
        }
        let on_accept = self.faults.accept();
        if on_accept == OnAccept::Close {
            close = Some(Close::Fin);
        }
        let mut out = Outbox::default();
        if let Some(limit) = self.faults.output_limit {
            out.cut_at(limit, Close::Fin);
        }
        let conn = Conn {
            peer,
            session: None,
            ids: vec![AuthId::new("ip", &peer.ip().to_string())],
            input: Vec::new(),
            out,
            close,
            ready: false,
            silent: on_accept == OnAccept::Silent,
            stopped: on_accept == OnAccept::Stop,
            sessionless_deadline: bucket_end(now.mono_ms, SESSIONLESS_MS, SESSIONLESS_MS),
            last_reply: 0,
            stats: ConnStats {
                received: 0,
                sent: 0,
                established_ms: now.wall_ms,
                last_op: None,
                last_xid: -1,
                last_zxid: -1,
                last_response_ms: 0,
            },
        };
        self.next_conn_timer = self.next_conn_timer.min(conn.sessionless_deadline);
        self.conns.insert(id, conn);
        if close.is_some() {
            self.mark_ready(id);
        }
        id
    }

    /// Bytes from the peer.
    pub fn handle_bytes(&mut self, id: ConnId, bytes: &[u8], now: Now) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        if conn.silent || conn.close.is_some() {
            return;
        }
        if conn.input.is_empty() {
            let used = self.process(id, bytes, now);
            if let (Some(conn), Some(rest)) = (self.conns.get_mut(&id), bytes.get(used..))
                && conn.close.is_none()
            {
                conn.input.extend_from_slice(rest);
            }
        } else {
            conn.input.extend_from_slice(bytes);
            self.process_input(id, now);
        }
    }

    /// Processes what has been kept of a connection's input.
    fn process_input(&mut self, id: ConnId, now: Now) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        let mut input = std::mem::take(&mut conn.input);
        let used = self.process(id, &input, now);
        if let Some(conn) = self.conns.get_mut(&id)
            && conn.close.is_none()
        {
            input.drain(..used.min(input.len()));
            conn.input = input;
        }
    }

    /// Serves the whole frames at the front of `bytes`; returns how many bytes they are.
    fn process(&mut self, id: ConnId, bytes: &[u8], now: Now) -> usize {
        let mut used = 0;
        while let Some(conn) = self.conns.get_mut(&id) {
            if conn.close.is_some() || !wants_read(conn, &self.options) {
                break;
            }
            let rest = bytes.get(used..).unwrap_or_default();
            let fresh = conn.session.is_none();
            if fresh
                && let Some(word) = rest.first_chunk::<4>()
                && self.four_letter_word(id, *word, now)
            {
                return bytes.len();
            }
            match frame::split(rest, self.options.max_frame) {
                Ok(Split::Partial { .. }) => break,
                Ok(Split::Frame(body)) => {
                    used += frame::PREFIX + body.len();
                    if self.options.transcript {
                        self.transcript.record(id, Direction::FromClient, body, now);
                    }
                    if fresh {
                        self.handle_connect(id, body, now);
                    } else {
                        self.handle_request(id, body, now);
                    }
                }
                Err(error) => {
                    self.malformed(id, &error);
                    break;
                }
            }
        }
        used
    }

    /// Closes a connection whose bytes make no sense (S-043…S-048).
    fn malformed(&mut self, id: ConnId, why: &dyn std::fmt::Display) {
        if self.options.verbose {
            eprintln!("connection {id}: {why}; closing it");
        }
        self.close_conn(id, Close::Fin);
    }

    /// The next connection with output to take or to be closed.
    pub fn poll_ready(&mut self) -> Option<ConnId> {
        while let Some(id) = self.ready.pop_front() {
            if let Some(conn) = self.conns.get_mut(&id) {
                conn.ready = false;
                return Some(id);
            }
        }
        None
    }

    /// Bytes to be sent now.
    #[inline]
    pub fn output(&self, id: ConnId) -> &[u8] {
        self.conns.get(&id).map_or(&[], |conn| conn.out.visible())
    }

    /// Takes note that the first `n` bytes of the output have left.
    pub fn consume(&mut self, id: ConnId, n: usize, now: Now) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        conn.out.consume(n);
        if !conn.input.is_empty() && conn.close.is_none() && wants_read(conn, &self.options) {
            self.process_input(id, now);
        }
    }

    /// Moves all output there is to `out`.
    pub fn poll_output(&mut self, id: ConnId, out: &mut Vec<u8>, now: Now) {
        loop {
            let bytes = self.output(id);
            let n = bytes.len();
            if n == 0 {
                return;
            }
            out.extend_from_slice(bytes);
            self.consume(id, n, now);
        }
    }

    /// `Some` when the connection is to be closed now: all output that may leave has left.
    pub fn closing(&self, id: ConnId) -> Option<Close> {
        let conn = self.conns.get(&id)?;
        let drained = conn.close.filter(|_| conn.out.waiting() == 0);
        conn.out.cut_reached().or(drained)
    }

    /// `Some` when the connection has been cut off and need not wait for a peer that does not
    /// read.
    pub(crate) fn cut_off(&self, id: ConnId) -> Option<Close> {
        let conn = self.conns.get(&id)?;
        conn.out.cut().filter(|_| conn.close.is_some())
    }

    /// True if bytes of this peer may be handed over.
    pub fn wants_read(&self, id: ConnId) -> bool {
        self.conns
            .get(&id)
            .is_some_and(|conn| conn.close.is_some() || wants_read(conn, &self.options))
    }

    /// The transport of a connection is gone. Its session stays (S-025).
    pub fn disconnect(&mut self, id: ConnId, _now: Now) {
        let Some(conn) = self.conns.remove(&id) else {
            return;
        };
        self.detach(id, conn.session);
    }

    /// Ends what belongs to the connection and not to its session.
    fn detach(&mut self, id: ConnId, session: Option<i64>) {
        self.watches.forget(id);
        if let Some(session) = session.and_then(|s| self.sessions.get_mut(s))
            && session.conn == Some(id)
        {
            session.conn = None;
        }
    }

    /// Nothing more is read from the connection; what is to leave still leaves.
    fn close_conn(&mut self, id: ConnId, how: Close) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        conn.close.get_or_insert(how);
        conn.input = Vec::new();
        let session = conn.session;
        self.detach(id, session);
        self.mark_ready(id);
    }

    /// The same, and what a fault holds back is lost.
    fn cut_conn(&mut self, id: ConnId, how: Close) {
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.out.cut_now(how);
            self.close_conn(id, how);
        }
    }

    fn mark_ready(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.get_mut(&id)
            && !conn.ready
        {
            conn.ready = true;
            self.ready.push_back(id);
        }
    }

    /// Lets time pass: sessions expire, held replies leave, the reaper runs.
    pub fn advance(&mut self, now: Now) {
        let mono = now.mono_ms;
        for session in self.sessions.expired(mono) {
            self.end_session(session, now);
        }
        if self.next_conn_timer <= mono {
            self.run_conn_timers(mono);
        }
        if self.next_reaping <= mono {
            self.reap(now);
        }
    }

    fn run_conn_timers(&mut self, mono: u64) {
        self.release_where(|release| matches!(release, Release::At(ms) if ms <= mono));
        let mut stale = Vec::new();
        self.next_conn_timer = u64::MAX;
        for (&id, conn) in &self.conns {
            let next = conn.next_timer().unwrap_or(u64::MAX);
            if next <= mono {
                stale.push(id);
            } else {
                self.next_conn_timer = self.next_conn_timer.min(next);
            }
        }
        for id in stale {
            self.close_conn(id, Close::Fin);
        }
    }

    /// When [`advance`](Self::advance) may have something to do, monotonic ms.
    pub fn next_deadline(&self) -> Option<u64> {
        let timer = Some(self.next_conn_timer).filter(|&ms| ms != u64::MAX);
        let reaping = self.tree.has_perishable().then_some(self.next_reaping);
        [self.sessions.next_deadline(), timer, reaping]
            .into_iter()
            .flatten()
            .min()
    }

    fn release_where(&mut self, is_due: impl Fn(Release) -> bool) -> usize {
        let mut released = Vec::new();
        for (&id, conn) in &mut self.conns {
            if conn.out.release(&is_due) {
                released.push(id);
            }
        }
        for &id in &released {
            self.mark_ready(id);
        }
        released.len()
    }
}

/// True while there is room for the replies to more requests, and no test stopped the reading.
#[inline]
fn wants_read(conn: &Conn, options: &Options) -> bool {
    !conn.stopped && conn.out.waiting() < options.output_limit
}
