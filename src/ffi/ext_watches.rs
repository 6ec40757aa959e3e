//! Watches that stay: persistent and persistent recursive ones.
#![allow(
    clippy::missing_safety_doc,
    non_snake_case,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};

use zk_proto::{AddWatchMode, Code};

use super::convert::text;
use super::delivery::{Async, Cookie};
use super::guard;
use super::pointer::UserPtr;
use super::sync_call::{self, Out, Watch};
use super::types::{void_completion_t, watcher_fn, zhandle_t};
use crate::core::Request;

/// Mode of zoox_add_watch(): every event of one node.
pub const ZOOX_WATCH_PERSISTENT: c_int = 0;
/// Mode of zoox_add_watch(): the creation, the change and the deletion of a node and of all
/// nodes below it.
pub const ZOOX_WATCH_PERSISTENT_RECURSIVE: c_int = 1;

/// For zoo_remove_watches() and its relatives, cast to ZooWatcherType: watches of
/// ZOOX_WATCH_PERSISTENT. Servers before 3.9 answer ZMARSHALLINGERROR; ZWATCHTYPE_ANY, which
/// covers all watches of the path, works with every server.
pub const ZOOX_WATCHTYPE_PERSISTENT: c_int = 4;
/// The same for watches of ZOOX_WATCH_PERSISTENT_RECURSIVE.
pub const ZOOX_WATCHTYPE_PERSISTENT_RECURSIVE: c_int = 5;

/// Type of an event: a watch of zoox_add_watch() was removed and is not called again, unless it
/// was registered in another mode or for another path as well.
pub const ZOOX_PERSISTENT_WATCH_REMOVED_EVENT: c_int = 7;

/// Leaves a watch that stays until it is removed.
///
/// The node need not exist. The watcher is called on the completion thread for each event, with
/// its type, the path of the node that it is about, relative to the chroot, and the state:
///
/// - ZOO_CREATED_EVENT, ZOO_CHANGED_EVENT and ZOO_DELETED_EVENT of the node, and in mode
///   ZOOX_WATCH_PERSISTENT_RECURSIVE of every node below it;
/// - ZOO_CHILD_EVENT when a child of the node is created or deleted, in mode
///   ZOOX_WATCH_PERSISTENT only;
/// - every session event, once for all watches that have the same function and context;
/// - ZOOX_PERSISTENT_WATCH_REMOVED_EVENT when the watch was removed by zoo_remove_watches(),
///   zoo_remove_all_watches() or their asynchronous forms: the last call for this watch.
///
/// After a reconnection the client sets the watch again. What changes while there is no
/// connection is not told, unlike with watches that fire once; so read again after
/// ZOO_CONNECTED_STATE. A watch that is added while the connection breaks may fail with
/// ZCONNECTIONLOSS and is not set then.
///
/// Servers before 3.9 know one kind of watch for each path and client: another one on the same
/// path, even one that fires once, takes the place of the one before. With them, leave watches of
/// one kind only on a path.
///
/// A removal makes the server forget the watch too if no other watch of the type that it names
/// is left on the path in this client. Waits for the answer; may be called from callbacks on the
/// completion thread. Needs a server of version 3.6 or later; an older one ends the connection.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param mode ZOOX_WATCH_PERSISTENT or ZOOX_WATCH_PERSISTENT_RECURSIVE.
/// \param watcher who is told, not NULL. The same function with the same context is registered
///     once per path and mode, and called once per event.
/// \param watcherCtx passed to the watcher; must live as long as the watcher can be called.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, an invalid path or mode, or no watcher;
///     ZINVALIDSTATE: the session has expired or authentication failed; ZMARSHALLINGERROR: the
///     handle is being closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost
///     before the answer came; ZCLOSING: the handle was closed meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_add_watch(
    zh: *mut zhandle_t,
    path: *const c_char,
    mode: c_int,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    guard::code(zh, |handle| {
        let watcher = Watch::own(watcher, watcherCtx).resolve(handle);
        let call = || {
            let mode = AddWatchMode::from_i32(mode).ok_or(Code::BAD_ARGUMENTS)?;
            let watcher = watcher.ok_or(Code::BAD_ARGUMENTS)?;
            sync_call::wait(&handle.client().calls, Out::Nothing, |cookie| {
                handle.submit(&Request::AddWatch { path, mode }, cookie, Some(watcher))
            })
        };
        call().inspect_err(|_| handle.hand_back())
    })
}

/// Leaves a watch that stays until it is removed, without waiting.
///
/// The watch is that of zoox_add_watch().
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param mode ZOOX_WATCH_PERSISTENT or ZOOX_WATCH_PERSISTENT_RECURSIVE.
/// \param watcher who is told, not NULL.
/// \param watcherCtx passed to the watcher; must live as long as the watcher can be called.
/// \param completion called on the completion thread, exactly once, with ZOK, from when on the
///     watch is set, or a code of the connection; may be NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, an
///     invalid path or mode, or no watcher; ZINVALIDSTATE: the session has expired or
///     authentication failed; ZMARSHALLINGERROR: the handle is being closed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_aadd_watch(
    zh: *mut zhandle_t,
    path: *const c_char,
    mode: c_int,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    completion: void_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let call = Async::Void(completion, UserPtr::data(data));
    guard::code(zh, |handle| {
        let watcher = Watch::own(watcher, watcherCtx).resolve(handle);
        let submit = || {
            let mode = AddWatchMode::from_i32(mode).ok_or(Code::BAD_ARGUMENTS)?;
            let watcher = watcher.ok_or(Code::BAD_ARGUMENTS)?;
            let request = Request::AddWatch { path, mode };
            handle.submit(&request, Cookie::Async(call), Some(watcher))
        };
        submit().inspect_err(|_| handle.hand_back())
    })
}

const _: () = {
    use zk_proto::{EventType, RemoveWatchType};
    assert!(ZOOX_WATCH_PERSISTENT == AddWatchMode::Persistent as c_int);
    assert!(ZOOX_WATCH_PERSISTENT_RECURSIVE == AddWatchMode::PersistentRecursive as c_int);
    assert!(ZOOX_WATCHTYPE_PERSISTENT == RemoveWatchType::Persistent as c_int);
    assert!(ZOOX_WATCHTYPE_PERSISTENT_RECURSIVE == RemoveWatchType::PersistentRecursive as c_int);
    assert!(ZOOX_PERSISTENT_WATCH_REMOVED_EVENT == EventType::PERSISTENT_WATCH_REMOVED);
};
