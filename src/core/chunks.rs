//! Bytes on their way out, in chunks of bounded size.
//!
//! One buffer for all of them would be moved whenever it grows, would never shrink while the
//! connection is slower than the callers, and would be cold in the cache when its turn comes.

use std::collections::VecDeque;
use std::io::IoSlice;

use zk_proto::frame;

/// Size up to which frames share a chunk. Frames are never cut: a larger one has a chunk of its
/// own.
const CHUNK: usize = 256 * 1024;

/// Room for the fields of a frame around its payload. Longer ones make a chunk grow.
const FIELDS: usize = 256;

/// Up to this size a chunk is copied behind another one instead of being kept apart, or a
/// blocked connection would collect many nearly empty chunks.
const COPIED: usize = CHUNK / 8;

/// Empty chunks are kept for reuse up to this capacity in total.
const KEPT: usize = 2 * 1024 * 1024;

/// A queue of bytes.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    /// Oldest first, none of them empty.
    full: VecDeque<Vec<u8>>,
    /// Behind them: the one that is being filled.
    tail: Vec<u8>,
    spare: Vec<Vec<u8>>,
    /// Capacity of `spare`.
    kept: usize,
}

impl Chunks {
    /// True if there are no bytes.
    pub(crate) fn is_empty(&self) -> bool {
        self.full.is_empty() && self.tail.is_empty()
    }

    /// The oldest bytes, as far as they lie together; empty if there are none.
    #[inline]
    pub(crate) fn front(&self) -> &[u8] {
        self.full.front().unwrap_or(&self.tail)
    }

    /// The oldest bytes after the first `skip`, as they lie, as far as `slices` has room for
    /// them. `skip` ends within the first chunk. Returns how many slices there are.
    pub(crate) fn gather<'a>(&'a self, skip: usize, slices: &mut [IoSlice<'a>]) -> usize {
        let chunks = self.full.iter().chain(Some(&self.tail));
        let mut used = 0;
        for (slice, chunk) in slices.iter_mut().zip(chunks) {
            let from = if used == 0 { skip } else { 0 };
            match chunk.get(from..) {
                Some(bytes) if !bytes.is_empty() => *slice = IoSlice::new(bytes),
                _ => break,
            }
            used += 1;
        }
        used
    }

    /// Where the next frame is to be appended; `payload` is about its size.
    #[inline]
    pub(crate) fn tail(&mut self, payload: usize) -> &mut Vec<u8> {
        if self.needs_chunk(payload) {
            let mut next = self.take_spare();
            next.reserve(CHUNK.max(payload + FIELDS));
            self.start_chunk(next);
        }
        &mut self.tail
    }

    /// The [`tail`](Self::tail) with room for a frame whose size a caller has chosen. `None` if
    /// there is no memory for it.
    #[inline]
    pub(crate) fn make_room(&mut self, payload: usize) -> Option<&mut Vec<u8>> {
        if self.needs_chunk(payload) {
            let mut next = self.take_spare();
            next.try_reserve(CHUNK.max(payload + FIELDS)).ok()?;
            self.start_chunk(next);
        } else {
            self.tail.try_reserve(payload + FIELDS).ok()?;
        }
        Some(&mut self.tail)
    }

    fn needs_chunk(&self, payload: usize) -> bool {
        self.tail.len() + payload + FIELDS > CHUNK && !self.tail.is_empty()
    }

    #[cold]
    fn take_spare(&mut self) -> Vec<u8> {
        let spare = self.spare.pop().unwrap_or_default();
        self.kept -= spare.capacity();
        spare
    }

    #[cold]
    fn start_chunk(&mut self, empty: Vec<u8>) {
        self.full
            .push_back(std::mem::replace(&mut self.tail, empty));
    }

    /// Drops the chunk of [`front`](Self::front).
    pub(crate) fn pop_front(&mut self) {
        match self.full.pop_front() {
            Some(chunk) => self.recycle(chunk),
            None => self.tail.clear(),
        }
    }

    /// Moves all bytes of `other` to the end of these, and lends it what memory is free here.
    pub(crate) fn append(&mut self, other: &mut Self) {
        while let Some(chunk) = self.spare.pop() {
            self.kept -= chunk.capacity();
            other.recycle(chunk);
        }
        while let Some(chunk) = other.full.pop_front() {
            let free = self.push(chunk);
            other.recycle(free);
        }
        if !other.tail.is_empty() {
            let tail = std::mem::take(&mut other.tail);
            other.tail = self.push(tail);
        }
    }

    /// Appends a chunk that is not empty, and returns one that is.
    fn push(&mut self, mut chunk: Vec<u8>) -> Vec<u8> {
        if self.tail.is_empty() {
            std::mem::swap(&mut self.tail, &mut chunk);
            return chunk;
        }
        if chunk.len() <= COPIED && self.tail.len() + chunk.len() <= CHUNK {
            self.tail.extend_from_slice(&chunk);
            chunk.clear();
            return chunk;
        }
        self.full
            .push_back(std::mem::replace(&mut self.tail, chunk));
        Vec::new()
    }

    /// Takes out the frames for which `keep`, asked in order, says no. All bytes are frames.
    pub(crate) fn retain_frames(&mut self, mut keep: impl FnMut() -> bool) {
        for chunk in self.full.iter_mut().chain([&mut self.tail]) {
            let (mut at, mut kept) = (0, 0);
            while let Some(Ok(frame::Split::Frame(body))) =
                chunk.get(at..).map(|rest| frame::split(rest, usize::MAX))
            {
                let end = at + frame::PREFIX + body.len();
                if keep() {
                    chunk.copy_within(at..end, kept);
                    kept += end - at;
                }
                at = end;
            }
            chunk.truncate(kept);
        }
        self.full.retain(|chunk| !chunk.is_empty());
    }

    /// Forgets all bytes.
    pub(crate) fn clear(&mut self) {
        while let Some(chunk) = self.full.pop_front() {
            self.recycle(chunk);
        }
        self.tail.clear();
    }

    /// Gives back all memory that holds no bytes.
    pub(crate) fn shrink(&mut self) {
        self.spare = Vec::new();
        self.kept = 0;
        if self.is_empty() {
            self.full = VecDeque::new();
            self.tail = Vec::new();
        }
    }

    /// Memory in use, for bytes or free.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        let lists = self.full.iter().chain(&self.spare);
        lists.map(Vec::capacity).sum::<usize>() + self.tail.capacity()
    }

    fn recycle(&mut self, mut chunk: Vec<u8>) {
        if chunk.capacity() > 0 && self.kept + chunk.capacity() <= KEPT {
            chunk.clear();
            self.kept += chunk.capacity();
            self.spare.push(chunk);
        }
    }
}

#[cfg(test)]
mod tests;
