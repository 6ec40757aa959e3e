//! Synchronous calls that read nodes and may leave watches.
#![allow(
    clippy::missing_safety_doc,
    clippy::too_many_arguments,
    non_snake_case,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use super::convert::text;
use super::pointer::UserPtr;
use super::sync_call::{self, Out, Watch};
use super::types::{Stat, String_vector, ZOO_CONFIG_NODE, watcher_fn, zhandle_t};
use crate::core::Request;

/// Asks if a node exists.
///
/// A watch fires when the node is created, deleted or its data set; it is left also if the node
/// does not exist.
///
/// Like zoo_wexists() with the handle's watcher.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param watch not 0 to leave a watch for the handle's watcher, as zookeeper_init() or
///     zoo_set_watcher() set it, with the handle's context of now.
/// \param stat where the node's statistics go; may be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path; ZINVALIDSTATE: the
///     session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came; ZCLOSING: the handle was closed meanwhile; ZSYSTEMERROR: out of memory; or the
///     server's answer: ZNONODE if there is no such node.
///
/// (C-147, C-269, C-304)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_exists(
    zh: *mut zhandle_t,
    path: *const c_char,
    watch: c_int,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::flag(watch);
    let out = Ok(Out::Stat(UserPtr(stat)));
    sync_call::request(zh, Request::Exists { path }, watch, out)
}

/// Asks if a node exists.
///
/// A watch fires when the node is created, deleted or its data set; it is left also if the node
/// does not exist.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param watcher called on the completion thread, once, when the watch fires, and for every
///     session event until then; NULL leaves no watch. The same function with the same context
///     is registered once per path.
/// \param watcherCtx passed to the watcher; must live as long as the watcher can be called.
/// \param stat where the node's statistics go; may be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path; ZINVALIDSTATE: the
///     session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came; ZCLOSING: the handle was closed meanwhile; ZSYSTEMERROR: out of memory; or the
///     server's answer: ZNONODE if there is no such node.
///
/// (C-148, C-304)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_wexists(
    zh: *mut zhandle_t,
    path: *const c_char,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::own(watcher, watcherCtx);
    let out = Ok(Out::Stat(UserPtr(stat)));
    sync_call::request(zh, Request::Exists { path }, watch, out)
}

/// Reads a node's data.
///
/// A watch is left if the call succeeds; it fires when the data is set or the node deleted.
///
/// Like zoo_wget() with the handle's watcher.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param watch not 0 to leave a watch for the handle's watcher, as zookeeper_init() or
///     zoo_set_watcher() set it, with the handle's context of now.
/// \param buffer where the data goes, without a NUL after it; may be NULL if nothing is wanted.
/// \param buffer_len size of buffer in bytes, 0 or more, before the call; bytes stored after
///     it, or -1 for a node without data. Data that is longer is cut: its true length is the
///     stat's dataLength. Not NULL. With -1 before the call nothing is stored and -1 remains.
/// \param stat where the node's statistics go; may be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path, or a NULL or
///     negative buffer_len other than -1; ZINVALIDSTATE: the session has expired or
///     authentication failed; ZMARSHALLINGERROR: the handle is being closed; ZCONNECTIONLOSS or
///     ZOPERATIONTIMEOUT: the connection was lost before the answer came; ZCLOSING: the handle
///     was closed meanwhile; ZSYSTEMERROR: out of memory; or the server's answer: ZNONODE,
///     ZNOAUTH.
///
/// (C-149, C-269, C-305)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_get(
    zh: *mut zhandle_t,
    path: *const c_char,
    watch: c_int,
    buffer: *mut c_char,
    buffer_len: *mut c_int,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::flag(watch);
    // SAFETY: the documentation asks for NULL or a length.
    let out = unsafe { Out::data(buffer, buffer_len, stat) };
    sync_call::request(zh, Request::GetData { path }, watch, out)
}

