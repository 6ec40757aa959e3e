use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

#[test]
fn a_published_value_is_found_until_it_is_retired() {
    let table = Table::new();
    let id = table.reserve().unwrap();
    table.publish(id, 7);
    assert_eq!(*table.get(id).unwrap(), 7);
    table.retire(id);
    assert!(table.get(id).is_none());
    table.retire(id);
}

#[test]
fn numbers_that_were_never_given_out_find_nothing() {
    let table = Table::<u32>::new();
    let id = table.reserve().unwrap();
    table.publish(id, 7);
    for raw in [
        0,
        1,
        8,
        usize::MAX,
        id.raw() + 1,
        id.raw() + 8,
        id.raw() | 1 << 60,
    ] {
        assert!(table.get(Id::from_raw(raw)).is_none(), "{raw:#x}");
    }
}

#[test]
fn numbers_fit_into_47_bits_and_are_aligned() {
    let last = Id::new((1 << SLOT_BITS) - 1, (1 << GENERATION_BITS) - 1);
    assert!(last.raw() < 1 << 47);
    assert_eq!(last.raw() % 8, 0);
    assert_eq!(last.slot(), (1 << SLOT_BITS) - 1);
    assert_eq!(last.generation(), (1 << GENERATION_BITS) - 1);
}

#[test]
fn a_reused_slot_has_another_number() {
    let table = Table::new();
    let first = table.reserve().unwrap();
    table.publish(first, 1);
    table.retire(first);
    let second = table.reserve().unwrap();
    table.publish(second, 2);
    assert_eq!(first.slot(), second.slot());
    assert!(table.get(first).is_none());
    assert_eq!(*table.get(second).unwrap(), 2);
    table.retire(first);
    assert_eq!(*table.get(second).unwrap(), 2);
}

#[test]
fn a_value_in_use_is_dropped_when_its_last_user_leaves() {
    let value = Arc::new(());
    let table = Table::new();
    let id = table.reserve().unwrap();
    table.publish(id, value.clone());
    let user = table.get(id).unwrap();
    table.retire(id);
    assert!(table.get(id).is_none());
    assert_eq!(Arc::strong_count(&value), 2);
    drop(user);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn a_reserved_number_retired_without_a_value_is_gone() {
    let table = Table::<u32>::new();
    let id = table.reserve().unwrap();
    table.retire(id);
    assert!(table.get(id).is_none());
}

#[test]
fn a_reserved_value_is_found_once_it_is_published() {
    let table = Table::new();
    let id = table.reserve().unwrap();
    assert!(table.get(id).is_none());
    table.publish(id, 9);
    assert_eq!(table.get(id).map(|v| *v), Some(9));
}

/// Counts what lives, and says if a look-up ever sees a dead one.
struct Canary<'a> {
    alive: AtomicBool,
    living: &'a AtomicUsize,
}

impl Drop for Canary<'_> {
    fn drop(&mut self) {
        self.alive.store(false, Ordering::SeqCst);
        self.living.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn stale_look_ups_racing_with_reuse_never_see_a_dead_value() {
    static LIVING: AtomicUsize = AtomicUsize::new(0);
    static TABLE: Table<Canary<'static>> = Table::new();
    static CURRENT: AtomicUsize = AtomicUsize::new(0);
    static DONE: AtomicBool = AtomicBool::new(false);

    let readers: Vec<_> = (0..3)
        .map(|_| {
            std::thread::spawn(|| {
                let mut stale = Id::from_raw(0);
                while !DONE.load(Ordering::Acquire) {
                    let id = Id::from_raw(CURRENT.load(Ordering::Acquire));
                    for id in [id, stale] {
                        if let Some(value) = TABLE.get(id) {
                            assert!(value.alive.load(Ordering::SeqCst));
                        }
                    }
                    stale = id;
                }
            })
        })
        .collect();
    for _ in 0..5_000 {
        let id = TABLE.reserve().unwrap();
        LIVING.fetch_add(1, Ordering::SeqCst);
        let canary = Canary {
            alive: AtomicBool::new(true),
            living: &LIVING,
        };
        CURRENT.store(id.raw(), Ordering::Release);
        TABLE.publish(id, canary);
        TABLE.retire(id);
    }
    DONE.store(true, Ordering::Release);
    for reader in readers {
        reader.join().unwrap();
    }
    assert_eq!(LIVING.load(Ordering::SeqCst), 0);
}
