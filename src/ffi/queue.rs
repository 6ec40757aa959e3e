//! A completion queue: finished entries as bytes, and a descriptor that says if there are any.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use crate::runtime::locks::Mutex;

/// Memory above this many bytes is given back when the queue is empty.
const KEEP: usize = 1 << 20;

/// Where the IO threads of handles put entries and the program takes them from.
///
/// The descriptor is readable exactly while there are entries: it is written when the first one
/// comes and read when the last one goes, both under the lock.
#[derive(Debug)]
pub(crate) struct Queue {
    event: OwnedFd,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    /// What lies before it has been taken.
    start: usize,
    /// Destroyed: nothing is taken in any more.
    closed: bool,
}

impl State {
    fn is_empty(&self) -> bool {
        self.start >= self.bytes.len()
    }

    fn waiting(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

/// What was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// So many bytes and entries; none if none were there.
    Entries(usize, usize),
    /// Nothing, because the first entry has this size.
    TooSmall(usize),
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    Ready,
    TimedOut,
    Interrupted,
    Closed,
}

impl Queue {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: no memory is involved.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self {
            // SAFETY: the descriptor was made above and belongs to nobody else.
            event: unsafe { OwnedFd::from_raw_fd(fd) },
            state: Mutex::default(),
        })
    }

    pub(super) fn fd(&self) -> RawFd {
        self.event.as_raw_fd()
    }

    /// Takes a batch of whole entries; `batch` is left empty, perhaps with other memory.
    pub(super) fn push(&self, batch: &mut Vec<u8>) {
        if batch.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        if !state.closed {
            let was_empty = state.is_empty();
            if was_empty {
                state.start = 0;
                state.bytes.clear();
                std::mem::swap(&mut state.bytes, batch);
                self.raise();
            } else {
                if state.start > state.bytes.len() / 2 {
                    let taken = std::mem::take(&mut state.start);
                    state.bytes.drain(..taken);
                }
                state.bytes.extend_from_slice(batch);
            }
        }
        drop(state);
        batch.clear();
        if batch.capacity() > KEEP {
            *batch = Vec::new();
        }
    }

    /// Gives as many whole entries as fit into `room` bytes to `copy`.
    pub(super) fn take(&self, room: usize, copy: impl FnOnce(&[u8])) -> Taken {
        let mut state = self.state.lock();
        let waiting = state.waiting();
        let (mut end, mut count) = (0, 0);
        while let Some(size) = entry_size(waiting.get(end..).unwrap_or_default()) {
            if end + size > room {
                break;
            }
            end += size;
            count += 1;
        }
        if count == 0 {
            return match entry_size(waiting) {
                Some(size) => Taken::TooSmall(size),
                None => Taken::Entries(0, 0),
            };
        }
        copy(waiting.get(..end).unwrap_or_default());
        state.start += end;
        if state.is_empty() {
            state.start = 0;
            state.bytes.clear();
            if state.bytes.capacity() > KEEP {
                state.bytes = Vec::new();
            }
            self.lower();
        }
        Taken::Entries(end, count)
    }

    /// Waits until there is an entry. No `timeout` is for ever.
    pub(super) fn wait(&self, timeout: Option<Duration>) -> Waited {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            {
                let state = self.state.lock();
                if state.closed {
                    return Waited::Closed;
                }
                if !state.is_empty() {
                    return Waited::Ready;
                }
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Waited::TimedOut;
            }
            if !self.poll(left) {
                return Waited::Interrupted;
            }
        }
    }

    /// False if a signal came first.
    fn poll(&self, timeout: Option<Duration>) -> bool {
        let mut fd = libc::pollfd {
            fd: self.fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // Rounded up, so that a wait does not end a little too early and spin.
        let ms = timeout.map_or(-1, |timeout| {
            i32::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(i32::MAX)
        });
        // SAFETY: `fd` is one live pollfd, as the count says, of a descriptor owned by `self`.
        let result = unsafe { libc::poll(&raw mut fd, 1, ms) };
        result >= 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted
    }

    /// Drops what is queued and takes nothing any more. Those who wait are woken.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.start = 0;
        state.bytes = Vec::new();
        self.raise();
    }

    fn raise(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: eight bytes are there, as the descriptor wants them. It cannot fail: the
        // counter is far from its end, because whoever raises it found it lowered.
        unsafe { libc::write(self.fd(), one.as_ptr().cast(), one.len()) };
    }

    fn lower(&self) {
        let mut value = [0u8; 8];
        // SAFETY: there is room for eight bytes. It does not block, even if the program has
        // read the descriptor itself.
        unsafe { libc::read(self.fd(), value.as_mut_ptr().cast(), value.len()) };
    }
}

