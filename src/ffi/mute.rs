//! The gate in front of every callback, which the process can shut for good.
//!
//! One word says if it is shut and how many callbacks run, so that one operation decides for
//! each callback whether it may start. A callback may end its thread instead of returning
//! (T-39); then the thread's own count, dropped with it, takes back what it had added.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::fork;
use super::held::ForkLock;
use crate::runtime::locks::Condvar;

const SHUT: u64 = 1;
/// One running callback.
const ONE: u64 = 2;

static GATE: Gate = Gate::new();

thread_local! {
    static RUNNING_HERE: Here = const { Here(Cell::new(0)) };
}

/// How many callbacks the thread is inside of.
struct Here(Cell<u64>);

impl Drop for Here {
    fn drop(&mut self) {
        GATE.leave(self.0.get());
    }
}

struct Gate {
    word: AtomicU64,
    lock: ForkLock<()>,
    idle: Condvar,
}

impl Gate {
    const fn new() -> Self {
        Self {
            word: AtomicU64::new(0),
            lock: ForkLock::new(()),
            idle: Condvar::new(),
        }
    }

    fn enter(&self) -> bool {
        if self.word.fetch_add(ONE, Ordering::AcqRel) & SHUT == 0 {
            return true;
        }
        self.leave(1);
        false
    }

    fn leave(&self, count: u64) {
        let left = count * ONE;
        let now = self.word.fetch_sub(left, Ordering::AcqRel) - left;
        if now == SHUT {
            // Not between a look, which is under the lock, and the sleep after it.
            drop(self.lock.lock());
            self.idle.notify_all();
        }
    }

    fn shut(&self) {
        self.word.fetch_or(SHUT, Ordering::AcqRel);
    }

    fn is_idle(&self) -> bool {
        self.word.load(Ordering::Acquire) < ONE
    }

    fn wait(&self) {
        let mut lock = self.lock.lock();
        while !self.is_idle() {
            lock = self.idle.wait(lock);
        }
    }

    /// Only `count` callbacks run: the threads of the others are gone.
    fn recount(&self, count: u64) {
        let shut = self.word.load(Ordering::Relaxed) & SHUT;
        self.word.store(shut | (count * ONE), Ordering::Relaxed);
    }
}

/// Runs `callback` unless callbacks are muted. It may not return; nothing here needs dropping.
pub(super) fn unless_muted(callback: impl FnOnce()) {
    if !GATE.enter() {
        return;
    }
    count_here(1);
    callback();
    count_here(u64::MAX);
    GATE.leave(1);
}

/// A thread without thread-local storage, because it is ending, is not counted.
fn count_here(by: u64) {
    let _ = RUNNING_HERE.try_with(|here| here.0.set(here.0.get().wrapping_add(by)));
}

fn running_here() -> u64 {
    RUNNING_HERE.try_with(|here| here.0.get()).unwrap_or(0)
}

/// Lets no callback start any more, and waits for those that run, unless one of them calls.
pub(super) fn mute() {
    fork::watch();
    GATE.shut();
    if running_here() == 0 {
        GATE.wait();
    }
}

/// Before a fork: the gate's lock is to be free in the child.
pub(super) fn hold() {
    GATE.lock.hold();
}

/// After it, in both processes.
///
/// # Safety
/// This thread, or the one that it continues in a child, has called [`hold`].
pub(super) unsafe fn release() {
    // SAFETY: as our caller promises.
    unsafe { GATE.lock.release() };
}

/// In a child of fork: there are no callbacks but those that this thread is inside of.
pub(super) fn forget_other_threads() {
    GATE.recount(running_here());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shut_gate_lets_nobody_in_and_waits_for_those_inside() {
        let gate = Gate::new();
        assert!(gate.enter());
        gate.shut();
        assert!(!gate.enter());
        assert!(!gate.is_idle());
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                gate.wait();
                gate.is_idle()
            });
            assert!(!waiter.is_finished());
            gate.leave(1);
            assert!(waiter.join().unwrap());
        });
    }

    #[test]
    fn a_thread_that_ends_inside_a_callback_is_counted_out() {
        let gate = Gate::new();
        assert!(gate.enter());
        assert!(gate.enter());
        gate.leave(2);
        gate.shut();
        gate.wait();
    }

    #[test]
    fn a_child_of_fork_counts_its_own_callbacks_only() {
        let gate = Gate::new();
        assert!(gate.enter());
        assert!(gate.enter());
        gate.shut();
        gate.recount(1);
        gate.leave(1);
        gate.wait();
    }
}
