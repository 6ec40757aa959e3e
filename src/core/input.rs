//! Bytes from the server: the connect response, replies and events.

use std::hash::Hash;

use zk_proto::records::{ConnectResponse, ReplyHeader, WatcherEvent};
use zk_proto::{Code, Jute, Reader, Xid, frame};

use super::event::{Delivery, Events, Fault, FaultKind, Reply, State};
use super::outbox::{Effect, Pending};
use super::reply::ReplyKind;
use super::session::Core;
use super::timers::{Millis, Timeout};
use super::watch::Watches;
use crate::log;
use crate::log::Level::{Debug, Error, Info};

/// Largest frame taken from a server unless the program sets another limit. The C library has
/// none (C-203); this one is far above what servers send and keeps a hostile length word from
/// asking for all memory.
pub(crate) const MAX_FRAME: usize = 256 << 20;

impl<C, W: Clone + Eq + Hash, A> Core<C, W, A> {
    /// Handles all whole frames at the front of `input` and returns how many bytes they take.
    /// Ranges in the events lie in `input`. What follows is the start of a frame, of which
    /// [`input_needed`] tells the size.
    pub fn handle_input(
        &mut self,
        input: &[u8],
        now: Millis,
        events: &mut Events<C, W, A>,
    ) -> Result<usize, Fault> {
        let mut at = 0;
        loop {
            let rest = input.get(at..).unwrap_or_default();
            match frame::split(rest, self.max_frame) {
                Ok(frame::Split::Frame(body)) => {
                    let start = at + frame::PREFIX;
                    at = start + body.len();
                    self.last_received = now;
                    self.handle_frame(body, start, now, events)?;
                }
                Ok(frame::Split::Partial { .. }) => return Ok(at),
                Err(bad) => {
                    return Err(Fault::loss(
                        Code::CONNECTION_LOSS,
                        format!("protocol error: {bad}"),
                    ));
                }
            }
        }
    }

    fn handle_frame(
        &mut self,
        body: &[u8],
        start: usize,
        now: Millis,
        events: &mut Events<C, W, A>,
    ) -> Result<(), Fault> {
        if self.state == State::Associating {
            return self.associate(body, now, events);
        }
        let mut reader = Reader::new(body);
        let header: ReplyHeader = reader.read().map_err(|e| {
            Fault::loss(
                Code::CONNECTION_LOSS,
                format!("protocol error: reply header: {e}"),
            )
        })?;
        let body_range = start + ReplyHeader::WIRE_LEN..start + body.len();
        match header.xid {
            Xid::NOTIFICATION => self.notify(reader.rest(), body_range.start, events),
            Xid::PING | Xid::SET_WATCHES => Ok(()),
            Xid::AUTH => self.auth_reply(header.err, events),
            _ => self.reply(&header, reader.rest(), body_range, events),
        }
    }

    fn associate(
        &mut self,
        body: &[u8],
        now: Millis,
        events: &mut Events<C, W, A>,
    ) -> Result<(), Fault> {
        let reply = ConnectResponse::from_bytes(body).map_err(|e| {
            Fault::loss(
                Code::CONNECTION_LOSS,
                format!("protocol error: connect response: {e}"),
            )
        })?;
        if self.sent_id != 0 && reply.session_id != self.sent_id {
            // Expired, whether the server says so with id 0 or offers another one (C-215).
            let reason = format!("session {:#x} has expired", self.sent_id);
            return Err(Fault::of_kind(
                FaultKind::Expired,
                Code::SESSION_EXPIRED,
                reason,
            ));
        }
        let password = reply
            .password
            .and_then(|p| p.try_into().ok())
            .ok_or_else(|| {
                Fault::loss(
                    Code::CONNECTION_LOSS,
                    "protocol error: connect response without a password",
                )
            })?;
        let read_only = reply.read_only.unwrap_or(false);
        self.timeout = Timeout(reply.timeout);
        self.session_id = reply.session_id;
        self.password = password;
        // A read-only server's session is unknown to all others (C-445).
        self.resumable |= !read_only;
        self.state = if read_only {
            State::ReadOnly
        } else {
            State::Connected
        };
        self.hosts.attempt_succeeded();
        self.counts.connects += 1;
        self.failed_attempts = 0;
        self.pace.reset();
        self.unheard_since = None;
        self.probing.restart(now);
        events.session = Some((self.session_id, self.password));

        // On the wire: credentials, watches, then what callers have queued (C-431).
        self.credentials.append_all(self.tx.tail(0));
        if self.rearms_watches {
            self.watches
                .append_set_watches(self.last_zxid, self.tx.tail(0));
        }
        self.send_unsent();
        self.announce(events);
        if !self.rearms_watches {
            // The server that they were left at has forgotten them; whoever left them has now
            // heard of both ends of the gap.
            self.watches = Watches::default();
        }

        let (id, timeout) = (reply.session_id, reply.timeout);
        let server = self
            .hosts
            .current()
            .map(|s| s.to_string())
            .unwrap_or_default();
        let mark = if read_only { " (READ-ONLY mode)" } else { "" };
        log!(
            events.log,
            Info,
            "associate",
            "session establishment complete on server {server}, sessionId={id:#x}, negotiated timeout={timeout}{mark}"
        );
        Ok(())
    }

