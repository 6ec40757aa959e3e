//! Which handles exist: what C holds is not a pointer but a number that is looked up here.
//!
//! A handle's number names a slot and the slot's generation, so a number kept after close finds
//! nothing instead of freed memory. A look-up also counts its user: the value is dropped when it
//! is retired and the last user has left.
//!
//! Numbers look like aligned user-space addresses (below 2^47, multiples of 8) because programs
//! store them as pointers, and some runtimes pack pointers into fewer bits.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

use super::held::ForkLock;
use crate::runtime::primitives::AtomicU64;

/// A model pays for each slot, whether it uses it or not.
const SLOT_BITS: u32 = if cfg!(all(test, loom)) { 2 } else { 18 };
const GENERATION_BITS: u32 = 26;
const CHUNK: usize = if cfg!(all(test, loom)) { 2 } else { 256 };
const CHUNKS: usize = (1 << SLOT_BITS) / CHUNK;

// A slot's state: generation, phase and users in one word, so that one exchange decides.
const USERS: u64 = (1 << 32) - 1;
const PHASE_SHIFT: u32 = 32;
const GENERATION_SHIFT: u32 = 34;
const VACANT: u64 = 0;
const RESERVED: u64 = 1;
const OPEN: u64 = 2;
const RETIRED: u64 = 3;

/// The name of a value in a [`Table`], never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(usize);

impl Id {
    fn new(slot: usize, generation: u64) -> Self {
        Self((((generation << SLOT_BITS) | slot as u64) << 3) as usize)
    }

    /// Any number, for example what a program passes as a handle.
    pub(super) fn from_raw(raw: usize) -> Self {
        Self(raw)
    }

    /// The number itself.
    pub(super) fn raw(self) -> usize {
        self.0
    }

    fn slot(self) -> usize {
        (self.0 >> 3) & ((1 << SLOT_BITS) - 1)
    }

    /// 0 for numbers that no table gave out.
    fn generation(self) -> u64 {
        let generation = (self.0 as u64) >> (3 + SLOT_BITS);
        if self.0 & 7 == 0 && generation < 1 << GENERATION_BITS {
            generation
        } else {
            0
        }
    }
}

#[derive(Debug)]
struct Slot<T> {
    state: AtomicU64,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: `value` is written by one thread at a time (in phase RESERVED by whoever reserved it,
// after RETIRED by the last user) and otherwise only shared, so `T` has to be both.
unsafe impl<T: Send + Sync> Sync for Slot<T> {}

impl<T> Slot<T> {
    fn pack(generation: u64, phase: u64, users: u64) -> u64 {
        (generation << GENERATION_SHIFT) | (phase << PHASE_SHIFT) | users
    }

    fn phase(state: u64) -> u64 {
        (state >> PHASE_SHIFT) & 3
    }
}

/// Values by [`Id`]. Slots are never freed, so a look-up takes no lock.
#[derive(Debug)]
pub(super) struct Table<T: 'static> {
    chunks: [OnceLock<Box<[Slot<T>]>>; CHUNKS],
    free: ForkLock<Free>,
}

#[derive(Debug)]
struct Free {
    /// Oldest first, so that a generation comes round as late as possible.
    vacant: VecDeque<usize>,
    /// Slots that were ever used.
    used: usize,
}

fn chunk<T>() -> Box<[Slot<T>]> {
    let vacant = |_| Slot {
        state: AtomicU64::new(Slot::<T>::pack(1, VACANT, 0)),
        value: UnsafeCell::new(None),
    };
    (0..CHUNK).map(vacant).collect()
}

impl<T: Send + Sync> Table<T> {
    pub(super) const fn new() -> Self {
        Self {
            chunks: [const { OnceLock::new() }; CHUNKS],
            free: ForkLock::new(Free {
                vacant: VecDeque::new(),
                used: 0,
            }),
        }
    }

    /// Keeps other threads from reserving and vacating slots, until [`release`](Self::release).
    pub(super) fn hold(&'static self) {
        self.free.hold();
    }

    /// Ends [`hold`](Self::hold).
    ///
    /// # Safety
    /// This thread, or the one that it continues in a child of fork, holds it.
    pub(super) unsafe fn release(&'static self) {
        // SAFETY: as our caller promises.
        unsafe { self.free.release() };
    }

    fn slot(&self, id: Id) -> Option<&Slot<T>> {
        let chunk = self.chunks.get(id.slot() / CHUNK)?.get()?;
        chunk.get(id.slot() % CHUNK)
    }

