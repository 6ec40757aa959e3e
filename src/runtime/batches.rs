//! A queue of batches from many threads to one, which gives used batches back for reuse.

use std::collections::VecDeque;

use super::primitives::{Condvar, Mutex};

/// Batches kept for reuse.
const SPARES: usize = 4;

/// What a batch must know about its reuse.
pub(super) trait Reusable: Default {
    /// Forgets the content, keeps the memory.
    fn clear(&mut self);

    /// False for one that holds too much memory.
    fn is_worth_keeping(&self) -> bool;

    /// How many things are in it.
    fn size(&self) -> usize;
}

/// Hands batches over in order. The taker sleeps when there are none, and is woken at most once
/// per batch.
pub(super) struct Batches<B> {
    queue: Mutex<Queue<B>>,
    ready: Condvar,
}

struct Queue<B> {
    batches: VecDeque<B>,
    spares: Vec<B>,
    /// Size of the batch that the taker has.
    in_hand: usize,
    /// The taker waits for a signal.
    asleep: bool,
    /// No more will come: drain, then end.
    stopping: bool,
    /// The taker has ended.
    ended: bool,
}

impl<B: Reusable> Queue<B> {
    fn keep(&mut self, used: B) {
        if self.spares.len() < SPARES && used.is_worth_keeping() {
            self.spares.push(used);
        }
    }
}

impl<B: Reusable> Default for Batches<B> {
    fn default() -> Self {
        let queue = Queue {
            batches: VecDeque::new(),
            spares: Vec::new(),
            in_hand: 0,
            asleep: false,
            stopping: false,
            ended: false,
        };
        Self {
            queue: Mutex::new(queue),
            ready: Condvar::new(),
        }
    }
}

impl<B: Reusable> Batches<B> {
    /// An empty batch, with memory from earlier ones if there is some.
    pub(super) fn spare(&self) -> B {
        self.queue.lock().spares.pop().unwrap_or_default()
    }

    /// Takes back a batch that was not needed.
    pub(super) fn give_back(&self, batch: B) {
        self.queue.lock().keep(batch);
    }

    /// Gives back the memory of batches that are kept for reuse.
    pub(super) fn forget_spares(&self) {
        let spares = std::mem::take(&mut self.queue.lock().spares);
        // Without the lock.
        drop(spares);
    }

    /// Appends a batch; at most one signal per batch. Gives the batch back if the taker has
    /// ended, since nobody would ever take it.
    #[must_use = "the batch comes back if nobody takes it"]
    pub(super) fn push(&self, batch: B) -> Option<B> {
        let wake = {
            let mut queue = self.queue.lock();
            if queue.ended {
                return Some(batch);
            }
            queue.batches.push_back(batch);
            std::mem::take(&mut queue.asleep)
        };
        if wake {
            self.ready.notify_one();
        }
        None
    }

    /// The taker's last word: it takes no more. False if something has come since it was told to
    /// end, which it has to take first.
    pub(super) fn end(&self) -> bool {
        let mut queue = self.queue.lock();
        queue.ended = queue.batches.is_empty();
        queue.ended
    }

    /// How many things wait for the taker; those of the batch that it has count until it has done
    /// the last of them.
    pub(super) fn waiting(&self) -> usize {
        let queue = self.queue.lock();
        queue.in_hand + queue.batches.iter().map(B::size).sum::<usize>()
    }

    /// Lets the taker end once it has taken everything.
    pub(super) fn stop(&self) {
        self.stop_if(|_| true);
    }

    /// Lets the taker end if it has done everything already. False: it is busy.
    pub(super) fn stop_if_idle(&self) -> bool {
        self.stop_if(|asleep| asleep)
    }

    fn stop_if(&self, condition: impl FnOnce(bool) -> bool) -> bool {
        let wake = {
            let mut queue = self.queue.lock();
            if !condition(queue.asleep) {
                return false;
            }
            queue.stopping = true;
            std::mem::take(&mut queue.asleep)
        };
        if wake {
            self.ready.notify_one();
        }
        true
    }

    /// Trades a used batch for the next one; `None` when it is time to end. For one thread only.
    pub(super) fn next(&self, mut used: B) -> Option<B> {
        used.clear();
        let mut queue = self.queue.lock();
        queue.keep(used);
        queue.in_hand = 0;
        loop {
            if let Some(batch) = queue.batches.pop_front() {
                queue.in_hand = batch.size();
                return Some(batch);
            }
            if queue.stopping {
                return None;
            }
            queue.asleep = true;
            queue = self.ready.wait(queue);
            queue.asleep = false;
        }
    }
}
