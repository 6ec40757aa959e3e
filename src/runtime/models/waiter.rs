//! A synchronous caller and who finishes its request.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use zk_proto::Code;

use super::explore;
use crate::runtime::Waiter;

#[test]
fn a_caller_always_wakes_up_and_reads_what_was_written() {
    explore(5, || {
        let waiter = Arc::new(Waiter::default());
        // The checker fails on an access that is not ordered after the other one.
        let out = Arc::new(UnsafeCell::new(0));
        let driver = {
            let (waiter, out) = (waiter.clone(), out.clone());
            thread::spawn(move || {
                waiter.finish(|| {
                    out.with_mut(|_| ());
                    Code::NO_NODE
                });
            })
        };
        assert_eq!(waiter.wait(), Code::NO_NODE);
        out.with_mut(|_| ());
        driver.join().unwrap();
    });
}
