//! Transaction ids of requests: one counter for the whole process (C-205).

use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(1);

/// Starts the counter somewhere else than the last process did.
pub(crate) fn seed(start: u32) {
    NEXT.store(start, Ordering::Relaxed);
}

/// A fresh id. Always positive: the negative ones are reserved for control packets, and servers
/// do not count ids below 1 (S-036).
pub(crate) fn next() -> i32 {
    loop {
        // The sign bit is dropped, so the counter may wrap.
        let xid = (NEXT.fetch_add(1, Ordering::Relaxed) & 0x7fff_ffff) as i32;
        if xid != 0 {
            return xid;
        }
    }
}

/// Uses one up for a call that was refused, as the C library does (C-205).
pub fn skip() {
    next();
}

#[cfg(test)]
mod tests {
    use super::*;

    // C-205, F-38: near both ends
    #[test]
    fn ids_stay_positive_when_the_counter_wraps() {
        for start in [i32::MAX as u32 - 2, u32::MAX - 20] {
            seed(start);
            for _ in 0..40 {
                assert!(next() > 0);
            }
        }
    }
}
