//! Removing watches.
#![allow(
    clippy::missing_safety_doc,
    clippy::too_many_arguments,
    non_snake_case,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};

use super::convert::text;
use super::delivery::{Async, Cookie, Watcher};
use super::guard;
use super::pointer::UserPtr;
use super::sync_call::{self, Out};
use super::types::{ZooWatcherType, void_completion_t, watcher_fn, zhandle_t};
use crate::runtime::WatchRemoval;

/// Removes a watch.
///
/// Only asks the server if it has the watch: the server keeps it, and an event that it may send
/// later finds nobody here. The last watch of zoox_add_watch() on a path is removed there too.
///
/// Waits for the answer; may be called from callbacks on the completion thread.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param wtype ZWATCHTYPE_CHILD for watches of get_children, ZWATCHTYPE_DATA for those of get
///     and exists, ZWATCHTYPE_ANY for all.
/// \param watcher the watcher that was registered; NULL for all watchers of the path.
/// \param watcherCtx the context that was registered with it.
/// \param local not 0 to forget the watch in this client only, without asking the server and
///     also while the client is not connected.
/// \return ZOK; ZNOWATCHER: there is no such watch; ZBADARGUMENTS: a NULL or closed handle, or
///     an invalid path; ZINVALIDSTATE: the session has expired or authentication failed, and
///     local is 0; ZMARSHALLINGERROR: the handle is being closed; ZCONNECTIONLOSS or
///     ZOPERATIONTIMEOUT: the connection was lost, and the watch stays; ZCLOSING: the handle
///     was closed meanwhile.
///
/// (C-163, C-485 to C-488)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_remove_watches(
    zh: *mut zhandle_t,
    path: *const c_char,
    wtype: ZooWatcherType,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    local: c_int,
) -> c_int {
    let removal = WatchRemoval {
        // SAFETY: the documentation asks for NULL or a C string.
        path: unsafe { text(path) },
        kind: kind(wtype),
        watcher: Watcher::new(watcher, watcherCtx),
        all: false,
        local: local != 0,
    };
    guard::code(zh, |handle| {
        sync_call::wait(&handle.client().calls, Out::Nothing, |cookie| {
            handle.remove_watches(removal, cookie)
        })
    })
}

/// Removes all watches of a path, here and at the server.
///
/// Waits for the answer; may be called from callbacks on the completion thread.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param wtype ZWATCHTYPE_CHILD for watches of get_children, ZWATCHTYPE_DATA for those of get
///     and exists, ZWATCHTYPE_ANY for all.
/// \param local not 0 to forget the watch in this client only, without asking the server and
///     also while the client is not connected.
/// \return ZOK; ZNOWATCHER: there is no such watch; ZBADARGUMENTS: a NULL or closed handle, or
///     an invalid path; ZINVALIDSTATE: the session has expired or authentication failed, and
///     local is 0; ZMARSHALLINGERROR: the handle is being closed; ZCONNECTIONLOSS or
///     ZOPERATIONTIMEOUT: the connection was lost, and the watch stays; ZCLOSING: the handle
///     was closed meanwhile.
///
/// (C-164, C-485 to C-488)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_remove_all_watches(
    zh: *mut zhandle_t,
    path: *const c_char,
    wtype: ZooWatcherType,
    local: c_int,
) -> c_int {
    let removal = WatchRemoval {
        // SAFETY: the documentation asks for NULL or a C string.
        path: unsafe { text(path) },
        kind: kind(wtype),
        watcher: None,
        all: true,
        local: local != 0,
    };
    guard::code(zh, |handle| {
        sync_call::wait(&handle.client().calls, Out::Nothing, |cookie| {
            handle.remove_watches(removal, cookie)
        })
    })
}

/// Removes a watch without waiting.
///
/// Only asks the server if it has the watch: the server keeps it, and an event that it may send
/// later finds nobody here. The last watch of zoox_add_watch() on a path is removed there too.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param wtype ZWATCHTYPE_CHILD for watches of get_children, ZWATCHTYPE_DATA for those of get
///     and exists, ZWATCHTYPE_ANY for all.
/// \param watcher the watcher that was registered; NULL for all watchers of the path.
/// \param watcherCtx the context that was registered with it.
/// \param local not 0 to forget the watch in this client only, without asking the server and
///     also while the client is not connected.
/// \param completion the completion function itself, a void_completion_t cast to this type (it
///     is not a pointer to one): called on the completion thread, exactly once, with ZOK,
///     ZNOWATCHER, or a code of the connection; may be NULL.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK, and the completion follows; otherwise it does not: ZNOWATCHER: there is no such
///     watch; ZBADARGUMENTS: a NULL or closed handle, or an invalid path; ZINVALIDSTATE: the
///     session has expired or authentication failed, and local is 0; ZMARSHALLINGERROR: the
///     handle is being closed.
///
/// (C-165, C-485 to C-490)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_aremove_watches(
    zh: *mut zhandle_t,
    path: *const c_char,
    wtype: ZooWatcherType,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    local: c_int,
    completion: *mut void_completion_t,
    data: *const c_void,
) -> c_int {
    let removal = WatchRemoval {
        // SAFETY: the documentation asks for NULL or a C string.
        path: unsafe { text(path) },
        kind: kind(wtype),
        watcher: Watcher::new(watcher, watcherCtx),
        all: false,
        local: local != 0,
    };
    let call = Async::Void(function(completion), UserPtr::data(data));
    guard::code(zh, |handle| {
        handle.remove_watches(removal, Cookie::Async(call))
    })
}

/// Removes all watches of a path, here and at the server, without waiting.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param wtype ZWATCHTYPE_CHILD for watches of get_children, ZWATCHTYPE_DATA for those of get
///     and exists, ZWATCHTYPE_ANY for all.
/// \param local not 0 to forget the watch in this client only, without asking the server and
///     also while the client is not connected.
/// \param completion the completion function itself, a void_completion_t cast to this type (it
///     is not a pointer to one): called on the completion thread, exactly once, with ZOK,
///     ZNOWATCHER, or a code of the connection; may be NULL.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK, and the completion follows; otherwise it does not: ZNOWATCHER: there is no such
///     watch; ZBADARGUMENTS: a NULL or closed handle, or an invalid path; ZINVALIDSTATE: the
///     session has expired or authentication failed, and local is 0; ZMARSHALLINGERROR: the
///     handle is being closed.
///
/// (C-166, C-485 to C-490)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_aremove_all_watches(
    zh: *mut zhandle_t,
    path: *const c_char,
    wtype: ZooWatcherType,
    local: c_int,
    completion: *mut void_completion_t,
    data: *const c_void,
) -> c_int {
    let removal = WatchRemoval {
        // SAFETY: the documentation asks for NULL or a C string.
        path: unsafe { text(path) },
        kind: kind(wtype),
        watcher: None,
        all: true,
        local: local != 0,
    };
    let call = Async::Void(function(completion), UserPtr::data(data));
    guard::code(zh, |handle| {
        handle.remove_watches(removal, Cookie::Async(call))
    })
}

/// The number of a watch type; what C may pass beyond them matches no watch.
fn kind(wtype: ZooWatcherType) -> i32 {
    i32::try_from(wtype).unwrap_or(0)
}

/// The function that callers pass as if it were a pointer to one (C-489).
fn function(completion: *mut void_completion_t) -> void_completion_t {
    // SAFETY: both are pointers, and the documentation asks for a function; NULL is None.
    unsafe { std::mem::transmute::<*mut c_void, void_completion_t>(completion.cast()) }
}