/// Reads a node's data.
///
/// A watch is left if the call succeeds; it fires when the data is set or the node deleted.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param watcher called on the completion thread, once, when the watch fires, and for every
///     session event until then; NULL leaves no watch. The same function with the same context
///     is registered once per path.
/// \param watcherCtx passed to the watcher; must live as long as the watcher can be called.
/// \param buffer where the data goes, without a NUL after it; may be NULL if nothing is wanted.
/// \param buffer_len size of buffer in bytes, 0 or more, before the call; bytes stored after
///     it, or -1 for a node without data. Data that is longer is cut: its true length is the
///     stat's dataLength. Not NULL. With -1 before the call nothing is stored and -1 remains.
/// \param stat where the node's statistics go; may be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path, or a NULL or
///     negative buffer_len other than -1; ZINVALIDSTATE: the session has expired or
///     authentication failed; ZMARSHALLINGERROR: the handle is being closed; ZCONNECTIONLOSS or
///     ZOPERATIONTIMEOUT: the connection was lost before the answer came; ZCLOSING: the handle
///     was closed meanwhile; ZSYSTEMERROR: out of memory; or the server's answer: ZNONODE,
///     ZNOAUTH.
///
/// (C-150, C-305)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_wget(
    zh: *mut zhandle_t,
    path: *const c_char,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    buffer: *mut c_char,
    buffer_len: *mut c_int,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::own(watcher, watcherCtx);
    // SAFETY: the documentation asks for NULL or a length.
    let out = unsafe { Out::data(buffer, buffer_len, stat) };
    sync_call::request(zh, Request::GetData { path }, watch, out)
}

/// Reads the ensemble's configuration.
///
/// Reads ZOO_CONFIG_NODE below the handle's chroot: with a chroot there is usually no such
/// node, and the answer is ZNONODE; zoo_agetconfig() does not have this limit. A watch is left
/// if the call succeeds; it fires when the configuration changes.
///
/// Like zoo_wgetconfig() with the handle's watcher.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param watch not 0 to leave a watch for the handle's watcher, as zookeeper_init() or
///     zoo_set_watcher() set it, with the handle's context of now.
/// \param buffer where the data goes, without a NUL after it; may be NULL if nothing is wanted.
/// \param buffer_len size of buffer in bytes, 0 or more, before the call; bytes stored after
///     it, or -1 for a node without data. Data that is longer is cut: its true length is the
///     stat's dataLength. Not NULL. With -1 before the call nothing is stored and -1 remains.
/// \param stat where the node's statistics go; may be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or a NULL or negative buffer_len other
///     than -1; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the
///     connection was lost before the answer came; ZCLOSING: the handle was closed meanwhile;
///     ZSYSTEMERROR: out of memory; or the server's answer: ZNONODE, ZNOAUTH.
///
/// (C-151, C-269, C-281)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_getconfig(
    zh: *mut zhandle_t,
    watch: c_int,
    buffer: *mut c_char,
    buffer_len: *mut c_int,
    stat: *mut Stat,
) -> c_int {
    let watch = Watch::flag(watch);
    // SAFETY: the documentation asks for NULL or a length.
    let out = unsafe { Out::data(buffer, buffer_len, stat) };
    let path = Some(ZOO_CONFIG_NODE.as_bytes());
    sync_call::request(zh, Request::GetData { path }, watch, out)
}

/// Reads the ensemble's configuration.
///
/// Reads ZOO_CONFIG_NODE below the handle's chroot: with a chroot there is usually no such
/// node, and the answer is ZNONODE; zoo_agetconfig() does not have this limit. A watch is left
/// if the call succeeds; it fires when the configuration changes.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param watcher called on the completion thread, once, when the watch fires, and for every
///     session event until then; NULL leaves no watch. The same function with the same context
///     is registered once per path.
/// \param watcherCtx passed to the watcher; must live as long as the watcher can be called.
/// \param buffer where the data goes, without a NUL after it; may be NULL if nothing is wanted.
/// \param buffer_len size of buffer in bytes, 0 or more, before the call; bytes stored after
///     it, or -1 for a node without data. Data that is longer is cut: its true length is the
///     stat's dataLength. Not NULL. With -1 before the call nothing is stored and -1 remains.
/// \param stat where the node's statistics go; may be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or a NULL or negative buffer_len other
///     than -1; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the
///     connection was lost before the answer came; ZCLOSING: the handle was closed meanwhile;
///     ZSYSTEMERROR: out of memory; or the server's answer: ZNONODE, ZNOAUTH.
///
/// (C-152, C-281)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_wgetconfig(
    zh: *mut zhandle_t,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    buffer: *mut c_char,
    buffer_len: *mut c_int,
    stat: *mut Stat,
) -> c_int {
    let watch = Watch::own(watcher, watcherCtx);
    // SAFETY: the documentation asks for NULL or a length.
    let out = unsafe { Out::data(buffer, buffer_len, stat) };
    let path = Some(ZOO_CONFIG_NODE.as_bytes());
    sync_call::request(zh, Request::GetData { path }, watch, out)
}

