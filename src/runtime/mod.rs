//! Threads, locks and life of a handle. Knows the core and the sockets, but no C.
#![forbid(unsafe_code)]

mod batches;
mod close;
mod connecting;
mod direct;
mod dispatcher;
mod engine;
mod external;
mod extras;
mod handle;
mod inbox;
mod inlet;
mod io_thread;
mod limits;
pub(crate) mod locks;
#[cfg(all(test, loom))]
mod models;
pub(crate) mod primitives;
mod probe;
mod promises;
mod resolution;
mod stats;
mod sync;

use std::hash::Hash;

use zk_proto::Code;

use crate::core::Outcome;
use crate::log::{Line, Threshold};

pub use crate::core::connect_string::Syntax;
pub use crate::core::xid::skip as skip_request_id;
pub use handle::Handle;
pub use resolution::set_deterministic_order;
pub use stats::{Latencies, Stats};
pub use sync::Waiter;

/// What the layer above plugs into a handle: where results, events and log lines go.
///
/// No method is called with a lock of this library held, except [`session`](Self::session).
pub trait Client: Send + Sync + Sized + 'static {
    /// Carried with each request and given back exactly once.
    type Cookie: Send + 'static;
    /// Carried with each add_auth that wants to know its result.
    type Auth: Send + 'static;
    /// Identifies who is told about an event; equal watchers on one path are one watch.
    type Watcher: Clone + Eq + Hash + Send + 'static;
    /// Memory that the completion thread keeps from call to call.
    type Scratch: Default + Send + 'static;
    /// What the program gets back when watchers have gone out of use.
    type Released: Default + Send + 'static;

    /// True if the request is finished on the IO thread because a caller waits for it.
    fn is_sync(cookie: &Self::Cookie) -> bool;

    /// Who gets session events besides the registered watchers (C-480). Any thread.
    fn global_watcher(&self) -> Self::Watcher;

    /// A session was established: its id and password. IO thread, under the core's lock: store
    /// and return.
    fn session(&self, id: i64, password: [u8; 16]);

    /// Finishes a synchronous request. IO thread, or the closing thread.
    fn finish_sync(&self, cookie: Self::Cookie, result: Result<&Outcome<'_>, Code>);

    /// Finishes an asynchronous request. Completion thread. May not return (a forced unwind of
    /// the thread passes through), so the callers have nothing to drop.
    fn complete(
        &self,
        cookie: Self::Cookie,
        result: Result<&Outcome<'_>, Code>,
        scratch: &mut Self::Scratch,
    );

    /// Finishes an add_auth. IO thread, or the closing thread (C-512, C-530). May not return,
    /// as above.
    fn complete_auth(&self, auth: Self::Auth, code: Code);

    /// Tells one watcher about one event; `path` is the client's, empty for session events.
    /// Completion thread. May not return, as above.
    fn watch_event(
        &self,
        watcher: &Self::Watcher,
        kind: i32,
        state: i32,
        path: &[u8],
        scratch: &mut Self::Scratch,
    );

    /// True if [`complete`](Self::complete), [`complete_auth`](Self::complete_auth) and
    /// [`watch_event`](Self::watch_event) run no code of the program. Then they are called by
    /// whoever drives the connection, under the core's lock, instead of the completion thread.
    fn takes_directly(&self) -> bool {
        false
    }

    /// Ends a batch of such calls, with their scratch.
    fn flush(&self, _scratch: &mut Self::Scratch) {}

    /// A watcher has been told of what there was, and the teller will not tell it any more.
    /// Completion thread. May not return, as above.
    fn told(&self, watcher: Self::Watcher) {
        drop(watcher);
    }

    /// True if [`take_released`](Self::take_released) has something to give. Any thread.
    fn has_released(&self) -> bool {
        false
    }

    /// Takes what watchers have left behind that were dropped since the last time. Under the
    /// core's lock, so that it follows all deliveries of the time when they were in use.
    fn take_released(&self) -> Self::Released {
        Self::Released::default()
    }

    /// Gives it back to the program, and leaves `released` empty. Completion thread, or the
    /// closing thread. May not return, as above.
    fn release(&self, _released: &mut Self::Released) {}

    /// The handle is over, and [`global_watcher`](Self::global_watcher) must keep nothing in
    /// use from now on. Closing thread or completion thread, under the core's lock.
    fn ending(&self) {}

    /// True in a child of fork: the handle's threads, and whoever held its locks, are not here,
    /// and the connection is the parent's.
    fn is_inherited(&self) -> bool {
        false
    }

    /// Writes a log line. Any thread. May not return, as above.
    fn log(&self, line: &Line);

    /// Which lines are worth making.
    fn log_threshold(&self) -> Threshold {
        Threshold::default()
    }

    /// Nothing of the library runs for this handle any more; the last call. Closing thread, or
    /// the completion thread if the handle was closed from there.
    fn closed(&self);
}

/// How a handle is made.
#[derive(Clone, Copy, Debug)]
pub struct Config<'a> {
    /// Host list with optional chroot (C-272, C-278).
    pub hosts: &'a [u8],
    /// Session timeout asked for, ms; not validated.
    pub recv_timeout: i32,
    /// Session to resume: id and password.
    pub session: Option<(i64, [u8; 16])>,
    /// True if a read-only server will do.
    pub read_only: bool,
    /// True to try servers in the order of the list, whatever the process has set (C-291).
    pub keep_host_order: bool,
    /// True to set watches again at another server after a reconnect (C-222).
    pub rearm_watches: bool,
    /// What host lists may have, here and when they are replaced.
    pub syntax: Syntax,
    /// True if a later host list may repeat the chroot.
    pub repeats_chroot: bool,
    /// True to resolve names in the background from the start, so that opening neither waits
    /// for the resolver nor fails because of it.
    pub resolve_later: bool,
    /// Longest frame that is taken from a server, bytes; `None` for the usual limit.
    pub max_frame: Option<usize>,
    /// True to tell all watchers of the handle's end.
    pub tell_closed: bool,
}

impl Config<'_> {
    /// What the C library has no settings for is as there.
    pub const PLAIN: Self = Self {
        hosts: b"",
        recv_timeout: 0,
        session: None,
        read_only: false,
        keep_host_order: false,
        rearm_watches: true,
        syntax: Syntax {
            default_port: None,
            brackets: false,
        },
        repeats_chroot: false,
        resolve_later: false,
        max_frame: None,
        tell_closed: false,
    };
}

/// Why a handle could not be made, as errno.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenError(pub i32);

/// What an application-driven loop has to wait for (C-525).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Socket, −1 if there is none.
    pub fd: i32,
    /// Wait for readability.
    pub read: bool,
    /// Wait for writability.
    pub write: bool,
    /// Wait at most this long, ms.
    pub timeout: u64,
}

/// Which watches a removal is about (C-485…C-490).
#[derive(Clone, Copy, Debug)]
pub struct WatchRemoval<'a, W> {
    /// Client's path; `None` stands for NULL.
    pub path: Option<&'a [u8]>,
    /// See [`zk_proto::RemoveWatchType`]; others match nothing.
    pub kind: i32,
    /// `None` matches every watcher; unless only watches that stay are meant, even if nothing is
    /// registered (C-486).
    pub watcher: Option<W>,
    /// True for remove_all_watches (request 18), false for remove_watches (request 17, unless
    /// the server would go on telling of the watch for ever).
    pub all: bool,
    /// True to forget the watch here without asking the server.
    pub local: bool,
}
