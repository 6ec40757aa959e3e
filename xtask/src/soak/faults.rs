//! What the network does meanwhile, as a seed decides.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use fastrand::Rng;
use zk_proxy::{Direction, Proxy};

/// What can happen to the connections of one proxy.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// All end.
    Cut,
    /// All are reset.
    Reset,
    /// One ends anywhere in a frame.
    CutInside,
    /// Nothing passes for a while.
    Silence,
    /// Nothing passes until sessions have expired.
    LongSilence,
    /// All end and no new one is accepted for a while.
    Outage,
}

const KINDS: [(Fault, &str); 6] = [
    (Fault::Cut, "cuts"),
    (Fault::Reset, "resets"),
    (Fault::CutInside, "cuts inside a frame"),
    (Fault::Silence, "silences"),
    (Fault::LongSilence, "long silences"),
    (Fault::Outage, "outages"),
];

/// Time between two faults, ms.
const GAP_MS: std::ops::Range<u64> = 200..1_800;
/// The proxy whose sessions shall not expire: some handles stay for the whole run.
const STEADY: usize = 0;
/// Longer than sessions of 4 s and two ticks.
const LONG: Duration = Duration::from_millis(5_500);

struct Place {
    proxy: Proxy,
    /// When its fault ends, if it lasts.
    until: Option<Instant>,
}

/// The proxies and what comes over them.
pub(super) struct Weather {
    rng: Rng,
    places: Vec<Place>,
    /// Kinds that are still to come before all come again.
    round: Vec<usize>,
    counts: [u64; KINDS.len()],
    next: Instant,
    calm: bool,
}

impl Weather {
    /// That many proxies to a server, with the first fault soon.
    pub(super) fn new(seed: u64, server: SocketAddr, proxies: usize) -> Result<Self> {
        let mut places = Vec::new();
        for _ in 0..proxies {
            let proxy = Proxy::start(server)?;
            proxy.record(false);
            places.push(Place { proxy, until: None });
        }
        Ok(Self {
            rng: Rng::with_seed(seed),
            places,
            round: Vec::new(),
            counts: [0; KINDS.len()],
            next: Instant::now() + Duration::from_secs(1),
            calm: false,
        })
    }

    /// For clients, one for each proxy.
    pub(super) fn hosts(&self) -> Vec<String> {
        let hosts = self.places.iter().map(|place| place.proxy.connect_string());
        hosts.collect()
    }

    /// No new faults; those that last end by themselves.
    pub(super) fn calm_down(&mut self) {
        self.calm = true;
        for place in self.places.iter().filter(|place| place.until.is_none()) {
            // A cut that waits for its byte.
            place.proxy.clear();
        }
    }

    /// True if there is no fault and none will come.
    pub(super) fn is_calm(&self) -> bool {
        self.calm && self.places.iter().all(|place| place.until.is_none())
    }

    /// Faults again.
    pub(super) fn go_on(&mut self) {
        self.calm = false;
    }

    /// When [`Self::pass`] has something to do.
    pub(super) fn next(&self) -> Instant {
        let ends = self.places.iter().filter_map(|place| place.until);
        ends.fold(self.next, Instant::min)
    }

    /// Lets happen what is due.
    pub(super) fn pass(&mut self, now: Instant) -> Result<()> {
        for place in &mut self.places {
            if place.until.is_some_and(|until| until <= now) {
                place.until = None;
                place.proxy.clear();
                place.proxy.refuse(false)?;
            }
        }
        if self.next <= now {
            self.next = now + Duration::from_millis(self.rng.u64(GAP_MS));
            if !self.calm {
                self.strike(now)?;
            }
        }
        Ok(())
    }

    fn strike(&mut self, now: Instant) -> Result<()> {
        if self.round.is_empty() {
            self.round = (0..KINDS.len()).collect();
            self.rng.shuffle(&mut self.round);
        }
        let Some(&kind) = self.round.last() else {
            return Ok(());
        };
        let first = match KINDS[kind].0 {
            Fault::LongSilence => STEADY + 1,
            _ => STEADY,
        };
        let index = self.rng.usize(first..self.places.len());
        let place = &mut self.places[index];
        if place.until.is_some() {
            return Ok(());
        }
        self.round.pop();
        self.counts[kind] += 1;
        let short = Duration::from_millis(self.rng.u64(100..2_000));
        match KINDS[kind].0 {
            Fault::Cut => place.proxy.cut(),
            Fault::Reset => place.proxy.reset(),
            Fault::CutInside => {
                let direction = if self.rng.bool() {
                    Direction::ToClient
                } else {
                    Direction::ToServer
                };
                place.proxy.cut_after(direction, self.rng.usize(..2_000));
            }
            Fault::Silence => {
                place.proxy.hold();
                place.until = Some(now + short);
            }
            Fault::LongSilence => {
                place.proxy.hold();
                place.until = Some(now + LONG);
            }
            Fault::Outage => {
                place.proxy.refuse(true)?;
                place.proxy.cut();
                place.until = Some(now + short);
            }
        }
        Ok(())
    }

    /// How often what happened.
    pub(super) fn summary(&self) -> String {
        let mut text = String::new();
        for ((_, name), count) in KINDS.iter().zip(self.counts) {
            let comma = if text.is_empty() { "" } else { ", " };
            // Writing to a string does not fail.
            let _ = write!(text, "{comma}{count} {name}");
        }
        text
    }
}
