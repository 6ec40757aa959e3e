//! The connection's two halves that both drivers call: [`Engine::process`] moves bytes,
//! [`Engine::prepare`] does what time demands and says what to wait for.
//!
//! Whoever holds the engine's lock is the driver: normally the IO thread, sometimes a thread of
//! the program that runs a loop of its own. No code of the program runs under that lock.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

use mio::{Registry, Token};
use zk_proto::Code;

use super::close::Farewell;
use super::direct::deliver;
use super::dispatcher::{Batch, borrowed, outcome};
use super::inbox::Inbox;
use super::probe::Probe;
use super::resolution::Resolution;
use super::stats::Traffic;
use super::{Client, Handle};
use crate::core::connect_string::HostPort;
use crate::core::{Core, Delivery, Events, Fault, Gate, Millis, Queue, State};
use crate::log::{self, Line, Threshold};
use crate::net::clock;
use crate::net::socket::{Connection, Note, StartError};

/// Chunks that are sent with one call. Fewer, larger calls wake the server less often.
const AT_ONCE: usize = 16;

pub(super) const WAKER: Token = Token(0);
pub(super) const SOCKET: Token = Token(1);
pub(super) const PROBE: Token = Token(2);

/// Readiness that a poll has reported.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ready {
    pub(super) readable: bool,
    pub(super) writable: bool,
    /// The peer has sent its last byte, so reading must go on to the end.
    pub(super) read_closed: bool,
    pub(super) probe: bool,
}

/// Work that has to wait until the lock is released, because it runs the program's code.
pub(super) struct Aftermath<C: Client> {
    pub(super) lines: VecDeque<Line>,
    pub(super) auth: VecDeque<(C::Auth, Code)>,
    /// Deliveries that cannot be handed over at once. Those of a session that failed to
    /// authenticate: the completions of its credentials are called before anyone hears of the
    /// end (C-437). And those that nobody takes any more.
    pub(super) last_batch: Option<Batch<C>>,
}

impl<C: Client> Default for Aftermath<C> {
    fn default() -> Self {
        Self {
            lines: VecDeque::new(),
            auth: VecDeque::new(),
            last_batch: None,
        }
    }
}

impl<C: Client> Aftermath<C> {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.auth.is_empty() && self.last_batch.is_none()
    }
}

/// Core, socket and buffers of one handle.
pub(super) struct Engine<C: Client> {
    pub(super) core: Core<C::Cookie, C::Watcher, C::Auth>,
    pub(super) connection: Option<Connection>,
    /// Where the descriptor of `connection` is noted.
    pub(super) socket: Arc<Note>,
    /// The kernel took less than was offered; wait for writability.
    pub(super) blocked: bool,
    pub(super) hosts: Vec<HostPort>,
    pub(super) inbox: Inbox,
    pub(super) registry: Registry,
    /// Why the attempt that the opener made has failed, until the IO thread tells.
    pub(super) early_failure: Option<StartError>,
    pub(super) probe: Option<Probe>,
    pub(super) resolution: Option<Resolution>,
    pub(super) resolved_at: Millis,
    /// How long to wait between two resolutions while there is no server at all, ms.
    pub(super) resolution_pause: Millis,
    queue: Queue<C::Cookie, C::Watcher>,
    pub(super) events: Events<C::Cookie, C::Watcher, C::Auth>,
    pub(super) aftermath: Aftermath<C>,
    /// For clients that take deliveries directly.
    scratch: C::Scratch,
    pub(super) traffic: Traffic,
}

impl<C: Client> Engine<C> {
    pub(super) fn new(
        core: Core<C::Cookie, C::Watcher, C::Auth>,
        hosts: Vec<HostPort>,
        registry: Registry,
        socket: Arc<Note>,
        threshold: Threshold,
    ) -> Self {
        let events = Events {
            log: log::Buffer::new(threshold),
            ..Events::default()
        };
        Self {
            core,
            connection: None,
            socket,
            blocked: false,
            hosts,
            inbox: Inbox::default(),
            registry,
            early_failure: None,
            probe: None,
            resolution: None,
            resolved_at: clock::now(),
            resolution_pause: 0,
            queue: Queue::default(),
            events,
            aftermath: Aftermath::default(),
            scratch: C::Scratch::default(),
            traffic: Traffic::default(),
        }
    }

