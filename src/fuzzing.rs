//! Doors for the fuzz targets in `fuzz/`, and compiled for them only: the client without
//! sockets, threads and clock, and the parsers and encoders behind the C API.
//!
//! [`Client`] is a third driver of the core, beside the runtime's engine and the tests' pair.
//! What it is told goes through the conversions of the C API, as it would on its way to a
//! program.

use std::net::{Ipv4Addr, SocketAddr};

use zk_proto::{Code, EventType, frame};

use crate::core::connect_string::{self, ConnectStringError};
use crate::core::{
    Core, Delivery, Events, Fault, Gate, Millis, Outbox, Queue, Reply, ReplyKind, Request,
    Settings, State, encode, input_needed, strip_chroot,
};
use crate::ffi::fuzzing as c_api;

/// The watcher that hears of session events in any case.
pub const GLOBAL: u32 = 0;

/// One thing that a program would be told, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A request has ended.
    Done {
        /// Which, counted from 1.
        request: u32,
        /// How.
        code: Code,
    },
    /// A credential was accepted or not.
    Auth {
        /// Which, counted from 1.
        credential: u32,
        /// How.
        code: Code,
    },
    /// A node changed.
    Node {
        /// Who is told.
        watchers: Vec<u32>,
    },
    /// The session changed.
    Session {
        /// Who is told.
        watchers: Vec<u32>,
        /// Its state.
        state: State,
    },
}

/// A client on a link that the caller plays.
#[derive(Debug)]
pub struct Client {
    core: Core<u32, u32, u32>,
    outbox: Outbox<u32, u32>,
    queue: Queue<u32, u32>,
    events: Events<u32, u32, u32>,
    input: Vec<u8>,
    chroot: Vec<u8>,
    told: Vec<Told>,
    now: Millis,
    asked: u32,
    credentials: u32,
    closed: bool,
}

