//! The end of a handle, from wherever it is asked for (C-530…C-538).

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zk_proto::EventType;

use super::{Client, Handle};
use crate::core::State;
use crate::net::clock;
use crate::net::socket::{Connection, Note};
use crate::net::thread::Thread;

/// Time to get the close request out (C-530).
const SEND_LIMIT: Duration = Duration::from_millis(3000);

/// Time for the server to answer it with anything (C-530).
const ANSWER_LIMIT: Duration = Duration::from_millis(1500);

/// The threads of a handle and whether it is being closed.
#[derive(Debug, Default)]
pub(super) struct Life {
    closing: AtomicBool,
    /// A child of fork has ended the handle for itself.
    forsaken: AtomicBool,
    /// The close came from a callback, so the completion thread has to finish it.
    finish_after_callbacks: AtomicBool,
    /// How long the server may hold the close up, if that is limited.
    patience: OnceLock<Duration>,
    io: OnceLock<Thread>,
    completion: OnceLock<Thread>,
}

impl Life {
    /// The IO thread runs. Told by the thread itself, so that its first callback already knows,
    /// and by its creator, so that the handle is complete when it is returned.
    pub(super) fn io_started(&self, thread: Thread) {
        let _ = self.io.set(thread);
    }

    /// The same for the completion thread.
    pub(super) fn completion_started(&self, thread: Thread) {
        let _ = self.completion.set(thread);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// True if the handle was closed from a callback: the completion thread finishes that.
    pub(super) fn is_finished_after_callbacks(&self) -> bool {
        self.finish_after_callbacks.load(Ordering::Acquire)
    }

    /// Waits for the IO thread's end. Once, and not on that thread.
    pub(super) fn join_io(&self) {
        if let Some(io) = self.io.get() {
            io.join();
        }
    }

    /// True on the IO thread, where auth completions and log callbacks run.
    pub(super) fn on_io_thread(&self) -> bool {
        self.io.get().is_some_and(|io| io.is_current())
    }

    /// True on the completion thread.
    pub(super) fn on_completion_thread(&self) -> bool {
        self.completion
            .get()
            .is_some_and(|completion| completion.is_current())
    }
}

/// What the server hears at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// That the session is closed.
    Close,
    /// Nothing: the session lives until its timeout.
    Silent,
}

impl<C: Client> Handle<C> {
    /// Ends the handle (C-530…C-538). From a thread of the program it returns when all is done;
    /// from a callback at once, and the rest follows when the callback has returned. Only the
    /// first call does anything.
    pub fn close(&self) {
        self.end(Farewell::Close, None);
    }

    /// The same, but whether or not the server can be told: after so long nobody waits for it.
    pub fn close_within(&self, patience: Duration) {
        self.end(Farewell::Close, Some(patience));
    }

    /// Ends the handle as [`close`](Self::close) does, but leaves the session to the server,
    /// which ends it when its timeout is over.
    pub fn abandon(&self) {
        self.end(Farewell::Silent, None);
    }

    /// Ends the handle in a child of fork, where its threads are not. The session is the
    /// parent's, so nobody hears of it; the child's share of the socket is closed. What the
    /// threads had in hand stays as it was, because nobody can say in which state it is. If one
    /// of them had the connection in hand, the socket is left to the caller: nobody else uses it
    /// any more.
    pub fn forsake(&self) -> Option<&Note> {
        if self.life.forsaken.swap(true, Ordering::AcqRel) {
            return None;
        }
        let engine = self.engine.try_lock();
        let in_hand = engine.is_none();
        if let Some(mut engine) = engine {
            engine.connection = None;
            engine.probe = None;
        }
        self.client.closed();
        in_hand.then_some(&*self.socket)
    }

