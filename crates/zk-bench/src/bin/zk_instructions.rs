//! Drives codec and core through many requests, for counting instructions under callgrind.
//!
//! `zk-instructions KIND` is one run, which prints how many
//! requests it made; `cargo xtask instructions` has callgrind collect inside
//! [`counted_send`] or [`counted_receive`] only. The core is compiled from the library's sources, as it is not public.
#![forbid(unsafe_code)]

#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    missing_docs,
    reason = "only a part is driven here"
)]
#[path = "../../../../src/core/mod.rs"]
mod core;
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    missing_docs,
    reason = "only a part is driven here"
)]
#[path = "../../../../src/log/mod.rs"]
mod log;

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, anyhow, bail, ensure};
use zk_bench::canned::Connection;
use zk_proto::records::{ConnectRequest, MultiOp, SetDataRequest};
use zk_proto::{Code, Jute, List, frame};

use crate::core::{Core, Delivery, Events, Millis, Outbox, Queue, Request, Settings, encode};

/// Requests of each kind, in batches of the size that a busy handle sees.
const REQUESTS: usize = 100_000;
/// Transactions are larger.
const TRANSACTIONS: usize = 10_000;
const BATCH: usize = 1_000;
const NOW: Millis = 1_000;
const VALUE: [u8; 100] = [b'v'; 100];

const SET: MultiOp<'static> = MultiOp::SetData(SetDataRequest {
    path: Some(b"/bench-value-100"),
    data: Some(&VALUE),
    version: -1,
});

/// A connected client and its buffers.
struct Client {
    core: Core<u32, u32, u32>,
    outbox: Outbox<u32, u32>,
    queue: Queue<u32, u32>,
    events: Events<u32, u32, u32>,
}

fn main() -> Result<()> {
    let path = Some(&b"/bench-value-100"[..]);
    let transaction = [SET; 10];
    let kind = std::env::args().nth(1).unwrap_or_default();
    let request = match kind.as_str() {
        "get" => Request::GetData { path },
        "exists" => Request::Exists { path },
        "set" => Request::SetData {
            path,
            data: Some(&VALUE),
            version: -1,
        },
        "create" => Request::Create {
            path,
            data: Some(&VALUE),
            acl: List::NULL,
            mode: 0,
            ttl: -1,
            stat: false,
        },
        "multi" => Request::Multi(&transaction),
        _ => bail!("usage: zk-instructions get|exists|set|create|multi"),
    };
    let mut client = Client::connected()?;
    let requests = match request {
        Request::Multi(_) => TRANSACTIONS,
        _ => REQUESTS,
    };
    for _ in 0..requests / BATCH {
        counted_send(&mut client, &request).map_err(|code| anyhow!("refused: {code:?}"))?;
        let replies = replies_to(client.core.transmit())?;
        let sent = client.core.transmit().len();
        client.core.sent(sent, NOW);
        let received = counted_receive(&mut client, &replies)?;
        ensure!(received == BATCH, "{received} replies to {BATCH} requests");
    }
    println!("requests {requests}");
    Ok(())
}

/// What callers and the IO thread do for a batch, up to the system call.
#[inline(never)]
fn counted_send(client: &mut Client, request: &Request<'_>) -> Result<(), Code> {
    for cookie in 0..BATCH as u32 {
        encode::check(request, b"")?;
        client.outbox.submit(request, b"", cookie, None)?;
    }
    client.outbox.take(&mut client.queue);
    client.core.enqueue(&mut client.queue);
    Ok(())
}

/// What the IO thread and the completion thread do for a batch, up to the callbacks. Returns
/// the number of good replies.
#[inline(never)]
fn counted_receive(client: &mut Client, input: &[u8]) -> Result<usize> {
    let used = client
        .core
        .handle_input(input, NOW, &mut client.events)
        .map_err(|fault| anyhow!(fault.reason))?;
    ensure!(used == input.len(), "{used} of {} bytes used", input.len());
    let mut good = 0;
    for delivery in client.events.deliver.drain(..) {
        if let Delivery::Reply {
            kind, code, body, ..
        } = delivery
            && code.is_ok()
        {
            let body = input.get(body).context("a range outside of the input")?;
            black_box(kind.decode(body, b"")?);
            good += 1;
        }
    }
    Ok(good)
}

impl Client {
    fn connected() -> Result<Self> {
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
        let reply = answer(client.core.transmit())?;
        let sent = client.core.transmit().len();
        client.core.sent(sent, NOW);
        client
            .core
            .handle_input(&reply, NOW, &mut client.events)
            .map_err(|fault| anyhow!(fault.reason))?;
        client.events.deliver.clear();
        ensure!(client.core.state().is_live(), "not connected");
        Ok(client)
    }
}

/// Replies to requests of a session, without the connect response.
fn replies_to(requests: &[u8]) -> Result<Vec<u8>> {
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
