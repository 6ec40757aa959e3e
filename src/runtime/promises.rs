//! Which batches the completion thread sends after, so that nobody else has to meanwhile.
//!
//! Callbacks of a long batch ask for many requests. Were the IO thread woken by the first one, it
//! would send them in small pieces, on the other core, and take turns with the callbacks for the
//! queue. So it is promised that the completion thread sends them itself, all with one call, and
//! sleeps on. A callback may block, so a promise holds for one short sleep at most.

use std::sync::atomic::{AtomicU64, Ordering};

/// With fewer results it is better to send while the callbacks run.
const MANY: usize = 256;

/// Longest time for which the IO thread leaves requests to the completion thread, ms.
pub(super) const PATIENCE: u64 = 1;

/// Counts long batches on their way from the IO thread to the completion thread.
#[derive(Debug, Default)]
pub(super) struct Promises {
    given: AtomicU64,
    kept: AtomicU64,
}

impl Promises {
    /// A batch of so many results goes to the completion thread.
    pub(super) fn give(&self, results: usize) {
        if results >= MANY {
            self.given.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What callbacks of such a batch have asked for is sent.
    pub(super) fn keep(&self, results: usize) {
        if results >= MANY {
            self.kept.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The newest promise, if it is not kept yet. Nothing depends on seeing this in time.
    pub(super) fn open(&self) -> Option<u64> {
        let given = self.given.load(Ordering::Relaxed);
        (given != self.kept.load(Ordering::Relaxed)).then_some(given)
    }
}
