//! The locks and words that the threads of a handle meet at. In the models of `super::models` they
//! are those of the model checker, with the same interface.

#[cfg(not(all(test, loom)))]
pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
#[cfg(not(all(test, loom)))]
pub(crate) use std::sync::atomic::AtomicU64;

#[cfg(all(test, loom))]
pub(crate) use loom::sync::atomic::AtomicU64;
#[cfg(all(test, loom))]
pub(crate) use modelled::{Condvar, Mutex, MutexGuard};

/// Lets the model checker switch threads where a program can be interrupted without a lock being
/// involved. Nothing otherwise.
#[inline]
pub(crate) fn interleave() {
    #[cfg(all(test, loom))]
    loom::thread::yield_now();
}

#[cfg(all(test, loom))]
mod modelled {
    use std::ops::{Deref, DerefMut};

    use loom::sync;

    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(sync::Mutex::new(value))
        }

        #[track_caller]
        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(self.0.lock().ok())
        }

        #[track_caller]
        pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            self.0.try_lock().ok().map(|guard| MutexGuard(Some(guard)))
        }
    }

    /// Empty only inside of [`Condvar::wait`].
    #[derive(Debug)]
    pub(crate) struct MutexGuard<'a, T>(Option<sync::MutexGuard<'a, T>>);

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            self.0.as_ref().expect("the lock is held")
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().expect("the lock is held")
        }
    }

    /// How every wait with a limit ends.
    pub(crate) struct TimedOut;

    impl TimedOut {
        pub(crate) fn timed_out(self) -> bool {
            true
        }
    }

    #[derive(Debug, Default)]
    pub(crate) struct Condvar(sync::Condvar);

    impl Condvar {
        pub(crate) fn new() -> Self {
            Self::default()
        }

        #[track_caller]
        pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let held = guard.0.take().expect("the lock is held");
            guard.0 = self.0.wait(held).ok();
        }

        /// The checker has no time. So it is always over at once: what others do in time, the
        /// checker lets them do before.
        pub(crate) fn wait_until<T>(
            &self,
            _guard: &mut MutexGuard<'_, T>,
            _end: std::time::Instant,
        ) -> TimedOut {
            TimedOut
        }

        #[track_caller]
        pub(crate) fn notify_one(&self) {
            self.0.notify_one();
        }
    }
}
