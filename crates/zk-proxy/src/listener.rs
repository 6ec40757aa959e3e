//! The listening socket and its thread.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use socket2::{Domain, Socket, Type};

use crate::pump;
use crate::state::{Shared, Sockets};

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
const BACKLOG: i32 = 256;
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Accepts connections until the proxy is stopped.
#[derive(Debug)]
pub(crate) struct Listener {
    poll: Poll,
    /// Keeps the port ours while no socket listens, so that connects are refused.
    placeholder: Socket,
    listening: Option<TcpListener>,
    shared: Arc<Shared>,
}

impl Listener {
    /// Takes a free port of this address. The waker makes it look at the state again.
    pub(crate) fn bind(
        shared: Arc<Shared>,
        address: Ipv4Addr,
    ) -> io::Result<(Self, SocketAddr, Waker)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let placeholder = bound(SocketAddr::from((address, 0)))?;
        let mut listener = Self {
            poll,
            placeholder,
            listening: None,
            shared,
        };
        let addr = listener.addr()?;
        listener.listen(true)?;
        Ok((listener, addr, waker))
    }

    fn addr(&self) -> io::Result<SocketAddr> {
        let addr = self.placeholder.local_addr()?.as_socket();
        addr.ok_or_else(|| io::Error::other("not an internet address"))
    }

    fn listen(&mut self, listen: bool) -> io::Result<()> {
        if !listen {
            self.listening = None;
        } else if self.listening.is_none() {
            let socket = bound(self.addr()?)?;
            socket.listen(BACKLOG)?;
            socket.set_nonblocking(true)?;
            let mut listening = TcpListener::from_std(socket.into());
            let registry = self.poll.registry();
            registry.register(&mut listening, LISTENER, Interest::READABLE)?;
            self.listening = Some(listening);
        }
        Ok(())
    }

    /// Serves until stopped.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(16);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            let (stopped, refuse) = {
                let state = self.shared.state.lock();
                (state.stopped, state.refuse_wanted)
            };
            if stopped {
                return Ok(());
            }
            self.listen(!refuse)?;
            self.shared.change(|state| state.refusing = refuse);
            while let Some(Ok((client, _))) = self.listening.as_ref().map(TcpListener::accept) {
                // A connection that cannot be served is closed, as a server without descriptors does.
                let _ = self.serve(client.into());
            }
        }
    }

    fn serve(&self, client: TcpStream) -> io::Result<()> {
        let upstream = self.shared.state.lock().upstream;
        let server = TcpStream::connect_timeout(&upstream, CONNECT_LIMIT)?;
        for socket in [&client, &server] {
            socket.set_nonblocking(false)?;
            socket.set_nodelay(true)?;
        }
        let (client, server) = (Arc::new(client), Arc::new(server));
        pump::start(&self.shared, Sockets { client, server })
    }
}

/// A socket bound to this address together with others of ours.
fn bound(addr: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&addr.into())?;
    Ok(socket)
}
