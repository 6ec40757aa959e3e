//! The session: connecting, associating, requests in flight, timers, and every way it ends.

use std::collections::VecDeque;
use std::hash::Hash;
use std::net::SocketAddr;

use zk_proto::records::{ConnectRequest, PASSWORD_LEN, RequestHeader};
use zk_proto::{Code, Jute, Op, Xid, frame};

use super::auth::Credentials;
use super::chunks::Chunks;
use super::deadlines::Deadlines;
use super::event::{Delivery, Events, Fault, FaultKind, State};
use super::hosts::{Hosts, ListChange};
use super::input::MAX_FRAME;
use super::limits::{ConnectLimit, SessionLimit};
use super::outbox::Pending;
use super::pace::Pace;
use super::timers::{Millis, Probing, Timeout};
use super::watch::Watches;

/// How a core is made.
#[derive(Clone, Debug)]
pub struct Settings<W> {
    /// Servers in the order to try them; none if their names are not resolved yet.
    pub servers: Vec<SocketAddr>,
    /// Session timeout asked for, ms.
    pub recv_timeout: i32,
    /// Session to resume.
    pub session: Option<(i64, [u8; PASSWORD_LEN])>,
    /// True if a read-only server will do.
    pub read_only: bool,
    /// Who gets session events besides the registered watchers.
    pub global_watcher: W,
    /// Randomness for the choice of servers.
    pub seed: u64,
}

/// The client's side of one session.
///
/// Inputs are commands and `handle_*` methods, with the time passed in; what follows from them
/// is in the [`Events`] passed along and in the getters. An input that fails returns a
/// [`Fault`]: the driver closes the socket and calls [`disconnect`](Self::disconnect).
/// `C` is the cookie of a request, `W` a watcher, `A` the cookie of a credential.
#[derive(Debug)]
pub struct Core<C, W, A> {
    pub(super) state: State,
    pub(super) session_id: i64,
    pub(super) password: [u8; PASSWORD_LEN],
    /// True once the session is known to be one that any server takes back (C-212).
    pub(super) resumable: bool,
    /// The session id of the last connect request.
    pub(super) sent_id: i64,
    pub(super) timeout: Timeout,
    read_only_allowed: bool,
    pub(super) last_zxid: i64,
    pub(super) hosts: Hosts,
    pub(super) watches: Watches<W>,
    pub(super) credentials: Credentials<A>,
    /// Requests whose reply is awaited; without a live session those that wait for one.
    pub(super) in_flight: VecDeque<Pending<C, W>>,
    /// Of those that have a limit.
    pub(super) deadlines: Deadlines,
    /// Frames of `in_flight` that wait for a live session; empty while there is one.
    pub(super) unsent: Chunks,
    /// How many of the requests in `unsent` have timed out.
    pub(super) dead: usize,
    pub(super) tx: Chunks,
    /// Bytes of its first chunk that were sent.
    pub(super) tx_sent: usize,
    /// The session has been quiet, so memory that is not used can be given back.
    pub(super) quiet: bool,
    pub(super) last_received: Millis,
    pub(super) last_sent: Millis,
    pub(super) pace: Pace,
    pub(super) wants_resolution: bool,
    pub(super) probing: Probing,
    pub(super) global_watcher: W,
    /// Attempts that failed since the last association.
    pub(super) failed_attempts: u64,
    /// False if watches end with their connection.
    pub(super) rearms_watches: bool,
    /// Longest frame that is taken from a server, bytes.
    pub(super) max_frame: usize,
    pub(super) counts: Counts,
    /// Requests survive failed attempts to connect.
    pub(super) keeps_requests: bool,
    pub(super) session_limit: Option<SessionLimit>,
    pub(super) connect_limit: Option<ConnectLimit>,
    /// When a session that is not on at the moment was heard of last.
    pub(super) unheard_since: Option<Millis>,
}

/// What has happened since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Watch events that servers have sent.
    pub events: u64,
    /// Pings sent.
    pub pings: u64,
    /// Times that a server has let the session begin or go on.
    pub connects: u64,
    /// Attempts to connect that have failed.
    pub failed_attempts: u64,
}

