//! The completion thread and what it takes from its queue.
//!
//! Who drives the connection (normally the IO thread) appends batches, in order; the completion
//! thread takes them one by one and calls the program. A batch brings its input buffer along, so
//! that callbacks can be given pointers into it; both go back for reuse.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use zk_proto::{Code, EventType};

use super::batches::{Batches, Reusable};
use super::close::Ending;
use super::direct::deliver;
use super::{Client, Handle};
use crate::core::{Delivery, Outcome, Reply, strip_chroot};
use crate::net::thread::Thread;

/// Input buffers above this size are not kept.
const SPARE_INPUT: usize = 1 << 20;

type Item<C> = Delivery<<C as Client>::Cookie, <C as Client>::Watcher>;

/// Deliveries and the input that they refer to.
pub(super) struct Batch<C: Client> {
    pub(super) items: VecDeque<Item<C>>,
    pub(super) input: Vec<u8>,
    /// To be given back after the items.
    pub(super) released: C::Released,
}

impl<C: Client> Default for Batch<C> {
    fn default() -> Self {
        Self {
            items: VecDeque::new(),
            input: Vec::new(),
            released: C::Released::default(),
        }
    }
}

impl<C: Client> Reusable for Batch<C> {
    fn clear(&mut self) {
        self.items.clear();
    }

    fn is_worth_keeping(&self) -> bool {
        self.input.len() <= SPARE_INPUT
    }

    fn size(&self) -> usize {
        self.items.len()
    }
}

/// From the connection's driver to the completion thread.
pub(super) type Dispatcher<C> = Batches<Batch<C>>;

/// What the completion thread owns. It lives outside of the thread's stack, because a callback
/// may end the thread and nothing on the stack would be dropped.
pub(super) struct Worker<C: Client> {
    handle: Arc<Handle<C>>,
    batch: Batch<C>,
    /// Who is told of an event; empty between two.
    watchers: Vec<C::Watcher>,
    path: Vec<u8>,
    scratch: C::Scratch,
    ending: Ending<C>,
}

impl<C: Client> Worker<C> {
    pub(super) fn new(handle: Arc<Handle<C>>) -> Self {
        Self {
            handle,
            batch: Batch::default(),
            watchers: Vec::new(),
            path: Vec::new(),
            scratch: C::Scratch::default(),
            ending: Ending::default(),
        }
    }

    /// Body of the completion thread.
    pub(super) fn run(&mut self) {
        self.handle.life.completion_started(Thread::current());
        self.deliver_all();
        if self.handle.client.is_inherited() {
            return;
        }
        // A close from a callback leaves the rest of its work to this thread.
        let closes = self.handle.life.is_finished_after_callbacks();
        if closes {
            // Told to stop, this thread may have been faster than the IO thread, which runs auth
            // completions before it hands the last batch over (C-437).
            self.handle.life.join_io();
        }
        // From then on nothing is accepted any more, so nothing gets lost.
        while !self.handle.dispatcher.end() {
            self.deliver_all();
            if self.handle.client.is_inherited() {
                return;
            }
        }
        if closes {
            let (handle, ending) = (&self.handle, &mut self.ending);
            let _ = catch_unwind(AssertUnwindSafe(|| {
                *ending = handle.finish_close_after_callbacks();
            }));
            self.handle.tell_end(&mut self.ending, &mut self.scratch);
        }
    }

    /// Until the queue is stopped and empty. A callback that forks returns in the child, too: this
    /// is the parent's work then, and its socket.
    fn deliver_all(&mut self) {
        while self.refill() {
            let results = self.batch.items.len();
            while let Some(item) = self.batch.items.pop_front() {
                self.deliver(item);
                if self.handle.client.is_inherited() {
                    return;
                }
            }
            self.handle.client.release(&mut self.batch.released);
            self.handle.send_after_callbacks();
            self.handle.promises.keep(results);
        }
    }

    fn refill(&mut self) -> bool {
        let used = std::mem::take(&mut self.batch);
        match self.handle.dispatcher.next(used) {
            Some(batch) => {
                self.batch = batch;
                true
            }
            None => false,
        }
    }

