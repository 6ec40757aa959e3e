//! Waiting for one completion.

use std::time::{Duration, Instant};

use zk_proto::Code;

use super::primitives::{Condvar, Mutex};

/// Where a synchronous caller sleeps until another thread has finished its request.
///
/// Shared by the caller and the request, so whichever is last frees it.
#[derive(Debug, Default)]
pub struct Waiter {
    result: Mutex<Option<Code>>,
    done: Condvar,
}

impl Waiter {
    /// Finishes the request: `write` stores the results and says the code, then the caller runs
    /// on. `write` runs under the waiter's lock, so the caller cannot return meanwhile.
    pub fn finish(&self, write: impl FnOnce() -> Code) {
        {
            let mut result = self.result.lock();
            *result = Some(write());
        }
        // Without the lock, or who wakes up has to wait for it.
        self.done.notify_one();
    }

    /// Sleeps until [`finish`](Self::finish) was called, so long at most. False if it was not.
    pub fn is_finished_within(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        let mut result = self.result.lock();
        let mut over = false;
        while result.is_none() && !over {
            (result, over) = self.done.wait_until(result, end);
        }
        result.is_some()
    }

    /// Sleeps until [`finish`](Self::finish) was called, and returns its code.
    pub fn wait(&self) -> Code {
        let mut result = self.result.lock();
        loop {
            match result.take() {
                Some(code) => return code,
                None => result = self.done.wait(result),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_wait_with_a_limit_leaves_the_result_for_the_next_wait() {
        let waiter = Waiter::default();
        assert!(!waiter.is_finished_within(Duration::from_millis(1)));
        waiter.finish(|| Code::NO_NODE);
        assert!(waiter.is_finished_within(Duration::ZERO));
        assert_eq!(waiter.wait(), Code::NO_NODE);
    }

    #[test]
    fn the_caller_gets_the_code_and_sees_what_was_written() {
        let waiter = Arc::new(Waiter::default());
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
}
