//! Synchronous calls that the C library has not: results as long as they are, and sync.
#![allow(
    clippy::missing_safety_doc,
    clippy::too_many_arguments,
    non_snake_case,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};

use zk_proto::Code;

use super::convert::text;
use super::pointer::UserPtr;
use super::requests::Create;
use super::sync_call::{self, Out, Watch};
use super::sync_ops::call_create;
use super::types::{ACL_vector, Stat, watcher_fn, zhandle_t};
use crate::core::Request;

/// Reads all of a node's data into memory of its size.
///
/// Like zoo_get(), without a buffer whose size has to be guessed.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param watch not 0 to leave a watch for the handle's watcher, as zookeeper_init() or
///     zoo_set_watcher() set it, with the handle's context of now.
/// \param value where a pointer to the data goes, not NULL: memory for free(), with a NUL behind
///     the data, also if it is empty; NULL for a node without data.
/// \param value_len where the length of the data goes, without that NUL, -1 for a node without
///     data; may be NULL.
/// \param stat where the node's statistics go; may be NULL.
/// \return the codes of zoo_get(); ZBADARGUMENTS also for a NULL value. Places for results stay
///     untouched unless it is ZOK.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_get(
    zh: *mut zhandle_t,
    path: *const c_char,
    watch: c_int,
    value: *mut *mut c_char,
    value_len: *mut c_int,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let out = new_data(value, value_len, stat);
    sync_call::request(zh, Request::GetData { path }, Watch::flag(watch), out)
}

/// Reads all of a node's data into memory of its size.
///
/// Like zoo_wget(), without a buffer whose size has to be guessed.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param watcher called on the completion thread, once, when the watch fires, and for every
///     session event until then; NULL leaves no watch. The same function with the same context
///     is registered once per path.
/// \param watcherCtx passed to the watcher; must live as long as the watcher can be called.
/// \param value where a pointer to the data goes, not NULL: memory for free(), with a NUL behind
///     the data, also if it is empty; NULL for a node without data.
/// \param value_len where the length of the data goes, without that NUL, -1 for a node without
///     data; may be NULL.
/// \param stat where the node's statistics go; may be NULL.
/// \return the codes of zoo_wget(); ZBADARGUMENTS also for a NULL value. Places for results stay
///     untouched unless it is ZOK.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_wget(
    zh: *mut zhandle_t,
    path: *const c_char,
    watcher: watcher_fn,
    watcherCtx: *mut c_void,
    value: *mut *mut c_char,
    value_len: *mut c_int,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let watch = Watch::own(watcher, watcherCtx);
    let out = new_data(value, value_len, stat);
    sync_call::request(zh, Request::GetData { path }, watch, out)
}

fn new_data(value: *mut *mut c_char, value_len: *mut c_int, stat: *mut Stat) -> Result<Out, Code> {
    if value.is_null() {
        return Err(Code::BAD_ARGUMENTS);
    }
    Ok(Out::NewData(
        UserPtr(value),
        UserPtr(value_len),
        UserPtr(stat),
    ))
}

/// Creates a node and gets its whole path into memory of its size.
///
/// Like the zoo_create() family, of which it is each, without a buffer whose size has to be
/// guessed.
///
/// \param zh the handle.
/// \param path path of the new node, NUL-terminated, relative to the chroot; the server appends
///     ten digits to it in the sequential modes.
/// \param value the node's data, any bytes. May be NULL if valuelen is 0 or -1.
/// \param valuelen length of the data in bytes; -1 for a node without data.
/// \param acl who may do what with the node, for example &ZOO_OPEN_ACL_UNSAFE.
/// \param mode the kind of node, of all that there are.
/// \param ttl time in ms, 1 to 0xFFFFFFFFFF, after which the server may delete the node if it
///     was not modified and has no children, for ZOO_PERSISTENT_WITH_TTL and
///     ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL; -1 for all other modes.
/// \param created where a pointer to the path of the created node goes, with its sequence
///     number: a C string for free(); may be NULL.
/// \param stat where the node's statistics go; may be NULL. Servers before 3.5 know creates
///     without statistics only.
/// \return the codes of zoo_create(). Places for results stay untouched unless it is ZOK.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_create(
    zh: *mut zhandle_t,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    ttl: i64,
    created: *mut *mut c_char,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for these arguments.
    let create = unsafe { Create::new(path, value, valuelen, acl, mode, ttl) };
    let out = Out::NewPath(UserPtr(created), UserPtr(stat));
    call_create(zh, create, !stat.is_null(), out)
}

/// Waits until the server that the client is connected to knows what the leader knows.
///
/// What zoo_async() asks for, with the answer waited for. A read that follows sees every change
/// that was made anywhere before this call, if the connection was not lost in between;
/// zoox_last_zxid() then tells up to which transaction.
///
/// \param zh the handle.
/// \param path path of a node, NUL-terminated, relative to the chroot; it need not exist.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path; ZINVALIDSTATE: the
///     session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came; ZCLOSING: the handle was closed meanwhile; ZSYSTEMERROR: out of memory.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_sync(zh: *mut zhandle_t, path: *const c_char) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    sync_call::request(zh, Request::Sync { path }, Watch::No, Ok(Out::Nothing))
}
