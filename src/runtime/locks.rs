//! Locks for a library in processes that fork. Their waiting threads are known to the kernel only, by
//! the lock's address, so a lock that a child of fork makes has nothing to do with its parent's
//! threads. (parking_lot lists the waiting threads of all locks together. A child inherits that list
//! and not the threads, whose stacks its own new threads get: lists in which they hang or crash.)
//!
//! A panic under a lock does not close it for ever. What it leaves is dealt with where panics are
//! caught.

use std::ops::{Deref, DerefMut};
use std::sync::{self, PoisonError, TryLockError};
use std::time::Instant;

use order::{Follower, Order};

/// How often a taken lock is looked at with pauses of 2, 4, ... instructions in between.
const SPINS: u32 = 3;

/// How often after that with a turn for other threads in between.
const YIELDS: u32 = 6;

/// Mutual exclusion. Any thread.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T> {
    lock: sync::Mutex<T>,
    order: Order,
}

/// The lock, as long as a thread has it.
#[derive(Debug)]
pub(crate) struct MutexGuard<'a, T> {
    // Before the lock: fields are dropped in this order.
    follower: Follower<'a>,
    held: sync::MutexGuard<'a, T>,
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.held
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.held
    }
}

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self {
            lock: sync::Mutex::new(value),
            order: Order::new(),
        }
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        match self.try_lock() {
            Some(guard) => guard,
            None => self.lock_slowly(),
        }
    }

    /// Whoever has the lock has it for a moment only. So first a few times the processor goes to
    /// others, one of which may be that thread; sleeping and being woken would cost more.
    #[cold]
    fn lock_slowly(&self) -> MutexGuard<'_, T> {
        for patience in 1..=SPINS + YIELDS {
            if patience <= SPINS {
                for _ in 0..1 << patience {
                    std::hint::spin_loop();
                }
            } else {
                std::thread::yield_now();
            }
            if let Some(guard) = self.try_lock() {
                return guard;
            }
        }
        self.guard(self.lock.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// `None` if it is taken.
    #[inline]
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.lock.try_lock() {
            Ok(held) => Some(self.guard(held)),
            Err(TryLockError::Poisoned(poisoned)) => Some(self.guard(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    #[inline]
    fn guard<'a>(&'a self, held: sync::MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        let follower = self.order.follow();
        MutexGuard { follower, held }
    }
}

/// Sleeping until another thread says so. Waits may end without that.
#[derive(Debug, Default)]
pub(crate) struct Condvar(sync::Condvar);

#[cfg_attr(
    all(test, loom),
    allow(dead_code, reason = "models have one of their own")
)]
impl Condvar {
    pub(crate) const fn new() -> Self {
        Self(sync::Condvar::new())
    }

    #[inline]
    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        let MutexGuard { follower, held } = guard;
        let order = follower.let_go();
        let held = self.0.wait(held).unwrap_or_else(PoisonError::into_inner);
        let follower = order.follow();
        MutexGuard { follower, held }
    }

    /// Not beyond `end`; true if it is over.
    pub(crate) fn wait_until<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        end: Instant,
    ) -> (MutexGuard<'a, T>, bool) {
        let left = end.saturating_duration_since(Instant::now());
        let MutexGuard { follower, held } = guard;
        let order = follower.let_go();
        let (held, result) = self
            .0
            .wait_timeout(held, left)
            .unwrap_or_else(PoisonError::into_inner);
        let follower = order.follow();
        (MutexGuard { follower, held }, result.timed_out())
    }

    #[inline]
    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// Who has a lock sees what was done under it before. ThreadSanitizer must be told: it does not know
/// what compiled code of the standard library does, which is where threads wait. So when the library
/// is built for it, each lock has a word that says once more what the lock means.
#[cfg(tsan)]
mod order {
    use std::sync::atomic::{AtomicU32, Ordering};

    #[derive(Debug, Default)]
    pub(super) struct Order(AtomicU32);

    impl Order {
        pub(super) const fn new() -> Self {
            Self(AtomicU32::new(0))
        }

        /// Whoever has just got the lock comes after those who had it.
        pub(super) fn follow(&self) -> Follower<'_> {
            self.0.load(Ordering::Acquire);
            Follower(self)
        }
    }

    /// Comes before those who will have the lock, once it is dropped.
    #[derive(Debug)]
    pub(super) struct Follower<'a>(&'a Order);

    impl<'a> Follower<'a> {
        pub(super) fn let_go(self) -> &'a Order {
            self.0
        }
    }

    impl Drop for Follower<'_> {
        fn drop(&mut self) {
            self.0.0.fetch_add(1, Ordering::Release);
        }
    }
}

/// Nothing.
#[cfg(not(tsan))]
mod order {
    use std::marker::PhantomData;

    #[derive(Debug, Default)]
    pub(super) struct Order;

    impl Order {
        pub(super) const fn new() -> Self {
            Self
        }

        #[inline]
        pub(super) fn follow(&self) -> Follower<'_> {
            Follower(PhantomData)
        }
    }

    #[derive(Debug)]
    pub(super) struct Follower<'a>(PhantomData<&'a Order>);

    impl<'a> Follower<'a> {
        #[inline]
        pub(super) fn let_go(self) -> &'a Order {
            &Order
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_panic_under_a_lock_does_not_close_it() {
        let lock = Mutex::new(1);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let mut held = lock.lock();
            *held = 2;
            panic!("under the lock");
        }));
        assert!(panicked.is_err());
        assert_eq!(*lock.lock(), 2);
        assert_eq!(lock.try_lock().as_deref(), Some(&2));
    }

    #[test]
    fn only_one_has_a_lock() {
        let lock = Mutex::new(());
        let held = lock.lock();
        assert!(lock.try_lock().is_none());
        drop(held);
        assert!(lock.try_lock().is_some());
    }

    #[test]
    fn a_wait_is_over_at_its_end() {
        let (lock, signal) = (Mutex::new(()), Condvar::new());
        let end = Instant::now() + Duration::from_millis(5);
        let mut held = lock.lock();
        loop {
            let over;
            (held, over) = signal.wait_until(held, end);
            if over {
                break;
            }
        }
        drop(held);
        assert!(Instant::now() >= end);
    }
}
