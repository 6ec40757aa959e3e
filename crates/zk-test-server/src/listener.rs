//! The TCP side: one thread, one poll, the core behind a lock.
//!
//! Per turn each connection is read once into one shared buffer, all its frames are served, and
//! all its replies leave in one write.

use crate::connection::{Close, ConnId};
use crate::control;
use crate::core::ServerCore;
use crate::options::Options;
use crate::time::Now;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use parking_lot::{Condvar, Mutex};
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
const SIGNALS: Token = Token(2);
const CONTROL: Token = Token(3);
/// Tokens of connections start here; even ones are clients, odd ones control connections.
const FIRST: usize = 4;
/// What one read system call can take.
const READ_BUFFER: usize = 256 << 10;

/// What the listening thread and its owner share.
pub(crate) struct Shared {
    pub(crate) core: Mutex<ServerCore>,
    pub(crate) clock: Clock,
    pub(crate) stop: AtomicBool,
    waker: Waker,
    turns: Mutex<Turns>,
    turned: Condvar,
}

/// Lets an owner wait until the thread has seen its changes.
#[derive(Default)]
struct Turns {
    asked: u64,
    done: u64,
    ended: bool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// The clocks of a running server; a test can push them forward.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    start_wall_ms: i64,
    skew_ms: AtomicU64,
}

