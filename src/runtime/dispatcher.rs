//! The completion thread and its queue.
//!
//! Who drives the connection (normally the IO thread) appends batches, in order; the completion
//! thread takes them one by one and calls the program. A batch brings its input buffer along, so
//! that callbacks can be given pointers into it; both go back for reuse.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use zk_proto::{Code, EventType};

use super::primitives::{Arc, Condvar, Mutex};
use super::{Client, Handle};
use crate::core::{Delivery, Outcome, strip_chroot};
use crate::net::thread::Thread;

/// Batches kept for reuse.
const SPARES: usize = 4;

/// Input buffers above this size are not kept.
const SPARE_INPUT: usize = 1 << 20;

type Item<C> = Delivery<<C as Client>::Cookie, <C as Client>::Watcher>;

/// Deliveries and the input that they refer to.
pub(super) struct Batch<C: Client> {
    pub(super) items: VecDeque<Item<C>>,
    pub(super) input: Vec<u8>,
}

impl<C: Client> Default for Batch<C> {
    fn default() -> Self {
        Self {
            items: VecDeque::new(),
            input: Vec::new(),
        }
    }
}

struct Queue<C: Client> {
    batches: VecDeque<Batch<C>>,
    spares: Vec<Batch<C>>,
    /// The completion thread waits for a signal.
    asleep: bool,
    /// The handle is being closed: drain, then end.
    stopping: bool,
}

impl<C: Client> Queue<C> {
    fn keep(&mut self, used: Batch<C>) {
        if self.spares.len() < SPARES && used.input.len() <= SPARE_INPUT {
            self.spares.push(used);
        }
    }
}

/// From the connection's driver to the completion thread.
pub(super) struct Dispatcher<C: Client> {
    queue: Mutex<Queue<C>>,
    ready: Condvar,
}

impl<C: Client> Default for Dispatcher<C> {
    fn default() -> Self {
        let queue = Queue {
            batches: VecDeque::new(),
            spares: Vec::new(),
            asleep: false,
            stopping: false,
        };
        Self {
            queue: Mutex::new(queue),
            ready: Condvar::new(),
        }
    }
}

impl<C: Client> Dispatcher<C> {
    /// An empty batch, with memory from earlier ones if there is some.
    pub(super) fn spare(&self) -> Batch<C> {
        self.queue.lock().spares.pop().unwrap_or_default()
    }

    /// Takes back a batch that was not needed.
    pub(super) fn give_back(&self, batch: Batch<C>) {
        self.queue.lock().keep(batch);
    }

    /// Appends a batch; at most one signal per batch.
    pub(super) fn push(&self, batch: Batch<C>) {
        let wake = {
            let mut queue = self.queue.lock();
            queue.batches.push_back(batch);
            std::mem::take(&mut queue.asleep)
        };
        if wake {
            self.ready.notify_one();
        }
    }

    /// Lets the completion thread end once everything is delivered.
    pub(super) fn stop(&self) {
        self.stop_if(|_| true);
    }

    /// Lets the completion thread end if everything is delivered already. False: it is busy.
    pub(super) fn stop_if_idle(&self) -> bool {
        self.stop_if(|asleep| asleep)
    }

    fn stop_if(&self, condition: impl FnOnce(bool) -> bool) -> bool {
        let wake = {
            let mut queue = self.queue.lock();
            if !condition(queue.asleep) {
                return false;
            }
            queue.stopping = true;
            std::mem::take(&mut queue.asleep)
        };
        if wake {
            self.ready.notify_one();
        }
        true
    }

    /// Trades a used batch for the next one; `None` when it is time to end.
    fn next(&self, mut used: Batch<C>) -> Option<Batch<C>> {
        used.items.clear();
        let mut queue = self.queue.lock();
        queue.keep(used);
        loop {
            if let Some(batch) = queue.batches.pop_front() {
                return Some(batch);
            }
            if queue.stopping {
                return None;
            }
            queue.asleep = true;
            self.ready.wait(&mut queue);
            queue.asleep = false;
        }
    }
}

/// What the completion thread owns. It lives outside of the thread's stack, because a callback
/// may end the thread and nothing on the stack would be dropped.
pub(super) struct Worker<C: Client> {
    handle: Arc<Handle<C>>,
    batch: Batch<C>,
    watchers: Vec<C::Watcher>,
    scratch: C::Scratch,
}

impl<C: Client> Worker<C> {
    pub(super) fn new(handle: Arc<Handle<C>>) -> Self {
        Self {
            handle,
            batch: Batch::default(),
            watchers: Vec::new(),
            scratch: C::Scratch::default(),
        }
    }

    /// Body of the completion thread.
    pub(super) fn run(&mut self) {
        self.handle.life.completion_started(Thread::current());
        self.deliver_all();
        // A close from a callback leaves the rest of its work to this thread.
        if self.handle.life.is_finished_after_callbacks() {
            self.handle.life.join_io();
            // Told to stop, this thread may have been faster than the IO thread, which runs auth
            // completions before it hands the last batch over (C-437).
            self.deliver_all();
            let _ = catch_unwind(AssertUnwindSafe(|| {
                self.handle.finish_close_after_callbacks()
            }));
        }
    }

    /// Until the queue is stopped and empty.
    fn deliver_all(&mut self) {
        while self.refill() {
            while let Some(item) = self.batch.items.pop_front() {
                self.deliver(item);
            }
            self.handle.send_after_callbacks();
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
            Delivery::Reply {
                cookie,
                kind,
                code,
                body,
            } => {
                let body = self.batch.input.get(body).unwrap_or_default();
                let result = outcome(kind, code, body, chroot);
                client.complete(cookie, result, &mut self.scratch);
            }
            Delivery::Node {
                watchers,
                kind,
                state,
                path,
            } => {
                self.watchers = watchers;
                let path = strip_chroot(chroot, self.batch.input.get(path).unwrap_or_default());
                for &watcher in &self.watchers {
                    client.watch_event(watcher, kind, state, path, &mut self.scratch);
                }
            }
            Delivery::Session { watchers, state } => {
                self.watchers = watchers;
                for &watcher in &self.watchers {
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
    }
}

/// Decodes a reply; a bug in there must not cost more than this one reply.
pub(super) fn outcome<'a>(
    kind: crate::core::ReplyKind,
    code: Code,
    body: &'a [u8],
    chroot: &'a [u8],
) -> Result<Outcome<'a>, Code> {
    if !code.is_ok() {
        return Err(code);
    }
    match catch_unwind(|| kind.decode(body, chroot)) {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(_)) | Err(_) => Err(Code::MARSHALLING_ERROR),
    }
}
