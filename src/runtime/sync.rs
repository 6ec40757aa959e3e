//! Waiting for one completion.

use std::cell::RefCell;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};
use zk_proto::Code;

/// Where a synchronous caller sleeps until another thread has finished its request.
///
/// Shared by the caller and the request, so whichever is last frees it.
#[derive(Debug, Default)]
pub struct Waiter {
    result: Mutex<Option<Code>>,
    done: Condvar,
}

thread_local! {
    /// A thread waits for one request at a time, so it needs one waiter for all of them.
    static SPARE: RefCell<Option<Arc<Waiter>>> = const { RefCell::new(None) };
}

impl Waiter {
    /// A waiter for the calling thread's next request; reuses the last one when it can.
    pub fn for_this_thread() -> Arc<Self> {
        let spare = SPARE
            .try_with(|spare| spare.borrow_mut().take())
            .ok()
            .flatten();
        match spare {
            // Anyone else still holding it could mix up two requests.
            Some(waiter) if Arc::strong_count(&waiter) == 1 => {
                *waiter.result.lock() = None;
                waiter
            }
            _ => Arc::new(Self::default()),
        }
    }

    /// Gives the waiter back for the thread's next request.
    pub fn recycle(self: Arc<Self>) {
        // Without thread-local storage (a thread that is ending) it is simply freed.
        let _ = SPARE.try_with(|spare| *spare.borrow_mut() = Some(self));
    }

    /// Finishes the request: `write` stores the results and says the code, then the caller runs
    /// on. `write` runs under the waiter's lock, so the caller cannot return meanwhile.
    pub fn finish(&self, write: impl FnOnce() -> Code) {
        let mut result = self.result.lock();
        *result = Some(write());
        self.done.notify_one();
    }

    /// Sleeps until [`finish`](Self::finish) was called, and returns its code.
    pub fn wait(&self) -> Code {
        let mut result = self.result.lock();
        loop {
            match result.take() {
                Some(code) => return code,
                None => self.done.wait(&mut result),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_gets_the_code_and_sees_what_was_written() {
        let waiter = Waiter::for_this_thread();
        let written = Arc::new(Mutex::new(0));
        let (remote, out) = (waiter.clone(), written.clone());
        let thread = std::thread::spawn(move || {
            remote.finish(|| {
                *out.lock() = 7;
                Code::NO_NODE
            });
        });
        assert_eq!(waiter.wait(), Code::NO_NODE);
        assert_eq!(*written.lock(), 7);
        thread.join().unwrap();
    }

    #[test]
    fn a_waiter_still_shared_is_not_reused() {
        let waiter = Waiter::for_this_thread();
        let held = waiter.clone();
        waiter.recycle();
        assert!(!Arc::ptr_eq(&Waiter::for_this_thread(), &held));
    }
}
