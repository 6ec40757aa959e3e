//! The client core and server cores in one world of virtual time.
//!
//! [`Pair`] does what the runtime's engine does, without sockets, threads or a clock: after each
//! input it hands over what came of it, and time jumps to the next deadline of anybody.

use std::net::SocketAddr;

use zk_proto::records::PASSWORD_LEN;
use zk_proto::{Code, frame};
use zk_test_server::{Options, ServerCore};

use super::network::{Down, LinkId, Network, Segments, addr};
use super::record::{Answer, Sent, Told, What, text};
use crate::core::{
    Core, Delivery, Events, Fault, Gate, Millis, Outbox, Queue, Reply, Settings, State,
    strip_chroot,
};

/// The watcher that gets session events in any case.
pub(super) const GLOBAL: u32 = 0;

/// Silence after which a probe counts as failed, ms.
const PROBE_TIMEOUT: Millis = 1000;

pub(super) struct Setup {
    pub(super) servers: usize,
    /// Addresses; they are shared out among the servers in turn.
    pub(super) hosts: usize,
    /// Session timeout asked for; servers grant any.
    pub(super) timeout: i32,
    pub(super) read_only: bool,
    pub(super) session: Option<(i64, [u8; PASSWORD_LEN])>,
    pub(super) chroot: &'static str,
    pub(super) segments: Segments,
    pub(super) latency: Millis,
    pub(super) seed: u64,
    pub(super) options: Options,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            servers: 1,
            hosts: 1,
            timeout: 6000,
            read_only: false,
            session: None,
            chroot: "",
            segments: Segments::Whole,
            latency: 0,
            seed: 1,
            options: Options {
                tick_ms: 100,
                min_session_timeout_ms: Some(1),
                max_session_timeout_ms: Some(1_000_000),
                max_client_cnxns: 0,
                ..Options::default()
            },
        }
    }
}

struct Probe {
    server: SocketAddr,
    due: Millis,
    read_write: bool,
}

pub(super) struct Pair {
    pub(super) now: Millis,
    pub(super) core: Core<u32, u32, u32>,
    pub(super) outbox: Outbox<u32, u32>,
    pub(super) net: Network,
    /// The kernel takes nothing from the client.
    pub(super) blocked: bool,
    pub(super) told: Vec<Told>,
    pub(super) sent: Vec<Sent>,
    pub(super) attempts: Vec<(Millis, SocketAddr)>,
    pub(super) probes: Vec<(Millis, SocketAddr)>,
    /// Every state the client went through.
    pub(super) states: Vec<i32>,
    /// Requests accepted so far; they are numbered from 1.
    pub(super) asked: u32,
    pub(super) chroot: Vec<u8>,
    pub(super) link: Option<LinkId>,
    /// What was written on the link and is not a whole frame yet.
    half_sent: Vec<u8>,
    fresh_link: bool,
    input: Vec<u8>,
    pub(super) queue: Queue<u32, u32>,
    pub(super) events: Events<u32, u32, u32>,
    pub(super) woken: bool,
    probe: Option<Probe>,
    pub(super) credentials: u32,
}

impl Default for Pair {
    fn default() -> Self {
        Self::new(Setup::default())
    }
}

impl Pair {
    pub(super) fn new(setup: Setup) -> Self {
        let now = 1_000_000;
        let mut net = Network::new(setup.servers, setup.hosts, &setup.options, setup.seed, now);
        net.latency = setup.latency;
        net.segments = setup.segments;
        Self {
            now,
            core: Core::new(Settings {
                servers: (0..setup.hosts).map(addr).collect(),
                recv_timeout: setup.timeout,
                session: setup.session,
                read_only: setup.read_only,
                global_watcher: GLOBAL,
                seed: setup.seed,
            }),
            outbox: Outbox::default(),
            net,
            blocked: false,
            told: Vec::new(),
            sent: Vec::new(),
            attempts: Vec::new(),
            probes: Vec::new(),
            states: vec![State::NotConnected as i32],
            asked: 0,
            chroot: setup.chroot.into(),
            link: None,
            half_sent: Vec::new(),
            fresh_link: false,
            input: Vec::new(),
            queue: Queue::default(),
            events: Events::default(),
            woken: false,
            probe: None,
            credentials: 0,
        }
    }

