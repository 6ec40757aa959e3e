//! The control port: faults by text commands, one line each, one line of answer each.
//!
//! ```text
#![doc = include_str!("control/help.txt")]
//! ```

use crate::core::ServerCore;
use crate::listener::Clock;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};

mod args;
mod command;

pub use command::HELP;

/// A line longer than this ends the connection, bytes.
const MAX_LINE: usize = 64 << 10;

struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    output: Vec<u8>,
    ended: bool,
}

/// The listening control port and its connections.
pub(crate) struct Port {
    tcp: TcpListener,
    connections: HashMap<usize, Connection>,
    next: usize,
}

impl Port {
    pub(crate) fn bind(registry: &Registry, token: Token) -> io::Result<Self> {
        let mut tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into())?;
        registry.register(&mut tcp, token, Interest::READABLE)?;
        Ok(Self {
            tcp,
            connections: HashMap::new(),
            next: 0,
        })
    }

    pub(crate) fn addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    pub(crate) fn accept(&mut self, registry: &Registry, token: impl Fn(usize) -> Token) {
        while let Ok((mut stream, _)) = self.tcp.accept() {
            let number = self.next;
            self.next += 1;
            let interest = Interest::READABLE | Interest::WRITABLE;
            if registry
                .register(&mut stream, token(number), interest)
                .is_err()
            {
                continue;
            }
            let connection = Connection {
                stream,
                input: Vec::new(),
                output: Vec::new(),
                ended: false,
            };
            self.connections.insert(number, connection);
        }
    }

    /// Executes the whole lines a connection has sent. The answers wait for [`Port::flush`], so
    /// that they leave after what the commands did.
    pub(crate) fn read(&mut self, number: usize, core: &mut ServerCore, clock: &Clock) {
        let Some(connection) = self.connections.get_mut(&number) else {
            return;
        };
        let mut buffer = [0; 4096];
        loop {
            match connection.stream.read(&mut buffer) {
                Ok(0) => connection.ended = true,
                Ok(n) => {
                    connection
                        .input
                        .extend_from_slice(buffer.get(..n).unwrap_or_default());
                    connection.execute(core, clock);
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => connection.ended = true,
            }
            return;
        }
    }

    /// Sends the answers; drops connections that have ended.
    pub(crate) fn flush(&mut self) {
        self.connections.retain(|_, connection| {
            while !connection.output.is_empty() {
                match connection.stream.write(&connection.output) {
                    Ok(n) => drop(connection.output.drain(..n)),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(_) => return false,
                }
            }
            !connection.ended
        });
    }
}

impl Connection {
    fn execute(&mut self, core: &mut ServerCore, clock: &Clock) {
        while let Some(end) = self.input.iter().position(|&b| b == b'\n') {
            let line: Vec<u8> = self.input.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let answer = match command::execute(line.trim(), core, clock) {
                Ok(text) if text.is_empty() => "ok\n".to_owned(),
                Ok(text) => format!("ok {text}\n"),
                Err(text) => format!("error {text}\n"),
            };
            self.output.extend_from_slice(answer.as_bytes());
        }
        if self.input.len() > MAX_LINE {
            self.ended = true;
        }
    }
}
