//! Asynchronous calls that change nodes, and the ones for ACLs, sync and reconfig.
#![allow(
    clippy::missing_safety_doc,
    clippy::too_many_arguments,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};

use super::convert::{self, AclView, text};
use super::delivery::{Async, Cookie};
use super::guard;
use super::pointer::UserPtr;
use super::requests::{self, Create, NO_TTL, submit, submit_create};
use super::sync_call::Watch;
use super::types::{
    ACL_vector, acl_completion_t, data_completion_t, stat_completion_t, string_completion_t,
    string_stat_completion_t, void_completion_t, zhandle_t,
};
use crate::core::Request;

/// Creates a node without waiting.
///
/// \param zh the handle.
/// \param path path of the new node, NUL-terminated, relative to the chroot; the server appends
///     ten digits to it in the sequential modes. Copied before the call returns.
/// \param value the node's data, any bytes; copied before the call returns. May be NULL if
///     valuelen is 0 or -1.
/// \param valuelen length of the data in bytes; -1 for a node without data, which differs from
///     empty data. The server refuses more than about 1 MiB unless configured otherwise.
/// \param acl who may do what with the node, for example &ZOO_OPEN_ACL_UNSAFE; copied before
///     the call returns. With NULL the server answers ZINVALIDACL.
/// \param mode the kind of node: ZOO_PERSISTENT, ZOO_EPHEMERAL, ZOO_PERSISTENT_SEQUENTIAL,
///     ZOO_EPHEMERAL_SEQUENTIAL or ZOO_CONTAINER. The modes with a time to live are for the
///     _ttl calls only.
/// \param completion called on the completion thread, exactly once, with the path of the
///     created node, or the code of the failure: ZNODEEXISTS, ZNONODE for a missing parent,
///     ZNOAUTH, ZNOCHILDRENFOREPHEMERALS, ZINVALIDACL, or a code of the connection; may be
///     NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, an
///     invalid path, data lengths below -1 or without data, or a mode and a time to live that
///     do not fit together; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-123, C-286, C-302)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_acreate(
    zh: *mut zhandle_t,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    completion: string_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for these arguments.
    let create = unsafe { Create::new(path, value, valuelen, acl, mode, NO_TTL) };
    let call = Async::String(completion, UserPtr::data(data));
    submit_create(zh, create, false, call)
}

/// Creates a node with a time to live without waiting.
///
/// \param zh the handle.
/// \param path path of the new node, NUL-terminated, relative to the chroot; the server appends
///     ten digits to it in the sequential modes. Copied before the call returns.
/// \param value the node's data, any bytes; copied before the call returns. May be NULL if
///     valuelen is 0 or -1.
/// \param valuelen length of the data in bytes; -1 for a node without data, which differs from
///     empty data. The server refuses more than about 1 MiB unless configured otherwise.
/// \param acl who may do what with the node, for example &ZOO_OPEN_ACL_UNSAFE; copied before
///     the call returns. With NULL the server answers ZINVALIDACL.
/// \param mode ZOO_PERSISTENT_WITH_TTL or ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL; with any other
///     mode ttl must be negative, and the call does what the one without ttl does.
/// \param ttl time in ms, 1 to 0xFFFFFFFFFF, after which the server may delete the node if it
///     was not modified and has no children.
/// \param completion called on the completion thread, exactly once, with the path of the
///     created node, or the code of the failure: ZNODEEXISTS, ZNONODE for a missing parent,
///     ZNOAUTH, ZNOCHILDRENFOREPHEMERALS, ZINVALIDACL, or a code of the connection; may be
///     NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, an
///     invalid path, data lengths below -1 or without data, or a mode and a time to live that
///     do not fit together; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-124, C-286, C-302)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_acreate_ttl(
    zh: *mut zhandle_t,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    ttl: i64,
    completion: string_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for these arguments.
    let create = unsafe { Create::new(path, value, valuelen, acl, mode, ttl) };
    let call = Async::String(completion, UserPtr::data(data));
    submit_create(zh, create, false, call)
}