    /// Moves bytes as far as `ready` says. The result is that of a step of the program's loop
    /// (C-526).
    pub(super) fn process(&mut self, handle: &Handle<C>, ready: Ready) -> Code {
        let now = self.begin(handle);
        if ready.probe {
            self.advance_probe(handle, now);
        }
        let code = if self.core.state() == State::Connecting {
            if ready.readable || ready.writable {
                self.finish_connecting(handle, now)
            } else {
                Code::OK
            }
        } else {
            self.blocked &= !ready.writable;
            let read = if ready.readable {
                self.receive(handle, now, ready.read_closed)
            } else {
                Code::OK
            };
            let sent = self.send(handle, now);
            if read == Code::OK || read == Code::NOTHING && sent != Code::OK {
                sent
            } else {
                read
            }
        };
        self.hand_over(handle);
        code
    }

    /// Does what is due: timeouts, pings, connection attempts, probes, and sending what callers
    /// have queued. The result is that of a step of the program's loop (C-525).
    pub(super) fn prepare(&mut self, handle: &Handle<C>, woken: bool) -> Code {
        let now = self.begin(handle);
        let mut code = Code::OK;
        if handle.is_poisoned() {
            code = self.fail(handle, &Fault::internal(), now);
        }
        self.follow_names(handle, woken, now);
        if let Err(fault) = self.core.handle_timeout(now) {
            code = self.fail(handle, &fault, now);
        }
        if let Some(error) = self.early_failure.take() {
            code = self.cannot_start(handle, &error, now);
        }
        if let Some(server) = self.core.next_attempt(woken, now) {
            code = self.connect(handle, server, now);
        }
        self.advance_probe(handle, now);
        if let Some(server) = self.core.probe(now) {
            self.probe = Probe::start(server, &self.registry, PROBE, now);
        }
        if self.core.is_quiet() {
            self.forget_load(handle);
        }
        let sent = self.send(handle, now);
        self.hand_over(handle);
        if code == Code::OK { sent } else { code }
    }

    /// Gives back the memory that only a load needs.
    fn forget_load(&mut self, handle: &Handle<C>) {
        self.inbox.shrink();
        if self.events.deliver.is_empty() {
            self.events.deliver = VecDeque::new();
        }
        handle.dispatcher.forget_spares();
    }

    /// Sends what callers have queued, in place of the IO thread. False if that takes more than
    /// sending.
    pub(super) fn send_now(&mut self, handle: &Handle<C>) -> bool {
        if handle.life.is_closing() || !self.core.state().is_live() {
            return false;
        }
        let now = self.begin(handle);
        self.send(handle, now);
        self.hand_over(handle);
        self.core.state().is_live()
    }

    /// Time until [`prepare`](Self::prepare) has something to do, ms; `None` if never.
    pub(super) fn timeout(&self) -> Option<Millis> {
        let mut deadline = self.core.next_deadline()?;
        if self.core.has_no_servers() {
            deadline = deadline.min(self.next_resolution());
        }
        if let Some(probe) = &self.probe {
            deadline = deadline.min(probe.deadline());
        }
        Some(deadline.saturating_sub(clock::now()))
    }

    pub(super) fn begin(&mut self, handle: &Handle<C>) -> Millis {
        self.core.set_global_watcher(handle.client.global_watcher());
        clock::now()
    }

    /// Reads until the kernel has nothing more, with one call if everything fits the buffer.
    fn receive(&mut self, handle: &Handle<C>, now: Millis, to_the_end: bool) -> Code {
        let mut frames = false;
        loop {
            let Some(connection) = &mut self.connection else {
                return Code::OK;
            };
            let Some(space) = self.inbox.space() else {
                let fault = Fault::loss(Code::SYSTEM_ERROR, "no memory for the server's answer");
                return self.fail(handle, &fault, now);
            };
            let room = space.len();
            let n = match connection.read(space) {
                Ok(None) => break,
                Ok(Some(0)) => {
                    let fault =
                        Fault::loss(Code::CONNECTION_LOSS, "server has closed the connection");
                    return self.fail(handle, &fault, now);
                }
                Ok(Some(n)) => n,
                Err(e) => return self.fail(handle, &broken("recv() call failed", &e), now),
            };
            self.inbox.received(n);
            let (was_live, before) = (self.core.state().is_live(), self.core.outstanding());
            let handled = self
                .core
                .handle_input(self.inbox.bytes(), now, &mut self.events);
            self.traffic.bytes_in += n as u64;
            self.note_input(was_live, before);
            match handled {
                Ok(used) => {
                    frames |= used > 0;
                    self.hand_over_input(handle, used);
                }
                Err(fault) => return self.fail(handle, &fault, now),
            }
            // Less than there was room for: the kernel is drained, unless its end is reached,
            // which only another read tells.
            if n < room && !to_the_end {
                break;
            }
        }
        if frames { Code::OK } else { Code::NOTHING }
    }

