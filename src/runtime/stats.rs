//! What a handle has done so far, and how long its requests take.
//!
//! Everything is counted by whoever drives the connection, in plain numbers behind the engine's
//! lock, once for each batch of requests, bytes or replies. So a request costs nothing for it,
//! and neither does a handle that nobody asks.

use std::collections::VecDeque;

use hdrhistogram::Histogram;

use super::{Client, Handle};
use crate::net::clock;

/// The longest time that is told apart, µs: an hour.
const LONGEST: u64 = 3_600_000_000;

/// Digits of a time that are told apart: an error of 1 % at most takes 27 KiB.
const DIGITS: u8 = 2;

/// Counts since the handle was made, and what is queued now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// Requests that callers have made: those answered, lost, outstanding and to be sent.
    pub requests: u64,
    /// Replies received.
    pub replies: u64,
    /// Requests that ended without a reply.
    pub lost: u64,
    /// Watch events received.
    pub events: u64,
    /// Pings sent.
    pub pings: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Times that a server has let the session begin or go on.
    pub connects: u64,
    /// Attempts to connect that have failed.
    pub failed_attempts: u64,
    /// Requests given to the connection whose replies are awaited, now. Those that have timed out
    /// for their caller are among them.
    pub outstanding: u64,
    /// Requests that no connection has taken yet, now.
    pub to_send: u64,
    /// Results and events that wait for the completion thread, now.
    pub to_deliver: u64,
    /// How long requests took, if that is measured.
    pub latencies: Latencies,
}

/// Times from the moment at which a request is given to the connection until its reply has
/// been read, µs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latencies {
    /// Requests measured.
    pub count: u64,
    /// Half of them took no longer.
    pub p50: u64,
    /// Nine in ten took no longer.
    pub p90: u64,
    /// 99 in 100 took no longer.
    pub p99: u64,
    /// 999 in 1000 took no longer.
    pub p999: u64,
    /// None took longer.
    pub max: u64,
}

/// What goes in and out.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Requests taken from callers.
    requests: u64,
    replies: u64,
    lost: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    stopwatch: Option<Box<Stopwatch>>,
}

impl Traffic {
    /// Requests are taken from callers, to be sent if there is a session.
    pub(super) fn taken(&mut self, requests: usize) {
        self.requests += requests as u64;
        if let Some(stopwatch) = &mut self.stopwatch
            && requests > 0
        {
            stopwatch.start(requests, clock::micros());
        }
    }

    /// Replies have come, to the requests that were taken first.
    pub(super) fn answered(&mut self, replies: usize) {
        self.replies += replies as u64;
        if let Some(stopwatch) = &mut self.stopwatch
            && replies > 0
        {
            stopwatch.stop(replies, clock::micros());
        }
    }

    /// A session is on: what has waited for it goes out now, all but some that were given up.
    pub(super) fn connected(&mut self, waiting: usize, given_up: usize) {
        self.lost(given_up);
        if let Some(stopwatch) = &mut self.stopwatch {
            stopwatch.running.clear();
            stopwatch.start(waiting, clock::micros());
        }
    }

    /// Requests ended without a reply.
    pub(super) fn lost(&mut self, requests: usize) {
        self.lost += requests as u64;
    }

    /// The same because the connection has failed; those that are left are sent with the next.
    pub(super) fn connection_lost(&mut self, requests: usize) {
        self.lost(requests);
        if let Some(stopwatch) = &mut self.stopwatch {
            stopwatch.running.clear();
        }
    }
}

/// Measures requests batch by batch: those that were taken together have one start.
#[derive(Debug)]
struct Stopwatch {
    times: Histogram<u64>,
    /// Outstanding requests in order: how many started when; `None` before it was switched on.
    running: VecDeque<(usize, Option<u64>)>,
}

impl Stopwatch {
    fn new(outstanding: usize) -> Option<Self> {
        Some(Self {
            times: Histogram::new_with_bounds(1, LONGEST, DIGITS).ok()?,
            running: VecDeque::from([(outstanding, None)]),
        })
    }

    fn start(&mut self, requests: usize, now: u64) {
        self.running.push_back((requests, Some(now)));
    }

    fn stop(&mut self, mut replies: usize, now: u64) {
        while replies > 0
            && let Some((requests, started)) = self.running.front_mut()
        {
            let ended = replies.min(*requests);
            if let Some(started) = *started
                && ended > 0
            {
                let time = now.saturating_sub(started);
                self.times.saturating_record_n(time, ended as u64);
            }
            replies -= ended;
            *requests -= ended;
            if *requests == 0 {
                self.running.pop_front();
            }
        }
    }

    fn latencies(&self) -> Latencies {
        let of = |quantile| self.times.value_at_quantile(quantile);
        Latencies {
            count: self.times.len(),
            p50: of(0.5),
            p90: of(0.9),
            p99: of(0.99),
            p999: of(0.999),
            max: self.times.max(),
        }
    }
}