/// Creates a node and gets its statistics, without waiting.
///
/// \param zh the handle.
/// \param path path of the new node, NUL-terminated, relative to the chroot; the server appends
///     ten digits to it in the sequential modes. Copied before the call returns.
/// \param value the node's data, any bytes; copied before the call returns. May be NULL if
///     valuelen is 0 or -1.
/// \param valuelen length of the data in bytes; -1 for a node without data, which differs from
///     empty data. The server refuses more than about 1 MiB unless configured otherwise.
/// \param acl who may do what with the node, for example &ZOO_OPEN_ACL_UNSAFE; copied before
///     the call returns. With NULL the server answers ZINVALIDACL.
/// \param mode the kind of node: ZOO_PERSISTENT, ZOO_EPHEMERAL, ZOO_PERSISTENT_SEQUENTIAL,
///     ZOO_EPHEMERAL_SEQUENTIAL or ZOO_CONTAINER. The modes with a time to live are for the
///     _ttl calls only.
/// \param completion called on the completion thread, exactly once, with the path of the
///     created node and its statistics, or the code of the failure: ZNODEEXISTS, ZNONODE for a
///     missing parent, ZNOAUTH, ZNOCHILDRENFOREPHEMERALS, ZINVALIDACL, or a code of the
///     connection; may be NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, an
///     invalid path, data lengths below -1 or without data, or a mode and a time to live that
///     do not fit together; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-125, C-286, C-302)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_acreate2(
    zh: *mut zhandle_t,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    completion: string_stat_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for these arguments.
    let create = unsafe { Create::new(path, value, valuelen, acl, mode, NO_TTL) };
    let call = Async::StringStat(completion, UserPtr::data(data));
    submit_create(zh, create, true, call)
}

/// Creates a node with a time to live and gets its statistics, without waiting.
///
/// \param zh the handle.
/// \param path path of the new node, NUL-terminated, relative to the chroot; the server appends
///     ten digits to it in the sequential modes. Copied before the call returns.
/// \param value the node's data, any bytes; copied before the call returns. May be NULL if
///     valuelen is 0 or -1.
/// \param valuelen length of the data in bytes; -1 for a node without data, which differs from
///     empty data. The server refuses more than about 1 MiB unless configured otherwise.
/// \param acl who may do what with the node, for example &ZOO_OPEN_ACL_UNSAFE; copied before
///     the call returns. With NULL the server answers ZINVALIDACL.
/// \param mode ZOO_PERSISTENT_WITH_TTL or ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL; with any other
///     mode ttl must be negative, and the call does what the one without ttl does.
/// \param ttl time in ms, 1 to 0xFFFFFFFFFF, after which the server may delete the node if it
///     was not modified and has no children.
/// \param completion called on the completion thread, exactly once, with the path of the
///     created node and its statistics, or the code of the failure: ZNODEEXISTS, ZNONODE for a
///     missing parent, ZNOAUTH, ZNOCHILDRENFOREPHEMERALS, ZINVALIDACL, or a code of the
///     connection; may be NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, an
///     invalid path, data lengths below -1 or without data, or a mode and a time to live that
///     do not fit together; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-126, C-286, C-302)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_acreate2_ttl(
    zh: *mut zhandle_t,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    ttl: i64,
    completion: string_stat_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for these arguments.
    let create = unsafe { Create::new(path, value, valuelen, acl, mode, ttl) };
    let call = Async::StringStat(completion, UserPtr::data(data));
    submit_create(zh, create, true, call)
}

/// Deletes a node without waiting.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param version the version that the node's data must have for the call to succeed, -1 for
///     any.
/// \param completion called on the completion thread, exactly once, with ZOK or the code of the
///     failure: ZNONODE, ZNOAUTH, ZBADVERSION, ZNOTEMPTY for a node with children, or a code of
///     the connection; may be NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-127)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_adelete(
    zh: *mut zhandle_t,
    path: *const c_char,
    version: c_int,
    completion: void_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let call = Async::Void(completion, UserPtr::data(data));
    submit(zh, &Request::Delete { path, version }, Watch::No, call)
}

