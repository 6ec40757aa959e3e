//! The proxy's handle.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use mio::Waker;

use crate::fault::{Action, When};
use crate::frame::{Direction, Frame};
use crate::listener::Listener;
use crate::state::{Shared, View};

/// A proxy on a loopback port, with threads of its own; dropping it ends all connections.
///
/// Every method may be called from any thread and has taken effect when it returns.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    addr: SocketAddr,
    waker: Waker,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Proxy {
    /// Takes a free port and starts forwarding to `upstream`, which need not be there yet: a
    /// client whose connection cannot be forwarded sees it accepted and closed.
    ///
    /// # Errors
    /// The system refuses the port, a poll or a thread.
    pub fn start(upstream: SocketAddr) -> io::Result<Self> {
        Self::start_at(Ipv4Addr::LOCALHOST, upstream)
    }

    /// The same on another loopback address (127.0.0.0/8), where nobody else looks for servers:
    /// programs that find a free port of 127.0.0.1, or take one for dead, do not meet this proxy.
    ///
    /// # Errors
    /// The system refuses the address, a poll or a thread.
    pub fn start_at(address: Ipv4Addr, upstream: SocketAddr) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(upstream));
        let (listener, addr, waker) = Listener::bind(shared.clone(), address)?;
        let thread = std::thread::Builder::new()
            .name("zk-proxy-accept".into())
            .spawn(move || listener.run())?;
        Ok(Self {
            shared,
            addr,
            waker,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where it listens, as clients want it: `127.0.0.1:PORT`.
    pub fn connect_string(&self) -> String {
        self.addr.to_string()
    }

    /// Forwards new connections to this server.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        self.shared.change(|state| state.upstream = upstream);
    }

    /// Adds a rule. All rules that match a frame act on it, in the order they were added.
    pub fn add(&self, when: When, action: Action) {
        self.shared.change(|state| state.rules.push((when, action)));
    }

    /// Forgets all rules and lets go what is held.
    pub fn clear(&self) {
        self.shared.change(|state| {
            state.rules.clear();
            state.byte_cut = None;
            state.hold_all(false);
        });
    }

    /// Ends all connections in order (FIN).
    pub fn cut(&self) {
        self.shared.change(|state| state.end_all(false));
    }

    /// Ends all connections with a reset towards the client.
    pub fn reset(&self) {
        self.shared.change(|state| state.end_all(true));
    }

    /// Ends the connection on which the byte after the next `bytes` bytes in this direction would
    /// pass, wherever in a frame that is. All connections count together; held bytes do not count.
    pub fn cut_after(&self, direction: Direction, bytes: usize) {
        self.shared
            .change(|state| state.byte_cut = Some((direction, bytes)));
    }

    /// From now on nothing passes, in either direction, on present and new connections. Closing
    /// is held back too, so each side takes the other for alive but silent.
    pub fn hold(&self) {
        self.shared.change(|state| state.hold_all(true));
    }

    /// Ends [`Self::hold`] and [`Action::Hold`]; what came in the meantime passes.
    pub fn release(&self) {
        self.shared.change(|state| state.hold_all(false));
    }

    /// Refuses new connections (no socket listens), or accepts them again.
    ///
    /// # Errors
    /// The accepting thread has ended.
    pub fn refuse(&self, refuse: bool) -> io::Result<()> {
        self.shared.change(|state| state.refuse_wanted = refuse);
        self.waker.wake()?;
        let mut state = self.shared.state.lock();
        while state.refusing != refuse {
            if self.thread.as_ref().is_none_or(JoinHandle::is_finished) {
                return Err(io::Error::other("the accepting thread has ended"));
            }
            self.shared
                .changed
                .wait_for(&mut state, Duration::from_secs(1));
        }
        Ok(())
    }

    /// Keeps frames or not; it does at first. Long runs want it off.
    pub fn record(&self, record: bool) {
        self.shared.change(|state| state.recording = record);
    }

    /// All frames recorded so far, in the order they came.
    pub fn frames(&self) -> Vec<Frame> {
        self.shared.state.lock().frames.clone()
    }

    /// Looks at the proxy.
    pub fn view<R>(&self, look: impl FnOnce(&View<'_>) -> R) -> R {
        look(&View::new(&self.shared.state.lock()))
    }

    /// Waits until the condition holds. False if it does not within `limit`.
    pub fn wait(&self, limit: Duration, mut condition: impl FnMut(&View<'_>) -> bool) -> bool {
        let mut state = self.shared.state.lock();
        let timed_out = self
            .shared
            .changed
            .wait_while_for(&mut state, |state| !condition(&View::new(state)), limit)
            .timed_out();
        !timed_out
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.change(|state| {
            state.stopped = true;
            state.hold_all(false);
            state.end_all(false);
        });
        // If it cannot be woken it has ended already.
        let _ = self.waker.wake();
        if let Some(thread) = self.thread.take() {
            // A failed thread has nothing left to stop.
            let _ = thread.join();
        }
    }
}