    /// Sends what callers have queued, as far as the kernel takes it, and fails what has no time
    /// left.
    pub(super) fn send(&mut self, handle: &Handle<C>, now: Millis) -> Code {
        if !self.core.state().is_terminal() {
            handle.inlet.with(|outbox| outbox.take(&mut self.queue));
            self.traffic.taken(self.queue.entries.len());
            self.core.enqueue(&mut self.queue);
            let before = self.core.outstanding();
            self.core.expire(now, &mut self.events);
            self.traffic
                .lost(before.saturating_sub(self.core.outstanding()));
        }
        while !self.blocked && !self.core.transmit().is_empty() {
            let Some(connection) = &mut self.connection else {
                break;
            };
            let mut slices = [IoSlice::new(&[]); AT_ONCE];
            let used = self.core.gather(&mut slices);
            let slices = slices.get(..used).unwrap_or_default();
            let offered: usize = slices.iter().map(|slice| slice.len()).sum();
            let written = match slices {
                [bytes] => connection.write(bytes),
                slices => connection.write_from(slices),
            };
            match written {
                Ok(Some(n)) => {
                    // Less than was offered: the kernel is full and reports when it is not.
                    self.blocked = n < offered;
                    self.core.sent(n, now);
                    self.traffic.bytes_out += n as u64;
                }
                Ok(None) => self.blocked = true,
                Err(e) => return self.fail(handle, &broken("send() call failed", &e), now),
            }
        }
        Code::OK
    }

    /// Ends the connection, or the session, and tells everyone.
    pub(super) fn fail(&mut self, handle: &Handle<C>, fault: &Fault, now: Millis) -> Code {
        // Dropping closes the socket, which also takes it out of the poll.
        self.connection = None;
        self.probe = None;
        handle.inlet.with(|outbox| {
            if fault.is_terminal() {
                outbox.shut(Gate::Terminal);
            }
            outbox.take(&mut self.queue);
        });
        let before = self.take_for_counting();
        self.core
            .disconnect(fault, &mut self.queue, now, &mut self.events);
        self.traffic
            .connection_lost(before.saturating_sub(self.core.outstanding()));
        // What was already delivered may lie in the input, so both go together.
        let used = self.inbox.bytes().len();
        self.hand_over_input(handle, used);
        fault.code
    }

    /// Everything outstanding is finished; what remains to be sent is in the core (C-530).
    pub(super) fn close(&mut self, handle: &Handle<C>, farewell: Farewell) {
        handle.inlet.with(|outbox| {
            outbox.shut(Gate::Closing);
            outbox.take(&mut self.queue);
        });
        let before = self.take_for_counting();
        self.traffic.connection_lost(before);
        match farewell {
            Farewell::Close => self.core.close(&mut self.queue, &mut self.events),
            Farewell::Silent => {
                self.core.abandon(&mut self.queue, &mut self.events);
                self.connection = None;
            }
        }
        self.hand_over(handle);
    }

    /// What has been read may have told of a session, or been replies to so many requests that
    /// fewer than `before` are outstanding.
    fn note_input(&mut self, was_live: bool, before: usize) {
        let outstanding = self.core.outstanding();
        let gone = before.saturating_sub(outstanding);
        if was_live {
            self.traffic.answered(gone);
        } else if self.core.state().is_live() {
            self.traffic.connected(outstanding, gone);
        }
    }

    /// Counts what was taken from callers just now, and says how many requests there are.
    fn take_for_counting(&mut self) -> usize {
        let taken = self.queue.entries.len();
        self.traffic.taken(taken);
        self.core.outstanding() + taken
    }

