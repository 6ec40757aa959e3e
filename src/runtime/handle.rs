//! One client handle: what its two threads and its callers share.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};

use zk_proto::Code;

use super::close::Life;
use super::dispatcher::{Dispatcher, Worker};
use super::engine::{Engine, WAKER};
use super::inlet::{Bell, Inlet};
use super::io_thread::IoThread;
use super::primitives::Mutex;
use super::promises::Promises;
use super::resolution;
use super::{Client, Config, OpenError, WatchRemoval};
use crate::core::connect_string::{ConnectStringError, Syntax, parse_hosts, split_chroot};
use crate::core::outbox::server_path;
use crate::core::{Core, Millis, Outbox, Request, Settings, State, encode, xid};
use crate::log::{self, Line};
use crate::net::socket::Note;
use crate::net::thread;

/// What callers append to.
type Requests<C> = Outbox<<C as Client>::Cookie, <C as Client>::Watcher>;

/// One client handle: a session and its two threads.
///
/// Locks, in the order in which they may be taken: engine, inlet, dispatcher. Callers of
/// requests take the inlet only. No lock is held while the program's code runs.
pub struct Handle<C: Client> {
    pub(super) client: C,
    pub(super) chroot: Box<[u8]>,
    pub(super) engine: Mutex<Engine<C>>,
    /// The descriptor of the connection, for who cannot get the engine.
    pub(super) socket: Arc<Note>,
    pub(super) inlet: Inlet<Requests<C>, Arc<mio::Waker>>,
    pub(super) dispatcher: Dispatcher<C>,
    pub(super) life: Life,
    state: AtomicI32,
    recv_timeout: AtomicI32,
    poisoned: AtomicBool,
    /// Time for each request, ms; 0 for none.
    pub(super) request_limit: AtomicU32,
    pub(super) promises: Promises,
    pub(super) keep_host_order: bool,
    syntax: Syntax,
    repeats_chroot: bool,
    pub(super) tells_closed: bool,
}

impl<C: Client> std::fmt::Debug for Handle<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle")
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

impl<C: Client> Handle<C> {
    /// Resolves the hosts, starts both threads and returns before anything is connected.
    /// Blocks in name resolution only, unless that is left for later. Callbacks may come before
    /// this returns; `publish` is given the handle before the first of them (T-37), and may
    /// still refuse it.
    pub fn open(
        config: Config<'_>,
        client: C,
        publish: impl FnOnce(&Arc<Self>) -> Result<(), OpenError>,
    ) -> Result<Arc<Self>, OpenError> {
        xid_seed();
        let mut lines = log::Buffer::new(client.log_threshold());
        let opened = Self::resolve_and_build(config, client, &mut lines);
        match opened {
            Ok((handle, poll)) => {
                lines.take().iter().for_each(|line| handle.client.log(line));
                publish(&handle)?;
                handle.start(poll)?;
                Ok(handle)
            }
            Err((client, error)) => {
                lines.take().iter().for_each(|line| client.log(line));
                Err(error)
            }
        }
    }