    /// Nothing in here needs dropping while the program's code runs: `cookie` is given away.
    fn deliver(&mut self, item: Item<C>) {
        let (client, chroot) = (&self.handle.client, &self.handle.chroot[..]);
        match item {
            Delivery::Reply(reply) => {
                let result = outcome(&reply, &self.batch.input, chroot);
                client.complete(reply.cookie, borrowed(&result), &mut self.scratch);
            }
            Delivery::Node {
                watchers,
                kind,
                state,
                path,
            } => {
                self.watchers = watchers;
                let path = strip_chroot(chroot, self.batch.input.get(path).unwrap_or_default());
                for watcher in &self.watchers {
                    client.watch_event(watcher, kind, state, path, &mut self.scratch);
                }
            }
            Delivery::Removed {
                watchers,
                state,
                path,
            } => {
                // Kept by the worker, as a callback may end the thread.
                self.watchers = watchers;
                self.path.clear();
                self.path.extend_from_slice(strip_chroot(chroot, &path));
                drop(path);
                let (kind, path) = (EventType::PERSISTENT_WATCH_REMOVED, &self.path);
                for watcher in &self.watchers {
                    client.watch_event(watcher, kind, state as i32, path, &mut self.scratch);
                }
            }
            Delivery::Session { watchers, state } => {
                self.watchers = watchers;
                for watcher in &self.watchers {
                    client.watch_event(
                        watcher,
                        EventType::SESSION,
                        state as i32,
                        b"",
                        &mut self.scratch,
                    );
                }
            }
        }
        while let Some(watcher) = self.watchers.pop() {
            self.handle.client.told(watcher);
        }
    }
}

impl<C: Client> Handle<C> {
    /// Hands a batch to the completion thread. If that has ended, because the handle was closed
    /// from elsewhere, whoever brings the batch delivers it, so that each completion runs once.
    pub(super) fn dispatch(&self, batch: Batch<C>) {
        let Some(mut batch) = self.dispatcher.push(batch) else {
            return;
        };
        let mut scratch = C::Scratch::default();
        while let Some(item) = batch.items.pop_front() {
            deliver(&self.client, &self.chroot, &batch.input, item, &mut scratch);
        }
        self.client.release(&mut batch.released);
    }

    /// Finishes a request that needs no server: a synchronous one here, another one on the
    /// completion thread. Refused if that ends with the handle: a close waits for what is handed
    /// over, so nobody may go on with it for ever.
    pub(super) fn finish_locally(&self, cookie: C::Cookie) -> Result<(), Code> {
        if C::is_sync(&cookie) {
            self.client.finish_sync(cookie, Ok(&Outcome::Void));
            return Ok(());
        }
        if self.life.is_closing() {
            return Err(Code::MARSHALLING_ERROR);
        }
        if self.client.takes_directly() {
            let mut scratch = C::Scratch::default();
            self.client
                .complete(cookie, Ok(&Outcome::Void), &mut scratch);
            self.client.flush(&mut scratch);
            return Ok(());
        }
        let mut batch: Batch<C> = self.dispatcher.spare();
        batch.items.push_back(Delivery::finished(cookie));
        match self.dispatcher.push(batch) {
            None => Ok(()),
            Some(_) => Err(Code::MARSHALLING_ERROR),
        }
    }
}

/// Decodes a reply to a request; a bug in there must not cost more than this one reply.
pub(super) fn outcome<'a, K>(
    reply: &Reply<K>,
    input: &'a [u8],
    chroot: &'a [u8],
) -> Result<Outcome<'a>, Code> {
    let (kind, code) = (reply.kind, reply.code);
    let body = input.get(reply.body.clone()).unwrap_or_default();
    let mut result = Err(code);
    if code.is_ok() {
        result = Err(Code::MARSHALLING_ERROR);
        // What a panic leaves is that error.
        let _ = catch_unwind(AssertUnwindSafe(|| kind.decode(body, chroot, &mut result)));
    }
    result
}

/// A result to look at: an outcome is too large to be passed on from hand to hand.
pub(super) fn borrowed<'r, 'a>(
    result: &'r Result<Outcome<'a>, Code>,
) -> Result<&'r Outcome<'a>, Code> {
    result.as_ref().map_err(|code| *code)
}