impl<C: Client> Handle<C> {
    /// What this handle has done so far.
    pub fn stats(&self) -> Stats {
        let engine = self.engine.lock();
        let queued = self.inlet.with(|outbox| outbox.len()) as u64;
        let (traffic, counts) = (&engine.traffic, engine.core.counts());
        let taken = engine.core.outstanding() as u64;
        // Without a session nothing of it has been sent.
        let (outstanding, to_send) = match engine.core.state().is_live() {
            true => (taken, queued),
            false => (0, taken + queued),
        };
        Stats {
            requests: traffic.requests + queued,
            replies: traffic.replies,
            lost: traffic.lost,
            events: counts.events,
            pings: counts.pings,
            bytes_in: traffic.bytes_in,
            bytes_out: traffic.bytes_out,
            connects: counts.connects,
            failed_attempts: counts.failed_attempts,
            outstanding,
            to_send,
            to_deliver: self.dispatcher.waiting() as u64,
            latencies: traffic
                .stopwatch
                .as_ref()
                .map_or_else(Latencies::default, |stopwatch| stopwatch.latencies()),
        }
    }

    /// Measures from now on how long requests take, with no time known yet; or stops that and
    /// forgets them.
    pub fn measure_latencies(&self, on: bool) {
        let mut engine = self.engine.lock();
        let outstanding = engine.core.outstanding();
        engine.traffic.stopwatch = on
            .then(|| Stopwatch::new(outstanding))
            .flatten()
            .map(Box::new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(stopwatch: &Stopwatch) -> Vec<(u64, u64)> {
        let recorded = stopwatch.times.iter_recorded();
        recorded
            .map(|step| (step.value_iterated_to(), step.count_at_value()))
            .collect()
    }

    #[test]
    fn requests_taken_together_start_together_and_end_one_by_one() {
        let mut stopwatch = Stopwatch::new(0).unwrap();
        stopwatch.start(3, 100);
        stopwatch.start(2, 110);
        stopwatch.stop(2, 120);
        stopwatch.stop(2, 130);
        stopwatch.stop(1, 200);
        assert_eq!(measured(&stopwatch), [(20, 3), (30, 1), (90, 1)]);
        assert!(stopwatch.running.is_empty());
    }

    #[test]
    fn what_was_outstanding_before_is_not_measured() {
        let mut stopwatch = Stopwatch::new(2).unwrap();
        stopwatch.start(1, 100);
        stopwatch.stop(2, 120);
        assert_eq!(stopwatch.latencies(), Latencies::default());
        stopwatch.stop(1, 150);
        assert_eq!(stopwatch.latencies().count, 1);
    }

    #[test]
    fn percentiles_are_right_within_a_hundredth() {
        let mut stopwatch = Stopwatch::new(0).unwrap();
        for time in 1..=10_000 {
            stopwatch.start(1, 0);
            stopwatch.stop(1, time);
        }
        let Latencies {
            count,
            p50,
            p90,
            p99,
            p999,
            max,
        } = stopwatch.latencies();
        assert_eq!(count, 10_000);
        for (found, right) in [
            (p50, 5_000),
            (p90, 9_000),
            (p99, 9_900),
            (p999, 9_990),
            (max, 10_000),
        ] {
            assert!(
                (right..=right + right / 100).contains(&found),
                "{found} {right}"
            );
        }
    }

    #[test]
    fn times_beyond_an_hour_count_as_the_longest() {
        let mut stopwatch = Stopwatch::new(0).unwrap();
        stopwatch.start(1, 0);
        stopwatch.stop(1, u64::MAX);
        assert_eq!(stopwatch.latencies().count, 1);
        assert!(stopwatch.latencies().max >= LONGEST);
    }

    fn measuring() -> Traffic {
        Traffic {
            stopwatch: Stopwatch::new(0).map(Box::new),
            ..Traffic::default()
        }
    }

    #[test]
    fn requests_of_a_lost_connection_are_not_measured() {
        let mut traffic = measuring();
        traffic.taken(5);
        traffic.answered(2);
        traffic.taken(4);
        traffic.connection_lost(7);
        traffic.taken(1);
        traffic.answered(1);
        assert_eq!((traffic.requests, traffic.replies), (10, 3));
        assert_eq!(traffic.lost, 7);
        let stopwatch = traffic.stopwatch.unwrap();
        assert_eq!(stopwatch.latencies().count, 3);
        assert!(stopwatch.running.is_empty());
    }

    #[test]
    fn what_waits_for_a_session_is_measured_from_its_beginning() {
        let mut traffic = measuring();
        traffic.taken(2);
        traffic.taken(3);
        traffic.connected(4, 1);
        traffic.taken(1);
        let stopwatch = traffic.stopwatch.as_ref().unwrap();
        let groups = stopwatch.running.iter().map(|(requests, _)| *requests);
        assert_eq!(groups.collect::<Vec<_>>(), [4, 1]);
        traffic.answered(5);
        assert_eq!((traffic.requests, traffic.replies, traffic.lost), (6, 5, 1));
        assert_eq!(traffic.stopwatch.unwrap().latencies().count, 5);
    }
}
