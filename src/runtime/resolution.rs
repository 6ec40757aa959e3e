//! Turning a host list into addresses, in the caller or in the background.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::core::connect_string::HostPort;
use crate::core::hosts::shuffle;
use crate::log;
use crate::log::{Level, Threshold};
use crate::net::{resolver, thread};
use crate::runtime::locks::Mutex;

/// What the background thread has to do.
type Work = Box<dyn FnOnce() + Send>;

/// Process-wide: keep lists in the order given (C-291).
static DETERMINISTIC: AtomicBool = AtomicBool::new(false);

/// "No such host", should a resolver ever succeed without an address.
const ENOENT: i32 = 2;

/// Sets whether host lists keep their order; read at each resolution (C-291).
pub fn set_deterministic_order(yes: bool) {
    DETERMINISTIC.store(yes, Ordering::Relaxed);
}

/// Resolves all hosts, in order, and shuffles the result unless that is switched
/// off, for this list or for the process. Names that
/// do not resolve are skipped as long as one does; else the last one's errno is returned.
pub(super) fn resolve(
    hosts: &[HostPort],
    keep_order: bool,
    log: &mut log::Buffer,
) -> Result<Vec<SocketAddr>, i32> {
    let mut servers = Vec::new();
    let mut errno = ENOENT;
    for host in hosts {
        match resolver::resolve(&host.host, host.port) {
            Ok(addresses) => servers.extend(addresses),
            Err(error) => {
                errno = error;
                let name = host.host.escape_ascii();
                log!(
                    log,
                    Level::Warn,
                    "resolve",
                    "cannot resolve {name} (errno={error}); skipping it"
                );
            }
        }
    }
    if servers.is_empty() {
        return Err(errno);
    }
    if !keep_order && !DETERMINISTIC.load(Ordering::Relaxed) {
        shuffle(&mut servers, fastrand::u64(..));
    }
    Ok(servers)
}

/// The hosts that are names, whose addresses can change.
pub(super) fn names(hosts: &[HostPort]) -> impl Iterator<Item = &HostPort> {
    hosts
        .iter()
        .filter(|host| resolver::literal(&host.host).is_none())
}

/// True if there is such a host.
pub(super) fn can_change(hosts: &[HostPort]) -> bool {
    names(hosts).next().is_some()
}

/// A resolution in the background, so that no resolver, however slow, delays a ping, a
/// reconnect or a close.
pub(super) struct Resolution {
    slot: Arc<Mutex<Option<Resolved>>>,
}

/// What came of it.
pub(super) struct Resolved {
    /// `None` if nothing resolved: the old addresses stay in use (C-410).
    pub(super) servers: Option<Vec<SocketAddr>>,
    pub(super) log: log::Buffer,
}

impl Resolution {
    /// Starts one; `done` is called when [`take`](Self::take) has something to give. `None` if
    /// no thread could be made.
    pub(super) fn start(
        hosts: Vec<HostPort>,
        keep_order: bool,
        threshold: Threshold,
        done: impl FnOnce() + Send + 'static,
    ) -> Option<Self> {
        let slot = Arc::new(Mutex::new(None));
        let result = slot.clone();
        let work = move || {
            let mut log = log::Buffer::new(threshold);
            let servers = resolve(&hosts, keep_order, &mut log).ok();
            *result.lock() = Some(Resolved { servers, log });
            done();
        };
        // If the handle is closed meanwhile, the thread ends by itself and its result is dropped.
        // A signal handler of the program has no business on it.
        let body = |work: &mut Option<_>| work.take().map_or((), |work: Work| work());
        let work: Work = Box::new(work);
        thread::spawn(c"zk-resolve", true, Some(work), body)
            .ok()?
            .detach();
        Some(Self { slot })
    }

    /// The result, once it is there.
    pub(super) fn take(&self) -> Option<Resolved> {
        self.slot.lock().take()
    }
}
