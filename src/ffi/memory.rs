//! A reserve for the moment when malloc gives nothing.
//!
//! A Rust program aborts when an allocation fails, and a library must not do that to the program
//! that it is part of. So a block that malloc refuses comes from a reserve in the library's own
//! data, and that is noted; whoever can fail in good order compares the notes afterwards.
//! `zookeeper_init` does. A block that does not fit into what is left of the reserve aborts, as
//! ever: buffers whose size a caller or a server chooses are therefore reserved fallibly, where
//! they are made.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::held::ForkLock;

/// More than everything that opening a handle allocates.
const SIZE: usize = 128 * 1024;

// Fuzz targets have one that counts.
#[cfg_attr(not(fuzzing), global_allocator)]
#[cfg_attr(fuzzing, allow(dead_code))]
static ALLOCATOR: Allocator = Allocator;

static RESERVE: Reserve<SIZE> = Reserve::new();

/// How often malloc has failed.
static SHORTAGES: AtomicU64 = AtomicU64::new(0);

/// Before a fork: the reserve's lock is to be free in the child.
pub(super) fn hold() {
    RESERVE.taken.hold();
}

/// After it, in both processes.
///
/// # Safety
/// This thread, or the one that it continues in a child, has called [`hold`].
pub(super) unsafe fn release() {
    // SAFETY: as our caller promises.
    unsafe { RESERVE.taken.release() };
}

/// A moment, to ask later if memory has been short since.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment(u64);

impl Moment {
    pub(super) fn now() -> Self {
        Self(SHORTAGES.load(Ordering::Relaxed))
    }

    /// True if malloc has failed since, for any thread.
    pub(super) fn was_followed_by_shortage(self) -> bool {
        SHORTAGES.load(Ordering::Relaxed) != self.0
    }
}

/// malloc, and the reserve behind it.
struct Allocator;

/// What malloc gave, or else a block of the reserve.
fn or_reserve(block: *mut u8, layout: Layout) -> *mut u8 {
    if block.is_null() {
        SHORTAGES.fetch_add(1, Ordering::Relaxed);
        RESERVE.take(layout)
    } else {
        block
    }
}

// SAFETY: every block comes from the system's allocator, which keeps this trait's promises, or
// from the reserve, which gives each byte to one block at a time; blocks go back to where they
// came from, told apart by their address. Nothing here panics or allocates.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: our caller promises a layout with a size.
        or_reserve(unsafe { System.alloc(layout) }, layout)
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: our caller promises a layout with a size.
        let block = unsafe { System.alloc_zeroed(layout) };
        if !block.is_null() {
            return block;
        }
        let block = or_reserve(block, layout);
        if !block.is_null() {
            // SAFETY: the block has that size.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if RESERVE.owns(block) {
            RESERVE.give_back();
        } else {
            // SAFETY: not the reserve's, so the system's, with this layout.
            unsafe { System.dealloc(block, layout) };
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !RESERVE.owns(block) {
            // SAFETY: not the reserve's, so the system's, with this layout; our caller promises
            // a valid new size.
            let moved = unsafe { System.realloc(block, layout, size) };
            if !moved.is_null() {
                return moved;
            }
        }
        // SAFETY: our caller promises that this size, rounded up to the alignment, is valid.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: the new layout has a size; the old block is still there, of the old layout,
        // and no part of the new one; what is copied fits both.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

/// Blocks one behind the other. The room is free again when all of them have come back.
struct Reserve<const SIZE: usize> {
    room: Room<SIZE>,
    taken: ForkLock<Taken>,
}

/// Where no block of a page could be more aligned than it needs.
#[repr(align(64))]
struct Room<const SIZE: usize>(UnsafeCell<[u8; SIZE]>);

// SAFETY: the bytes are only reached through blocks, and each byte is in one block at most.
unsafe impl<const SIZE: usize> Sync for Room<SIZE> {}

#[derive(Clone, Copy)]
struct Taken {
    /// Where the next block begins, in bytes from the start.
    next: usize,
    blocks: usize,
}

impl<const SIZE: usize> Reserve<SIZE> {
    const fn new() -> Self {
        Self {
            room: Room(UnsafeCell::new([0; SIZE])),
            taken: ForkLock::new(Taken { next: 0, blocks: 0 }),
        }
    }

    /// NULL if it does not fit.
    fn take(&self, layout: Layout) -> *mut u8 {
        self.change(|now| {
            let start: *mut u8 = self.room.0.get().cast();
            let gap = start.wrapping_add(now.next).align_offset(layout.align());
            let Some(begin) = now.next.checked_add(gap) else {
                return ptr::null_mut();
            };
            match begin.checked_add(layout.size()) {
                Some(end) if end <= SIZE => {
                    now.next = end;
                    now.blocks += 1;
                    start.wrapping_add(begin)
                }
                _ => ptr::null_mut(),
            }
        })
    }

    fn give_back(&self) {
        self.change(|now| {
            now.blocks = now.blocks.saturating_sub(1);
            if now.blocks == 0 {
                now.next = 0;
            }
        });
    }

    fn owns(&self, block: *const u8) -> bool {
        block.addr().wrapping_sub(self.room.0.get().addr()) < SIZE
    }

    fn change<R>(&self, f: impl FnOnce(&mut Taken) -> R) -> R {
        f(&mut self.taken.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    #[test]
    fn blocks_of_the_reserve_are_aligned_and_do_not_overlap() {
        let reserve = Reserve::<256>::new();
        let first = reserve.take(layout(3, 1));
        let second = reserve.take(layout(16, 32));
        let third = reserve.take(layout(8, 8));
        assert!(reserve.owns(first) && reserve.owns(second) && reserve.owns(third));
        assert_eq!(second.addr() % 32, 0);
        assert!(second.addr() >= first.addr() + 3);
        assert!(third.addr() >= second.addr() + 16);
    }

    #[test]
    fn what_does_not_fit_is_refused_until_everything_has_come_back() {
        let reserve = Reserve::<256>::new();
        let first = reserve.take(layout(200, 1));
        assert!(!first.is_null());
        assert!(reserve.take(layout(100, 1)).is_null());
        assert!(reserve.take(layout(usize::MAX / 4, 1)).is_null());
        reserve.give_back();
        assert_eq!(reserve.take(layout(100, 1)), first);
    }

    #[test]
    fn other_memory_is_not_the_reserves() {
        let reserve = Reserve::<256>::new();
        let start: *const u8 = reserve.room.0.get().cast();
        assert!(!reserve.owns(ptr::null()));
        assert!(!reserve.owns(start.wrapping_sub(1)));
        assert!(!reserve.owns(start.wrapping_add(256)));
        assert!(reserve.owns(start.wrapping_add(255)));
    }

    #[test]
    fn a_refused_block_is_noted() {
        let before = Moment::now();
        let block = or_reserve(ptr::null_mut(), layout(8, 8));
        assert!(RESERVE.owns(block));
        assert!(before.was_followed_by_shortage());
        RESERVE.give_back();
    }
}