    /// Forgets watches without asking the server, and passes on who has to hear of it.
    pub(super) fn forget_watch(
        &mut self,
        handle: &Handle<C>,
        kind: i32,
        path: &[u8],
        watcher: Option<C::Watcher>,
    ) {
        let events = &mut self.events;
        self.core.forget_watch(kind, path, watcher, events);
        // Also if nobody is told: contexts may have to be given back.
        self.hand_over(handle);
    }

    /// Passes on what has happened when no input is involved.
    pub(super) fn hand_over(&mut self, handle: &Handle<C>) {
        self.hand_over_input(handle, 0);
    }

    /// Passes on what has happened; `used` bytes of the input belong to it. Synchronous calls
    /// end here; the rest goes to the completion thread in one batch.
    fn hand_over_input(&mut self, handle: &Handle<C>, used: usize) {
        if let Some((id, password)) = self.events.session.take() {
            handle.client.session(id, password);
        }
        self.publish(handle);
        if handle.client.takes_directly() {
            return self.deliver_directly(handle, used);
        }
        // Once the handle is being closed, the closing thread gives back what is left.
        let releases = handle.client.has_released() && !handle.life.is_closing();
        let events = &mut self.events;
        if !events.deliver.is_empty() || releases {
            let mut batch = handle.dispatcher.spare();
            if releases {
                batch.released = handle.client.take_released();
            }
            if events.deliver.iter().any(is_sync::<C>) {
                for item in events.deliver.drain(..) {
                    match item {
                        Delivery::Reply(reply) if C::is_sync(&reply.cookie) => {
                            let result = outcome(&reply, self.inbox.bytes(), &handle.chroot);
                            handle.client.finish_sync(reply.cookie, borrowed(&result));
                        }
                        item => batch.items.push_back(item),
                    }
                }
            } else {
                std::mem::swap(&mut batch.items, &mut events.deliver);
            }
            if batch.items.is_empty() && !releases {
                self.inbox.consume(used);
                handle.dispatcher.give_back(batch);
            } else {
                if used > 0 {
                    let spare = std::mem::take(&mut batch.input);
                    batch.input = self.inbox.hand_over(used, spare);
                }
                if self.core.state().is_terminal() && !events.auth.is_empty() {
                    self.aftermath.last_batch = Some(batch);
                } else {
                    handle.promises.give(batch.items.len());
                    // One that comes too late for the completion thread comes back.
                    if let Some(refused) = handle.dispatcher.push(batch) {
                        self.aftermath.last_batch = Some(refused);
                    }
                }
            }
        } else if used > 0 {
            self.inbox.consume(used);
        }
        self.aftermath.auth.extend(events.auth.drain(..));
        self.aftermath.lines.extend(events.log.take());
    }

    /// Lets other threads see the state. Who waits for names is connecting.
    pub(super) fn publish(&self, handle: &Handle<C>) {
        let state = match self.core.state() {
            State::NotConnected if self.core.has_no_servers() => State::Connecting,
            state => state,
        };
        handle.publish(state, self.core.recv_timeout());
    }

    /// Hands everything over at once, without the completion thread. Credentials come first:
    /// the end of a session that failed to authenticate is heard of after them (C-437).
    fn deliver_directly(&mut self, handle: &Handle<C>, used: usize) {
        let events = &mut self.events;
        let client = &handle.client;
        for (auth, code) in events.auth.drain(..) {
            client.complete_auth(auth, code);
        }
        if !events.deliver.is_empty() {
            let input = self.inbox.bytes();
            for item in events.deliver.drain(..) {
                deliver(client, &handle.chroot, input, item, &mut self.scratch);
            }
            client.flush(&mut self.scratch);
        }
        if used > 0 {
            self.inbox.consume(used);
        }
        self.aftermath.lines.extend(events.log.take());
    }
}

/// True for the end of a request whose caller waits.
fn is_sync<C: Client>(item: &Delivery<C::Cookie, C::Watcher>) -> bool {
    matches!(item, Delivery::Reply(reply) if C::is_sync(&reply.cookie))
}

pub(super) fn broken(what: &str, error: &std::io::Error) -> Fault {
    let errno = error.raw_os_error().unwrap_or(0);
    Fault::loss(
        Code::CONNECTION_LOSS,
        format!("{what}: {error} (errno={errno})"),
    )
}
