//! Models of how threads hand work to each other. The model checker runs each through every
//! interleaving of its threads, with the library's own queues and locks
//! (`cargo xtask test --only models`). A thread that is never woken is a deadlock, which fails.

mod batches;
mod close;
mod deadline;
mod gate;
mod inlet;
mod waiter;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::model::Builder;

use super::inlet::Bell;
use super::primitives::{Condvar, Mutex};

/// Runs a model with at most so many switches away from a thread that could go on; all other
/// switches are free. Faults of this kind need two or three.
fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// An eventfd and the poll that waits for it.
#[derive(Clone, Default)]
struct Doorbell(Arc<Shared>);

#[derive(Default)]
struct Shared {
    ringing: Mutex<bool>,
    rung: Condvar,
    /// For assertions only, so no synchronisation of the model.
    rings: AtomicUsize,
}

impl Bell for Doorbell {
    fn ring(&self) {
        self.0.rings.fetch_add(1, Ordering::Relaxed);
        self.make_ready();
    }
}

impl Doorbell {
    /// What else ends a poll: the socket is ready.
    fn make_ready(&self) {
        let mut ringing = self.0.ringing.lock();
        *ringing = true;
        self.0.rung.notify_one();
    }

    fn poll(&self, may_block: bool) {
        let mut ringing = self.0.ringing.lock();
        while may_block && !*ringing {
            ringing = self.0.rung.wait(ringing);
        }
        *ringing = false;
    }

    fn rings(&self) -> usize {
        self.0.rings.load(Ordering::Relaxed)
    }
}
