//! How long to wait when every server of the list has failed (C-421, C-422, F-2).

use super::timers::Millis;

/// Pauses that grow, for clients that must not burden a troubled ensemble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first pause.
    pub first: Millis,
    /// No pause is longer.
    pub longest: Millis,
}

impl Backoff {
    /// The pause after so many others, before chance has its say.
    fn after(self, pauses: u32) -> Millis {
        let factor = 1_u64.checked_shl(pauses).unwrap_or(Millis::MAX);
        self.first.saturating_mul(factor).min(self.longest)
    }
}

/// The pause that is under way.
#[derive(Clone, Copy, Debug)]
struct Pause {
    until: Millis,
    /// Requests do not end it.
    firm: bool,
}

/// Chooses the pauses between passes over the list.
#[derive(Debug)]
pub(super) struct Pace {
    /// The length of every pause; `None` for the default rule.
    pub(super) fixed: Option<Millis>,
    backoff: Option<Backoff>,
    /// Pauses made since the session was on last.
    pauses: u32,
    pause: Option<Pause>,
    random: fastrand::Rng,
}

impl Pace {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            fixed: None,
            backoff: None,
            pauses: 0,
            pause: None,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// From the next pause on.
    pub(super) fn set_backoff(&mut self, backoff: Option<Backoff>) {
        self.backoff = backoff;
        self.pauses = 0;
    }

    /// The session is on.
    pub(super) fn reset(&mut self) {
        self.pauses = 0;
    }

    /// Every server has failed: begins a pause and says how long it is.
    pub(super) fn begin(&mut self, by_default: Millis, now: Millis) -> Millis {
        let length = match self.backoff {
            None => self.fixed.unwrap_or(by_default),
            Some(backoff) => {
                // Up to a half less, so that clients that lost the same server part ways.
                let full = backoff.after(self.pauses);
                full - self.random.u64(..=full / 2)
            }
        };
        self.pauses = self.pauses.saturating_add(1);
        self.pause = Some(Pause {
            until: now + length,
            firm: self.backoff.is_some(),
        });
        length
    }

    /// True if there is no pause, or it ends now: in time, or because of a request (`woken`).
    pub(super) fn may_go_on(&mut self, woken: bool, now: Millis) -> bool {
        let over = self
            .pause
            .is_none_or(|pause| now >= pause.until || woken && !pause.firm);
        if over {
            self.pause = None;
        }
        over
    }

    /// When the pause ends; `None` if there is none.
    pub(super) fn until(&self) -> Option<Millis> {
        self.pause.map(|pause| pause.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_ends_a_pause_unless_it_is_firm() {
        let mut pace = Pace::new(1);
        assert_eq!(pace.begin(100, 1000), 100);
        assert!(!pace.may_go_on(false, 1099));
        assert!(pace.may_go_on(true, 1001));
        let (first, longest) = (200, 200);
        pace.set_backoff(Some(Backoff { first, longest }));
        let length = pace.begin(100, 2000);
        assert!(!pace.may_go_on(true, 2000 + length - 1));
        assert!(pace.may_go_on(false, 2000 + length));
        assert_eq!(pace.until(), None);
    }

    // F-2: growing delay with jitter
    #[test]
    fn firm_pauses_double_up_to_their_limit_and_are_up_to_a_half_shorter() {
        let mut pace = Pace::new(1);
        let (first, longest) = (100, 5000);
        pace.set_backoff(Some(Backoff { first, longest }));
        let mut different = std::collections::HashSet::new();
        for round in 0..20 {
            for full in [100, 200, 400, 800, 1600, 3200, 5000, 5000] {
                let length = pace.begin(1, 0);
                assert!((full / 2..=full).contains(&length), "{length} of {full}");
                different.insert((full, length));
            }
            pace.reset();
            assert!(round > 0 || different.len() > 4);
        }
        assert!(different.len() > 50, "hardly any chance in it");
    }

    #[test]
    fn pauses_without_end_do_not_overflow() {
        let mut pace = Pace::new(1);
        let (first, longest) = (1, Millis::MAX / 4);
        pace.set_backoff(Some(Backoff { first, longest }));
        for _ in 0..200 {
            assert!(pace.begin(1, 0) <= longest);
        }
    }
}
