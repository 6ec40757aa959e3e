//! Asynchronous calls that read nodes and may leave watches.
#![allow(
    clippy::missing_safety_doc,
    clippy::too_many_arguments,
    non_snake_case,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};

use super::convert::text;
use super::delivery::Async;
use super::pointer::UserPtr;
use super::requests::submit;
use super::sync_call::Watch;
use super::types::{
    data_completion_t, stat_completion_t, strings_completion_t, strings_stat_completion_t,
    watcher_fn, zhandle_t,
};
use crate::core::Request;

/// Asks if a node exists, without waiting.
///
/// A watch fires when the node is created, deleted or its data set; it is left also if the node
/// does not exist.
///
/// Like zoo_awexists() with the handle's watcher.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param watch not 0 to leave a watch for the handle's watcher, as zookeeper_init() or
///     zoo_set_watcher() set it, with the handle's context of now.
/// \param completion called on the completion thread, exactly once, with the node's statistics,
///     or ZNONODE if there is no such node, or a code of the connection; may be NULL, then the
///     result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-128, C-269, C-304)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_aexists(
    zh: *mut zhandle_t,
    path: *const c_char,
    watch: c_int,
    completion: stat_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::flag(watch);
    let call = Async::Stat(completion, UserPtr::data(data));
    submit(zh, &Request::Exists { path }, watch, call)
}

/// Asks if a node exists, without waiting.
///
/// A watch fires when the node is created, deleted or its data set; it is left also if the node
/// does not exist.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param watcher called on the completion thread, once, when the watch fires, and for every
///     session event until then; NULL leaves no watch. The same function with the same context
///     is registered once per path.
/// \param watcherCtx passed to the watcher; must live as long as the watcher can be called.
/// \param completion called on the completion thread, exactly once, with the node's statistics,
///     or ZNONODE if there is no such node, or a code of the connection; may be NULL, then the
///     result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-129, C-304)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_awexists(
    zh: *mut zhandle_t,
    path: *const c_char,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    completion: stat_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::own(watcher, watcherCtx);
    let call = Async::Stat(completion, UserPtr::data(data));
    submit(zh, &Request::Exists { path }, watch, call)
}

/// Reads a node's data without waiting.
///
/// A watch is left if the call succeeds; it fires when the data is set or the node deleted.
///
/// Like zoo_awget() with the handle's watcher.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param watch not 0 to leave a watch for the handle's watcher, as zookeeper_init() or
///     zoo_set_watcher() set it, with the handle's context of now.
/// \param completion called on the completion thread, exactly once, with the node's data and
///     statistics, which live until it returns (the data is not NUL-terminated; a node without
///     data has a length of -1), or the code of the failure: ZNONODE, ZNOAUTH, or a code of the
///     connection; may be NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-130, C-269, C-306)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_aget(
    zh: *mut zhandle_t,
    path: *const c_char,
    watch: c_int,
    completion: data_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::flag(watch);
    let call = Async::Data(completion, UserPtr::data(data));
    submit(zh, &Request::GetData { path }, watch, call)
}

/// Reads a node's data without waiting.
///
/// A watch is left if the call succeeds; it fires when the data is set or the node deleted.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param watcher called on the completion thread, once, when the watch fires, and for every
///     session event until then; NULL leaves no watch. The same function with the same context
///     is registered once per path.
/// \param watcherCtx passed to the watcher; must live as long as the watcher can be called.
/// \param completion called on the completion thread, exactly once, with the node's data and
///     statistics, which live until it returns (the data is not NUL-terminated; a node without
///     data has a length of -1), or the code of the failure: ZNONODE, ZNOAUTH, or a code of the
///     connection; may be NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-131, C-306)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_awget(
    zh: *mut zhandle_t,
    path: *const c_char,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    completion: data_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::own(watcher, watcherCtx);
    let call = Async::Data(completion, UserPtr::data(data));
    submit(zh, &Request::GetData { path }, watch, call)
}

/// Reads the ensemble's configuration without waiting.
///
/// Reads ZOO_CONFIG_NODE, whatever chroot the handle has. A watch is left if the call succeeds;
/// it fires when the configuration changes.
///
/// Like zoo_awgetconfig() with the handle's watcher.
///
/// \param zh the handle.
/// \param watch not 0 to leave a watch for the handle's watcher, as zookeeper_init() or
///     zoo_set_watcher() set it, with the handle's context of now.
/// \param completion called on the completion thread, exactly once, with the configuration and
///     the node's statistics, which live until it returns, or the code of the failure; may be
///     NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle;
///     ZINVALIDSTATE: the session has expired or authentication failed; ZMARSHALLINGERROR: the
///     handle is being closed.
///
/// (C-132, C-269, C-281)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_agetconfig(
    zh: *mut zhandle_t,
    watch: c_int,
    completion: data_completion_t,
    data: *const c_void,
) -> c_int {
    let watch = Watch::flag(watch);
    let call = Async::Data(completion, UserPtr::data(data));
    submit(zh, &Request::GetConfig, watch, call)
}

