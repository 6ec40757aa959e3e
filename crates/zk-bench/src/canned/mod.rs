//! A server that answers from memory.
//!
//! It keeps no nodes. What a reply holds follows from the request's path: the value of
//! `/…value-N` has N bytes, `/…children-N` has N children, any other node has a value of 100
//! bytes. A setData below `/…watched/` is preceded by the watch event that it causes.

mod connection;
mod reply;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use socket2::{Domain, Socket, Type};

pub use connection::Connection;

/// Serves clients on a loopback port, one thread each, until the process ends.
///
/// The threads wait in accept and serve whom they have accepted, so that a connection costs the
/// server one wake-up and no thread: what is measured is the client's work.
///
/// # Errors
/// The port cannot be bound, or the system refuses a thread.
pub fn serve(port: u16, announce: impl FnOnce(SocketAddr) -> io::Result<()>) -> io::Result<()> {
    serve_each(port, announce, |stream, _| {
        // An error means that the client has gone.
        let _ = Connection::new(stream).run();
    })
}

/// Does the same with each client, on a thread of its own: `serve` gets its stream and its
/// number, counted from 0.
///
/// # Errors
/// As [`serve`](self::serve()).
pub fn serve_each(
    port: u16,
    announce: impl FnOnce(SocketAddr) -> io::Result<()>,
    serve: impl Fn(TcpStream, u64) + Send + Sync + 'static,
) -> io::Result<()> {
    let listener = listen(port)?;
    announce(listener.local_addr()?)?;
    let crew = Arc::new(Crew {
        listener,
        waiting: AtomicUsize::new(0),
        clients: AtomicU64::new(0),
        serve,
    });
    for _ in 0..SPARE {
        crew.enlist()?;
    }
    loop {
        thread::park();
    }
}

/// Threads that wait for a client at least.
const SPARE: usize = 2;

struct Crew<S> {
    listener: TcpListener,
    waiting: AtomicUsize,
    clients: AtomicU64,
    serve: S,
}

impl<S: Fn(TcpStream, u64) + Send + Sync + 'static> Crew<S> {
    fn enlist(self: &Arc<Self>) -> io::Result<()> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let crew = self.clone();
        thread::Builder::new()
            .stack_size(256 << 10)
            .spawn(move || crew.work())?;
        Ok(())
    }

    fn work(self: Arc<Self>) {
        while let Ok((stream, _)) = self.listener.accept() {
            if self.waiting.fetch_sub(1, Ordering::Relaxed) <= SPARE && self.enlist().is_err() {
                return;
            }
            let number = self.clients.fetch_add(1, Ordering::Relaxed);
            // An error means that the client has gone.
            let _ = stream.set_nodelay(true);
            (self.serve)(stream, number);
            if self.waiting.fetch_add(1, Ordering::Relaxed) >= 2 * SPARE {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                return;
            }
        }
    }
}

/// As `TcpListener::bind`, but a thousand clients may knock at once: what the queue has no room
/// for would knock again after a second, and that second would be measured.
fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(4096)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests;