    fn end(&self, farewell: Farewell, patience: Option<Duration>) {
        if self.life.closing.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(patience) = patience {
            // The first to close is the only one who says.
            let _ = self.life.patience.set(patience);
        }
        let from_callback = self.life.on_completion_thread() || self.life.on_io_thread();
        self.life
            .finish_after_callbacks
            .store(from_callback, Ordering::Release);
        let mut engine = self.engine.lock();
        engine.close(self, farewell);
        // Auth completions are called here, in the closing thread.
        let aftermath = std::mem::take(&mut engine.aftermath);
        self.run_aftermath(aftermath, engine);
        let io_is_idle = self.nudge();
        if from_callback {
            return self.dispatcher.stop();
        }
        // With nothing left to deliver, the server can be told while the threads end.
        let early = (io_is_idle && self.dispatcher.stop_if_idle()).then(|| self.say_goodbye());
        self.life.join_io();
        self.dispatcher.stop();
        if let Some(completion) = self.life.completion.get() {
            completion.join();
        }
        let goodbye = early.unwrap_or_else(|| self.say_goodbye());
        let mut ending = self.finish(goodbye);
        self.tell_end(&mut ending, &mut C::Scratch::default());
    }

    /// Last act of the completion thread, after a close from a callback. The IO thread is done.
    pub(super) fn finish_close_after_callbacks(&self) -> Ending<C> {
        Thread::current().detach();
        self.finish(self.say_goodbye())
    }

    /// Tells the server, if there is one to tell. No callback is to come, and the IO thread
    /// touches the connection no more.
    fn say_goodbye(&self) -> Goodbye {
        let patience = self.life.patience.get();
        let until = patience.map(|&patience| Instant::now() + patience);
        let engine = &mut *self.engine.lock();
        let told = match &mut engine.connection {
            Some(connection) if engine.core.state().is_live() => {
                send_rest(connection, &mut engine.core, within(SEND_LIMIT, until))
            }
            _ => false,
        };
        Goodbye { told, until }
    }

    /// Waits for the server's answer; then nothing of the handle is left but to tell the program
    /// so. Both threads are done, so the engine is ours.
    fn finish(&self, goodbye: Goodbye) -> Ending<C> {
        let mut engine = self.engine.lock();
        if let Some(connection) = engine.connection.take()
            && goodbye.told
        {
            // Any byte or the end of the stream is an answer; it is not read (C-536).
            connection.wait(false, within(ANSWER_LIMIT, goodbye.until));
        }
        let watchers = if self.tells_closed {
            engine.core.everyone()
        } else {
            Vec::new()
        };
        engine.core.forget_watches();
        self.client.ending();
        engine.begin(self);
        self.publish(State::Closed, engine.core.recv_timeout());
        let aftermath = std::mem::take(&mut engine.aftermath);
        self.run_aftermath(aftermath, engine);
        Ending {
            watchers: watchers.into(),
            released: self.client.take_released(),
        }
    }

    /// The last that the program hears of the handle; no lock is held, and nothing here needs
    /// dropping while its code runs.
    pub(super) fn tell_end(&self, ending: &mut Ending<C>, scratch: &mut C::Scratch) {
        let client = &self.client;
        for watcher in &ending.watchers {
            let (kind, state) = (EventType::SESSION, State::Closed as i32);
            client.watch_event(watcher, kind, state, b"", scratch);
        }
        client.flush(scratch);
        client.release(&mut ending.released);
        while let Some(watcher) = ending.watchers.pop_front() {
            client.told(watcher);
        }
        client.closed();
    }
}

/// What the program is told and given back at the very end.
pub(super) struct Ending<C: Client> {
    watchers: VecDeque<C::Watcher>,
    released: C::Released,
}

impl<C: Client> Default for Ending<C> {
    fn default() -> Self {
        Self {
            watchers: VecDeque::new(),
            released: C::Released::default(),
        }
    }
}

/// How the farewell stands.
struct Goodbye {
    /// The server has been told, and so is going to answer.
    told: bool,
    /// Nobody waits any longer.
    until: Option<Instant>,
}

/// The time of a step, shortened to what is left.
fn within(limit: Duration, until: Option<Instant>) -> Duration {
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    left.map_or(limit, |left| left.min(limit))
}

fn send_rest<C, W: Clone + Eq + std::hash::Hash, A>(
    connection: &mut Connection,
    core: &mut crate::core::Core<C, W, A>,
    limit: Duration,
) -> bool {
    let deadline = Instant::now() + limit;
    while !core.transmit().is_empty() {
        match connection.write(core.transmit()) {
            Ok(Some(n)) => core.sent(n, clock::now()),
            Ok(None) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() || !connection.wait(true, left) {
                    return false;
                }
            }
            Err(_) => return false,
        }
    }
    true
}
