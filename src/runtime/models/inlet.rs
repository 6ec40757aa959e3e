//! Callers, the IO thread's sleep, and callers who send for it.

use std::convert::Infallible;
use std::sync::Arc;

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;
use zk_proto::Code;

use super::{Doorbell, explore};
use crate::runtime::Waiter;
use crate::runtime::inlet::Inlet;
use crate::runtime::primitives::{Mutex, MutexGuard};

fn append(inlet: &Inlet<Vec<u32>, Doorbell>, item: u32) {
    let appended: Result<(), Infallible> = inlet.append(|queue| {
        queue.push(item);
        Ok(())
    });
    assert!(appended.is_ok());
}

#[test]
fn the_io_thread_sees_every_request_and_is_woken_once_per_sleep() {
    explore(4, || {
        let bell = Doorbell::default();
        let inlet = Arc::new(Inlet::new(Vec::new(), bell.clone()));
        let callers = [[1, 2].as_slice(), &[11]].map(|items| {
            let inlet = inlet.clone();
            thread::spawn(move || items.iter().for_each(|&item| append(&inlet, item)))
        });
        let (mut seen, mut sleeps) = (Vec::new(), 0);
        while seen.len() < 3 {
            let mut slept = false;
            let ((), woken) = inlet.sleep(
                false,
                || false,
                |may_block| {
                    slept = may_block;
                    bell.poll(may_block);
                },
            );
            assert!(woken || !slept, "woken for nothing");
            sleeps += usize::from(slept);
            inlet.with(|queue| seen.append(queue));
        }
        for caller in callers {
            caller.join().unwrap();
        }
        assert!(bell.rings() <= sleeps, "more than one signal for a sleep");
        seen.retain(|&item| item < 10);
        assert_eq!(seen, [1, 2], "a caller's requests were reordered");
    });
}

/// A handle as far as synchronous calls and the drivers of its connection need it. A request is
/// answered at once when it is sent.
struct Connection {
    inlet: Inlet<Vec<Arc<Waiter>>, Doorbell>,
    bell: Doorbell,
    engine: Mutex<Vec<Arc<Waiter>>>,
    /// The checker tries other orders of what it sees depend on each other. It does not see that
    /// an unlock and a `try_lock` do, so both touch this.
    unlocks: AtomicUsize,
    /// What callers change under the engine's lock and the IO thread has to act upon.
    change: AtomicUsize,
    closing: AtomicBool,
}

impl Connection {
    fn new() -> Arc<Self> {
        let bell = Doorbell::default();
        Arc::new(Self {
            inlet: Inlet::new(Vec::new(), bell.clone()),
            bell,
            engine: Mutex::default(),
            unlocks: AtomicUsize::new(0),
            change: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
        })
    }

    fn send(&self, mut engine: MutexGuard<'_, Vec<Arc<Waiter>>>) {
        self.inlet.with(|queue| std::mem::swap(queue, &mut engine));
        for waiter in engine.drain(..) {
            waiter.finish(|| Code::OK);
        }
        self.unlocks.fetch_add(1, Ordering::Relaxed);
    }

    fn send_for_io_thread(&self) -> bool {
        self.unlocks.fetch_add(1, Ordering::Relaxed);
        match self.engine.try_lock() {
            Some(engine) => {
                self.send(engine);
                true
            }
            None => false,
        }
    }

    fn call(&self) {
        let waiter = Arc::new(Waiter::default());
        let submitted: Result<(), Infallible> = self.inlet.append_and_send(
            |queue| {
                queue.push(waiter.clone());
                Ok(())
            },
            || self.send_for_io_thread(),
        );
        assert!(submitted.is_ok());
        assert_eq!(waiter.wait(), Code::OK);
    }

    /// A callback that calls, on a completion thread that sends afterwards.
    fn callback(&self) {
        let waiter = Arc::new(Waiter::default());
        let submitted: Result<(), Infallible> = self.inlet.append_promising(
            |queue| {
                queue.push(waiter.clone());
                Ok(())
            },
            || true,
        );
        assert!(submitted.is_ok());
        self.inlet.overtake(|| self.send_for_io_thread());
        assert_eq!(waiter.wait(), Code::OK);
    }