impl Clock {
    fn new() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH);
        let wall_ms = wall.map_or(0, |d| d.as_millis());
        Self {
            start: Instant::now(),
            start_wall_ms: i64::try_from(wall_ms).unwrap_or(i64::MAX),
            skew_ms: AtomicU64::new(0),
        }
    }

    pub(crate) fn now(&self) -> Now {
        let elapsed = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        // The monotonic clock starts at the wall clock's value, so that two servers do not give
        // out the same session ids (S-019).
        Now {
            mono_ms: self.start_wall_ms.unsigned_abs(),
            wall_ms: self.start_wall_ms,
        }
        .plus_ms(elapsed.saturating_add(self.skew_ms.load(Ordering::Relaxed)))
    }

    pub(crate) fn advance(&self, ms: u64) {
        self.skew_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Shared {
    /// Wakes the thread and waits until it has done a whole turn, or has ended.
    pub(crate) fn sync(&self) {
        let mut turns = self.turns.lock();
        turns.asked += 1;
        let mine = turns.asked;
        if self.waker.wake().is_err() {
            return;
        }
        while turns.done < mine && !turns.ended {
            self.turned.wait(&mut turns);
        }
    }

    /// Tells the thread to end.
    pub(crate) fn shut_down(&self) {
        self.stop.store(true, Ordering::Release);
        // If the poll is gone, so is the thread.
        let _ = self.waker.wake();
    }
}

struct Client {
    stream: TcpStream,
    /// The kernel may hold bytes of this peer.
    readable: bool,
    /// The peer sends no more; it is read until that shows.
    ended: bool,
}

/// Drives a [`ServerCore`] over TCP.
pub(crate) struct Listener {
    poll: Poll,
    tcp: Option<TcpListener>,
    addr: SocketAddr,
    control: Option<control::Port>,
    signals: Option<signal_hook_mio::v1_0::Signals>,
    clients: HashMap<ConnId, Client, foldhash::fast::FixedState>,
    /// Clients to be read although no event will tell.
    backlog: Vec<ConnId>,
    /// Peers that have gone; closed once their last replies have been tried.
    gone: Vec<ConnId>,
    buffer: Vec<u8>,
    shared: Arc<Shared>,
}

impl Listener {
    pub(crate) fn bind(mut options: Options) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let mut tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port).into())?;
        let addr = tcp.local_addr()?;
        options.port = addr.port();
        poll.registry()
            .register(&mut tcp, LISTENER, Interest::READABLE)?;
        let clock = Clock::new();
        let core = ServerCore::new(options, clock.now());
        Ok(Self {
            poll,
            tcp: Some(tcp),
            addr,
            control: None,
            signals: None,
            clients: HashMap::default(),
            backlog: Vec::new(),
            gone: Vec::new(),
            buffer: vec![0; READ_BUFFER],
            shared: Arc::new(Shared {
                core: Mutex::new(core),
                clock,
                stop: AtomicBool::new(false),
                waker,
                turns: Mutex::default(),
                turned: Condvar::new(),
            }),
        })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Opens the control port; returns where.
    pub(crate) fn open_control(&mut self) -> io::Result<SocketAddr> {
        let port = control::Port::bind(self.poll.registry(), CONTROL)?;
        let addr = port.addr()?;
        self.control = Some(port);
        Ok(addr)
    }

    /// Ends the loop on these signals.
    pub(crate) fn end_on_signals(&mut self, signals: &[i32]) -> io::Result<()> {
        let mut signals = signal_hook_mio::v1_0::Signals::new(signals)?;
        self.poll
            .registry()
            .register(&mut signals, SIGNALS, Interest::READABLE)?;
        self.signals = Some(signals);
        Ok(())
    }

    /// Serves until told to end.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let shared = self.shared();
        let result = self.serve(&shared);
        shared.turns.lock().ended = true;
        shared.turned.notify_all();
        result
    }

    fn serve(&mut self, shared: &Shared) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        while !shared.stop.load(Ordering::Acquire) {
            let timeout = self.timeout(shared);
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            let asked = shared.turns.lock().asked;
            self.turn(shared, &events)?;
            shared.turns.lock().done = asked;
            shared.turned.notify_all();
        }
        Ok(())
    }

    fn timeout(&self, shared: &Shared) -> Option<Duration> {
        if !self.backlog.is_empty() {
            return Some(Duration::ZERO);
        }
        let deadline = shared.core.lock().next_deadline()?;
        let left = deadline.saturating_sub(shared.clock.now().mono_ms);
        Some(Duration::from_millis(left))
    }

    fn turn(&mut self, shared: &Shared, events: &Events) -> io::Result<()> {
        let mut core = shared.core.lock();
        let core = &mut *core;
        let now = shared.clock.now();
        core.advance(now);
        for id in std::mem::take(&mut self.backlog) {
            self.read(core, id, now);
        }
        for event in events {
            match event.token() {
                LISTENER => self.accept(core, now)?,
                WAKER => {}
                SIGNALS => self.take_signals(shared),
                CONTROL => {
                    if let Some(port) = &mut self.control {
                        port.accept(self.poll.registry(), |n| Token(FIRST + 2 * n + 1));
                    }
                }
                Token(token) if token % 2 == 1 => {
                    if let Some(port) = &mut self.control {
                        port.read((token - FIRST) / 2, core, &shared.clock);
                    }
                }
                Token(token) => {
                    let id = ConnId(((token - FIRST) / 2) as u64);
                    if event.is_writable() {
                        self.flush(core, id, now);
                    }
                    if event.is_readable() || event.is_read_closed() || event.is_error() {
                        if let Some(client) = self.clients.get_mut(&id) {
                            client.readable = true;
                            client.ended |= event.is_read_closed() || event.is_error();
                        }
                        self.read(core, id, now);
                    }
                }
            }
        }
        while let Some(id) = core.poll_ready() {
            self.flush(core, id, now);
        }
        for id in std::mem::take(&mut self.gone) {
            self.drop_client(core, id, now);
        }
        self.follow_refusal(core)?;
        if let Some(port) = &mut self.control {
            port.flush();
        }
        Ok(())
    }

    fn take_signals(&mut self, shared: &Shared) {
        if let Some(signals) = &mut self.signals
            && signals.pending().next().is_some()
        {
            shared.stop.store(true, Ordering::Release);
        }
    }

    fn accept(&mut self, core: &mut ServerCore, now: Now) -> io::Result<()> {
        while let Some(tcp) = &self.tcp {
            let (mut stream, peer) = match tcp.accept() {
                Ok(accepted) => accepted,
                Err(error) if is_transient(error.kind()) => continue,
                // None waits; or descriptors ran out, and the next arrival tries again.
                Err(_) => return Ok(()),
            };
            let id = core.connect(peer, now);
            let token = Token(FIRST + 2 * id.0 as usize);
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll
                .registry()
                .register(&mut stream, token, interest)?;
            // Nothing depends on it but latency.
            let _ = stream.set_nodelay(true);
            let client = Client {
                stream,
                readable: true,
                ended: false,
            };
            self.clients.insert(id, client);
        }
        Ok(())
    }

    /// One read of all the kernel holds, as far as the buffer goes.
    fn read(&mut self, core: &mut ServerCore, id: ConnId, now: Now) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        if !client.readable || !core.wants_read(id) {
            return;
        }
        match client.stream.read(&mut self.buffer) {
            Ok(0) => self.gone.push(id),
            Ok(n) => {
                // A short read has emptied the kernel's queue: the next event tells of more.
                if n < READ_BUFFER && !client.ended {
                    client.readable = false;
                } else {
                    self.backlog.push(id);
                }
                if let Some(bytes) = self.buffer.get(..n) {
                    core.handle_bytes(id, bytes, now);
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => client.readable = false,
            Err(error) if error.kind() == ErrorKind::Interrupted => self.backlog.push(id),
            Err(_) => self.gone.push(id),
        }
    }

    fn flush(&mut self, core: &mut ServerCore, id: ConnId, now: Now) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        loop {
            let output = core.output(id);
            if output.is_empty() {
                break;
            }
            match client.stream.write(output) {
                Ok(n) => core.consume(id, n, now),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if let Some(how) = core.cut_off(id) {
                        return self.close(core, id, how, now);
                    }
                    break;
                }
                Err(_) => return self.gone.push(id),
            }
        }
        if let Some(how) = core.closing(id) {
            self.close(core, id, how, now);
        } else if client.readable && core.wants_read(id) {
            self.backlog.push(id);
        }
    }

    fn close(&mut self, core: &mut ServerCore, id: ConnId, how: Close, now: Now) {
        if let Some(client) = self.clients.get_mut(&id) {
            // Failures mean that the peer has closed first.
            match how {
                Close::Fin => {
                    let _ = client.stream.shutdown(Shutdown::Write);
                    // Bytes left unread would turn the close into a reset.
                    for _ in 0..16 {
                        if !matches!(client.stream.read(&mut self.buffer), Ok(1..)) {
                            break;
                        }
                    }
                }
                Close::Reset => {
                    let socket = socket2::SockRef::from(&client.stream);
                    let _ = socket.set_linger(Some(Duration::ZERO));
                }
            }
        }
        self.drop_client(core, id, now);
    }

    fn drop_client(&mut self, core: &mut ServerCore, id: ConnId, now: Now) {
        if let Some(mut client) = self.clients.remove(&id) {
            // The descriptor is closed next, which does the same.
            let _ = self.poll.registry().deregister(&mut client.stream);
        }
        core.disconnect(id, now);
    }

    /// Closes or reopens the listening socket as the faults want it.
    fn follow_refusal(&mut self, core: &ServerCore) -> io::Result<()> {
        match (core.faults().refuse, &mut self.tcp) {
            (true, Some(tcp)) => {
                // Gone with the socket in any case.
                let _ = self.poll.registry().deregister(tcp);
                self.tcp = None;
            }
            (false, None) => {
                let mut tcp = TcpListener::bind(self.addr)?;
                self.poll
                    .registry()
                    .register(&mut tcp, LISTENER, Interest::READABLE)?;
                self.tcp = Some(tcp);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Errors of accept that say nothing about the next one.
fn is_transient(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Interrupted | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
