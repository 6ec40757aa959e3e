//! The end of a handle, asked for from everywhere: who does it, who has to wait, and that each
//! accepted request is finished exactly once.

use std::sync::Arc;

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;
use zk_proto::Code;

use super::{Doorbell, explore};
use crate::core::{Gate, Outbox, Queue, Request};
use crate::runtime::Waiter;
use crate::runtime::batches::Batches;
use crate::runtime::inlet::Inlet;
use crate::runtime::primitives::Mutex;

/// Who is told how a request has ended.
#[derive(Clone)]
enum Cookie {
    /// A caller who waits.
    Sync(Arc<Waiter>),
    /// A completion, which counts its calls.
    Async(Arc<AtomicUsize>),
    /// A completion that closes the handle.
    Closer(Arc<AtomicUsize>),
}

/// What the engine's lock guards: requests taken from the inlet, and whether there is a socket.
#[derive(Default)]
struct Engine {
    in_flight: Vec<Cookie>,
    connected: bool,
}

/// A handle with both threads, but no socket: what was taken stays unanswered until the close.
struct Handle {
    inlet: Inlet<Outbox<Cookie, u8>, Doorbell>,
    bell: Doorbell,
    engine: Mutex<Engine>,
    completions: Batches<Vec<Cookie>>,
    closing: AtomicBool,
    after_callbacks: AtomicBool,
    /// How often somebody did the last act.
    finished: AtomicUsize,
}

impl Handle {
    fn new() -> Arc<Self> {
        let bell = Doorbell::default();
        Arc::new(Self {
            inlet: Inlet::new(Outbox::default(), bell.clone()),
            bell,
            engine: Mutex::default(),
            completions: Batches::default(),
            closing: AtomicBool::new(false),
            after_callbacks: AtomicBool::new(false),
            finished: AtomicUsize::new(0),
        })
    }

    fn submit(&self, cookie: Cookie) -> Result<(), Code> {
        let request = Request::Exists { path: Some(b"/a") };
        self.inlet
            .append(|outbox| outbox.submit(&request, b"", cookie, None))
    }

    /// A synchronous call.
    fn call(&self) -> Code {
        let waiter = Arc::new(Waiter::default());
        match self.submit(Cookie::Sync(waiter.clone())) {
            Ok(()) => waiter.wait(),
            Err(refused) => refused,
        }
    }

    fn take_requests(&self, engine: &mut Engine) {
        let mut queue = Queue::default();
        self.inlet.with(|outbox| outbox.take(&mut queue));
        let cookies = queue.entries.into_iter().filter_map(|entry| entry.cookie);
        engine.in_flight.extend(cookies);
    }

    /// The IO thread. The server welcomes it as soon as it looks.
    fn io_thread(&self) {
        loop {
            self.inlet.sleep(
                false,
                || self.closing.load(Ordering::Acquire),
                |may_block| self.bell.poll(may_block),
            );
            let mut engine = self.engine.lock();
            if self.closing.load(Ordering::Acquire) {
                return;
            }
            engine.connected = true;
            self.take_requests(&mut engine);
            let closers = engine.in_flight.iter();
            if closers.clone().any(|c| matches!(c, Cookie::Closer(_))) {
                // That one is answered.
                let (answered, rest) = std::mem::take(&mut engine.in_flight)
                    .into_iter()
                    .partition(|cookie| matches!(cookie, Cookie::Closer(_)));
                engine.in_flight = rest;
                assert!(self.completions.push(answered).is_none());
            }
        }
    }

    /// The completion thread, which joins the IO thread after a close from one of its callbacks.
    fn completion_thread(&self, io: Option<thread::JoinHandle<()>>) {
        self.complete_all();
        let closes = self.after_callbacks.load(Ordering::Acquire);
        if closes {
            io.expect("the model has passed it").join().unwrap();
        }
        while !self.completions.end() {
            self.complete_all();
        }
        if closes {
            self.finish();
        }
    }

    fn complete_all(&self) {
        let mut batch = Vec::new();
        while let Some(mut next) = self.completions.next(batch) {
            for cookie in next.drain(..) {
                match cookie {
                    Cookie::Sync(_) => unreachable!("finished where the result came in"),
                    Cookie::Async(calls) => _ = calls.fetch_add(1, Ordering::Relaxed),
                    Cookie::Closer(calls) => {
                        calls.fetch_add(1, Ordering::Relaxed);
                        self.close_in_a_callback();
                    }
                }
            }
            batch = next;
        }
    }

    /// What every close begins with. False if another one has.
    fn begin(&self, from_callback: bool) -> bool {
        if self.closing.swap(true, Ordering::AcqRel) {
            return false;
        }
        self.after_callbacks.store(from_callback, Ordering::Release);
        let mut engine = self.engine.lock();
        self.inlet.with(|outbox| outbox.shut(Gate::Closing));
        self.take_requests(&mut engine);
        let mut batch = self.completions.spare();
        for cookie in engine.in_flight.drain(..) {
            match cookie {
                Cookie::Sync(waiter) => waiter.finish(|| Code::CLOSING),
                other => batch.push(other),
            }
        }
        assert!(self.completions.push(batch).is_none());
        drop(engine);
        self.inlet.nudge();
        true
    }

