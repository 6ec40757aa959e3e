//! Things kept for reuse, so that requests need not allocate.

use crate::runtime::primitives::Mutex;

/// Spare `T`s of one handle, at most `KEPT` of them. Any thread.
#[derive(Debug)]
pub(super) struct Spares<T, const KEPT: usize>(Mutex<Vec<T>>);

impl<T, const KEPT: usize> Default for Spares<T, KEPT> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Default, const KEPT: usize> Spares<T, KEPT> {
    /// A used one, otherwise a new one.
    pub(super) fn take(&self) -> T {
        let spare = self.0.lock().pop();
        spare.unwrap_or_default()
    }

    /// Keeps one for later, or drops it.
    pub(super) fn give(&self, used: T) {
        let mut spares = self.0.lock();
        if spares.len() < KEPT {
            spares.push(used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_are_kept_than_allowed() {
        let spares: Spares<u8, 2> = Spares::default();
        for used in 1..=3 {
            spares.give(used);
        }
        let taken: [u8; 3] = std::array::from_fn(|_| spares.take());
        assert_eq!(taken, [2, 1, 0]);
    }
}
