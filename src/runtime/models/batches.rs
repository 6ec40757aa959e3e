//! From the connection's driver to the completion thread.

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::explore;
use crate::runtime::batches::{Batches, Reusable};

type Queue = Batches<Vec<u32>>;

impl<T> Reusable for Vec<T> {
    fn clear(&mut self) {
        self.clear();
    }

    fn is_worth_keeping(&self) -> bool {
        true
    }

    fn size(&self) -> usize {
        self.len()
    }
}

fn push(queue: &Queue, item: u32) {
    let mut batch = queue.spare();
    assert!(batch.is_empty(), "a spare batch has content: {batch:?}");
    batch.push(item);
    assert!(queue.push(batch).is_none(), "the taker has ended");
}

/// Takes until the queue says that it is over.
fn take_all(queue: &Queue) -> Vec<u32> {
    let (mut taken, mut batch) = (Vec::new(), Vec::new());
    while let Some(next) = queue.next(batch) {
        taken.extend_from_slice(&next);
        batch = next;
    }
    taken
}

#[test]
fn every_batch_is_taken_once_and_in_order_and_the_taker_ends() {
    explore(4, || {
        let queue = Arc::new(Queue::default());
        let taker = {
            let queue = queue.clone();
            thread::spawn(move || take_all(&queue))
        };
        let other = {
            let queue = queue.clone();
            thread::spawn(move || push(&queue, 11))
        };
        push(&queue, 1);
        push(&queue, 2);
        other.join().unwrap();
        queue.stop();
        let mut taken = taker.join().unwrap();
        assert_eq!(taken.iter().filter(|&&item| item == 11).count(), 1);
        taken.retain(|&item| item < 10);
        assert_eq!(taken, [1, 2]);
    });
}

#[test]
fn what_comes_during_or_after_the_stop_is_there_for_who_takes_again() {
    explore(4, || {
        let queue = Arc::new(Queue::default());
        let io = {
            let queue = queue.clone();
            thread::spawn(move || push(&queue, 1))
        };
        let stopper = {
            let queue = queue.clone();
            thread::spawn(move || queue.stop())
        };
        let mut taken = take_all(&queue);
        io.join().unwrap();
        taken.extend(take_all(&queue));
        stopper.join().unwrap();
        assert_eq!(taken, [1]);
    });
}

#[test]
fn a_batch_that_comes_while_the_taker_ends_is_taken_or_given_back() {
    explore(4, || {
        let queue = Arc::new(Queue::default());
        let pushers = [1, 11].map(|item| {
            let queue = queue.clone();
            thread::spawn(move || queue.push(vec![item]))
        });
        queue.stop();
        let mut seen = take_all(&queue);
        while !queue.end() {
            seen.extend(take_all(&queue));
        }
        for pusher in pushers {
            seen.extend(pusher.join().unwrap().unwrap_or_default());
        }
        seen.sort_unstable();
        assert_eq!(seen, [1, 11]);
        assert_eq!(take_all(&queue), [], "accepted after the end");
    });
}

#[test]
fn an_idle_taker_has_done_everything_and_ends() {
    explore(4, || {
        let queue = Arc::new(Queue::default());
        let done = Arc::new(AtomicUsize::new(0));
        let taker = {
            let (queue, done) = (queue.clone(), done.clone());
            thread::spawn(move || {
                let mut batch = Vec::new();
                while let Some(next) = queue.next(batch) {
                    done.fetch_add(next.len(), Ordering::Relaxed);
                    batch = next;
                }
            })
        };
        push(&queue, 1);
        if queue.stop_if_idle() {
            assert_eq!(done.load(Ordering::Relaxed), 1);
        } else {
            queue.stop();
        }
        taker.join().unwrap();
        assert_eq!(done.load(Ordering::Relaxed), 1);
    });
}