/// The size of the entry that starts here: its first word. `None` at the end.
fn entry_size(bytes: &[u8]) -> Option<usize> {
    let word = bytes.first_chunk::<4>()?;
    Some(u32::from_ne_bytes(*word) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(size: u32) -> Vec<u8> {
        let mut bytes = vec![7; size as usize];
        bytes[..4].copy_from_slice(&size.to_ne_bytes());
        bytes
    }

    fn is_readable(queue: &Queue) -> bool {
        let mut fd = libc::pollfd {
            fd: queue.fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: `fd` is one live pollfd.
        unsafe { libc::poll(&raw mut fd, 1, 0) == 1 }
    }

    #[test]
    fn whole_entries_are_taken_as_far_as_they_fit() {
        let queue = Queue::new().unwrap();
        queue.push(&mut [entry(16), entry(24), entry(8)].concat());
        let mut got = Vec::new();
        let taken = queue.take(47, |bytes| got.extend_from_slice(bytes));
        assert_eq!(taken, Taken::Entries(40, 2));
        assert_eq!(got, [entry(16), entry(24)].concat());
        assert_eq!(queue.take(7, |_| unreachable!()), Taken::TooSmall(8));
        assert_eq!(queue.take(8, |_| ()), Taken::Entries(8, 1));
        assert_eq!(queue.take(8, |_| unreachable!()), Taken::Entries(0, 0));
    }

    #[test]
    fn the_descriptor_is_readable_exactly_while_there_are_entries() {
        let queue = Queue::new().unwrap();
        assert!(!is_readable(&queue));
        queue.push(&mut entry(8));
        queue.push(&mut entry(8));
        assert!(is_readable(&queue));
        queue.take(8, |_| ());
        assert!(is_readable(&queue));
        queue.take(8, |_| ());
        assert!(!is_readable(&queue));
        queue.push(&mut entry(8));
        assert!(is_readable(&queue));
    }

    #[test]
    fn a_queue_that_is_never_quite_empty_does_not_grow() {
        let queue = Queue::new().unwrap();
        queue.push(&mut entry(64));
        for _ in 0..10_000 {
            queue.push(&mut entry(64));
            assert_eq!(queue.take(64, |_| ()), Taken::Entries(64, 1));
        }
        assert!(queue.state.lock().bytes.capacity() < 64 * 16);
    }

    #[test]
    fn waiting_ends_with_an_entry_the_time_or_the_queue() {
        let queue = Queue::new().unwrap();
        assert_eq!(queue.wait(Some(Duration::ZERO)), Waited::TimedOut);
        assert_eq!(queue.wait(Some(Duration::from_millis(1))), Waited::TimedOut);
        queue.push(&mut entry(8));
        assert_eq!(queue.wait(None), Waited::Ready);
        queue.take(8, |_| ());
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| queue.wait(None));
            queue.push(&mut entry(8));
            assert_eq!(waiter.join().unwrap(), Waited::Ready);
        });
        queue.close();
        assert_eq!(queue.wait(None), Waited::Closed);
        queue.push(&mut entry(8));
        assert_eq!(queue.take(8, |_| ()), Taken::Entries(0, 0));
    }
}
