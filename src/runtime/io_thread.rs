//! The IO thread: polls the socket and drives the engine.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use mio::event::Event;

use super::engine::{Aftermath, PROBE, Ready, SOCKET};
use super::promises::PATIENCE;
use super::{Client, Handle};
use crate::core::Millis;
use crate::net::thread::Thread;

/// What the IO thread owns. Like the completion thread's, it lives outside of the stack,
/// because an auth completion or a log callback may end the thread.
pub(super) struct IoThread<C: Client> {
    handle: Arc<Handle<C>>,
    poll: mio::Poll,
    events: mio::Events,
    aftermath: Aftermath<C>,
    woken: bool,
    /// `None`: the session is over.
    timeout: Option<Millis>,
    /// The last promise that was not kept in time.
    broken: Option<u64>,
}

/// How the loop goes on after a turn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Again,
    Over,
}

impl<C: Client> IoThread<C> {
    pub(super) fn new(handle: Arc<Handle<C>>, poll: mio::Poll) -> Self {
        Self {
            handle,
            poll,
            // Waker, socket and probe: no more can be ready at once.
            events: mio::Events::with_capacity(4),
            aftermath: Aftermath::default(),
            woken: false,
            timeout: Some(0),
            broken: None,
        }
    }

    /// Body of the thread. Ends with the session, or when the handle is closed.
    pub(super) fn run(&mut self) {
        self.handle.life.io_started(Thread::current());
        loop {
            let turn = self.guarded_turn();
            // Nothing with a destructor is alive here while the program's code runs.
            self.run_aftermath();
            if turn == Turn::Over || self.handle.client.is_inherited() {
                return;
            }
        }
    }

    fn guarded_turn(&mut self) -> Turn {
        match catch_unwind(AssertUnwindSafe(|| self.turn())) {
            Ok(turn) => turn,
            // The next turn finds the handle poisoned and ends it in good order; should even
            // that fail, nothing can be done but to stop.
            Err(_) if self.handle.is_poisoned() => Turn::Over,
            Err(_) => {
                self.handle.poison();
                Turn::Again
            }
        }
    }

    fn turn(&mut self) -> Turn {
        let ready = self.sleep();
        let handle = &*self.handle;
        // Twice: whoever closes the handle may have the lock for a while.
        if handle.life.is_closing() {
            return Turn::Over;
        }
        let mut engine = handle.engine.lock();
        if handle.life.is_closing() {
            return Turn::Over;
        }
        if let Some(ready) = ready {
            engine.process(handle, ready);
        }
        engine.prepare(handle, self.woken);
        self.timeout = engine.timeout();
        std::mem::swap(&mut engine.aftermath, &mut self.aftermath);
        if self.timeout.is_none() {
            Turn::Over
        } else {
            Turn::Again
        }
    }

    /// Waits until there is something to do. `None`: nothing was ready.
    fn sleep(&mut self) -> Option<Ready> {
        let mut timeout = self.timeout.unwrap_or(0);
        let promise = self.handle.promises.open().filter(|_| timeout > PATIENCE);
        let trusting = promise.is_some() && promise != self.broken;
        if trusting {
            timeout = PATIENCE;
        }
        let (poll, events) = (&mut self.poll, &mut self.events);
        let (polled, woken) = self.handle.inlet.sleep(
            trusting,
            || self.handle.life.is_closing(),
            |may_block| {
                let timeout = if may_block { timeout } else { 0 };
                poll.poll(events, Some(Duration::from_millis(timeout)))
            },
        );
        self.woken = woken;
        // An interrupted wait is an empty one.
        polled.ok()?;
        let mut ready = Ready::default();
        let mut any = false;
        for event in self
            .events
            .iter()
            .filter(|e| e.token() == SOCKET || e.token() == PROBE)
        {
            note(event, &mut ready);
            any = true;
        }
        if trusting && !any {
            self.broken = promise;
        }
        any.then_some(ready)
    }

    fn run_aftermath(&mut self) {
        for line in &self.aftermath.lines {
            self.handle.client.log(line);
        }
        self.aftermath.lines.clear();
        while let Some((auth, code)) = self.aftermath.auth.pop_front() {
            self.handle.client.complete_auth(auth, code);
        }
        // One of them may have forked, and then its child is here as well, without the others.
        if let Some(batch) = self.aftermath.last_batch.take()
            && !self.handle.client.is_inherited()
        {
            self.handle.promises.give(batch.items.len());
            self.handle.dispatch(batch);
        }
    }
}

fn note(event: &Event, ready: &mut Ready) {
    if event.token() == PROBE {
        ready.probe = true;
        return;
    }
    ready.readable |= event.is_readable() || event.is_error();
    ready.writable |= event.is_writable() || event.is_error();
    ready.read_closed |= event.is_read_closed() || event.is_error();
}
