//! Time as an input: the pure parts of the server never read a clock.

/// The two clocks a server lives by, read by whoever drives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Monotonic milliseconds from any origin: session expiry, delays (S-022).
    pub mono_ms: u64,
    /// Milliseconds since the Unix epoch: ctime, mtime, time to live (S-082, S-118).
    pub wall_ms: i64,
}

impl Now {
    /// The same instant, `ms` milliseconds later on both clocks.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self {
            mono_ms: self.mono_ms.saturating_add(ms),
            wall_ms: self
                .wall_ms
                .saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)),
        }
    }
}

/// End of the expiry bucket an interval falls into: everything that ends within one bucket of
/// `width` ms ends together, at its upper edge (S-022).
pub(crate) fn bucket_end(now_ms: u64, interval_ms: u64, width: u64) -> u64 {
    let width = width.max(1);
    (now_ms.saturating_add(interval_ms) / width)
        .saturating_add(1)
        .saturating_mul(width)
}
