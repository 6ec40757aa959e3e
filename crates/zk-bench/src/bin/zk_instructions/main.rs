//! Drives codec and core through many requests, for counting instructions under callgrind.
//!
//! `zk-instructions KIND` and `zk-instructions KIND SIZE` are one run each, which prints how many
//! requests it made; `cargo xtask instructions` has callgrind collect inside of functions named
//! `counted_…` only. The core is compiled from the library's sources, as it is not public.
#![forbid(unsafe_code)]

#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    missing_docs,
    reason = "only a part is driven here"
)]
#[path = "../../../../../src/core/mod.rs"]
mod core;
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    missing_docs,
    reason = "only a part is driven here"
)]
#[path = "../../../../../src/log/mod.rs"]
mod log;

mod client;
mod flat;

use std::hint::black_box;

use anyhow::{Context, Result, bail, ensure};
use zk_proto::List;
use zk_proto::records::{MultiOp, SetDataRequest};

use crate::client::{Client, replies_to};
use crate::core::Request;

/// Requests of each kind, in batches of the size that a busy handle sees.
const REQUESTS: usize = 20_000;
/// Transactions are larger.
const TRANSACTIONS: usize = 2_000;
/// Batches before those that are counted.
const WARM_UP: usize = 2;
const BATCH: usize = 1_000;
const VALUE: [u8; 100] = [b'v'; 100];
const PATH: Option<&[u8]> = Some(b"/bench-value-100");

const SET: MultiOp<'static> = MultiOp::SetData(SetDataRequest {
    path: PATH,
    data: Some(&VALUE),
    version: -1,
});

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let requests = match arguments[..] {
        [kind] => in_batches(kind)?,
        [kind, size] => {
            let size = size.parse().context("the size is a number")?;
            match kind {
                "outstanding" => flat::outstanding(size)?,
                "watches" => flat::watches(size)?,
                "children" => flat::children(size)?,
                _ => bail!("there is no kind {kind} with a size"),
            }
        }
        _ => bail!("usage: zk-instructions KIND [SIZE]"),
    };
    println!("requests {requests}");
    Ok(())
}

/// Sends and receives batch after batch of one kind of request; returns how many there were.
fn in_batches(kind: &str) -> Result<usize> {
    let transaction = [SET; 10];
    let request = match kind {
        "get" => Request::GetData { path: PATH },
        "exists" => Request::Exists { path: PATH },
        "set" => Request::SetData {
            path: PATH,
            data: Some(&VALUE),
            version: -1,
        },
        "create" => Request::Create {
            path: PATH,
            data: Some(&VALUE),
            acl: List::NULL,
            mode: 0,
            ttl: -1,
            stat: false,
        },
        "multi" => Request::Multi(&transaction),
        _ => bail!("there is no kind {kind}"),
    };
    let mut client = Client::connected()?;
    let requests = match request {
        Request::Multi(_) => TRANSACTIONS,
        _ => REQUESTS,
    };
    // Buffers find their size before anything is counted.
    for _ in 0..WARM_UP {
        client.send(&request, BATCH, None)?;
        let replies = replies_to(&client.transmitted())?;
        client.receive(&replies, |outcome| {
            black_box(outcome);
        })?;
    }
    for _ in 0..requests / BATCH {
        counted_send(&mut client, &request)?;
        let replies = replies_to(&client.transmitted())?;
        let received = counted_receive(&mut client, &replies)?;
        ensure!(received == BATCH, "{received} replies to {BATCH} requests");
    }
    Ok(requests)
}

#[inline(never)]
fn counted_send(client: &mut Client, request: &Request<'_>) -> Result<()> {
    client.send(request, BATCH, None)
}

/// Returns the number of good replies.
#[inline(never)]
fn counted_receive(client: &mut Client, input: &[u8]) -> Result<usize> {
    let mut good = 0;
    client.receive(input, |outcome| {
        black_box(outcome);
        good += 1;
    })?;
    Ok(good)
}
