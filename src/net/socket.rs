//! TCP connections to servers: non-blocking, close-on-exec, without Nagle (C-418).

use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use mio::net::TcpStream;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// A connection, established or being established.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    noted: Option<Arc<Note>>,
}

/// Which descriptor a connection has, for a child of fork, where the lock that the connection is
/// under may have been left locked.
#[derive(Debug)]
pub struct Note(AtomicI32);

const NOTHING: RawFd = -1;

impl Default for Note {
    fn default() -> Self {
        Self(AtomicI32::new(NOTHING))
    }
}

impl Note {
    /// Closes this process's share of the connection, if there is one.
    ///
    /// # Safety
    /// Nobody uses or drops the connection any more: whoever could is a thread of the parent
    /// process.
    pub unsafe fn close_inherited(&self) {
        let fd = self.0.swap(NOTHING, Ordering::Relaxed);
        if fd != NOTHING {
            // SAFETY: the descriptor is open, because it is noted only as long as it is, and its
            // owner is not there, as our caller promises.
            drop(unsafe { OwnedFd::from_raw_fd(fd) });
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Before the descriptor is closed; not if another connection has taken its place.
        if let Some(note) = &self.noted {
            let ours = self.fd();
            let _ = note
                .0
                .compare_exchange(ours, NOTHING, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

/// How far a connection attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing to say yet.
    Connecting,
    /// It is up.
    Connected,
}

impl Connection {
    /// Starts connecting. The error, if any, is that of making the socket or of a connect that
    /// fails at once; `nodelay_failed` tells of a harmless one.
    pub fn start(server: SocketAddr) -> Result<(Self, bool), StartError> {
        let socket = Socket::new(
            Domain::for_address(server),
            Type::STREAM.nonblocking().cloexec(),
            Some(Protocol::TCP),
        )
        .map_err(StartError::Socket)?;
        let nodelay_failed = socket.set_tcp_nodelay(true).is_err();
        match socket.connect(&server.into()) {
            Ok(()) => {}
            Err(e) if e.raw_os_error() == Some(libc::EINPROGRESS) => {}
            Err(e) => return Err(StartError::Connect(e)),
        }
        let stream = TcpStream::from_std(socket.into());
        let noted = None;
        Ok((Self { stream, noted }, nodelay_failed))
    }

    /// Has the descriptor noted as long as the connection is there.
    pub fn note_in(&mut self, note: &Arc<Note>) {
        note.0.store(self.fd(), Ordering::Relaxed);
        self.noted = Some(note.clone());
    }

    /// For registration with a poll.
    pub fn source(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// The descriptor, for programs with a loop of their own.
    pub fn fd(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    /// Asks how the attempt went, after the socket has become writable.
    pub fn progress(&self) -> io::Result<Progress> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        match self.stream.peer_addr() {
            Ok(_) => Ok(Progress::Connected),
            Err(e) if e.kind() == io::ErrorKind::NotConnected => Ok(Progress::Connecting),
            Err(e) => Err(e),
        }
    }

    /// Reads what is there. `None`: nothing at the moment; `Some(0)`: the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        retry(|| (&self.stream).read(buffer))
    }

    /// Writes what fits. `None`: nothing at the moment. Never raises SIGPIPE (C-520).
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        retry(|| (&self.stream).write(bytes))
    }

    /// As [`write`](Self::write), from several places with one call.
    pub fn write_from(&mut self, slices: &[IoSlice<'_>]) -> io::Result<Option<usize>> {
        let socket = SockRef::from(&self.stream);
        retry(|| socket.send_vectored_with_flags(slices, libc::MSG_NOSIGNAL))
    }

    /// The server's address, while connected.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.stream.peer_addr().ok()
    }

    /// Blocks until the socket is readable or writable, at most `timeout`. For the close
    /// dialogue only, when no thread polls the socket any more.
    pub fn wait(&self, writable: bool, timeout: Duration) -> bool {
        let events = if writable {
            libc::POLLOUT
        } else {
            libc::POLLIN
        };
        let mut fd = libc::pollfd {
            fd: self.fd(),
            events,
            revents: 0,
        };
        let ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: `fd` is one live pollfd, as the count says, of a descriptor owned by `self`.
        unsafe { libc::poll(&raw mut fd, 1, ms) > 0 }
    }
}

fn retry(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<Option<usize>> {
    loop {
        match call() {
            Ok(n) => return Ok(Some(n)),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// Why a connection attempt failed at once.
#[derive(Debug)]
pub enum StartError {
    /// No socket could be made.
    Socket(io::Error),
    /// The connect was refused on the spot.
    Connect(io::Error),
}

#[cfg(test)]
mod tests {
    use std::mem::forget;
    use std::net::TcpListener;

    use super::*;

    fn connection(listener: &TcpListener) -> Connection {
        let (connection, _) = Connection::start(listener.local_addr().unwrap()).unwrap();
        connection
    }

    #[test]
    fn what_a_note_closes_is_closed_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let note = Arc::new(Note::default());
        let mut connection = connection(&listener);
        connection.note_in(&note);
        let (mut peer, _) = listener.accept().unwrap();
        // As in a child: nobody is there to drop it.
        forget(connection);
        // SAFETY: the connection is forgotten.
        unsafe { note.close_inherited() };
        assert_eq!(peer.read(&mut [0]).unwrap(), 0);
        assert_eq!(note.0.load(Ordering::Relaxed), NOTHING);
    }

    #[test]
    fn a_note_is_of_the_last_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let note = Arc::new(Note::default());
        let (mut first, mut second) = (connection(&listener), connection(&listener));
        first.note_in(&note);
        second.note_in(&note);
        drop(first);
        assert_eq!(note.0.load(Ordering::Relaxed), second.fd());
        drop(second);
        assert_eq!(note.0.load(Ordering::Relaxed), NOTHING);
    }
}
