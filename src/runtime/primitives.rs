//! The locks and words that the threads of a handle meet at. In the models of `super::models` they
//! are those of the model checker, with the same interface.

#[cfg(not(all(test, loom)))]
pub(crate) use super::locks::{Condvar, Mutex, MutexGuard};
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
    use std::sync::PoisonError;

    use loom::sync;

    pub(crate) use sync::MutexGuard;

    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(sync::Mutex::new(value))
        }

        #[track_caller]
        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        #[track_caller]
        pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            self.0.try_lock().ok()
        }
    }

    #[derive(Debug, Default)]
    pub(crate) struct Condvar(sync::Condvar);

    impl Condvar {
        pub(crate) fn new() -> Self {
            Self::default()
        }

        #[track_caller]
        pub(crate) fn wait<'a, T>(&self, held: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
            self.0.wait(held).unwrap_or_else(PoisonError::into_inner)
        }

        /// The checker has no time. So it is always over at once: what others do in time, the
        /// checker lets them do before.
        pub(crate) fn wait_until<'a, T>(
            &self,
            held: MutexGuard<'a, T>,
            _end: std::time::Instant,
        ) -> (MutexGuard<'a, T>, bool) {
            (held, true)
        }

        #[track_caller]
        pub(crate) fn notify_one(&self) {
            self.0.notify_one();
        }
    }
}