/// Lists a node's children.
///
/// A watch is left if the call succeeds; it fires when a child is created or deleted, or the
/// node itself deleted.
///
/// Like zoo_wget_children() with the handle's watcher.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param watch not 0 to leave a watch for the handle's watcher, as zookeeper_init() or
///     zoo_set_watcher() set it, with the handle's context of now.
/// \param strings where the names of the children go, in no particular order; what was there is
///     overwritten, not freed. Free them with deallocate_String_vector(). May be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path; ZINVALIDSTATE: the
///     session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came; ZCLOSING: the handle was closed meanwhile; ZSYSTEMERROR: out of memory; or the
///     server's answer: ZNONODE, ZNOAUTH.
///
/// (C-156, C-269, C-308)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_get_children(
    zh: *mut zhandle_t,
    path: *const c_char,
    watch: c_int,
    strings: *mut String_vector,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::flag(watch);
    let out = Ok(Out::Strings(UserPtr(strings), UserPtr(ptr::null_mut())));
    sync_call::request(zh, Request::GetChildren { path }, watch, out)
}

/// Lists a node's children.
///
/// A watch is left if the call succeeds; it fires when a child is created or deleted, or the
/// node itself deleted.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param watcher called on the completion thread, once, when the watch fires, and for every
///     session event until then; NULL leaves no watch. The same function with the same context
///     is registered once per path.
/// \param watcherCtx passed to the watcher; must live as long as the watcher can be called.
/// \param strings where the names of the children go, in no particular order; what was there is
///     overwritten, not freed. Free them with deallocate_String_vector(). May be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path; ZINVALIDSTATE: the
///     session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came; ZCLOSING: the handle was closed meanwhile; ZSYSTEMERROR: out of memory; or the
///     server's answer: ZNONODE, ZNOAUTH.
///
/// (C-157, C-308)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_wget_children(
    zh: *mut zhandle_t,
    path: *const c_char,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    strings: *mut String_vector,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::own(watcher, watcherCtx);
    let out = Ok(Out::Strings(UserPtr(strings), UserPtr(ptr::null_mut())));
    sync_call::request(zh, Request::GetChildren { path }, watch, out)
}

/// Lists a node's children and gets its statistics.
///
/// A watch is left if the call succeeds; it fires when a child is created or deleted, or the
/// node itself deleted.
///
/// Like zoo_wget_children2() with the handle's watcher.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param watch not 0 to leave a watch for the handle's watcher, as zookeeper_init() or
///     zoo_set_watcher() set it, with the handle's context of now.
/// \param strings where the names of the children go, in no particular order; what was there is
///     overwritten, not freed. Free them with deallocate_String_vector(). May be NULL.
/// \param stat where the node's statistics go; may be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path; ZINVALIDSTATE: the
///     session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came; ZCLOSING: the handle was closed meanwhile; ZSYSTEMERROR: out of memory; or the
///     server's answer: ZNONODE, ZNOAUTH.
///
/// (C-158, C-269, C-309)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_get_children2(
    zh: *mut zhandle_t,
    path: *const c_char,
    watch: c_int,
    strings: *mut String_vector,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::flag(watch);
    let out = Ok(Out::Strings(UserPtr(strings), UserPtr(stat)));
    sync_call::request(zh, Request::GetChildren2 { path }, watch, out)
}

/// Lists a node's children and gets its statistics.
///
/// A watch is left if the call succeeds; it fires when a child is created or deleted, or the
/// node itself deleted.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param watcher called on the completion thread, once, when the watch fires, and for every
///     session event until then; NULL leaves no watch. The same function with the same context
///     is registered once per path.
/// \param watcherCtx passed to the watcher; must live as long as the watcher can be called.
/// \param strings where the names of the children go, in no particular order; what was there is
///     overwritten, not freed. Free them with deallocate_String_vector(). May be NULL.
/// \param stat where the node's statistics go; may be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path; ZINVALIDSTATE: the
///     session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came; ZCLOSING: the handle was closed meanwhile; ZSYSTEMERROR: out of memory; or the
///     server's answer: ZNONODE, ZNOAUTH.
///
/// (C-159, C-309)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_wget_children2(
    zh: *mut zhandle_t,
    path: *const c_char,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    strings: *mut String_vector,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::own(watcher, watcherCtx);
    let out = Ok(Out::Strings(UserPtr(strings), UserPtr(stat)));
    sync_call::request(zh, Request::GetChildren2 { path }, watch, out)
}