    /// A pair whose client is connected, with an empty record.
    pub(super) fn connected(setup: Setup) -> Self {
        let mut pair = Self::new(setup);
        pair.connect();
        pair.forget();
        pair
    }

    pub(super) fn connect(&mut self) {
        self.run_until("a session", |pair| pair.core.state().is_live());
    }

    /// Empties the record.
    pub(super) fn forget(&mut self) {
        self.told.clear();
        self.sent.clear();
        self.attempts.clear();
        self.probes.clear();
        self.states = vec![self.core.state() as i32];
    }

    pub(super) fn server(&mut self) -> &mut ServerCore {
        &mut self.net.servers[0]
    }

    // Time.

    /// Does everything that is due, until nothing more happens.
    pub(super) fn settle(&mut self) {
        for _ in 0..100_000 {
            let mut moved = self.net.carry(self.now);
            moved |= self.receive();
            moved |= self.prepare();
            if !moved {
                let due = self.core.next_deadline();
                assert!(
                    due.is_none_or(|due| due > self.now),
                    "a deadline passed and nothing was done"
                );
                return;
            }
        }
        panic!("the client spins in state {:?}", self.core.state());
    }

    fn next_deadline(&self) -> Option<Millis> {
        let probe = self.probe.as_ref().map(|probe| probe.due);
        [self.core.next_deadline(), self.net.next_deadline(), probe]
            .into_iter()
            .flatten()
            .min()
    }

    /// Lets so many milliseconds pass.
    pub(super) fn run(&mut self, ms: Millis) {
        let end = self.now + ms;
        self.settle();
        while let Some(due) = self.next_deadline().filter(|&due| due <= end) {
            self.now = due.max(self.now);
            self.settle();
        }
        self.now = end;
        self.settle();
    }

