//! Servers restart one after the other while clients write.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread::{self, ScopedJoinHandle};

use zk_ensemble::Ensemble;

use crate::c_api::{DEADLINE, GLOBAL, Told, Zk, rc, state};
use crate::servers::{TIMEOUT, insist, root};

const WRITERS: usize = 3;
/// Calls that a writer has under way.
const WINDOW: u64 = 16;

/// How many writes of each writer were acknowledged.
#[derive(Default)]
struct Progress {
    acknowledged: Mutex<[u64; WRITERS]>,
    changed: Condvar,
}

impl Progress {
    fn acknowledge(&self, writer: usize) {
        self.acknowledged.lock().unwrap()[writer] += 1;
        self.changed.notify_one();
    }

    /// Waits until each writer has had some more writes acknowledged.
    fn wait_for_more(&self) {
        const MORE: u64 = 100;
        let acknowledged = self.acknowledged.lock().unwrap();
        let wanted = acknowledged.map(|count| count + MORE);
        let behind =
            |now: &mut [u64; WRITERS]| now.iter().zip(wanted).any(|(now, wanted)| *now < wanted);
        let (now, waited) = self
            .changed
            .wait_timeout_while(acknowledged, DEADLINE, behind)
            .unwrap();
        assert!(!waited.timed_out(), "{now:?} of {wanted:?}");
    }
}

/// Writes until it is told to stop, then waits for what is under way. Gives the results in the
/// order in which they came.
fn write(
    zk: &Zk,
    writer: usize,
    folder: &str,
    progress: &Progress,
    stop: &AtomicBool,
) -> Vec<(u64, Result<(), i32>)> {
    let mut results: Vec<(u64, Result<(), i32>)> = Vec::new();
    let mut made = 0;
    loop {
        while !stop.load(Ordering::Relaxed) && made < results.len() as u64 + WINDOW {
            let path = format!("{folder}/{made}");
            assert_eq!(zk.start_create(made, &path, b""), rc::OK);
            made += 1;
        }
        if results.len() as u64 == made {
            return results;
        }
        match zk.next() {
            Told::Done(tag, result) => {
                if result.is_ok() {
                    progress.acknowledge(writer);
                }
                results.push((tag, result.map(drop)));
            }
            Told::Event(watcher, _, now, _) => {
                assert_eq!(watcher, GLOBAL);
                assert!(
                    [state::CONNECTING, state::CONNECTED].contains(&now),
                    "{now}"
                );
            }
        }
    }
}

// C-432, C-440, C-442, S-242, S-249
pub(crate) fn no_acknowledged_write_is_lost_in_a_rolling_restart(ensemble: &mut Ensemble) {
    let clients: Vec<(Zk, String)> = (0..WRITERS)
        .map(|_| {
            let zk = Zk::connect(&ensemble.hosts(), TIMEOUT);
            let folder = root(&zk, "rolling");
            (zk, folder)
        })
        .collect();
    let progress = Progress::default();
    let stop = AtomicBool::new(false);
    let written: Vec<_> = thread::scope(|scope| {
        let spawn = |(writer, (zk, folder)): (usize, (Zk, String))| {
            let (progress, stop) = (&progress, &stop);
            scope.spawn(move || {
                let session = zk.session();
                let results = write(&zk, writer, &folder, progress, stop);
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
        // Also after a failure, or the writers would never end.
        stop.store(true, Ordering::Relaxed);
        restarted.expect("servers restart and writers go on");
        let join = |thread: ScopedJoinHandle<'_, _>| thread.join().expect("the writer ends");
        threads.into_iter().map(join).collect()
    });

    let witness = Zk::connect(&ensemble.hosts(), TIMEOUT);
    for (zk, folder, results) in written {
        let late = zk.close();
        assert!(
            !late.iter().any(|told| matches!(told, Told::Done(..))),
            "a call completes once"
        );
        let synced = insist(|| {
            witness.start_sync(0, &folder);
            witness.wait_done(0)
        });
        synced.unwrap();
        let present: HashSet<String> = witness
            .children(&folder, None)
            .unwrap()
            .into_iter()
            .collect();
        for (expected, (tag, result)) in (0..).zip(results) {
            assert_eq!(tag, expected, "once, and in order");
            match result {
                Ok(()) => assert!(present.contains(&tag.to_string()), "{tag} is lost"),
                // Those may have been done or not.
                Err(rc::CONNECTION_LOSS | rc::OPERATION_TIMEOUT) => {}
                Err(code) => panic!("call {tag}: {code}"),
            }
        }
    }
}
