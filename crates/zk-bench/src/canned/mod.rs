//! A server that answers from memory.
//!
//! It keeps no nodes. What a reply holds follows from the request's path: the value of
//! `/…value-N` has N bytes, `/…children-N` has N children, any other node has a value of 100
//! bytes. A setData below `/…watched/` is preceded by the watch event that it causes.

mod connection;
mod reply;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread;

pub use connection::Connection;

/// Serves clients on a loopback port, one thread each, until the process ends.
///
/// # Errors
/// The port cannot be bound, or the system refuses a thread.
pub fn serve(port: u16, announce: impl FnOnce(SocketAddr) -> io::Result<()>) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    announce(listener.local_addr()?)?;
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        thread::Builder::new()
            .stack_size(256 << 10)
            .spawn(move || {
                // An error means that the client has gone.
                let _ = Connection::new(stream).run();
            })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