    fn close_in_a_callback(&self) {
        if self.begin(true) {
            self.completions.stop();
        }
    }

    /// From a thread of the program: returns when everything is done, unless another close has
    /// begun.
    fn close(&self, threads: &Mutex<Option<Threads>>) {
        if !self.begin(false) {
            return;
        }
        let threads = threads.lock().take().expect("only one close gets here");
        threads.io.expect("nobody else joins it").join().unwrap();
        self.completions.stop();
        threads.completion.join().unwrap();
        self.finish();
    }

    fn finish(&self) {
        let mut engine = self.engine.lock();
        engine.connected = false;
        assert!(engine.in_flight.is_empty());
        self.finished.fetch_add(1, Ordering::Relaxed);
    }

    /// Nothing has happened behind the end's back.
    fn check(&self) {
        assert_eq!(self.finished.load(Ordering::Relaxed), 1);
        let engine = self.engine.lock();
        assert!(!engine.connected, "connected after the end");
        assert!(engine.in_flight.is_empty());
    }
}

struct Threads {
    /// `None` if the completion thread joins it.
    io: Option<thread::JoinHandle<()>>,
    completion: thread::JoinHandle<()>,
}

fn start(handle: &Arc<Handle>) -> Mutex<Option<Threads>> {
    let spawn = |body: fn(&Handle)| {
        let handle = handle.clone();
        thread::spawn(move || body(&handle))
    };
    Mutex::new(Some(Threads {
        io: Some(spawn(Handle::io_thread)),
        completion: spawn(|handle| handle.completion_thread(None)),
    }))
}

fn count(calls: &Arc<AtomicUsize>) -> usize {
    calls.load(Ordering::Relaxed)
}

#[test]
fn a_completion_is_called_once_when_its_request_races_with_the_close() {
    explore(2, || {
        let handle = Handle::new();
        let threads = start(&handle);
        let calls = Arc::new(AtomicUsize::new(0));
        let caller = {
            let (handle, calls) = (handle.clone(), calls.clone());
            thread::spawn(move || handle.submit(Cookie::Async(calls)))
        };
        handle.close(&threads);
        match caller.join().unwrap() {
            // At the latest when the close has returned.
            Ok(()) => assert_eq!(count(&calls), 1),
            Err(code) => {
                assert_eq!(code, Code::MARSHALLING_ERROR);
                assert_eq!(count(&calls), 0);
            }
        }
        handle.check();
    });
}

#[test]
fn of_two_closes_one_does_the_work() {
    explore(2, || {
        let handle = Handle::new();
        let threads = Arc::new(start(&handle));
        let calls = Arc::new(AtomicUsize::new(0));
        assert_eq!(handle.submit(Cookie::Async(calls.clone())), Ok(()));
        let other = {
            let (handle, threads) = (handle.clone(), threads.clone());
            thread::spawn(move || handle.close(&threads))
        };
        handle.close(&threads);
        other.join().unwrap();
        assert_eq!(count(&calls), 1);
        handle.check();
    });
}

#[test]
fn a_waiting_caller_is_let_go_by_the_close() {
    explore(2, || {
        let handle = Handle::new();
        let threads = start(&handle);
        let caller = {
            let handle = handle.clone();
            thread::spawn(move || handle.call())
        };
        handle.close(&threads);
        let code = caller.join().unwrap();
        assert!(code == Code::CLOSING || code == Code::MARSHALLING_ERROR);
        handle.check();
    });
}

#[test]
fn a_close_during_connect_leaves_no_connection() {
    explore(3, || {
        let handle = Handle::new();
        let threads = start(&handle);
        let welcome = {
            let handle = handle.clone();
            thread::spawn(move || handle.bell.make_ready())
        };
        handle.close(&threads);
        welcome.join().unwrap();
        handle.check();
    });
}

#[test]
fn a_close_in_a_callback_finishes_what_came_before_and_ends_both_threads() {
    explore(2, || {
        let handle = Handle::new();
        let io = {
            let handle = handle.clone();
            thread::spawn(move || handle.io_thread())
        };
        let completion = {
            let handle = handle.clone();
            thread::spawn(move || handle.completion_thread(Some(io)))
        };
        let (closer, calls) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        assert_eq!(handle.submit(Cookie::Closer(closer.clone())), Ok(()));
        let late = handle.submit(Cookie::Async(calls.clone()));
        completion.join().unwrap();
        assert_eq!(count(&closer), 1);
        assert_eq!(count(&calls), usize::from(late.is_ok()));
        handle.check();
    });
}