    fn resolve_and_build(
        config: Config<'_>,
        client: C,
        lines: &mut log::Buffer,
    ) -> Result<(Arc<Self>, mio::Poll), (C, OpenError)> {
        let parsed = split_chroot(config.hosts)
            .and_then(|(hosts, chroot)| Ok((parse_hosts(hosts, config.syntax)?, chroot)));
        let (hosts, chroot) = match parsed {
            Ok(parsed) => parsed,
            // Nothing but commas leaves errno as it was (C-271).
            Err(ConnectStringError::NoHosts) if config.hosts.starts_with(b",") => {
                return Err((client, OpenError(0)));
            }
            Err(_) => return Err((client, OpenError(EINVAL))),
        };
        let servers = if config.resolve_later && resolution::can_change(&hosts) {
            Vec::new()
        } else {
            match resolution::resolve(&hosts, config.keep_host_order, lines) {
                Ok(servers) => servers,
                Err(errno) => return Err((client, OpenError(errno))),
            }
        };
        let (poll, waker, registry) = match poll_and_waker() {
            Ok(made) => made,
            Err(e) => return Err((client, OpenError(e.raw_os_error().unwrap_or(ENOMEM)))),
        };
        let mut core = Core::new(Settings {
            servers,
            recv_timeout: config.recv_timeout,
            session: config.session,
            read_only: config.read_only,
            global_watcher: client.global_watcher(),
            seed: fastrand::u64(..),
        });
        if !config.rearm_watches {
            core.end_watches_with_connection();
        }
        if let Some(bytes) = config.max_frame {
            core.set_max_frame(bytes);
        }
        let socket = Arc::new(Note::default());
        let threshold = client.log_threshold();
        let engine = Engine::new(core, hosts, registry, socket.clone(), threshold);
        let handle = Self {
            client,
            chroot: chroot.into(),
            engine: Mutex::new(engine),
            socket,
            inlet: Inlet::new(Outbox::default(), Arc::new(waker)),
            dispatcher: Dispatcher::default(),
            life: Life::default(),
            state: AtomicI32::new(State::NotConnected as i32),
            recv_timeout: AtomicI32::new(config.recv_timeout),
            poisoned: AtomicBool::new(false),
            request_limit: AtomicU32::new(0),
            promises: Promises::default(),
            keep_host_order: config.keep_host_order,
            syntax: config.syntax,
            repeats_chroot: config.repeats_chroot,
            tells_closed: config.tell_closed,
        };
        Ok((Arc::new(handle), poll))
    }

    fn start(self: &Arc<Self>, poll: mio::Poll) -> Result<(), OpenError> {
        let failed = |e: std::io::Error| OpenError(e.raw_os_error().unwrap_or(EAGAIN));
        self.engine.lock().connect_early(self);
        let worker = Worker::new(self.clone());
        let completion =
            thread::spawn(c"zk-completion", false, worker, Worker::run).map_err(failed)?;
        // Signal handlers of the program have no business on a thread it does not know (F-56);
        // the completion thread, which runs its code, keeps the creator's mask (T-40).
        let io = thread::spawn(
            c"zk-io",
            true,
            IoThread::new(self.clone(), poll),
            IoThread::run,
        );
        match io {
            Ok(io) => {
                self.life.io_started(io);
                self.life.completion_started(completion);
                Ok(())
            }
            Err(e) => {
                self.dispatcher.stop();
                completion.join();
                Err(failed(e))
            }
        }
    }

    /// The layer above.
    pub fn client(&self) -> &C {
        &self.client
    }

    /// Queues a request. Checks in the contract's order (C-260…C-263); on an error the cookie
    /// is dropped and nothing follows. With a watcher, the watch is registered by the reply.
    pub fn submit(
        &self,
        request: &Request<'_>,
        cookie: C::Cookie,
        watcher: Option<C::Watcher>,
    ) -> Result<(), Code> {
        self.submit_until(request, cookie, watcher, None)
    }

    /// The same for a request that fails with `OPERATION_TIMEOUT` if it is not finished when it
    /// is `due` (F-23).
    pub fn submit_until(
        &self,
        request: &Request<'_>,
        cookie: C::Cookie,
        watcher: Option<C::Watcher>,
        due: Option<Millis>,
    ) -> Result<(), Code> {
        encode::check(request, &self.chroot).inspect_err(|_| xid::skip())?;
        self.refuse_to_deadlock(&cookie)?;
        let sync = C::is_sync(&cookie);
        let submit = |outbox: &mut Requests<C>| {
            outbox.submit(request, &self.chroot, cookie, watcher)?;
            if let Some(due) = due {
                outbox.limit_last(due);
            }
            Ok(())
        };
        if sync {
            self.inlet
                .append_and_send(submit, || self.send_for_io_thread())
        } else {
            self.inlet
                .append_promising(submit, || self.life.on_completion_thread())
        }
    }

    /// False if only the IO thread can help: someone else drives the connection, there is none
    /// to send on, or it broke, and what follows from that is the IO thread's to tell.
    fn send_for_io_thread(&self) -> bool {
        match self.engine.try_lock() {
            Some(mut engine) => engine.send_now(self) && engine.aftermath.is_empty(),
            None => false,
        }
    }