impl<C, W: Clone + Eq + Hash, A> Core<C, W, A> {
    /// A core that has not tried anything yet.
    pub fn new(settings: Settings<W>) -> Self {
        let (session_id, password) = settings.session.unwrap_or_default();
        Self {
            state: State::NotConnected,
            session_id,
            password,
            resumable: session_id != 0,
            sent_id: 0,
            timeout: Timeout(settings.recv_timeout),
            read_only_allowed: settings.read_only,
            last_zxid: 0,
            hosts: Hosts::new(settings.servers, settings.seed),
            watches: Watches::default(),
            credentials: Credentials::default(),
            in_flight: VecDeque::new(),
            deadlines: Deadlines::default(),
            unsent: Chunks::default(),
            dead: 0,
            tx: Chunks::default(),
            tx_sent: 0,
            quiet: false,
            last_received: 0,
            last_sent: 0,
            pace: Pace::new(settings.seed),
            wants_resolution: false,
            probing: Probing::default(),
            global_watcher: settings.global_watcher,
            failed_attempts: 0,
            rearms_watches: true,
            max_frame: MAX_FRAME,
            counts: Counts::default(),
            keeps_requests: false,
            session_limit: None,
            connect_limit: None,
            unheard_since: None,
        }
    }

    /// Where the session stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Negotiated session timeout, before the first association the one asked for; ms.
    pub fn recv_timeout(&self) -> i32 {
        self.timeout.0
    }

    /// The server in use, tried, or tried next.
    pub fn current_server(&self) -> Option<SocketAddr> {
        self.hosts.current()
    }

    /// Who gets session events besides the registered watchers, from now on.
    pub fn set_global_watcher(&mut self, watcher: W) {
        self.global_watcher = watcher;
    }

    /// From now on watches are forgotten when a connection has been lost and another one is
    /// made, instead of being set again.
    pub fn end_watches_with_connection(&mut self) {
        self.rearms_watches = false;
    }

    /// Longest frame that is taken from a server from now on; a longer one breaks the
    /// connection.
    pub fn set_max_frame(&mut self, bytes: usize) {
        self.max_frame = bytes;
    }

    /// True if there is no server to try until names are resolved.
    pub fn has_no_servers(&self) -> bool {
        self.hosts.is_empty()
    }

    /// What has happened since the start.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Requests whose replies are awaited.
    pub fn outstanding(&self) -> usize {
        self.in_flight.len()
    }

    /// The last transaction that a reply has told of.
    pub fn last_zxid(&self) -> i64 {
        self.last_zxid
    }

    /// True once after each moment at which names should be resolved anew: a connection was
    /// lost, or all servers have failed.
    pub fn take_resolution_request(&mut self) -> bool {
        std::mem::take(&mut self.wants_resolution)
    }

    /// The server to connect to now, if there is one to try. `woken` ends a pause (C-422) that
    /// is not a [`Backoff`](super::Backoff).
    pub fn next_attempt(&mut self, woken: bool, now: Millis) -> Option<SocketAddr> {
        if self.state.has_socket() || self.state.is_terminal() {
            return None;
        }
        if !self.pace.may_go_on(woken, now) {
            return None;
        }
        let server = self.hosts.attempt()?;
        self.state = State::Connecting;
        self.last_received = now;
        self.last_sent = now;
        Some(server)
    }

    /// The TCP connection is up: the connect request is the first thing on it (C-210…C-213).
    /// The time for the whole attempt has been running since its start (C-413).
    pub fn handle_connected(&mut self) {
        self.state = State::Associating;
        self.sent_id = if self.resumable { self.session_id } else { 0 };
        self.tx.clear();
        self.tx_sent = 0;
        let request = ConnectRequest {
            protocol_version: 0,
            last_zxid_seen: self.last_zxid,
            timeout: self.timeout.0,
            session_id: self.sent_id,
            password: Some(&self.password),
            read_only: Some(self.read_only_allowed),
        };
        frame::append(self.tx.tail(0), |out| request.encode(out));
    }

    /// Time has passed. Fails if the server has been silent for too long (C-413) or the session
    /// has passed its limit, and queues a ping if it is time for one (C-414).
    pub fn handle_timeout(&mut self, now: Millis) -> Result<(), Fault> {
        self.check_session_limit(now)?;
        if self.state.has_socket() && now >= self.last_received + self.patience() {
            let reason = format!("no answer for {} ms", now - self.last_received);
            return Err(Fault::loss(Code::OPERATION_TIMEOUT, reason));
        }
        if self.ping_is_due(now) {
            self.tx.shrink();
            self.forget_unsent();
            self.in_flight = VecDeque::new();
            self.quiet = true;
            frame::append(self.tx.tail(0), |out| {
                RequestHeader {
                    xid: Xid::PING,
                    op: Op::Ping.into(),
                }
                .encode(out);
            });
            self.last_sent = now;
            self.counts.pings += 1;
        }
        Ok(())
    }

