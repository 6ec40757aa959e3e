//! The receive buffer: what the kernel had, up to the frame that is still incomplete.

use crate::core::input_needed;

/// First size of a buffer. Most handles are idle and see only pings.
const SMALL: usize = 4 * 1024;

/// Size up to which buffers grow for throughput's sake; a larger frame makes one grow on.
const LARGE: usize = 128 * 1024;

/// A buffer counts as well filled from one part in so many on.
const FILLED: usize = 4;

/// Bytes received and not yet used up.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// Initialised all over, so that it can be read into.
    buffer: Vec<u8>,
    filled: usize,
    /// Size that buffers should have: doubled whenever a read has filled one.
    wanted: usize,
}

impl Inbox {
    /// Forgets everything: a new connection starts, with small buffers again.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Gives back what an empty buffer has beyond its first size.
    pub(super) fn shrink(&mut self) {
        if self.filled == 0 && self.buffer.capacity() > SMALL {
            self.clear();
        }
    }

    /// Where the next bytes go; never empty. `None` if there is no memory for them.
    ///
    /// A length word alone can make nobody allocate what it claims: memory follows the bytes
    /// that really came.
    pub(super) fn space(&mut self) -> Option<&mut [u8]> {
        let mut size = self.wanted.max(SMALL);
        if self.filled >= size {
            // An incomplete frame fills the buffer: at most double it, at most to its end.
            let needed = input_needed(&self.buffer[..self.filled]);
            size = needed.clamp(self.filled + SMALL, self.filled * 2);
        }
        if let Some(more) = size.checked_sub(self.buffer.len()) {
            self.buffer.try_reserve(more).ok()?;
            self.buffer.resize(size, 0);
        }
        Some(&mut self.buffer[self.filled..])
    }

    /// `n` bytes of [`space`](Self::space) now hold input.
    pub(super) fn received(&mut self, n: usize) {
        self.filled += n;
        if self.filled == self.buffer.len() {
            self.wanted = (self.buffer.len() * 2).min(LARGE);
        }
    }

    /// The input.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// The first `used` bytes have been handled.
    pub(super) fn consume(&mut self, used: usize) {
        self.buffer.copy_within(used..self.filled, 0);
        self.filled -= used;
    }

    /// As [`consume`](Self::consume), but what was handled is still needed and goes to the
    /// caller, from its first byte on. `spare` lends its memory.
    ///
    /// A well filled buffer is given away as it is, and `spare` takes its place; a little input
    /// is copied, or a slow reader of many small batches would hold a large buffer for each.
    pub(super) fn hand_over(&mut self, used: usize, mut spare: Vec<u8>) -> Vec<u8> {
        if used * FILLED < self.buffer.len() {
            spare.clear();
            spare.extend_from_slice(&self.buffer[..used]);
            self.consume(used);
            return spare;
        }
        let rest = self.filled - used;
        if spare.len() < rest {
            spare.resize(rest, 0);
        }
        spare[..rest].copy_from_slice(&self.buffer[used..self.filled]);
        self.filled = rest;
        std::mem::replace(&mut self.buffer, spare)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(inbox: &mut Inbox, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = inbox.space().unwrap();
            let n = space.len().min(bytes.len());
            space[..n].copy_from_slice(&bytes[..n]);
            inbox.received(n);
            bytes = &bytes[n..];
        }
    }

    #[test]
    fn what_is_not_consumed_stays_in_front() {
        let mut inbox = Inbox::default();
        receive(&mut inbox, b"abcdef");
        inbox.consume(4);
        receive(&mut inbox, b"gh");
        assert_eq!(inbox.bytes(), b"efgh");
    }

    #[test]
    fn handing_over_keeps_the_rest_and_gives_away_the_front() {
        let mut inbox = Inbox::default();
        receive(&mut inbox, b"abcdef");
        let given = inbox.hand_over(4, Vec::new());
        assert_eq!(&given[..4], b"abcd");
        assert_eq!(inbox.bytes(), b"ef");
        receive(&mut inbox, b"gh");
        let given = inbox.hand_over(4, given);
        assert_eq!(&given[..4], b"efgh");
        assert!(inbox.bytes().is_empty());

        // The same with a buffer that is given away instead of copied.
        receive(&mut inbox, &[7; SMALL - 2]);
        let given = inbox.hand_over(SMALL - 4, given);
        assert_eq!(given[..SMALL - 4], [7; SMALL - 4]);
        assert_eq!(inbox.bytes(), [7, 7]);
    }

    #[test]
    fn buffers_grow_with_the_load_and_not_further() {
        let mut inbox = Inbox::default();
        for _ in 0..20 {
            let n = inbox.space().unwrap().len();
            inbox.received(n);
            inbox.hand_over(n, Vec::new());
        }
        assert_eq!(inbox.space().unwrap().len(), LARGE);
        inbox.clear();
        assert_eq!(inbox.space().unwrap().len(), SMALL);
    }

    #[test]
    fn an_empty_buffer_shrinks_and_one_with_input_does_not() {
        let mut inbox = Inbox::default();
        let n = inbox.space().unwrap().len();
        inbox.received(n);
        inbox.consume(n - 1);
        assert_eq!(inbox.space().unwrap().len(), 2 * SMALL - 1);
        inbox.shrink();
        assert_eq!(inbox.space().unwrap().len(), 2 * SMALL - 1);
        inbox.consume(1);
        inbox.shrink();
        assert_eq!(inbox.space().unwrap().len(), SMALL);
    }

    #[test]
    fn a_little_input_does_not_take_a_large_buffer_along() {
        let mut inbox = Inbox::default();
        while inbox.space().unwrap().len() < LARGE {
            let n = inbox.space().unwrap().len();
            inbox.received(n);
            inbox.hand_over(n, Vec::new());
        }
        receive(&mut inbox, &[7; 100]);
        assert!(inbox.hand_over(100, Vec::new()).capacity() < SMALL);
    }

    #[test]
    fn a_length_word_alone_does_not_allocate_what_it_claims() {
        let mut inbox = Inbox::default();
        receive(&mut inbox, &(200u32 << 20).to_be_bytes());
        receive(&mut inbox, &vec![7; 3 * LARGE]);
        assert!(
            inbox.buffer.len() < 8 * LARGE,
            "{} bytes",
            inbox.buffer.len()
        );
    }
}