    /// Sends what callbacks have queued, if the IO thread is still getting up for it, or has
    /// been promised this.
    pub(super) fn send_after_callbacks(&self) {
        self.inlet.overtake(|| {
            catch_unwind(AssertUnwindSafe(|| self.send_for_io_thread())).unwrap_or_else(|_| {
                self.poison();
                true
            })
        });
    }

    /// A synchronous call on the IO thread would wait for itself (C-515).
    fn refuse_to_deadlock(&self, cookie: &C::Cookie) -> Result<(), Code> {
        if C::is_sync(cookie) && self.life.on_io_thread() {
            Err(Code::INVALID_STATE)
        } else {
            Ok(())
        }
    }

    /// Makes the IO thread look around. True if it was asleep.
    pub(super) fn nudge(&self) -> bool {
        self.inlet.nudge()
    }

    /// Stores a credential for all associations to come and sends it now if there is one
    /// (C-560…C-566).
    pub fn add_auth(
        &self,
        scheme: &[u8],
        credential: &[u8],
        completion: Option<C::Auth>,
    ) -> Result<(), Code> {
        if self.life.is_closing() {
            // Accepted and answered, as everything outstanding was (C-262).
            if let Some(completion) = completion {
                self.client.complete_auth(completion, Code::CLOSING);
            }
            return Ok(());
        }
        let mut engine = self.engine.lock();
        if engine.core.add_auth(scheme, credential, completion)? {
            self.inlet
                .with(|outbox| outbox.submit_auth(scheme, credential));
            drop(engine);
            self.nudge();
        }
        Ok(())
    }

    /// Removes watches (C-485…C-490). A local removal finishes the cookie too: a synchronous
    /// one before this returns, an asynchronous one on the completion thread.
    pub fn remove_watches(
        &self,
        removal: WatchRemoval<'_, C::Watcher>,
        cookie: C::Cookie,
    ) -> Result<(), Code> {
        self.remove_watches_until(removal, cookie, None)
    }

    /// The same with a limit, as [`submit_until`](Self::submit_until).
    pub fn remove_watches_until(
        &self,
        removal: WatchRemoval<'_, C::Watcher>,
        cookie: C::Cookie,
        due: Option<Millis>,
    ) -> Result<(), Code> {
        let WatchRemoval {
            path,
            kind,
            watcher,
            all,
            local,
        } = removal;
        // A call that sends nothing uses up a request id all the same (C-205).
        let refused = |code| {
            xid::skip();
            code
        };
        let path = path
            .filter(|p| encode::is_valid_under(&self.chroot, p, 0))
            .ok_or_else(|| refused(Code::BAD_ARGUMENTS))?;
        let path = server_path(&self.chroot, path);
        let mut engine = self.engine.lock();
        if !local && engine.core.state().is_terminal() {
            return Err(refused(Code::INVALID_STATE));
        }
        if !engine.core.has_watch(kind, &path, watcher.clone()) {
            return Err(refused(Code::NO_WATCHER));
        }
        if local {
            xid::skip();
            engine.forget_watch(self, kind, &path, watcher);
            drop(engine);
            return self.finish_locally(cookie);
        }
        let all = all
            || engine
                .core
                .is_last_watch_that_stays(kind, &path, watcher.clone());
        drop(engine);
        self.refuse_to_deadlock(&cookie)?;
        self.inlet.append(|outbox| {
            outbox.submit_removal(path, kind, all, cookie, watcher)?;
            if let Some(due) = due {
                outbox.limit_last(due);
            }
            Ok(())
        })
    }