    fn notify(
        &mut self,
        body: &[u8],
        start: usize,
        events: &mut Events<C, W, A>,
    ) -> Result<(), Fault> {
        let event = WatcherEvent::from_bytes(body).map_err(|e| {
            Fault::loss(
                Code::CONNECTION_LOSS,
                format!("protocol error: watch event: {e}"),
            )
        })?;
        self.counts.events += 1;
        let path = event.path.unwrap_or_default();
        let watchers = self.watches.fire(event.kind, path);
        log!(
            events.log,
            Debug,
            "notify",
            "event {} for {}",
            event.kind,
            path.escape_ascii()
        );
        if !watchers.is_empty() {
            // type, state and the path's length word come first.
            let start = start + 12;
            let path = start..start + path.len();
            events.deliver.push_back(Delivery::Node {
                watchers,
                kind: event.kind,
                state: event.state,
                path,
            });
        }
        Ok(())
    }

    fn auth_reply(&mut self, code: Code, events: &mut Events<C, W, A>) -> Result<(), Fault> {
        if self.credentials.is_empty() {
            return Ok(()); // nobody asked (C-566)
        }
        if code.is_ok() {
            self.credentials.finish(code, &mut events.auth);
            return Ok(());
        }
        // The completions hear the server's code, everyone else that authentication failed.
        self.credentials.finish(code, &mut events.auth);
        let reason = format!("authentication failed (server's code {})", code.0);
        Err(Fault::of_kind(
            FaultKind::AuthFailed,
            Code::AUTH_FAILED,
            reason,
        ))
    }

    #[inline]
    fn reply(
        &mut self,
        header: &ReplyHeader,
        body: &[u8],
        range: std::ops::Range<usize>,
        events: &mut Events<C, W, A>,
    ) -> Result<(), Fault> {
        match self.in_flight.front() {
            Some(pending) if pending.xid == header.xid => {}
            expected => {
                let reason = match expected {
                    Some(pending) => format!(
                        "expected xid {:#x}, received {:#x}",
                        pending.xid, header.xid
                    ),
                    None => format!("received xid {:#x}, expected none", header.xid),
                };
                return Err(Fault::loss(Code::RUNTIME_INCONSISTENCY, reason));
            }
        }
        if header.zxid > 0 {
            self.last_zxid = header.zxid;
        }
        let Some(Pending {
            kind,
            cookie,
            effect,
            ..
        }) = self.in_flight.pop_front()
        else {
            return Ok(());
        };
        let Some(cookie) = cookie else {
            return self.late_reply(header, body, kind, effect, events);
        };
        let undecodable = header.err.is_ok() && !kind.accepts(body);
        if let Some(effect) = effect.filter(|_| !undecodable) {
            self.apply(*effect, header.err, events);
        }
        if !header.err.is_ok() {
            events.finish(Reply::bare(cookie, kind, header.err));
            return Ok(());
        }
        if undecodable {
            events.finish(Reply::bare(cookie, kind, Code::MARSHALLING_ERROR));
            return Err(undecodable_body(header, events));
        }
        events.finish(Reply {
            cookie,
            kind,
            code: Code::OK,
            body: range,
        });
        Ok(())
    }

    /// The reply to a request that has timed out: it counts as one, and nobody is told.
    #[cold]
    fn late_reply(
        &mut self,
        header: &ReplyHeader,
        body: &[u8],
        kind: ReplyKind,
        effect: Option<Box<Effect<W>>>,
        events: &mut Events<C, W, A>,
    ) -> Result<(), Fault> {
        if header.err.is_ok() && !kind.accepts(body) {
            return Err(undecodable_body(header, events));
        }
        if let Some(effect) = effect {
            self.apply(*effect, header.err, events);
        }
        Ok(())
    }

    fn apply(&mut self, effect: Effect<W>, code: Code, events: &mut Events<C, W, A>) {
        match (effect, code) {
            (
                Effect::Register {
                    path,
                    watcher,
                    found,
                    ..
                },
                Code::OK,
            ) => self.watches.add(found, path, watcher),
            (
                Effect::Register {
                    path,
                    watcher,
                    missing: Some(table),
                    ..
                },
                Code::NO_NODE,
            ) => {
                self.watches.add(table, path, watcher);
            }
            (
                Effect::Remove {
                    path,
                    watcher,
                    kind,
                    rearm,
                },
                Code::OK,
            ) => {
                self.forget_watch(kind, &path, watcher, events);
                if rearm {
                    self.watches
                        .append_set_watches_of(&path, self.last_zxid, self.tx.tail(0));
                }
            }
            _ => {}
        }
    }
}

#[cold]
fn undecodable_body<C, W, A>(header: &ReplyHeader, events: &mut Events<C, W, A>) -> Fault {
    let reason = format!(
        "protocol error: the body of reply {:#x} cannot be decoded",
        header.xid
    );
    log!(events.log, Error, "reply", "{reason}");
    Fault::loss(Code::CONNECTION_LOSS, reason)
}

/// Size that a buffer must have for the frame at its front to fit, as far as it is known.
pub fn input_needed(front: &[u8]) -> usize {
    // Whether the length is allowed has been judged before.
    match frame::split(front, usize::MAX) {
        Ok(frame::Split::Partial { need }) => need,
        _ => 0,
    }
}