    /// Lets time pass until it is so.
    pub(super) fn run_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let end = self.now + 600_000;
        self.settle();
        while !is_so(self) {
            let due = self.next_deadline().filter(|&due| due <= end);
            let due = due.unwrap_or_else(|| panic!("{what} never comes"));
            self.now = due.max(self.now);
            self.settle();
        }
    }

    // The driver.

    fn receive(&mut self) -> bool {
        let mut moved = false;
        while let Some(link) = self.link
            && let Some(down) = self.net.receive(link, self.now)
        {
            moved = true;
            match down {
                Down::Established => {
                    self.core.handle_connected();
                    self.note_state();
                    self.send();
                }
                Down::Refused => self.fail(&Fault::loss(Code::CONNECTION_LOSS, "refused")),
                Down::Eof => self.fail(&Fault::loss(Code::CONNECTION_LOSS, "end of stream")),
                Down::Bytes(bytes) => self.receive_bytes(&bytes),
            }
        }
        moved
    }

    fn receive_bytes(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(self.net.piece(rest.len()));
            rest = more;
            self.input.extend_from_slice(piece);
            match self
                .core
                .handle_input(&self.input, self.now, &mut self.events)
            {
                Ok(used) => {
                    self.hand_over();
                    self.input.drain(..used);
                }
                Err(fault) => return self.fail(&fault),
            }
        }
    }

    fn prepare(&mut self) -> bool {
        let before = (self.told.len(), self.sent.len(), self.attempts.len());
        let woken = std::mem::take(&mut self.woken);
        if let Err(fault) = self.core.handle_timeout(self.now) {
            self.fail(&fault);
        }
        if let Some(server) = self.core.next_attempt(woken, self.now) {
            self.input.clear();
            self.half_sent.clear();
            self.fresh_link = true;
            self.blocked = false;
            self.attempts.push((self.now, server));
            self.link = Some(self.net.connect(server, self.now));
            self.note_state();
        }
        if let Some(probe) = self.probe.take_if(|probe| probe.due <= self.now)
            && let Err(fault) = self.core.handle_probe(probe.server, probe.read_write)
        {
            self.fail(&fault);
        }
        if let Some(server) = self.core.probe(self.now) {
            self.probes.push((self.now, server));
            let answer = self.net.is_read_write(server, self.now);
            let delay = answer.map_or(PROBE_TIMEOUT, |_| 2 * self.net.latency);
            self.probe = Some(Probe {
                server,
                due: self.now + delay,
                read_write: answer.unwrap_or(false),
            });
        }
        let sent = self.send();
        self.hand_over();
        sent || before != (self.told.len(), self.sent.len(), self.attempts.len())
            || self.probe.as_ref().is_some_and(|p| p.due <= self.now)
    }

    pub(super) fn send(&mut self) -> bool {
        if !self.core.state().is_terminal() {
            self.outbox.take(&mut self.queue);
            self.core.enqueue(&mut self.queue);
            self.core.expire(self.now, &mut self.events);
        }
        let Some(link) = self.link.filter(|_| !self.blocked) else {
            return false;
        };
        let mut any = false;
        while !self.core.transmit().is_empty() {
            let bytes = self.core.transmit().to_vec();
            self.net.send(link, &bytes, self.now);
            self.core.sent(bytes.len(), self.now);
            self.note_sent(&bytes);
            any = true;
        }
        any
    }

    fn note_sent(&mut self, bytes: &[u8]) {
        self.half_sent.extend_from_slice(bytes);
        while let Ok(frame::Split::Frame(body)) = frame::split(&self.half_sent, usize::MAX) {
            let body = body.to_vec();
            self.half_sent.drain(..frame::PREFIX + body.len());
            let first = std::mem::take(&mut self.fresh_link);
            let at = self.now;
            self.sent.push(Sent { at, first, body });
        }
    }

    pub(super) fn fail(&mut self, fault: &Fault) {
        if let Some(link) = self.link.take() {
            self.net.close(link, self.now);
        }
        self.probe = None;
        if fault.is_terminal() {
            self.outbox.shut(Gate::Terminal);
        }
        self.outbox.take(&mut self.queue);
        self.core
            .disconnect(fault, &mut self.queue, self.now, &mut self.events);
        assert!(
            self.queue.entries.is_empty() && self.queue.bytes.is_empty(),
            "a lost connection takes the queue along"
        );
        self.hand_over();
        self.note_state();
    }

    fn note_state(&mut self) {
        let state = self.core.state() as i32;
        if self.states.last() != Some(&state) {
            self.states.push(state);
        }
    }

    pub(super) fn hand_over(&mut self) {
        self.note_state();
        let at = self.now;
        let auth: Vec<Told> = std::mem::take(&mut self.events.auth)
            .into_iter()
            .map(|(credential, code)| Told {
                at,
                what: What::Auth { credential, code },
            })
            .collect();
        let deliver = std::mem::take(&mut self.events.deliver);
        let deliver = deliver.into_iter().map(|item| Told {
            at,
            what: decode(item, &self.input, &self.chroot),
        });
        // A failed authentication is heard of by its completions first (C-437).
        if self.core.state().is_terminal() {
            self.told.extend(auth);
            self.told.extend(deliver);
        } else {
            self.told.extend(deliver);
            self.told.extend(auth);
        }
    }
}

fn decode(item: Delivery<u32, u32>, input: &[u8], chroot: &[u8]) -> What {
    match item {
        Delivery::Reply(Reply {
            cookie,
            kind,
            code,
            body,
        }) => What::Done {
            cookie,
            result: if code.is_ok() {
                Ok(Answer::of(kind.decoded(&input[body], chroot).unwrap()))
            } else {
                assert!(body.is_empty(), "a failure has no body");
                Err(code)
            },
        },
        Delivery::Node {
            watchers,
            kind,
            state,
            path,
        } => What::Node {
            watchers,
            kind,
            state,
            path: text(strip_chroot(chroot, &input[path])),
        },
        Delivery::Removed {
            watchers,
            state: _,
            path,
        } => What::Removed {
            watchers,
            path: text(strip_chroot(chroot, &path)),
        },
        Delivery::Session { watchers, state } => What::Session {
            watchers,
            state: state as i32,
        },
    }
}