    /// Replaces the server list (C-448…C-453). Blocks in name resolution.
    ///
    /// The list is judged and resolved before anything changes; on an error the old one stays
    /// in force, unlike in the C library (C-449).
    pub fn set_servers(&self, hosts: &[u8]) -> Result<(), Code> {
        let hosts = self.without_chroot(hosts)?;
        let hosts = parse_hosts(hosts, self.syntax).map_err(|_| Code::BAD_ARGUMENTS)?;
        let mut lines = log::Buffer::new(self.client.log_threshold());
        let servers = resolution::resolve(&hosts, self.keep_host_order, &mut lines)
            .map_err(|_| Code::SYSTEM_ERROR);
        lines.take().iter().for_each(|line| self.client.log(line));
        self.engine.lock().replace_servers(self, hosts, servers?);
        self.nudge();
        Ok(())
    }

    /// A host list without the chroot, which it may repeat if the handle was opened so.
    fn without_chroot<'a>(&self, hosts: &'a [u8]) -> Result<&'a [u8], Code> {
        if !self.repeats_chroot || !hosts.contains(&b'/') {
            return Ok(hosts);
        }
        match split_chroot(hosts) {
            Ok((hosts, chroot)) if *chroot == *self.chroot => Ok(hosts),
            _ => Err(Code::BAD_ARGUMENTS),
        }
    }

    /// Lets the program have back what it has given along with a call that failed.
    pub fn hand_back(&self) {
        if self.client.has_released() {
            self.engine.lock().hand_over(self);
        }
    }

    /// Takes notice of a new [`global_watcher`](Client::global_watcher) at once, and lets the
    /// program have back what the old one kept in use.
    pub fn watcher_changed(&self) {
        let mut engine = self.engine.lock();
        engine.begin(self);
        engine.hand_over(self);
    }

    /// C-411. Names are resolved only when a server is to be chosen, which the C library does
    /// whatever this says; so a valid delay has nothing to change.
    pub fn set_resolution_delay(&self, ms: i32) -> Result<(), Code> {
        if ms < -1 {
            Err(Code::BAD_ARGUMENTS)
        } else {
            Ok(())
        }
    }

    /// C-454.
    pub fn cycle_next_server(&self) {
        self.engine.lock().core.cycle_next_server();
    }

    /// The address tried now or next; `None` before any was chosen (C-288).
    pub fn current_server(&self) -> Option<SocketAddr> {
        self.engine.lock().core.current_server()
    }

    /// The peer of the connection, in state 3 only (C-287).
    pub fn connected_peer(&self) -> Option<SocketAddr> {
        let engine = self.engine.lock();
        if engine.core.state() != State::Connected {
            return None;
        }
        engine.connection.as_ref()?.peer()
    }

    /// C-282.
    pub fn state(&self) -> i32 {
        self.state.load(Ordering::Acquire)
    }

    /// Negotiated session timeout, before the first connect the one asked for; ms.
    pub fn recv_timeout(&self) -> i32 {
        self.recv_timeout.load(Ordering::Acquire)
    }

    /// Lets other threads see what the core has come to.
    pub(super) fn publish(&self, state: State, recv_timeout: i32) {
        self.recv_timeout.store(recv_timeout, Ordering::Release);
        self.state.store(state as i32, Ordering::Release);
    }

    /// A bug was caught at the C boundary: no further use but close. Any thread, any lock.
    pub fn poison(&self) {
        self.poisoned.store(true, Ordering::Release);
        self.inlet.bell().ring();
    }

    pub(super) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    /// Writes a log line through the client.
    pub fn log(&self, line: &Line) {
        self.client.log(line);
    }
}

const EAGAIN: i32 = 11;
const ENOMEM: i32 = 12;
const EINVAL: i32 = 22;

/// Once per process, from the wall clock (C-205).
fn xid_seed() {
    static SEED: std::sync::Once = std::sync::Once::new();
    SEED.call_once(|| {
        let now = std::time::UNIX_EPOCH.elapsed().map_or(1, |t| t.as_secs());
        xid::seed(now as u32);
    });
}

fn poll_and_waker() -> std::io::Result<(mio::Poll, mio::Waker, mio::Registry)> {
    let poll = mio::Poll::new()?;
    let waker = mio::Waker::new(poll.registry(), WAKER)?;
    let registry = poll.registry().try_clone()?;
    Ok((poll, waker, registry))
}
