//! Locks of the whole process, which must not be lost when it forks.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

use crate::runtime::locks::{Mutex, MutexGuard};

/// A lock that the thread that forks takes before, and gives back in both processes. So no other
/// thread has it at that moment, which would not be there to give it back in the child.
///
/// It is not one of the model checker's: no thread is interrupted under it by what that checks.
#[derive(Debug)]
pub(super) struct ForkLock<T: 'static> {
    lock: Mutex<T>,
    held: UnsafeCell<MaybeUninit<MutexGuard<'static, T>>>,
}

// SAFETY: `held` is touched only by who has the lock; its content is given back on the thread that
// put it there, or the one that continues that thread in a child.
unsafe impl<T: Send> Sync for ForkLock<T> {}

impl<T> ForkLock<T> {
    pub(super) const fn new(value: T) -> Self {
        Self {
            lock: Mutex::new(value),
            // Zeros, like the rest of a static of zeros: the file need not have them.
            held: UnsafeCell::new(MaybeUninit::zeroed()),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.lock.lock()
    }

    /// Keeps all other threads out, until [`release`](Self::release).
    pub(super) fn hold(&'static self) {
        let held = self.lock();
        // SAFETY: the place belongs to whoever has the lock, as we do.
        unsafe { (*self.held.get()).write(held) };
    }

    /// Ends [`hold`](Self::hold).
    ///
    /// # Safety
    /// This thread, or the one that it continues in a child of fork, holds it by a `hold`
    /// that no release has ended.
    pub(super) unsafe fn release(&'static self) {
        // SAFETY: our caller has the lock, so the place is its own and `hold` has filled it.
        unsafe { (*self.held.get()).assume_init_drop() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_free_after_its_release() {
        static LOCK: ForkLock<u8> = ForkLock::new(1);
        LOCK.hold();
        assert!(LOCK.lock.try_lock().is_none());
        // SAFETY: this thread holds it.
        unsafe { LOCK.release() };
        assert_eq!(*LOCK.lock(), 1);
    }
}
