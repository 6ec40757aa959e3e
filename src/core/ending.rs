//! Every way in which a connection or a session ends, and who is told.

use std::hash::Hash;

use zk_proto::records::RequestHeader;
use zk_proto::{Code, Jute, Op, frame};

use super::event::{Delivery, Events, Fault, FaultKind, Reply, State};
use super::outbox::Queue;
use super::session::Core;
use super::timers::Millis;
use super::watch::Watches;
use crate::log;
use crate::log::Level::{Error, Info, Warn};

impl<C, W: Clone + Eq + Hash, A> Core<C, W, A> {
    /// The connection is gone, or the session with it. Requests in flight and in `queue` get
    /// the fault's code (C-432…C-442); `queue` is left empty.
    pub(crate) fn disconnect(
        &mut self,
        fault: &Fault,
        queue: &mut Queue<C, W>,
        now: Millis,
        events: &mut Events<C, W, A>,
    ) {
        if self.state.is_terminal() {
            return self.fail_all(fault.code, queue, events);
        }
        let was_live = self.state.is_live();
        if was_live {
            self.unheard_since = Some(self.last_received);
        }
        self.log_fault(fault, events);
        self.tx.clear();
        self.tx_sent = 0;
        match fault.kind {
            FaultKind::Expired => self.tell_everyone(State::Expired, events),
            FaultKind::AuthFailed => self.tell_everyone(State::AuthFailed, events),
            _ if was_live => self.tell_everyone(State::Connecting, events),
            _ => {}
        }
        self.state = match fault.kind {
            FaultKind::Expired => State::Expired,
            FaultKind::AuthFailed => State::AuthFailed,
            FaultKind::Moved | FaultKind::Unresolved => State::NotConnected,
            FaultKind::Loss | FaultKind::ReadWriteFound(_) => State::Closed,
        };
        if matches!(fault.kind, FaultKind::Loss | FaultKind::Unresolved) && !was_live {
            self.failed_attempts += 1;
            self.counts.failed_attempts += 1;
        }
        match fault.kind {
            FaultKind::ReadWriteFound(server) => self.hosts.prefer(server),
            FaultKind::Loss if was_live => {
                self.hosts.connection_lost();
                self.wants_resolution = true;
            }
            FaultKind::Loss if self.hosts.attempt_failed() => {
                self.wants_resolution = true;
                let pause = self.pace.begin(self.timeout.pause(), now);
                log!(
                    events.log,
                    Warn,
                    "pause",
                    "all servers have failed; pausing for {pause} ms"
                );
            }
            _ => {}
        }
        if self.keeps_requests && !was_live && !fault.is_terminal() {
            // None of them was ever sent.
            return self.enqueue(queue);
        }
        self.fail_all(fault.code, queue, events);
    }

    fn log_fault(&self, fault: &Fault, events: &mut Events<C, W, A>) {
        let server = self
            .hosts
            .current()
            .map_or_else(|| "no server".to_owned(), |s| s.to_string());
        let level = match fault.kind {
            FaultKind::Loss | FaultKind::AuthFailed | FaultKind::Unresolved => Error,
            _ => Info,
        };
        let (code, reason) = (fault.code, &fault.reason);
        log!(
            events.log,
            level,
            "disconnect",
            "{server}: {reason} (zk retcode={}, {code:?})",
            code.0
        );
    }

    /// All watchers, each once, the global one last (C-480).
    pub(crate) fn everyone(&self) -> Vec<W> {
        self.watches.everyone(&self.global_watcher)
    }

    /// Drops all watches: nothing is to come for them.
    pub(crate) fn forget_watches(&mut self) {
        self.watches = Watches::default();
    }

    fn tell_everyone(&self, state: State, events: &mut Events<C, W, A>) {
        let watchers = self.everyone();
        events
            .deliver
            .push_back(Delivery::Session { watchers, state });
    }

    pub(super) fn announce(&self, events: &mut Events<C, W, A>) {
        self.tell_everyone(self.state, events);
    }

    fn fail_all(&mut self, code: Code, queue: &mut Queue<C, W>, events: &mut Events<C, W, A>) {
        self.credentials.finish(code, &mut events.auth);
        queue.front.clear();
        queue.bytes.clear();
        queue.deadlines.clear();
        self.forget_unsent();
        self.deadlines.clear();
        let failed = self.in_flight.drain(..).chain(queue.entries.drain(..));
        events.deliver.extend(failed.filter_map(|pending| {
            let reply = Reply::bare(pending.cookie?, pending.kind, code);
            Some(Delivery::Reply(reply))
        }));
    }

    /// The handle is being closed: everything outstanding gets `CLOSING` (C-530). What was not
    /// sent yet stays to be sent, followed by a close request, if the session is live.
    pub(crate) fn close(&mut self, queue: &mut Queue<C, W>, events: &mut Events<C, W, A>) {
        if self.state.is_live() {
            self.take_bytes(queue);
            frame::append(self.tx.tail(0), |out| {
                RequestHeader {
                    xid: super::xid::next(),
                    op: Op::CloseSession.into(),
                }
                .encode(out);
            });
            let id = self.session_id;
            log!(events.log, Info, "close", "closing session {id:#x}");
        }
        self.fail_all(Code::CLOSING, queue, events);
    }

    /// The handle is given up: everything outstanding gets `CLOSING`, and nothing is sent any
    /// more, so that the session lives on until the server's timeout.
    pub(crate) fn abandon(&mut self, queue: &mut Queue<C, W>, events: &mut Events<C, W, A>) {
        self.tx.clear();
        self.tx_sent = 0;
        let id = self.session_id;
        log!(events.log, Info, "abandon", "leaving session {id:#x} open");
        self.fail_all(Code::CLOSING, queue, events);
    }
}