impl Client {
    /// A client that has not tried to connect; `session` is one to resume.
    pub fn new(chroot: &[u8], session: Option<(i64, [u8; 16])>, read_only: bool) -> Self {
        let server = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            core: Core::new(Settings {
                servers: vec![server(1), server(2)],
                recv_timeout: 6000,
                session,
                read_only,
                global_watcher: GLOBAL,
                seed: 1,
            }),
            outbox: Outbox::default(),
            queue: Queue::default(),
            events: Events::default(),
            input: Vec::new(),
            chroot: chroot.into(),
            told: Vec::new(),
            now: 1_000_000,
            asked: 0,
            credentials: 0,
            closed: false,
        }
    }

    /// Where the session stands.
    pub fn state(&self) -> State {
        self.core.state()
    }

    /// Negotiated session timeout, ms.
    pub fn timeout(&self) -> i32 {
        self.core.recv_timeout()
    }

    /// Everything that was told since the last call.
    pub fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// Number of requests that were accepted.
    pub fn asked(&self) -> u32 {
        self.asked
    }

    /// Number of credentials that were accepted.
    pub fn credentials(&self) -> u32 {
        self.credentials
    }

    /// Asks, if the arguments are good and the session is not over; with a watcher if given.
    pub fn ask(&mut self, request: &Request<'_>, watcher: Option<u32>) -> Result<u32, Code> {
        encode::check(request, &self.chroot)?;
        let id = self.asked + 1;
        self.outbox.submit(request, &self.chroot, id, watcher)?;
        self.asked = id;
        Ok(id)
    }

    /// The request that was asked last has so long.
    pub fn limit_last(&mut self, ms: Millis) {
        self.outbox.limit_last(self.now + ms);
    }

    /// Requests survive failed attempts to connect, or not.
    pub fn keep_requests(&mut self, keep: bool) {
        self.core.keep_requests(keep);
    }

    /// Asks for the removal of watches of a kind; all of them without a watcher.
    pub fn remove_watches(
        &mut self,
        server_path: &[u8],
        kind: i32,
        watcher: Option<u32>,
    ) -> Result<u32, Code> {
        if !self.core.has_watch(kind, server_path, watcher) {
            return Err(Code::NO_WATCHER);
        }
        let id = self.asked + 1;
        let all = watcher.is_none();
        self.outbox
            .submit_removal(server_path.into(), kind, all, id, watcher)?;
        self.asked = id;
        Ok(id)
    }

    /// Adds a credential.
    pub fn add_auth(&mut self, scheme: &[u8], secret: &[u8]) -> Result<u32, Code> {
        let id = self.credentials + 1;
        if self.core.add_auth(scheme, secret, Some(id))? {
            self.outbox.submit_auth(scheme, secret);
        }
        self.credentials = id;
        Ok(id)
    }

    /// Connects to the next server, without waiting for the end of a pause, and sends the
    /// connect request. False if the session is over or there is a link.
    pub fn connect(&mut self) -> bool {
        if self.closed || self.core.next_attempt(true, self.now).is_none() {
            return false;
        }
        self.input.clear();
        self.core.handle_connected();
        true
    }

    /// What the client sends now.
    pub fn send(&mut self) -> Vec<u8> {
        self.take_queue();
        let mut sent = Vec::new();
        while !self.core.transmit().is_empty() {
            sent.extend_from_slice(self.core.transmit());
            self.core.sent(self.core.transmit().len(), self.now);
        }
        sent
    }

    /// Hands over bytes of the server. False if that was the end of the connection.
    pub fn receive(&mut self, bytes: &[u8]) -> bool {
        if self.closed || !self.core.state().has_socket() {
            return false;
        }
        self.input.extend_from_slice(bytes);
        let handled = self
            .core
            .handle_input(&self.input, self.now, &mut self.events);
        match handled {
            Ok(used) => {
                self.hand_over();
                assert!(used <= self.input.len());
                self.input.drain(..used);
                let needed = input_needed(&self.input);
                assert!(needed > self.input.len(), "a whole frame was left");
                true
            }
            Err(fault) => {
                self.fail(&fault);
                false
            }
        }
    }

    /// The connection breaks.
    pub fn lose(&mut self) {
        if self.core.state().has_socket() && !self.closed {
            self.fail(&Fault::loss(Code::CONNECTION_LOSS, "end of stream"));
        }
    }

    /// Time passes.
    pub fn wait(&mut self, ms: Millis) {
        self.now += ms;
        if self.closed {
            return;
        }
        if let Err(fault) = self.core.handle_timeout(self.now) {
            self.fail(&fault);
        }
        self.take_queue();
        if self.core.state().has_socket() {
            let due = self.core.next_deadline();
            // A probe is due until somebody looks for it.
            let due = if self.core.probe(self.now).is_some() {
                self.core.next_deadline()
            } else {
                due
            };
            assert!(
                due.is_some_and(|due| due > self.now) || !self.core.transmit().is_empty(),
                "nothing is done when it is due"
            );
        }
    }

    /// Closes the handle; what is sent is lost.
    pub fn close(&mut self) {
        self.outbox.shut(Gate::Closing);
        self.outbox.take(&mut self.queue);
        self.core.close(&mut self.queue, &mut self.events);
        self.hand_over();
        self.closed = true;
    }

    fn take_queue(&mut self) {
        if !self.core.state().is_terminal() && !self.closed {
            self.outbox.take(&mut self.queue);
            self.core.enqueue(&mut self.queue);
            self.core.expire(self.now, &mut self.events);
            self.hand_over();
        }
    }

    fn fail(&mut self, fault: &Fault) {
        if fault.is_terminal() {
            self.outbox.shut(Gate::Terminal);
        }
        self.outbox.take(&mut self.queue);
        self.core
            .disconnect(fault, &mut self.queue, self.now, &mut self.events);
        self.hand_over();
    }

    fn hand_over(&mut self) {
        self.events.log = Default::default();
        for (credential, code) in std::mem::take(&mut self.events.auth) {
            self.told.push(Told::Auth { credential, code });
        }
        for delivery in std::mem::take(&mut self.events.deliver) {
            let told = match delivery {
                Delivery::Reply(Reply {
                    cookie,
                    kind,
                    code,
                    body,
                }) => {
                    let body = self.input.get(body).expect("a range of the input");
                    self.check_outcome(kind, code, body);
                    let request = cookie;
                    Told::Done { request, code }
                }
                Delivery::Node {
                    watchers,
                    kind,
                    state,
                    path,
                } => {
                    let path = self.input.get(path).expect("a range of the input");
                    c_api::check_event(kind, state, strip_chroot(&self.chroot, path));
                    Told::Node { watchers }
                }
                Delivery::Removed { watchers, path, .. } => {
                    c_api::check_event(
                        EventType::NOT_WATCHING,
                        0,
                        strip_chroot(&self.chroot, &path),
                    );
                    Told::Node { watchers }
                }
                Delivery::Session { watchers, state } => Told::Session { watchers, state },
            };
            self.told.push(told);
        }
    }

    fn check_outcome(&self, kind: ReplyKind, code: Code, body: &[u8]) {
        if !code.is_ok() {
            assert!(body.is_empty(), "a failure has no body");
            return;
        }
        let decoded = kind.decoded(body, &self.chroot);
        c_api::check_completion(decoded.expect("what was accepted decodes"));
    }
}

/// Encodes a request as it goes to a server, if its arguments are good.
pub fn encoded(
    request: &Request<'_>,
    chroot: &[u8],
    xid: i32,
    watch: bool,
) -> Result<Vec<u8>, Code> {
    encode::check(request, chroot)?;
    let mut out = b"before".to_vec();
    encode::append(request, chroot, xid, watch, &mut Vec::new(), &mut out)?;
    assert!(out.starts_with(b"before"), "frames are appended");
    out.drain(..b"before".len());
    match frame::split(&out, usize::MAX) {
        Ok(frame::Split::Frame(body)) => assert_eq!(frame::PREFIX + body.len(), out.len()),
        other => panic!("not a frame: {other:?}"),
    }
    Ok(out)
}

/// A connect string's hosts and ports, and its chroot, in the syntax of the C library or with
/// more. `None` if it is refused.
#[allow(clippy::type_complexity, reason = "said by the sentence above")]
pub fn connect_string(text: &[u8], syntax: Syntax) -> Option<(Vec<(Vec<u8>, u16)>, Vec<u8>)> {
    let parse = || -> Result<_, ConnectStringError> {
        let (hosts, chroot) = connect_string::split_chroot(text)?;
        Ok((connect_string::parse_hosts(hosts, syntax)?, chroot.to_vec()))
    };
    let (hosts, chroot) = parse().ok()?;
    let hosts = hosts.into_iter().map(|h| (h.host, h.port)).collect();
    Some((hosts, chroot))
}

pub use c_api::acl_from_program;
pub use connect_string::Syntax;
