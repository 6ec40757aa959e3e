//! Limits that a program sets: for requests (F-23), for the session (F-17), for the pace of
//! attempts to connect (F-2). And the wait of requests for a session (F-19).

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::inlet::Bell;
use super::{Client, Handle};
use crate::core::{Backoff, ConnectLimit, Millis, SessionLimit};
use crate::net::clock;

impl<C: Client> Handle<C> {
    /// Sets the time that requests have from now on, ms; 0 for no limit.
    ///
    /// Only stored: who submits a request asks for it and says when it is due.
    pub fn set_request_limit(&self, ms: u32) {
        self.request_limit.store(ms, Ordering::Relaxed);
    }

    /// What was set last; 0 at the start.
    pub fn request_limit(&self) -> u32 {
        self.request_limit.load(Ordering::Relaxed)
    }

    /// When a request is due that has so much time from now on.
    pub fn due_in(&self, ms: u32) -> Millis {
        // The clock may be about to tick.
        clock::now() + Millis::from(ms) + 1
    }

    /// Returns when a request that somebody waits for is finished, which it is soon after it is
    /// `due`. The caller looks at the clock itself and then does the IO thread's work, because
    /// that thread may be held up in the program's code.
    pub fn finish_by(&self, due: Millis, is_finished_within: impl Fn(Duration) -> bool) {
        loop {
            let left = due.saturating_sub(clock::now());
            if is_finished_within(Duration::from_millis(left.max(1))) {
                return;
            }
            self.expire_requests();
        }
    }

    fn expire_requests(&self) {
        let mut engine = self.engine.lock();
        if self.life.is_closing() {
            return; // that finishes all of them
        }
        let now = engine.begin(self);
        engine.send(self, now);
        engine.hand_over(self);
        drop(engine);
        // Sending may have met the end of the connection, and what follows is the IO thread's.
        self.reconsider();
    }

    /// After how long out of reach a session counts as expired; `None` for never (C-435).
    pub fn set_session_limit(&self, limit: Option<SessionLimit>) {
        self.engine.lock().core.set_session_limit(limit);
        self.reconsider();
    }

    /// How long one attempt to connect may take, the one under way included; `None` for the
    /// rule of C-413.
    pub fn set_connect_limit(&self, limit: Option<ConnectLimit>) {
        self.engine.lock().core.set_connect_limit(limit);
        self.reconsider();
    }

    /// Whether requests that no server has got survive failed attempts to connect.
    pub fn keep_requests(&self, keep: bool) {
        self.engine.lock().core.keep_requests(keep);
    }

    /// From the next pause on, pauses grow and requests do not end them; `None`: they are as
    /// [`set_retry_delay`](Self::set_retry_delay) says, and requests end them.
    pub fn set_backoff(&self, backoff: Option<Backoff>) {
        self.engine.lock().core.set_backoff(backoff);
    }

    /// Lets the IO thread see how long it may sleep now. Unlike a nudge this is no request, so
    /// it ends no pause (C-422).
    fn reconsider(&self) {
        self.inlet.bell().ring();
    }
}
