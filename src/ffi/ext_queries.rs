//! Questions that the C library cannot ask: own ephemeral nodes, number of descendants, identities.
#![allow(
    clippy::missing_safety_doc,
    non_camel_case_types,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use super::convert::text;
use super::delivery::Async;
use super::pointer::UserPtr;
use super::requests::submit;
use super::sync_call::{self, Out, Watch};
use super::types::{ClientInfo_vector, String_vector, strings_completion_t, zhandle_t};
use crate::core::Request;

/// Called when a request ended whose result is a number.
pub type zoox_number_completion_t =
    Option<unsafe extern "C-unwind" fn(rc: c_int, number: c_int, data: *const c_void)>;

/// Called when a request ended whose result are identities.
pub type zoox_identities_completion_t = Option<
    unsafe extern "C-unwind" fn(
        rc: c_int,
        identities: *const ClientInfo_vector,
        data: *const c_void,
    ),
>;

/// Lists the ephemeral nodes of this session.
///
/// Needs a server of version 3.6 or later. Waits for the answer; may be called from callbacks on
/// the completion thread.
///
/// \param zh the handle.
/// \param prefix with what the nodes' paths, relative to the chroot, have to begin, as plain text:
///     "/a" is the beginning of "/ab" too. NULL, "" and "/" stand for all nodes, with a chroot
///     for all below it.
/// \param paths where the paths go, relative to the chroot, in no particular order; what was
///     there is overwritten, not freed. Free them with deallocate_String_vector(). Untouched
///     unless the call returns ZOK. May be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or a prefix that does not begin with a
///     slash; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the
///     connection was lost before the answer came; ZCLOSING: the handle was closed meanwhile;
///     ZSYSTEMERROR: out of memory.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_get_ephemerals(
    zh: *mut zhandle_t,
    prefix: *const c_char,
    paths: *mut String_vector,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let prefix = unsafe { text(prefix) };
    let out = Ok(Out::Strings(UserPtr(paths), UserPtr(ptr::null_mut())));
    sync_call::request(zh, Request::GetEphemerals { prefix }, Watch::No, out)
}

/// Lists the ephemeral nodes of this session, without waiting.
///
/// \param zh the handle.
/// \param prefix as for zoox_get_ephemerals(); copied before the call returns.
/// \param completion called on the completion thread, exactly once, with the paths, relative to
///     the chroot, which live until it returns, or the code of the failure; may be NULL, then
///     the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or a
///     prefix that does not begin with a slash; ZINVALIDSTATE: the session has expired or
///     authentication failed; ZMARSHALLINGERROR: the handle is being closed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_aget_ephemerals(
    zh: *mut zhandle_t,
    prefix: *const c_char,
    completion: strings_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let prefix = unsafe { text(prefix) };
    let call = Async::Strings(completion, UserPtr::data(data));
    submit(zh, &Request::GetEphemerals { prefix }, Watch::No, call)
}

/// Counts the nodes below a node: children, their children, and so on.
///
/// Needs a server of version 3.6 or later. Waits for the answer; may be called from callbacks on
/// the completion thread.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param number where the number goes; untouched unless the call returns ZOK. May be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path; ZINVALIDSTATE: the
///     session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came; ZCLOSING: the handle was closed meanwhile; or the server's answer: ZNONODE, ZNOAUTH.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_get_all_children_number(
    zh: *mut zhandle_t,
    path: *const c_char,
    number: *mut c_int,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let out = Ok(Out::Number(UserPtr(number)));
    sync_call::request(zh, Request::GetAllChildrenNumber { path }, Watch::No, out)
}

/// Counts the nodes below a node, without waiting.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param completion called on the completion thread, exactly once, with the number, or the code
///     of the failure: ZNONODE, ZNOAUTH, or a code of the connection; may be NULL, then the
///     result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_aget_all_children_number(
    zh: *mut zhandle_t,
    path: *const c_char,
    completion: zoox_number_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let call = Async::Number(completion, UserPtr::data(data));
    submit(zh, &Request::GetAllChildrenNumber { path }, Watch::No, call)
}

/// Asks as whom the server knows this connection.
///
/// That is by its address, scheme "ip", and by the credentials of zoo_add_auth(), of which only
/// the name is told. Needs a server of version 3.7 or later. Waits for the answer; may be called
/// from callbacks on the completion thread.
///
/// \param zh the handle.
/// \param identities where the identities go, in no particular order; what was there is
///     overwritten, not freed. Free them with deallocate_ClientInfo_vector(). Untouched unless
///     the call returns ZOK. May be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle; ZINVALIDSTATE: the session has expired or
///     authentication failed; ZMARSHALLINGERROR: the handle is being closed; ZCONNECTIONLOSS or
///     ZOPERATIONTIMEOUT: the connection was lost before the answer came; ZCLOSING: the handle
///     was closed meanwhile; ZSYSTEMERROR: out of memory.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_who_am_i(
    zh: *mut zhandle_t,
    identities: *mut ClientInfo_vector,
) -> c_int {
    let out = Ok(Out::Identities(UserPtr(identities)));
    sync_call::request(zh, Request::WhoAmI, Watch::No, out)
}

/// Asks as whom the server knows this connection, without waiting.
///
/// \param zh the handle.
/// \param completion called on the completion thread, exactly once, with the identities that
///     zoox_who_am_i() gives, which live until it returns, or a code of the connection; may be
///     NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle;
///     ZINVALIDSTATE: the session has expired or authentication failed; ZMARSHALLINGERROR: the
///     handle is being closed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_awho_am_i(
    zh: *mut zhandle_t,
    completion: zoox_identities_completion_t,
    data: *const c_void,
) -> c_int {
    let call = Async::Identities(completion, UserPtr::data(data));
    submit(zh, &Request::WhoAmI, Watch::No, call)
}