/// Changes the members of the ensemble without waiting.
///
/// The strings are copied before the call returns.
///
/// \param zh the handle.
/// \param joining servers to add, comma-separated, as "server.N=host:port:port:role;port"; or
///     NULL.
/// \param leaving ids of servers to remove, comma-separated; or NULL.
/// \param members the whole new ensemble, in place of joining and leaving; or NULL.
/// \param version the version (mzxid) that the configuration must have for the call to succeed,
///     -1 for any.
/// \param dc called on the completion thread, exactly once, with the new configuration, or the
///     code of the failure: ZNOAUTH, ZBADVERSION, ZNEWCONFIGNOQUORUM, ZRECONFIGINPROGRESS,
///     ZRECONFIGDISABLED, ZBADARGUMENTS, ZUNIMPLEMENTED by a standalone server, or a code of
///     the connection; may be NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle;
///     ZINVALIDSTATE: the session has expired or authentication failed; ZMARSHALLINGERROR: the
///     handle is being closed.
///
/// (C-134, C-313)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_areconfig(
    zh: *mut zhandle_t,
    joining: *const c_char,
    leaving: *const c_char,
    members: *const c_char,
    version: i64,
    dc: data_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or C strings.
    let request = unsafe { requests::reconfig(joining, leaving, members, version) };
    let call = Async::Data(dc, UserPtr::data(data));
    submit(zh, &request, Watch::No, call)
}

/// Replaces a node's data without waiting.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param buffer the new data, any bytes; copied before the call returns. May be NULL if buflen
///     is 0 or -1.
/// \param buflen length of the data in bytes, -1 for none, which differs from empty data.
/// \param version the version that the node's data must have for the call to succeed, -1 for
///     any.
/// \param completion called on the completion thread, exactly once, with the node's new
///     statistics, or the code of the failure: ZNONODE, ZNOAUTH, ZBADVERSION, or a code of the
///     connection; may be NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path, or a data length below -1 or without data; ZINVALIDSTATE: the session has
///     expired or authentication failed; ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-135, C-302)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_aset(
    zh: *mut zhandle_t,
    path: *const c_char,
    buffer: *const c_char,
    buflen: c_int,
    version: c_int,
    completion: stat_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for a C string, and for as many bytes as `buflen` says.
    let (path, bytes) = unsafe { (text(path), convert::data(buffer, buflen)) };
    let call = Async::Stat(completion, UserPtr::data(data));
    guard::request(zh, |handle| {
        let data = bytes?;
        let request = Request::SetData {
            path,
            data,
            version,
        };
        handle.submit(&request, Cookie::Async(call), None)
    })
}

/// Lets the server that this client is connected to catch up with the leader, without waiting.
///
/// Reads that are submitted after this call see all that was changed before it by anyone.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param completion called on the completion thread, exactly once, with the path, or a code of
///     the connection; may be NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-138, C-312)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_async(
    zh: *mut zhandle_t,
    path: *const c_char,
    completion: string_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let call = Async::String(completion, UserPtr::data(data));
    submit(zh, &Request::Sync { path }, Watch::No, call)
}

/// Reads a node's ACL without waiting.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param completion called on the completion thread, exactly once, with the node's ACL and
///     statistics, which live until it returns, or the code of the failure: ZNONODE, ZNOAUTH,
///     or a code of the connection; may be NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-139)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_aget_acl(
    zh: *mut zhandle_t,
    path: *const c_char,
    completion: acl_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let call = Async::Acl(completion, UserPtr::data(data));
    submit(zh, &Request::GetAcl { path }, Watch::No, call)
}

/// Replaces a node's ACL without waiting.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param version the version (aversion) that the node's ACL must have for the call to succeed,
///     -1 for any.
/// \param acl the new ACL, not NULL; copied before the call returns.
/// \param completion called on the completion thread, exactly once, with ZOK or the code of the
///     failure: ZNONODE, ZNOAUTH, ZINVALIDACL, ZBADVERSION, or a code of the connection; may be
///     NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path, or a NULL ACL; ZINVALIDSTATE: the session has expired or authentication
///     failed; ZMARSHALLINGERROR: the handle is being closed.
///
/// (C-140, C-311)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_aset_acl(
    zh: *mut zhandle_t,
    path: *const c_char,
    version: c_int,
    acl: *mut ACL_vector,
    completion: void_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for a C string and an ACL.
    let (path, acl) = unsafe { (text(path), AclView::new(acl)) };
    let call = Async::Void(completion, UserPtr::data(data));
    guard::request(zh, |handle| {
        let acl = acl?;
        let request = requests::set_acl(path, version, &acl, false)?;
        handle.submit(&request, Cookie::Async(call), None)
    })
}
