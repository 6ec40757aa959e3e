//! Costs that must not depend on how much else there is: runs that differ in one size only.

use std::collections::VecDeque;
use std::hint::black_box;

use anyhow::{Context, Result, ensure};
use zk_proto::records::{ReplyHeader, WatcherEvent};
use zk_proto::{Code, EventType, Jute, SessionState, Xid, frame};

use crate::client::{Client, replies_to};
use crate::core::{Outcome, Request};
use crate::{BATCH, PATH};

const GET: Request<'static> = Request::GetData { path: PATH };
/// Requests that are counted.
const COUNTED: usize = 5_000;
/// Requests before them, with which buffers find their size.
const WARM_UP: usize = 10;
const WATCHER: Option<u32> = Some(1);

/// Sends a request and receives the reply to the oldest, with `size` outstanding all the time.
pub(crate) fn outstanding(size: usize) -> Result<usize> {
    let mut client = Client::connected()?;
    let mut replies = VecDeque::new();
    client.send(&GET, size, None)?;
    let waiting = replies_to(&client.transmitted())?;
    let length = waiting.len() / size;
    replies.extend(waiting.chunks(length).map(<[u8]>::to_vec));
    let mut step = |counted: bool| {
        let mut reply: Vec<u8> = replies.pop_front().context("nothing is outstanding")?;
        let good = if counted {
            counted_exchange(&mut client, &reply)
        } else {
            exchange(&mut client, &reply)
        }?;
        ensure!(good == 1, "{good} replies");
        client.answer_next(&mut reply)?;
        replies.push_back(reply);
        Ok(())
    };
    (0..WARM_UP).try_for_each(|_| step(false))?;
    (0..COUNTED).try_for_each(|_| step(true))?;
    Ok(COUNTED)
}

#[inline(never)]
fn counted_exchange(client: &mut Client, reply: &[u8]) -> Result<usize> {
    exchange(client, reply)
}

/// Receives before it sends, or there would be one more outstanding for a moment.
#[inline(always)]
fn exchange(client: &mut Client, reply: &[u8]) -> Result<usize> {
    let mut good = 0;
    client.receive(reply, |outcome| {
        black_box(outcome);
        good += 1;
    })?;
    client.send(&GET, 1, None)?;
    Ok(good)
}

/// Leaves a watch and has it fire, again and again, beside `size` watches on other nodes.
pub(crate) fn watches(size: usize) -> Result<usize> {
    let mut client = Client::connected()?;
    let nodes: Vec<String> = (0..size).map(|n| format!("/bench-quiet/{n}")).collect();
    for batch in nodes.chunks(BATCH) {
        for node in batch {
            let path = Some(node.as_bytes());
            client.send(&Request::GetData { path }, 1, WATCHER)?;
        }
        let replies = replies_to(&client.transmitted())?;
        client.receive(&replies, |_| ())?;
    }
    let mut event = Vec::new();
    frame::append(&mut event, |out| {
        ReplyHeader {
            xid: Xid::NOTIFICATION,
            zxid: -1,
            err: Code::OK,
        }
        .encode(out);
        WatcherEvent {
            kind: EventType::CHANGED,
            state: SessionState::CONNECTED,
            path: PATH,
        }
        .encode(out);
    });
    client.send(&GET, 1, WATCHER)?;
    let mut input = replies_to(&client.transmitted())?;
    input.extend_from_slice(&event);
    client.receive(&input, |_| ())?;
    for _ in 0..COUNTED {
        counted_watch(&mut client)?;
        client.answer_next(&mut input)?;
        let told = counted_firing(&mut client, &input)?;
        ensure!(told == 2, "{told} calls instead of a reply and an event");
    }
    Ok(COUNTED)
}

#[inline(never)]
fn counted_watch(client: &mut Client) -> Result<()> {
    client.send(&GET, 1, WATCHER)
}

#[inline(never)]
fn counted_firing(client: &mut Client, input: &[u8]) -> Result<usize> {
    let mut told = 0;
    client.receive(input, |outcome| {
        black_box(outcome);
        told += 1;
    })?;
    Ok(told)
}

/// Lists `size` children; what it returns are children, not requests.
pub(crate) fn children(size: usize) -> Result<usize> {
    let mut client = Client::connected()?;
    let path = format!("/bench-children-{size}");
    let request = Request::GetChildren {
        path: Some(path.as_bytes()),
    };
    let lists = (100_000 / size).max(1);
    for _ in 0..lists {
        counted_request(&mut client, &request)?;
        let input = replies_to(&client.transmitted())?;
        let listed = counted_children(&mut client, &input)?;
        ensure!(listed == size, "{listed} children instead of {size}");
    }
    Ok(lists * size)
}

#[inline(never)]
fn counted_request(client: &mut Client, request: &Request<'_>) -> Result<()> {
    client.send(request, 1, None)
}

#[inline(never)]
fn counted_children(client: &mut Client, input: &[u8]) -> Result<usize> {
    let mut listed = 0;
    client.receive(input, |outcome| {
        if let Some(Outcome::Strings(names)) = outcome {
            listed += names.iter().map(black_box).count();
        }
    })?;
    Ok(listed)
}
