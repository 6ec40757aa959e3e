//! The server inside a Rust test.

use crate::core::ServerCore;
use crate::faults::Faults;
use crate::listener::{Listener, Shared};
use crate::options::Options;
use crate::time::Now;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

/// A server on a loopback port with a thread of its own; dropping it stops it.
#[derive(Debug)]
pub struct TestServer {
    addr: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl TestServer {
    /// Binds the port and starts serving; clients may connect when it returns.
    ///
    /// # Errors
    /// The port cannot be bound, or the system refuses a poll or a thread.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = Listener::bind(options)?;
        let (addr, shared) = (listener.addr(), listener.shared());
        let thread = std::thread::Builder::new()
            .name("zk-test-server".into())
            .spawn(move || listener.run())?;
        Ok(Self {
            addr,
            shared,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.addr.port()
    }

    /// Where it listens, as clients want it: `127.0.0.1:PORT`.
    pub fn connect_string(&self) -> String {
        self.addr.to_string()
    }

    /// Looks at the server, or changes it. When this returns, all that follows from a change has
    /// reached the sockets: connections are closed, the port refuses, replies are on their way.
    pub fn with_core<R>(&self, run: impl FnOnce(&mut ServerCore, Now) -> R) -> R {
        let result = run(&mut self.shared.core.lock(), self.shared.clock.now());
        self.shared.sync();
        result
    }

    /// Changes the faults; they are in force when this returns.
    pub fn faults<R>(&self, change: impl FnOnce(&mut Faults) -> R) -> R {
        self.with_core(|core, _| change(core.faults_mut()))
    }

    /// Pushes the server's clocks forward: sessions, delays and times to live see it at once.
    pub fn advance(&self, ms: u64) {
        self.shared.clock.advance(ms);
        self.shared.sync();
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.shared.shut_down();
        if let Some(thread) = self.thread.take() {
            // A failed thread has nothing left to stop.
            let _ = thread.join();
        }
    }
}

/// How the binary runs the server.
#[derive(Clone, Debug, Default)]
pub struct Foreground {
    /// Settings of the server.
    pub options: Options,
    /// Open a control port and print where.
    pub control: bool,
    /// End when standard input ends.
    pub exit_on_stdin_close: bool,
}

impl Foreground {
    /// Serves until SIGTERM or SIGINT, or the end of standard input if asked; `announce` gets
    /// the lines for standard output as soon as the ports are open.
    ///
    /// # Errors
    /// A port cannot be bound, or the system refuses a poll, a signal handler or a thread.
    pub fn run(self, announce: impl FnOnce(&str) -> io::Result<()>) -> io::Result<()> {
        let mut listener = Listener::bind(self.options)?;
        listener.end_on_signals(&[signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT])?;
        let mut lines = format!("listening on {}\n", listener.addr());
        if self.control {
            lines += &format!("control on {}\n", listener.open_control()?);
        }
        if self.exit_on_stdin_close {
            let shared = listener.shared();
            std::thread::Builder::new()
                .name("stdin".into())
                .spawn(move || {
                    let mut scratch = [0; 1024];
                    while matches!(io::stdin().read(&mut scratch), Ok(1..)) {}
                    shared.shut_down();
                })?;
        }
        announce(&lines)?;
        listener.run()
    }
}
