//! Threads, locks and life of a handle. Knows the core and the sockets, but no C.
#![forbid(unsafe_code)]

mod sync;

use std::hash::Hash;
use std::net::SocketAddr;
use std::sync::Arc;

use zk_proto::Code;

use crate::core::{Outcome, Request};
use crate::log::Line;

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
    type Watcher: Copy + Eq + Hash + Send + 'static;
    /// Memory that the completion thread keeps from call to call.
    type Scratch: Default + Send + 'static;

    /// True if the request is finished on the IO thread because a caller waits for it.
    fn is_sync(cookie: &Self::Cookie) -> bool;

    /// Who gets session events besides the registered watchers (C-480). Any thread.
    fn global_watcher(&self) -> Self::Watcher;

    /// A session was established: its id and password. IO thread, under the core's lock: store
    /// and return.
    fn session(&self, id: i64, password: [u8; 16]);

    /// Finishes a synchronous request. IO thread, or the closing thread.
    fn finish_sync(&self, cookie: Self::Cookie, result: Result<Outcome<'_>, Code>);

    /// Finishes an asynchronous request. Completion thread. May not return (a forced unwind of
    /// the thread passes through), so the callers have nothing to drop.
    fn complete(
        &self,
        cookie: Self::Cookie,
        result: Result<Outcome<'_>, Code>,
        scratch: &mut Self::Scratch,
    );

    /// Finishes an add_auth. IO thread, or the closing thread (C-512, C-530). May not return,
    /// as above.
    fn complete_auth(&self, auth: Self::Auth, code: Code);

    /// Tells one watcher about one event; `path` is the client's, empty for session events.
    /// Completion thread. May not return, as above.
    fn watch_event(
        &self,
        watcher: Self::Watcher,
        kind: i32,
        state: i32,
        path: &[u8],
        scratch: &mut Self::Scratch,
    );

    /// Writes a log line. Any thread. May not return, as above.
    fn log(&self, line: &Line);

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
    /// 1 child, 2 data, 3 any, others match nothing.
    pub kind: i32,
    /// `None` matches every watcher, even if nothing is registered (C-486).
    pub watcher: Option<W>,
    /// True for remove_all_watches (request 18), false for remove_watches (request 17).
    pub all: bool,
    /// True to forget the watch here without asking the server.
    pub local: bool,
}

/// One client handle: a session and its two threads.
#[derive(Debug)]
pub struct Handle<C: Client> {
    client: C,
}

#[allow(unused_variables, missing_docs, clippy::todo, reason = "being written")]
impl<C: Client> Handle<C> {
    /// Resolves the hosts, starts both threads and returns before anything is connected.
    /// Blocks in name resolution only. `make` gets to know the handle it will belong to.
    pub fn open(config: Config<'_>, client: C) -> Result<Arc<Self>, OpenError> {
        todo!()
    }

    /// The layer above.
    pub fn client(&self) -> &C {
        &self.client
    }

    /// Queues a request. Checks in the contract's order (C-260…C-263); on an error the cookie
    /// is dropped and nothing follows. With a watcher, the watch is registered by the reply.
    pub fn submit(
        &self,
        request: Request<'_>,
        cookie: C::Cookie,
        watcher: Option<C::Watcher>,
    ) -> Result<(), Code> {
        todo!()
    }

    /// Stores a credential for all associations to come and sends it now if there is one
    /// (C-560…C-566).
    pub fn add_auth(
        &self,
        scheme: &[u8],
        credential: &[u8],
        completion: Option<C::Auth>,
    ) -> Result<(), Code> {
        todo!()
    }

    /// Removes watches (C-485…C-490). A local removal finishes the cookie too: a synchronous
    /// one before this returns, an asynchronous one on the completion thread.
    pub fn remove_watches(
        &self,
        removal: WatchRemoval<'_, C::Watcher>,
        cookie: C::Cookie,
    ) -> Result<(), Code> {
        todo!()
    }

    /// Replaces the server list (C-448…C-453). Blocks in name resolution.
    pub fn set_servers(&self, hosts: &[u8]) -> Result<(), Code> {
        todo!()
    }

    /// C-411.
    pub fn set_resolution_delay(&self, ms: i32) -> Result<(), Code> {
        todo!()
    }

    /// C-454.
    pub fn cycle_next_server(&self) {
        todo!()
    }

    /// The address tried now or next; `None` before any was chosen (C-288).
    pub fn current_server(&self) -> Option<SocketAddr> {
        todo!()
    }

    /// The peer of the connection, in state 3 only (C-287).
    pub fn connected_peer(&self) -> Option<SocketAddr> {
        todo!()
    }

    /// C-282.
    pub fn state(&self) -> i32 {
        todo!()
    }

    /// Negotiated session timeout, before the first connect the one asked for; ms.
    pub fn recv_timeout(&self) -> i32 {
        todo!()
    }

    /// One step of an application-driven loop (C-525). The interest is there unless the
    /// handle is unusable; the code is the step's own result.
    pub fn interest(&self) -> (Option<Interest>, Code) {
        todo!()
    }

    /// The other step (C-526).
    pub fn process(&self, readable: bool, writable: bool) -> Code {
        todo!()
    }

    /// Ends the handle (C-530…C-538). From a thread of the program it returns when all is done;
    /// from a callback at once, and the rest follows when the callback has returned.
    pub fn close(self: &Arc<Self>) {
        todo!()
    }

    /// A bug was caught at the C boundary: no further use but close.
    pub fn poison(&self) {
        todo!()
    }

    /// Writes a log line through the client.
    pub fn log(&self, line: &Line) {
        self.client.log(line);
    }
}
