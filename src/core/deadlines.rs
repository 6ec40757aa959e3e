//! When requests have to be finished, for those that have a limit (F-23).
//!
//! Limits of one length end in the order of the requests, so a queue holds them in order without
//! any searching. Those that end out of turn, because their call or the moment had a limit of its
//! own, go into a heap.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::timers::Millis;

/// The heap is cleaned of finished requests when it is longer than this and they are the most.
const DEBRIS: usize = 64;

/// The time by which the request with this id has to be finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline {
    pub(crate) due: Millis,
    pub(crate) xid: i32,
}

/// The deadlines of requests, finished ones not always taken out.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    /// Ascending.
    in_turn: VecDeque<Deadline>,
    out_of_turn: BinaryHeap<Reverse<Deadline>>,
}

impl Deadlines {
    pub(crate) fn add(&mut self, deadline: Deadline) {
        if self
            .in_turn
            .back()
            .is_none_or(|last| last.due <= deadline.due)
        {
            self.in_turn.push_back(deadline);
        } else {
            self.out_of_turn.push(Reverse(deadline));
        }
    }

    /// Adds all of them, which are at least one.
    #[cold]
    pub(crate) fn take(&mut self, new: &mut Vec<Deadline>) {
        for deadline in new.drain(..) {
            self.add(deadline);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.in_turn.is_empty() && self.out_of_turn.is_empty()
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.in_turn.clear();
        self.out_of_turn.clear();
    }

    /// The earliest one.
    pub(crate) fn next(&self) -> Option<Millis> {
        let in_turn = self.in_turn.front().map(|deadline| deadline.due);
        let out_of_turn = self.out_of_turn.peek().map(|deadline| deadline.0.due);
        match (in_turn, out_of_turn) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Takes out the earliest one if it is due.
    pub(crate) fn pop_due(&mut self, now: Millis) -> Option<i32> {
        let due = self.next().filter(|&due| due <= now)?;
        let deadline = match self.in_turn.front() {
            Some(first) if first.due == due => self.in_turn.pop_front(),
            _ => self.out_of_turn.pop().map(|deadline| deadline.0),
        };
        deadline.map(|deadline| deadline.xid)
    }

    /// Forgets requests that are finished, as far as that costs little. So there are never more
    /// than about twice as many as `outstanding` ones.
    pub(crate) fn tidy(&mut self, outstanding: usize, is_finished: impl Fn(i32) -> bool) {
        while self
            .in_turn
            .front()
            .is_some_and(|first| is_finished(first.xid))
        {
            self.in_turn.pop_front();
        }
        while self
            .out_of_turn
            .peek()
            .is_some_and(|first| is_finished(first.0.xid))
        {
            self.out_of_turn.pop();
        }
        if self.out_of_turn.len() > DEBRIS.max(2 * outstanding) {
            self.out_of_turn
                .retain(|deadline| !is_finished(deadline.0.xid));
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.in_turn.len() + self.out_of_turn.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadlines(all: &[(Millis, i32)]) -> Deadlines {
        let mut deadlines = Deadlines::default();
        for &(due, xid) in all {
            deadlines.add(Deadline { due, xid });
        }
        deadlines
    }

    fn due(deadlines: &mut Deadlines, now: Millis) -> Vec<i32> {
        std::iter::from_fn(|| deadlines.pop_due(now)).collect()
    }

    #[test]
    fn whatever_their_order_they_are_due_at_their_time() {
        let mut deadlines = deadlines(&[(50, 1), (50, 2), (20, 3), (60, 4), (10, 5), (55, 6)]);
        assert_eq!(deadlines.next(), Some(10));
        assert_eq!(due(&mut deadlines, 9), []);
        assert_eq!(due(&mut deadlines, 20), [5, 3]);
        assert_eq!(deadlines.next(), Some(50));
        assert_eq!(due(&mut deadlines, 55), [1, 2, 6]);
        assert_eq!(due(&mut deadlines, 100), [4]);
        assert!(deadlines.is_empty());
        assert_eq!(deadlines.next(), None);
    }

    #[test]
    fn finished_requests_do_not_pile_up() {
        let mut deadlines = Deadlines::default();
        for n in 1..100_000 {
            // All are finished but the last ten; every second one ends sooner than its elders.
            let due = if n % 2 == 0 { 1_000_000 } else { 500_000 };
            deadlines.add(Deadline {
                due: due + n as u64,
                xid: n,
            });
            deadlines.tidy(10, |xid| xid <= n - 10);
            assert!(deadlines.len() <= 2 * DEBRIS, "{} kept", deadlines.len());
        }
        let mut kept = due(&mut deadlines, u64::MAX);
        kept.retain(|&xid| xid > 99_999 - 10);
        kept.sort_unstable();
        assert_eq!(kept, (99_990..=99_999).collect::<Vec<_>>());
    }
}
