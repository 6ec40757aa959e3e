//! Servers restart one after the other while clients write.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread::{self, ScopedJoinHandle};

use zk_ensemble::Ensemble;

use crate::c_api::{DEADLINE, GLOBAL, Got, Told, Zk, rc, state};
use crate::servers::{TIMEOUT, insist, root};

const WORKERS: usize = 3;
/// Calls that a worker has under way.
const WINDOW: u64 = 16;

/// Tags and results of calls.
type Results = Vec<(u64, Result<Got, i32>)>;

/// How many writes of each worker were acknowledged.
#[derive(Default)]
struct Progress {
    acknowledged: Mutex<[u64; WORKERS]>,
    changed: Condvar,
}

impl Progress {
    fn acknowledge(&self, worker: usize) {
        self.acknowledged.lock().unwrap()[worker] += 1;
        self.changed.notify_one();
    }

    /// Waits until each worker has had some more writes acknowledged.
    fn wait_for_more(&self) {
        const MORE: u64 = 30;
        let acknowledged = self.acknowledged.lock().unwrap();
        let wanted = acknowledged.map(|count| count + MORE);
        let behind =
            |now: &mut [u64; WORKERS]| now.iter().zip(wanted).any(|(now, wanted)| *now < wanted);
        let (now, waited) = self
            .changed
            .wait_timeout_while(acknowledged, DEADLINE, behind)
            .unwrap();
        assert!(!waited.timed_out(), "{now:?} of {wanted:?}");
    }
}

/// Reads, and now and then writes, until it is told to stop, then waits for what is under way.
/// Gives the results in the order in which they came.
fn work(zk: &Zk, worker: usize, folder: &str, progress: &Progress, stop: &AtomicBool) -> Results {
    let mut results = Results::new();
    let mut made = 0;
    // Without a connection, each call would make one more attempt at once (C-422).
    let mut connected = true;
    loop {
        let goes_on = connected && !stop.load(Ordering::Relaxed);
        while goes_on && made < results.len() as u64 + WINDOW {
            let started = if is_write(made) {
                zk.start_create(made, &format!("{folder}/{made}"), b"")
            } else {
                zk.start_exists(made, folder)
            };
            assert_eq!(started, rc::OK);
            made += 1;
        }
        if connected && results.len() as u64 == made {
            return results;
        }
        match zk.next() {
            Told::Done(tag, result) => {
                if result.is_ok() && is_write(tag) {
                    progress.acknowledge(worker);
                }
                results.push((tag, result));
            }
            Told::Event(watcher, _, now, _) => {
                assert_eq!(watcher, GLOBAL);
                connected = now == state::CONNECTED;
                assert!(connected || now == state::CONNECTING, "{now}");
            }
        }
    }
}

/// Which calls write. Few, or the servers' logs grow so long that reading them takes longest.
fn is_write(tag: u64) -> bool {
    tag.is_multiple_of(16)
}

// C-432, C-440, C-442, S-242, S-249
pub(crate) fn no_acknowledged_write_is_lost_in_a_rolling_restart(ensemble: &mut Ensemble) {
    let clients: Vec<(Zk, String)> = (0..WORKERS)
        .map(|_| {
            let zk = Zk::connect(&ensemble.hosts(), TIMEOUT);
            let folder = root(&zk, "rolling");
            (zk, folder)
        })
        .collect();
    let progress = Progress::default();
    let stop = AtomicBool::new(false);
    let written: Vec<_> = thread::scope(|scope| {
        let spawn = |(worker, (zk, folder)): (usize, (Zk, String))| {
            let (progress, stop) = (&progress, &stop);
            scope.spawn(move || {
                let session = zk.session();
                let results = work(&zk, worker, &folder, progress, stop);
                assert_eq!(zk.session(), session);
                (zk, folder, results)
            })
        };
        let threads: Vec<_> = clients.into_iter().enumerate().map(spawn).collect();
        let restarted = catch_unwind(AssertUnwindSafe(|| {
            for index in 0..ensemble.len() {
                progress.wait_for_more();
                ensemble.kill(index);
                progress.wait_for_more();
                ensemble.restart(index).unwrap();
                ensemble.wait_until_all_serve().unwrap();
            }
            progress.wait_for_more();
        }));
        // Also after a failure, or the workers would never end.
        stop.store(true, Ordering::Relaxed);
        restarted.expect("servers restart and workers go on");
        let join = |thread: ScopedJoinHandle<'_, _>| thread.join().expect("the worker ends");
        threads.into_iter().map(join).collect()
    });

    let witness = Zk::connect(&ensemble.hosts(), TIMEOUT);
    for (zk, folder, results) in written {
        let late = zk.close();
        assert!(
            !late.iter().any(|told| matches!(told, Told::Done(..))),
            "a call completes once"
        );
        let synced = insist(&witness, || {
            witness.start_sync(0, &folder);
            witness.wait_done(0)
        });
        synced.unwrap();
        let present: HashSet<String> = witness
            .children(&folder, None)
            .unwrap()
            .into_iter()
            .collect();
        let mut newest = 0;
        for (expected, (tag, result)) in (0..).zip(results) {
            assert_eq!(tag, expected, "once, and in order");
            match result {
                Ok(Got::Node(node)) => {
                    assert!(node.pzxid >= newest, "call {tag} shows an older state");
                    newest = node.pzxid;
                }
                Ok(_) => assert!(present.contains(&tag.to_string()), "{tag} is lost"),
                // Those may have been done or not.
                Err(rc::CONNECTION_LOSS | rc::OPERATION_TIMEOUT) => {}
                Err(code) => panic!("call {tag}: {code}"),
            }
        }
    }
}
