//! Asking a server whether it is read/write, on a connection of its own (C-226, C-443).

use std::net::SocketAddr;

use mio::{Interest, Registry, Token};

use crate::core::Millis;
use crate::net::socket::{Connection, Progress};

/// A server that has not answered by then counts as not read/write.
const TIMEOUT: Millis = 1000;

const QUESTION: &[u8] = b"isro";
const ANSWER: &[u8] = b"rw";

/// One question under way.
#[derive(Debug)]
pub(super) struct Probe {
    server: SocketAddr,
    connection: Connection,
    deadline: Millis,
    asked: bool,
}

/// How it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Waiting,
    ReadWrite,
    NotReadWrite,
}

impl Probe {
    /// Starts connecting; `None` if that fails at once.
    pub(super) fn start(
        server: SocketAddr,
        registry: &Registry,
        token: Token,
        now: Millis,
    ) -> Option<Self> {
        let (mut connection, _) = Connection::start(server).ok()?;
        registry
            .register(
                connection.source(),
                token,
                Interest::READABLE | Interest::WRITABLE,
            )
            .ok()?;
        Some(Self {
            server,
            connection,
            deadline: now + TIMEOUT,
            asked: false,
        })
    }

    pub(super) fn server(&self) -> SocketAddr {
        self.server
    }

    pub(super) fn deadline(&self) -> Millis {
        self.deadline
    }

    /// Goes as far as the socket allows. Exactly "rw" in the first read is a yes.
    pub(super) fn advance(&mut self, now: Millis) -> Verdict {
        self.try_advance(now).unwrap_or(Verdict::NotReadWrite)
    }

    fn try_advance(&mut self, now: Millis) -> std::io::Result<Verdict> {
        if now >= self.deadline {
            return Ok(Verdict::NotReadWrite);
        }
        if !self.asked {
            if self.connection.progress()? == Progress::Connecting {
                return Ok(Verdict::Waiting);
            }
            // Four bytes always fit into a fresh socket.
            self.connection.write(QUESTION)?;
            self.asked = true;
        }
        let mut answer = [0; 10];
        Ok(match self.connection.read(&mut answer)? {
            None => Verdict::Waiting,
            Some(n) if &answer[..n] == ANSWER => Verdict::ReadWrite,
            Some(_) => Verdict::NotReadWrite,
        })
    }
}