    fn ping_is_due(&self, now: Millis) -> bool {
        self.may_ping() && now >= self.last_sent + self.timeout.ping()
    }

    fn may_ping(&self) -> bool {
        self.state.is_live() && self.in_flight.is_empty() && self.transmit().is_empty()
    }

    /// When [`handle_timeout`](Self::handle_timeout), [`next_attempt`](Self::next_attempt),
    /// [`probe`](Self::probe) or [`expire`](Self::expire) have something to do at the latest;
    /// `None` in terminal states.
    pub fn next_deadline(&self) -> Option<Millis> {
        if self.state.is_terminal() {
            return None;
        }
        let mut deadline = self.next_of_connection();
        if let Some(due) = self.deadlines.next() {
            deadline = deadline.min(due);
        }
        Some(deadline.min(self.session_ends().unwrap_or(Millis::MAX)))
    }

    fn next_of_connection(&self) -> Millis {
        if !self.state.has_socket() {
            // Without servers nothing happens until their names are resolved.
            let now = if self.hosts.is_empty() {
                Millis::MAX
            } else {
                0
            };
            return self.pace.until().unwrap_or(now);
        }
        let mut deadline = self.last_received + self.patience();
        if self.may_ping() {
            deadline = deadline.min(self.last_sent + self.timeout.ping());
        }
        if self.state == State::ReadOnly {
            deadline = deadline.min(self.probing.due());
        }
        deadline
    }

    /// Stores a credential. True if it must be sent at once; else the next association sends
    /// it, also when there is no attempt to connect under way (C-560, F-18).
    pub(crate) fn add_auth(
        &mut self,
        scheme: &[u8],
        secret: &[u8],
        completion: Option<A>,
    ) -> Result<bool, Code> {
        if self.state.is_terminal() {
            return Err(Code::INVALID_STATE);
        }
        self.credentials.add(scheme, secret, completion);
        Ok(self.state.is_live())
    }

    /// True if a removal of this kind has anything to do (C-485, C-486).
    pub(crate) fn has_watch(&self, kind: i32, server_path: &[u8], watcher: Option<W>) -> bool {
        self.watches.has(kind, server_path, watcher)
    }

    /// True if a removal of this kind leaves the server nothing to tell of that would go on for
    /// ever, so that it should forget too.
    pub(crate) fn is_last_watch_that_stays(
        &self,
        kind: i32,
        server_path: &[u8],
        watcher: Option<W>,
    ) -> bool {
        self.watches.is_last_that_stays(kind, server_path, watcher)
    }

    /// Forgets watches (C-487, C-488); those that would have stayed are told so.
    pub(crate) fn forget_watch(
        &mut self,
        kind: i32,
        server_path: &[u8],
        watcher: Option<W>,
        events: &mut Events<C, W, A>,
    ) {
        let watchers = self.watches.remove(kind, server_path, watcher);
        if !watchers.is_empty() {
            events.deliver.push_back(Delivery::Removed {
                watchers,
                state: self.state,
                path: server_path.into(),
            });
        }
    }

    /// Takes a new server list; fails if the connection has to move (C-450…C-453).
    pub fn replace_servers(&mut self, servers: Vec<SocketAddr>) -> Result<(), Fault> {
        match self.hosts.replace(servers, self.state.has_socket()) {
            ListChange::Same | ListChange::Stay => Ok(()),
            ListChange::Migrate => Err(Fault::of_kind(
                FaultKind::Moved,
                Code::CONNECTION_LOSS,
                "moving to another server of the new list",
            )),
        }
    }

    /// Moves the choice of the next server one step on (C-454).
    pub fn cycle_next_server(&mut self) {
        self.hosts.advance();
    }

    /// On a read-only server: the server to ask now whether it is read/write (C-443).
    pub fn probe(&mut self, now: Millis) -> Option<SocketAddr> {
        if self.state != State::ReadOnly || !self.probing.take_due(now) {
            return None;
        }
        self.hosts.probe_target()
    }

    /// The answer to a probe. A read/write server is worth leaving the read-only one for.
    pub fn handle_probe(&mut self, server: SocketAddr, read_write: bool) -> Result<(), Fault> {
        if !read_write || self.state != State::ReadOnly {
            return Ok(());
        }
        let reason = format!("found read/write server {server}");
        Err(Fault::of_kind(
            FaultKind::ReadWriteFound(server),
            Code::CONNECTION_LOSS,
            reason,
        ))
    }
}