/// Reads the ensemble's configuration without waiting.
///
/// Reads ZOO_CONFIG_NODE, whatever chroot the handle has. A watch is left if the call succeeds;
/// it fires when the configuration changes.
///
/// \param zh the handle.
/// \param watcher called on the completion thread, once, when the watch fires, and for every
///     session event until then; NULL leaves no watch. The same function with the same context
///     is registered once per path.
/// \param watcherCtx passed to the watcher; must live as long as the watcher can be called.
/// \param completion called on the completion thread, exactly once, with the configuration and
///     the node's statistics, which live until it returns, or the code of the failure; may be
///     NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle;
///     ZINVALIDSTATE: the session has expired or authentication failed; ZMARSHALLINGERROR: the
///     handle is being closed.
///
/// (C-133, C-281)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_awgetconfig(
    zh: *mut zhandle_t,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    completion: data_completion_t,
    data: *const c_void,
) -> c_int {
    let watch = Watch::own(watcher, watcherCtx);
    let call = Async::Data(completion, UserPtr::data(data));
    submit(zh, &Request::GetConfig, watch, call)
}

/// Lists a node's children without waiting.
///
/// A watch is left if the call succeeds; it fires when a child is created or deleted, or the
/// node itself deleted.
///
/// Like zoo_awget_children() with the handle's watcher.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param watch not 0 to leave a watch for the handle's watcher, as zookeeper_init() or
///     zoo_set_watcher() set it, with the handle's context of now.
/// \param completion called on the completion thread, exactly once, with the names of the
///     children, in no particular order, which live until it returns, or the code of the
///     failure: ZNONODE, ZNOAUTH, or a code of the connection; may be NULL, then the result is
///     dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-136, C-269)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_aget_children(
    zh: *mut zhandle_t,
    path: *const c_char,
    watch: c_int,
    completion: strings_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::flag(watch);
    let call = Async::Strings(completion, UserPtr::data(data));
    submit(zh, &Request::GetChildren { path }, watch, call)
}

/// Lists a node's children without waiting.
///
/// A watch is left if the call succeeds; it fires when a child is created or deleted, or the
/// node itself deleted.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param watcher called on the completion thread, once, when the watch fires, and for every
///     session event until then; NULL leaves no watch. The same function with the same context
///     is registered once per path.
/// \param watcherCtx passed to the watcher; must live as long as the watcher can be called.
/// \param completion called on the completion thread, exactly once, with the names of the
///     children, in no particular order, which live until it returns, or the code of the
///     failure: ZNONODE, ZNOAUTH, or a code of the connection; may be NULL, then the result is
///     dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-136)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_awget_children(
    zh: *mut zhandle_t,
    path: *const c_char,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    completion: strings_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::own(watcher, watcherCtx);
    let call = Async::Strings(completion, UserPtr::data(data));
    submit(zh, &Request::GetChildren { path }, watch, call)
}

/// Lists a node's children and gets its statistics, without waiting.
///
/// A watch is left if the call succeeds; it fires when a child is created or deleted, or the
/// node itself deleted.
///
/// Like zoo_awget_children2() with the handle's watcher.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param watch not 0 to leave a watch for the handle's watcher, as zookeeper_init() or
///     zoo_set_watcher() set it, with the handle's context of now.
/// \param completion called on the completion thread, exactly once, with the names of the
///     children, in no particular order, and the node's statistics, which live until it
///     returns, or the code of the failure: ZNONODE, ZNOAUTH, or a code of the connection; may
///     be NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-137, C-269)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_aget_children2(
    zh: *mut zhandle_t,
    path: *const c_char,
    watch: c_int,
    completion: strings_stat_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::flag(watch);
    let call = Async::StringsStat(completion, UserPtr::data(data));
    submit(zh, &Request::GetChildren2 { path }, watch, call)
}

/// Lists a node's children and gets its statistics, without waiting.
///
/// A watch is left if the call succeeds; it fires when a child is created or deleted, or the
/// node itself deleted.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param watcher called on the completion thread, once, when the watch fires, and for every
///     session event until then; NULL leaves no watch. The same function with the same context
///     is registered once per path.
/// \param watcherCtx passed to the watcher; must live as long as the watcher can be called.
/// \param completion called on the completion thread, exactly once, with the names of the
///     children, in no particular order, and the node's statistics, which live until it
///     returns, or the code of the failure: ZNONODE, ZNOAUTH, or a code of the connection; may
///     be NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-137)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_awget_children2(
    zh: *mut zhandle_t,
    path: *const c_char,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    completion: strings_stat_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::own(watcher, watcherCtx);
    let call = Async::StringsStat(completion, UserPtr::data(data));
    submit(zh, &Request::GetChildren2 { path }, watch, call)
}
