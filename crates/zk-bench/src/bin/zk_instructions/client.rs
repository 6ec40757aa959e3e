//! A connected client without sockets, and the server's side of its connection.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, anyhow, bail, ensure};
use zk_bench::canned::Connection;
use zk_proto::records::ConnectRequest;
use zk_proto::{Code, Jute, frame};

use crate::core::{
    Core, Delivery, Events, Millis, Outbox, Outcome, Queue, Reply, Request, Settings, encode,
};

/// The time at which everything happens.
const NOW: Millis = 1_000;

/// Core and buffers as a handle has them.
pub(crate) struct Client {
    core: Core<u32, u32, u32>,
    outbox: Outbox<u32, u32>,
    queue: Queue<u32, u32>,
    events: Events<u32, u32, u32>,
}

impl Client {
    pub(crate) fn connected() -> Result<Self> {
        let mut client = Self {
            core: Core::new(Settings {
                servers: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 2181))],
                recv_timeout: 30_000,
                session: None,
                read_only: false,
                global_watcher: 0,
                seed: 1,
            }),
            outbox: Outbox::default(),
            queue: Queue::default(),
            events: Events::default(),
        };
        client.core.next_attempt(false, NOW).context("no server")?;
        client.core.handle_connected();
        let reply = answer(&client.transmitted())?;
        client
            .core
            .handle_input(&reply, NOW, &mut client.events)
            .map_err(|fault| anyhow!(fault.reason))?;
        client.events.deliver.clear();
        ensure!(client.core.state().is_live(), "not connected");
        Ok(client)
    }

    /// What callers and the IO thread do for a batch, up to the system call.
    #[inline(always)]
    pub(crate) fn send(
        &mut self,
        request: &Request<'_>,
        count: usize,
        watcher: Option<u32>,
    ) -> Result<()> {
        let refused = |code: Code| anyhow!("refused: {code:?}");
        for _ in 0..count {
            encode::check(request, b"").map_err(refused)?;
            self.outbox
                .submit(request, b"", 0, watcher)
                .map_err(refused)?;
        }
        self.outbox.take(&mut self.queue);
        self.core.enqueue(&mut self.queue);
        Ok(())
    }

    /// What the IO thread and the completion thread do for a batch, up to the callbacks, which
    /// get good replies and watchers.
    #[inline(always)]
    pub(crate) fn receive(
        &mut self,
        input: &[u8],
        mut callback: impl FnMut(Option<&Outcome<'_>>),
    ) -> Result<()> {
        let used = self
            .core
            .handle_input(input, NOW, &mut self.events)
            .map_err(|fault| anyhow!(fault.reason))?;
        ensure!(used == input.len(), "{used} of {} bytes used", input.len());
        for delivery in self.events.deliver.drain(..) {
            match delivery {
                Delivery::Reply(Reply {
                    kind, code, body, ..
                }) if code.is_ok() => {
                    let body = input.get(body).context("a range outside of the input")?;
                    let mut outcome = Err(code);
                    kind.decode(body, b"", &mut outcome)?;
                    callback(outcome.as_ref().ok());
                }
                Delivery::Node { .. } => callback(None),
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes the one request that there is to send, and makes an earlier reply, which `input`
    /// starts with, the reply to it. Allocates nothing, which would disturb the counts.
    pub(crate) fn answer_next(&mut self, input: &mut [u8]) -> Result<()> {
        const XID: std::ops::Range<usize> = frame::PREFIX..frame::PREFIX + 4;
        let request = self.core.transmit();
        let (len, xid) = (request.len(), request.get(XID));
        let (to, from) = input
            .get_mut(XID)
            .zip(xid)
            .context("no request, or no reply")?;
        to.copy_from_slice(from);
        self.core.sent(len, NOW);
        Ok(())
    }

    /// Everything that there is to send, as if it were sent.
    pub(crate) fn transmitted(&mut self) -> Vec<u8> {
        let mut sent = Vec::new();
        while !self.core.transmit().is_empty() {
            sent.extend_from_slice(self.core.transmit());
            let len = self.core.transmit().len();
            self.core.sent(len, NOW);
        }
        sent
    }
}

/// Replies to requests of a session, without the connect response.
pub(crate) fn replies_to(requests: &[u8]) -> Result<Vec<u8>> {
    let mut input = Vec::new();
    let connect = ConnectRequest {
        protocol_version: 0,
        last_zxid_seen: 0,
        timeout: 30_000,
        session_id: 0,
        password: None,
        read_only: None,
    };
    frame::append(&mut input, |out| connect.encode(out));
    input.extend_from_slice(requests);
    let mut output = answer(&input)?;
    let frame::Split::Frame(welcome) = frame::split(&output, frame::DEFAULT_MAX)? else {
        bail!("no connect response");
    };
    let welcome = frame::PREFIX + welcome.len();
    output.drain(..welcome);
    Ok(output)
}

/// What the canned-reply server sends back.
fn answer(input: &[u8]) -> Result<Vec<u8>> {
    let mut wire = Wire {
        input,
        output: Vec::new(),
    };
    Connection::new(&mut wire).run()?;
    Ok(wire.output)
}

/// A connection in memory.
struct Wire<'a> {
    input: &'a [u8],
    output: Vec<u8>,
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.input.read(buffer)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
