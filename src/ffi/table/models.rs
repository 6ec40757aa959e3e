//! Calls that look a handle up while others close it and make new ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering as Std};

use loom::cell::UnsafeCell;
use loom::model::Builder;
use loom::thread;

use super::*;

/// What a handle is to the table. The checker fails if it is looked at while, or after, it is
/// dropped, unless the one happens before the other.
struct Canary {
    name: u32,
    content: UnsafeCell<()>,
    /// For assertions only, so no synchronisation of the model.
    dropped: Arc<AtomicUsize>,
}

impl Canary {
    fn new(name: u32, dropped: &Arc<AtomicUsize>) -> Self {
        Self {
            name,
            content: UnsafeCell::new(()),
            dropped: dropped.clone(),
        }
    }

    fn look(&self) -> u32 {
        self.content.with(|_| ());
        self.name
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.content.with_mut(|_| ());
        self.dropped.fetch_add(1, Std::Relaxed);
    }
}

// SAFETY: the checker watches over the content; the rest is shared as ever.
unsafe impl Send for Canary {}
// SAFETY: as above.
unsafe impl Sync for Canary {}

type Handles = Arc<Table<Canary>>;

fn explore(preemptions: usize, model: fn()) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

fn open(table: &Handles, name: u32, dropped: &Arc<AtomicUsize>) -> Id {
    let id = table.reserve().expect("a slot");
    table.publish(id, Canary::new(name, dropped));
    id
}

/// What a call with this number finds.
fn call(table: &Handles, id: Id) -> Option<u32> {
    table.get(id).map(|handle| handle.look())
}

/// A close: looked up as any call, and then the end.
fn close(table: &Handles, id: Id) {
    if let Some(handle) = table.get(id) {
        handle.look();
        table.retire(id);
        handle.look();
    }
}

#[test]
fn a_handle_in_use_outlives_its_close_and_is_dropped_once() {
    explore(3, || {
        let (table, dropped) = (Handles::new(Table::new()), Arc::default());
        let id = open(&table, 1, &dropped);
        let caller = {
            let table = table.clone();
            thread::spawn(move || call(&table, id))
        };
        close(&table, id);
        assert_eq!(call(&table, id), None);
        assert!(matches!(caller.join().unwrap(), None | Some(1)));
        assert_eq!(dropped.load(Std::Relaxed), 1);
    });
}

#[test]
fn of_two_closes_one_drops_the_handle() {
    explore(3, || {
        let (table, dropped) = (Handles::new(Table::new()), Arc::default());
        let id = open(&table, 1, &dropped);
        let other = {
            let table = table.clone();
            thread::spawn(move || close(&table, id))
        };
        close(&table, id);
        other.join().unwrap();
        assert_eq!(call(&table, id), None);
        assert_eq!(dropped.load(Std::Relaxed), 1);
    });
}

#[test]
fn a_stale_number_never_finds_the_handle_that_came_after() {
    explore(3, || {
        let (table, dropped) = (Handles::new(Table::new()), Arc::default());
        let stale = open(&table, 1, &dropped);
        let caller = {
            let table = table.clone();
            thread::spawn(move || call(&table, stale))
        };
        close(&table, stale);
        let fresh = open(&table, 2, &dropped);
        assert_eq!(call(&table, fresh), Some(2));
        assert_eq!(call(&table, stale), None);
        assert!(matches!(caller.join().unwrap(), None | Some(1)));
        close(&table, stale);
        assert_eq!(call(&table, fresh), Some(2));
        close(&table, fresh);
        assert_eq!(dropped.load(Std::Relaxed), 2);
    });
}
