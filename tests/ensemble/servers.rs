//! The servers that tests share.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use zk_ensemble::{Ensemble, Options};

use crate::Scenario;
use crate::c_api::{Zk, mode, rc, state};

/// Longer than anything that a test does to servers.
pub(crate) const TIMEOUT: i32 = 30_000;

/// What kind of ensemble a test needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Three servers with a fixed configuration.
    Plain,
    /// Three servers, to be reconfigured, that serve readers without a quorum.
    Changing,
}

/// One ensemble, of the kind that the present test needs.
#[derive(Clone, Default)]
pub(crate) struct Servers {
    current: Arc<Mutex<Option<(Kind, Ensemble)>>>,
}

impl Servers {
    /// Runs the test with all servers up.
    pub(crate) fn with(&self, kind: Kind, scenario: Scenario) -> io::Result<()> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, mut ensemble) = match current.take() {
            Some((present, ensemble)) if present == kind => (present, ensemble),
            other => {
                drop(other);
                let changing = kind == Kind::Changing;
                let options = Options {
                    dynamic: changing,
                    read_only: changing,
                    ..Options::default()
                };
                (kind, Ensemble::start(options)?)
            }
        };
        ensemble.restart_all()?;
        ensemble.wait_until_all_serve()?;
        // After a failure nobody knows what state the servers are in: the next test gets new ones.
        match catch_unwind(AssertUnwindSafe(|| scenario(&mut ensemble))) {
            Ok(()) => *current = Some((kind, ensemble)),
            Err(panic) => {
                for index in 0..ensemble.len() {
                    let log = ensemble.log(index);
                    let lines: Vec<&str> = log.lines().collect();
                    let last = lines
                        .get(lines.len().saturating_sub(20)..)
                        .unwrap_or_default();
                    eprintln!("server {index}:\n{}", last.join("\n"));
                }
                resume_unwind(panic);
            }
        }
        Ok(())
    }

    /// Ends the servers.
    pub(crate) fn stop(self) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A list of all servers that begins with this one and goes on in order.
pub(crate) fn hosts_from(ensemble: &Ensemble, first: usize) -> String {
    let n = ensemble.len();
    let hosts: Vec<String> = (0..n).map(|i| ensemble.host((first + i) % n)).collect();
    hosts.join(",")
}

/// A list of all servers but this one.
pub(crate) fn hosts_without(ensemble: &Ensemble, left_out: usize) -> String {
    let others = (0..ensemble.len()).filter(|&i| i != left_out);
    let hosts: Vec<String> = others.map(|i| ensemble.host(i)).collect();
    hosts.join(",")
}

/// A node of the test's own, freshly created.
pub(crate) fn root(zk: &Zk, test: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let path = format!("/{test}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    zk.create(&path, b"", mode::PERSISTENT).unwrap()
}

/// Calls again for as long as the connection is lost in between, and each time not before there is
/// one again: a call that is made without one makes an attempt at once (C-422), and many attempts
/// only keep servers from their election.
pub(crate) fn insist<T>(zk: &Zk, mut call: impl FnMut() -> Result<T, i32>) -> Result<T, i32> {
    loop {
        match call() {
            Err(rc::CONNECTION_LOSS | rc::OPERATION_TIMEOUT) => {
                while zk.state() != state::CONNECTED {
                    zk.next();
                }
            }
            result => return result,
        }
    }
}