    fn io_thread(&self) {
        self.io_thread_that(false);
    }

    /// The production code gives a trusting sleep a time limit, for callbacks that block. These
    /// do not, and nothing may depend on that limit.
    fn trusting_io_thread(&self) {
        self.io_thread_that(true);
    }

    fn io_thread_that(&self, trusts: bool) {
        loop {
            self.inlet.sleep(
                trusts,
                || self.closing.load(Ordering::Acquire),
                |may_block| self.bell.poll(may_block),
            );
            let engine = self.engine.lock();
            if self.closing.load(Ordering::Acquire) {
                return;
            }
            self.send(engine);
        }
    }

    /// The IO thread until it has seen a change of somebody else.
    fn io_thread_until_a_change(&self) {
        let mut seen = 0;
        while seen == 0 {
            self.inlet
                .sleep(false, || false, |may_block| self.bell.poll(may_block));
            let engine = self.engine.lock();
            seen = self.change.load(Ordering::Relaxed);
            drop(engine);
        }
    }

    fn change(&self) {
        let engine = self.engine.lock();
        self.change.store(1, Ordering::Relaxed);
        drop(engine);
        self.inlet.nudge();
    }

    /// A step of an application-driven loop.
    fn step(&self) {
        let engine = self.engine.lock();
        self.inlet.take_woken();
        self.send(engine);
        self.inlet.nudge();
    }

    fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.inlet.nudge();
    }
}

/// Runs `other` beside one synchronous call and the IO thread; everything has to end.
fn run_beside_a_call(preemptions: usize, other: fn(&Connection)) {
    run_beside(Connection::call, preemptions, Connection::io_thread, other);
}

fn run_beside(
    call: fn(&Connection),
    preemptions: usize,
    io_thread: fn(&Connection),
    other: fn(&Connection),
) {
    explore(preemptions, move || {
        let connection = Connection::new();
        let spawn = |body: fn(&Connection)| {
            let connection = connection.clone();
            thread::spawn(move || body(&connection))
        };
        let io = spawn(io_thread);
        let other = spawn(other);
        call(&connection);
        other.join().unwrap();
        connection.close();
        io.join().unwrap();
    });
}

#[test]
fn a_caller_and_the_io_thread_never_both_leave_a_request_to_the_other() {
    run_beside_a_call(3, |connection| connection.bell.make_ready());
}

#[test]
fn callers_who_send_never_leave_a_request_to_each_other() {
    run_beside_a_call(2, Connection::call);
}

#[test]
fn a_caller_and_the_completion_thread_never_leave_a_request_to_each_other() {
    run_beside_a_call(2, Connection::callback);
}

#[test]
fn a_promise_to_send_is_enough_for_an_io_thread_that_trusts() {
    let io_thread = Connection::trusting_io_thread;
    run_beside(Connection::callback, 3, io_thread, |connection| {
        connection.bell.make_ready();
    });
}

#[test]
fn an_io_thread_that_trusts_leaves_no_caller_behind() {
    let io_thread = Connection::trusting_io_thread;
    run_beside(Connection::call, 2, io_thread, Connection::callback);
}

#[test]
fn a_caller_and_an_application_driven_loop_never_both_leave_a_request_to_the_other() {
    run_beside_a_call(2, Connection::step);
}

#[test]
fn the_io_thread_sees_what_was_changed_before_a_nudge() {
    explore(4, || {
        let connection = Connection::new();
        let io = {
            let connection = connection.clone();
            thread::spawn(move || connection.io_thread_until_a_change())
        };
        let event = {
            let connection = connection.clone();
            thread::spawn(move || connection.bell.make_ready())
        };
        connection.change();
        event.join().unwrap();
        io.join().unwrap();
    });
}
