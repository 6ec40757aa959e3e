//! What a program may limit: the time for a request (F-23), the time that an unreachable session
//! counts as alive (F-17). And what it may prolong: the wait of a request for a session (F-19).

use std::hash::Hash;

use zk_proto::Code;

use super::event::{Events, Fault, FaultKind, Reply};
use super::outbox::Effect;
use super::pace::Backoff;
use super::session::Core;
use super::timers::Millis;

/// How long the servers of a session may be out of reach before the client takes it for expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionLimit {
    /// Four thirds of the session timeout, as in the Java client: by then the server has expired
    /// the session, unless it was out of reach for itself.
    OfTimeout,
    /// So many milliseconds.
    Fixed(Millis),
}

/// How long one attempt to connect may take, if less than the silence that C-413 allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectLimit {
    /// The session timeout is shared among the servers, as in the Java client, so that the last
    /// one is tried before the session is lost (F-11).
    Shared,
    /// So many milliseconds.
    Fixed(Millis),
}

/// How far behind `first` a request id comes in the order of submission, if it is one of the
/// requests since then. Ids are below 2³¹ and start again from 1 (see [`super::xid`]).
fn distance(first: i32, xid: i32) -> u32 {
    xid.wrapping_sub(first) as u32 & 0x7fff_ffff
}

impl<C, W: Clone + Eq + Hash, A> Core<C, W, A> {
    /// Fails requests whose time is over. Those that were sent keep their place until the reply
    /// comes, which then counts as received and tells nobody; the others are not sent any more.
    pub fn expire(&mut self, now: Millis, events: &mut Events<C, W, A>) {
        if self.deadlines.is_empty() {
            return;
        }
        while let Some(xid) = self.deadlines.pop_due(now) {
            self.expire_one(xid, events);
        }
        let first = self.in_flight.front().map(|pending| pending.xid);
        self.deadlines.tidy(self.in_flight.len(), |xid| {
            // What has left the queue is behind all that is in it, the long way round.
            first.is_none_or(|first| distance(first, xid) > i32::MAX as u32 / 2)
        });
        if self.dead * 2 > self.in_flight.len() {
            self.drop_dead();
        }
    }

    fn expire_one(&mut self, xid: i32, events: &mut Events<C, W, A>) {
        let Some(first) = self.in_flight.front().map(|pending| pending.xid) else {
            return;
        };
        let wanted = distance(first, xid);
        let found = self
            .in_flight
            .binary_search_by_key(&wanted, |pending| distance(first, pending.xid));
        let Some(pending) = found.ok().and_then(|at| self.in_flight.get_mut(at)) else {
            return; // finished in time
        };
        let Some(cookie) = pending.cookie.take() else {
            return;
        };
        // Whoever was told of a failure counts on no watch (C-441). A removal that the server
        // confirms later still holds.
        pending
            .effect
            .take_if(|effect| matches!(**effect, Effect::Register { .. }));
        let kind = pending.kind;
        if !self.state.is_live() {
            self.dead += 1;
        }
        events.finish(Reply::bare(cookie, kind, Code::OPERATION_TIMEOUT));
    }

    /// Takes out requests that timed out before they could be sent.
    fn drop_dead(&mut self) {
        let mut alive = self.in_flight.iter().map(|p| p.cookie.is_some());
        self.unsent.retain_frames(|| alive.next().unwrap_or(true));
        self.in_flight.retain(|pending| pending.cookie.is_some());
        self.dead = 0;
    }

    /// The session is on: what has waited for it goes out.
    pub(super) fn send_unsent(&mut self) {
        if self.dead > 0 {
            self.drop_dead();
        }
        let mut unsent = std::mem::take(&mut self.unsent);
        self.tx.append(&mut unsent);
    }

    /// Gives the memory of frames without a session back, with what may be in it.
    pub(super) fn forget_unsent(&mut self) {
        self.unsent = super::chunks::Chunks::default();
        self.dead = 0;
    }

    /// Whether requests that no server has got survive failed attempts to connect, instead of
    /// failing with them (C-433).
    pub fn keep_requests(&mut self, keep: bool) {
        self.keeps_requests = keep;
    }

    /// How many attempts to connect have failed since the last one that did not.
    pub fn failed_attempts(&self) -> u64 {
        self.failed_attempts
    }

    /// How long to pause after a pass in which every server failed, from the next pause on;
    /// `None` for the rule of C-421.
    pub fn set_retry_delay(&mut self, delay: Option<Millis>) {
        self.pace.fixed = delay;
    }

    /// From the next pause on, pauses grow and requests do not end them; `None` for the rule of
    /// [`set_retry_delay`](Self::set_retry_delay).
    pub fn set_backoff(&mut self, backoff: Option<Backoff>) {
        self.pace.set_backoff(backoff);
    }

    /// Lets the client take a session for expired by itself, or not (C-435).
    pub fn set_session_limit(&mut self, limit: Option<SessionLimit>) {
        self.session_limit = limit;
    }

    /// Lets attempts to connect take less time than C-413 gives them, or not.
    pub fn set_connect_limit(&mut self, limit: Option<ConnectLimit>) {
        self.connect_limit = limit;
    }

    /// The silence of a server after which it is left.
    pub(super) fn patience(&self) -> Millis {
        let usual = self.timeout.read();
        match self.connect_limit.filter(|_| !self.state.is_live()) {
            None => usual,
            Some(ConnectLimit::Shared) => usual.min(self.timeout.share(self.hosts.count())),
            Some(ConnectLimit::Fixed(ms)) => usual.min(ms),
        }
    }

    /// When the client gives the session up, if no server answers before.
    pub(super) fn session_ends(&self) -> Option<Millis> {
        let limit = match self.session_limit? {
            SessionLimit::OfTimeout => self.timeout.expiry(),
            SessionLimit::Fixed(ms) => ms,
        };
        let since = self.unheard_since.filter(|_| !self.state.is_terminal())?;
        Some(since.saturating_add(limit))
    }

    /// Fails if the client has to give the session up.
    pub(super) fn check_session_limit(&mut self, now: Millis) -> Result<(), Fault> {
        if self.session_ends().is_none_or(|end| now < end) {
            return Ok(());
        }
        let since = self.unheard_since.take().unwrap_or(now);
        let reason = format!(
            "session {:#x} was out of reach for {} ms and counts as expired",
            self.session_id,
            now - since
        );
        Err(Fault::of_kind(
            FaultKind::Expired,
            Code::SESSION_EXPIRED,
            reason,
        ))
    }
}
