//! Deadlines, all fractions of the session timeout (C-413, C-414, C-421, C-443).

/// Milliseconds on a monotonic clock; the origin does not matter.
pub type Millis = u64;

/// The session timeout in force, ms; never validated, so it may be zero or negative (C-216).
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeout(pub(super) i32);

impl Timeout {
    fn ms(self) -> Millis {
        u64::try_from(self.0).unwrap_or(0)
    }

    /// Silence of the server after which the connection is given up.
    pub(super) fn read(self) -> Millis {
        self.ms() * 2 / 3
    }

    /// Silence of ours after which the server is pinged.
    pub(super) fn ping(self) -> Millis {
        self.ms() / 3
    }

    /// Silence after which a server has certainly expired the session, were it still there.
    pub(super) fn expiry(self) -> Millis {
        self.ms() * 4 / 3
    }

    /// The part of each of so many servers, which are all tried within the timeout.
    pub(super) fn share(self, servers: usize) -> Millis {
        self.ms() / Millis::try_from(servers.max(1)).unwrap_or(Millis::MAX)
    }

    /// Pause after a pass in which every server failed. At least a little, so that a tiny
    /// timeout does not make a busy loop of connects.
    pub(super) fn pause(self) -> Millis {
        (self.ms() / 60).max(10)
    }
}

/// When to look for a read/write server while on a read-only one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Probing {
    due: Millis,
    interval: Millis,
}

impl Probing {
    const FIRST: Millis = 200;
    const LONGEST: Millis = 60_000;

    /// A read-only association begins.
    pub(super) fn restart(&mut self, now: Millis) {
        self.interval = Self::FIRST;
        self.due = now + self.interval;
    }

    /// Time of the next probe.
    pub(super) fn due(&self) -> Millis {
        self.due
    }

    /// True if it is time; the next one follows after twice the interval.
    pub(super) fn take_due(&mut self, now: Millis) -> bool {
        if now < self.due {
            return false;
        }
        self.interval = (self.interval * 2).min(Self::LONGEST);
        self.due = now + self.interval;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_truncate_and_bad_timeouts_count_as_zero() {
        let t = Timeout(1000);
        assert_eq!((t.read(), t.ping(), t.pause()), (666, 333, 16));
        assert_eq!((t.expiry(), t.share(0), t.share(3)), (1333, 1000, 333));
        let t = Timeout(-5);
        assert_eq!((t.read(), t.ping(), t.pause()), (0, 0, 10));
    }

    #[test]
    fn probes_come_after_200_ms_and_then_ever_less_often() {
        let mut probing = Probing::default();
        probing.restart(1000);
        let (mut times, mut now) = (Vec::new(), 1000);
        while times.len() < 4 {
            now = probing.due();
            assert!(!probing.take_due(now - 1));
            assert!(probing.take_due(now));
            times.push(now - 1000);
        }
        assert_eq!(times, [200, 600, 1400, 3000]);
        for _ in 0..20 {
            now = probing.due();
            probing.take_due(now);
        }
        assert_eq!(probing.due() - now, 60_000);
    }
}
