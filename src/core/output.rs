//! Bytes to the server: requests on their way from the outbox to the connection.

use std::hash::Hash;
use std::io::IoSlice;

use super::outbox::Queue;
use super::session::Core;
use super::timers::Millis;

impl<C, W: Clone + Eq + Hash, A> Core<C, W, A> {
    /// Takes queued requests over for sending, now or when the session is on; `queue` is left
    /// empty.
    pub(crate) fn enqueue(&mut self, queue: &mut Queue<C, W>) {
        if self.state.is_live() {
            self.take_bytes(queue);
        } else {
            self.unsent.append(&mut queue.bytes);
        }
        self.in_flight.extend(queue.entries.drain(..));
        if !queue.deadlines.is_empty() {
            self.deadlines.take(&mut queue.deadlines);
        }
        if std::mem::take(&mut self.quiet) {
            *queue = Queue::default();
        }
    }

    /// True between a ping of a quiet session and the next [`enqueue`](Self::enqueue): what
    /// serves a load only can be given back.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    pub(super) fn take_bytes(&mut self, queue: &mut Queue<C, W>) {
        if !queue.front.is_empty() {
            self.tx.tail(queue.front.len()).append(&mut queue.front);
        }
        self.tx.append(&mut queue.bytes);
    }

    /// Bytes to send next; empty if there are none.
    pub fn transmit(&self) -> &[u8] {
        self.tx.front().get(self.tx_sent..).unwrap_or_default()
    }

    /// As [`transmit`](Self::transmit), with as much of what follows as `slices` has room for.
    /// Returns how many of them are used.
    pub fn gather<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.tx.gather(self.tx_sent, slices)
    }

    /// The first `n` bytes to send are on their way.
    pub fn sent(&mut self, n: usize, now: Millis) {
        self.tx_sent += n;
        self.last_sent = now;
        while !self.tx.is_empty() && self.tx_sent >= self.tx.front().len() {
            self.tx_sent -= self.tx.front().len();
            self.tx.pop_front();
        }
    }
}
