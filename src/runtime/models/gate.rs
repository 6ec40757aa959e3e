//! Requests that come while the handle is being closed.

use std::sync::Arc;

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use zk_proto::Code;

use super::{Doorbell, explore};
use crate::core::{Gate, Outbox, Queue, Request};
use crate::runtime::Waiter;
use crate::runtime::inlet::Inlet;
use crate::runtime::primitives::Mutex;

type Cookie = Arc<Waiter>;

/// A handle without a socket: requests that were taken stay unanswered until the close.
struct Handle {
    inlet: Inlet<Outbox<Cookie, u8>, Doorbell>,
    bell: Doorbell,
    in_flight: Mutex<Vec<Cookie>>,
    closing: AtomicBool,
}

impl Handle {
    fn new() -> Self {
        let bell = Doorbell::default();
        Self {
            inlet: Inlet::new(Outbox::default(), bell.clone()),
            bell,
            in_flight: Mutex::default(),
            closing: AtomicBool::new(false),
        }
    }

    /// What became of a request.
    fn call(&self) -> Code {
        let waiter = Arc::new(Waiter::default());
        let request = Request::Exists { path: Some(b"/a") };
        let submitted = self
            .inlet
            .append(|outbox| outbox.submit(&request, b"", waiter.clone(), None));
        match submitted {
            Ok(()) => waiter.wait(),
            Err(refused) => {
                assert_eq!(Arc::strong_count(&waiter), 1, "refused, and yet kept");
                refused
            }
        }
    }

    fn io_thread(&self) {
        loop {
            self.inlet.sleep(
                false,
                || self.closing.load(Ordering::Acquire),
                |may_block| self.bell.poll(may_block),
            );
            let mut in_flight = self.in_flight.lock();
            if self.closing.load(Ordering::Acquire) {
                return;
            }
            let mut queue = Queue::default();
            self.inlet.with(|outbox| outbox.take(&mut queue));
            in_flight.extend(queue.entries.into_iter().filter_map(|entry| entry.cookie));
        }
    }

    fn close(&self) {
        self.closing.store(true, Ordering::Release);
        let mut in_flight = self.in_flight.lock();
        let mut queue = Queue::default();
        self.inlet.with(|outbox| {
            outbox.shut(Gate::Closing);
            outbox.take(&mut queue);
        });
        in_flight.extend(queue.entries.into_iter().filter_map(|entry| entry.cookie));
        for waiter in in_flight.drain(..) {
            waiter.finish(|| Code::CLOSING);
        }
        drop(in_flight);
        self.inlet.nudge();
    }
}

#[test]
fn a_request_is_refused_or_finished_when_the_handle_closes() {
    explore(3, || {
        let handle = Arc::new(Handle::new());
        let io = {
            let handle = handle.clone();
            thread::spawn(move || handle.io_thread())
        };
        let callers = [(); 2].map(|()| {
            let handle = handle.clone();
            thread::spawn(move || handle.call())
        });
        handle.close();
        for caller in callers {
            let code = caller.join().unwrap();
            assert!(
                code == Code::CLOSING || code == Code::MARSHALLING_ERROR,
                "{code:?}"
            );
        }
        io.join().unwrap();
        assert!(handle.in_flight.lock().is_empty());
    });
}