    /// Takes a slot for a value to come. `None` if all are taken.
    pub(super) fn reserve(&self) -> Option<Id> {
        let (index, chunk) = {
            let mut free = self.free.lock();
            let index = match free.vacant.pop_front() {
                Some(index) => index,
                None if free.used < CHUNK * CHUNKS => {
                    free.used += 1;
                    free.used - 1
                }
                None => return None,
            };
            // Under the lock, so that no fork finds it half made.
            (index, self.chunks.get(index / CHUNK)?.get_or_init(chunk))
        };
        let slot = chunk.get(index % CHUNK)?;
        let generation = slot.state.load(Ordering::Acquire) >> GENERATION_SHIFT;
        // The table itself is the first user, until the value is retired.
        slot.state
            .store(Slot::<T>::pack(generation, RESERVED, 1), Ordering::Release);
        Some(Id::new(index, generation))
    }

    /// Fills a reserved slot; look-ups find it from now on.
    ///
    /// Only whoever reserved the slot publishes or, until then, retires it.
    pub(super) fn publish(&self, id: Id, value: T) {
        let Some(slot) = self.slot(id) else { return };
        let reserved = Slot::<T>::pack(id.generation(), RESERVED, 1);
        if slot.state.load(Ordering::Acquire) != reserved {
            return;
        }
        // SAFETY: in phase RESERVED nobody but the one who reserved the slot, our caller,
        // touches the value; look-ups read it only after the phase changed.
        unsafe { *slot.value.get() = Some(value) };
        let open = Slot::<T>::pack(id.generation(), OPEN, 1);
        slot.state.store(open, Ordering::Release);
    }

    /// Finds a value and keeps it alive until the result is dropped.
    pub(super) fn get(&self, id: Id) -> Option<Ref<'_, T>> {
        let slot = self.slot(id)?;
        loop {
            let state = slot.state.load(Ordering::Acquire);
            if state >> GENERATION_SHIFT != id.generation() {
                return None;
            }
            match Slot::<T>::phase(state) {
                OPEN => {
                    if slot
                        .state
                        .compare_exchange_weak(
                            state,
                            state + 1,
                            Ordering::AcqRel,
                            Ordering::Relaxed,
                        )
                        .is_ok()
                    {
                        return Some(Ref {
                            table: self,
                            slot,
                            id,
                        });
                    }
                }
                // Not yet published, so nobody can know the number.
                _ => return None,
            }
        }
    }

    /// Ends look-ups of this value; it is dropped when the last user leaves. Once is enough,
    /// more does nothing.
    pub(super) fn retire(&self, id: Id) {
        let Some(slot) = self.slot(id) else { return };
        let mut state = slot.state.load(Ordering::Acquire);
        loop {
            let open = matches!(Slot::<T>::phase(state), OPEN | RESERVED);
            if state >> GENERATION_SHIFT != id.generation() || !open {
                return;
            }
            let retired = Slot::<T>::pack(id.generation(), RETIRED, state & USERS);
            match slot.state.compare_exchange_weak(
                state,
                retired,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        self.leave(slot, id);
    }

    fn leave(&self, slot: &Slot<T>, id: Id) {
        let before = slot.state.fetch_sub(1, Ordering::AcqRel);
        if before & USERS != 1 {
            return;
        }
        // SAFETY: users reach 0 in phase RETIRED only, because the table counts as one until
        // then, and no look-up enters that phase; so nobody else can reach the value.
        let value = unsafe { (*slot.value.get()).take() };
        let next = match id.generation() + 1 {
            last if last >= 1 << GENERATION_BITS => 1,
            next => next,
        };
        slot.state
            .store(Slot::<T>::pack(next, VACANT, 0), Ordering::Release);
        self.free.lock().vacant.push_back(id.slot());
        drop(value);
    }
}

/// A value in use.
#[derive(Debug)]
pub(super) struct Ref<'t, T: Send + Sync + 'static> {
    table: &'t Table<T>,
    slot: &'t Slot<T>,
    id: Id,
}

impl<T: Send + Sync> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the slot was OPEN when this user was counted in, and the value is not touched
        // before it is counted out.
        match unsafe { &*self.slot.value.get() } {
            Some(value) => value,
            None => unreachable!("an open slot has a value"),
        }
    }
}

impl<T: Send + Sync> Drop for Ref<'_, T> {
    fn drop(&mut self) {
        self.table.leave(self.slot, self.id);
    }
}

#[cfg(all(test, loom))]
mod models;
#[cfg(test)]
mod tests;
