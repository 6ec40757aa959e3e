//! Synchronous calls that change nodes, and the ones for ACLs and reconfig.
#![allow(
    clippy::missing_safety_doc,
    clippy::too_many_arguments,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int};
use std::ptr;

use zk_proto::Code;

use super::convert::{self, AclView, text};
use super::guard;
use super::pointer::UserPtr;
use super::requests::{self, Create, NO_TTL};
use super::sync_call::{self, Out, Watch};
use super::types::{ACL_vector, Stat, zhandle_t};
use crate::core::Request;
use crate::runtime::skip_request_id;

/// Creates a node.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the new node, NUL-terminated, relative to the chroot; the server appends
///     ten digits to it in the sequential modes. Copied before the call returns.
/// \param value the node's data, any bytes. May be NULL if
///     valuelen is 0 or -1.
/// \param valuelen length of the data in bytes; -1 for a node without data, which differs from
///     empty data. The server refuses more than about 1 MiB unless configured otherwise.
/// \param acl who may do what with the node, for example &ZOO_OPEN_ACL_UNSAFE; copied before
///     the call returns. With NULL the server answers ZINVALIDACL.
/// \param mode the kind of node: ZOO_PERSISTENT, ZOO_EPHEMERAL, ZOO_PERSISTENT_SEQUENTIAL,
///     ZOO_EPHEMERAL_SEQUENTIAL or ZOO_CONTAINER. The modes with a time to live are for the
///     _ttl calls only.
/// \param path_buffer where the path of the created node goes, NUL-terminated, with its
///     sequence number; may be NULL.
/// \param path_buffer_len size of path_buffer in bytes; a longer path is cut. With 0 or less
///     nothing is stored.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, an invalid path, data lengths below -1
///     or without data, or a mode and a time to live that do not fit together; ZINVALIDSTATE:
///     the session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came, in which case the change may have been made or not; ZCLOSING: the handle was
///     closed meanwhile; ZSYSTEMERROR: out of memory; or the server's answer: ZNODEEXISTS,
///     ZNONODE for a missing parent, ZNOAUTH, ZNOCHILDRENFOREPHEMERALS, ZINVALIDACL.
///
/// (C-142, C-286, C-300, C-302)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_create(
    zh: *mut zhandle_t,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    path_buffer: *mut c_char,
    path_buffer_len: c_int,
) -> c_int {
    // SAFETY: the documentation asks for these arguments.
    let create = unsafe { Create::new(path, value, valuelen, acl, mode, NO_TTL) };
    let out = Out::Path(
        UserPtr(path_buffer),
        path_buffer_len,
        UserPtr(ptr::null_mut()),
    );
    call_create(zh, create, false, out)
}

/// Creates a node with a time to live.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the new node, NUL-terminated, relative to the chroot; the server appends
///     ten digits to it in the sequential modes. Copied before the call returns.
/// \param value the node's data, any bytes. May be NULL if
///     valuelen is 0 or -1.
/// \param valuelen length of the data in bytes; -1 for a node without data, which differs from
///     empty data. The server refuses more than about 1 MiB unless configured otherwise.
/// \param acl who may do what with the node, for example &ZOO_OPEN_ACL_UNSAFE; copied before
///     the call returns. With NULL the server answers ZINVALIDACL.
/// \param mode ZOO_PERSISTENT_WITH_TTL or ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL; with any other
///     mode ttl must be negative, and the call does what the one without ttl does.
/// \param ttl time in ms, 1 to 0xFFFFFFFFFF, after which the server may delete the node if it
///     was not modified and has no children.
/// \param path_buffer where the path of the created node goes, NUL-terminated, with its
///     sequence number; may be NULL.
/// \param path_buffer_len size of path_buffer in bytes; a longer path is cut. With 0 or less
///     nothing is stored.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, an invalid path, data lengths below -1
///     or without data, or a mode and a time to live that do not fit together; ZINVALIDSTATE:
///     the session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came, in which case the change may have been made or not; ZCLOSING: the handle was
///     closed meanwhile; ZSYSTEMERROR: out of memory; or the server's answer: ZNODEEXISTS,
///     ZNONODE for a missing parent, ZNOAUTH, ZNOCHILDRENFOREPHEMERALS, ZINVALIDACL.
///
/// (C-143, C-286, C-300, C-302)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_create_ttl(
    zh: *mut zhandle_t,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    ttl: i64,
    path_buffer: *mut c_char,
    path_buffer_len: c_int,
) -> c_int {
    // SAFETY: the documentation asks for these arguments.
    let create = unsafe { Create::new(path, value, valuelen, acl, mode, ttl) };
    let out = Out::Path(
        UserPtr(path_buffer),
        path_buffer_len,
        UserPtr(ptr::null_mut()),
    );
    call_create(zh, create, false, out)
}

/// Creates a node and gets its statistics.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the new node, NUL-terminated, relative to the chroot; the server appends
///     ten digits to it in the sequential modes. Copied before the call returns.
/// \param value the node's data, any bytes. May be NULL if
///     valuelen is 0 or -1.
/// \param valuelen length of the data in bytes; -1 for a node without data, which differs from
///     empty data. The server refuses more than about 1 MiB unless configured otherwise.
/// \param acl who may do what with the node, for example &ZOO_OPEN_ACL_UNSAFE; copied before
///     the call returns. With NULL the server answers ZINVALIDACL.
/// \param mode the kind of node: ZOO_PERSISTENT, ZOO_EPHEMERAL, ZOO_PERSISTENT_SEQUENTIAL,
///     ZOO_EPHEMERAL_SEQUENTIAL or ZOO_CONTAINER. The modes with a time to live are for the
///     _ttl calls only.
/// \param path_buffer where the path of the created node goes, NUL-terminated, with its
///     sequence number; may be NULL.
/// \param path_buffer_len size of path_buffer in bytes; a longer path is cut. With 0 or less
///     nothing is stored.
/// \param stat where the node's statistics go; may be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, an invalid path, data lengths below -1
///     or without data, or a mode and a time to live that do not fit together; ZINVALIDSTATE:
///     the session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came, in which case the change may have been made or not; ZCLOSING: the handle was
///     closed meanwhile; ZSYSTEMERROR: out of memory; or the server's answer: ZNODEEXISTS,
///     ZNONODE for a missing parent, ZNOAUTH, ZNOCHILDRENFOREPHEMERALS, ZINVALIDACL.
///
/// (C-144, C-286, C-300, C-301, C-302)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_create2(
    zh: *mut zhandle_t,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    path_buffer: *mut c_char,
    path_buffer_len: c_int,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for these arguments.
    let create = unsafe { Create::new(path, value, valuelen, acl, mode, NO_TTL) };
    let out = Out::Path(UserPtr(path_buffer), path_buffer_len, UserPtr(stat));
    call_create(zh, create, true, out)
}

/// Creates a node with a time to live and gets its statistics.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the new node, NUL-terminated, relative to the chroot; the server appends
///     ten digits to it in the sequential modes. Copied before the call returns.
/// \param value the node's data, any bytes. May be NULL if
///     valuelen is 0 or -1.
/// \param valuelen length of the data in bytes; -1 for a node without data, which differs from
///     empty data. The server refuses more than about 1 MiB unless configured otherwise.
/// \param acl who may do what with the node, for example &ZOO_OPEN_ACL_UNSAFE; copied before
///     the call returns. With NULL the server answers ZINVALIDACL.
/// \param mode ZOO_PERSISTENT_WITH_TTL or ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL; with any other
///     mode ttl must be negative, and the call does what the one without ttl does.
/// \param ttl time in ms, 1 to 0xFFFFFFFFFF, after which the server may delete the node if it
///     was not modified and has no children.
/// \param path_buffer where the path of the created node goes, NUL-terminated, with its
///     sequence number; may be NULL.
/// \param path_buffer_len size of path_buffer in bytes; a longer path is cut. With 0 or less
///     nothing is stored.
/// \param stat where the node's statistics go; may be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, an invalid path, data lengths below -1
///     or without data, or a mode and a time to live that do not fit together; ZINVALIDSTATE:
///     the session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came, in which case the change may have been made or not; ZCLOSING: the handle was
///     closed meanwhile; ZSYSTEMERROR: out of memory; or the server's answer: ZNODEEXISTS,
///     ZNONODE for a missing parent, ZNOAUTH, ZNOCHILDRENFOREPHEMERALS, ZINVALIDACL.
///
/// (C-145, C-286, C-300, C-301, C-302)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_create2_ttl(
    zh: *mut zhandle_t,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    ttl: i64,
    path_buffer: *mut c_char,
    path_buffer_len: c_int,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for these arguments.
    let create = unsafe { Create::new(path, value, valuelen, acl, mode, ttl) };
    let out = Out::Path(UserPtr(path_buffer), path_buffer_len, UserPtr(stat));
    call_create(zh, create, true, out)
}

/// Deletes a node.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param version the version that the node's data must have for the call to succeed, -1 for
///     any.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path; ZINVALIDSTATE: the
///     session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came, in which case the change may have been made or not; ZCLOSING: the handle was
///     closed meanwhile; ZSYSTEMERROR: out of memory; or the server's answer: ZNONODE, ZNOAUTH,
///     ZBADVERSION, ZNOTEMPTY for a node with children.
///
/// (C-146)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_delete(
    zh: *mut zhandle_t,
    path: *const c_char,
    version: c_int,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let request = Request::Delete { path, version };
    sync_call::request(zh, request, Watch::No, Ok(Out::Nothing))
}

/// Changes the members of the ensemble and gets the new configuration.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param joining servers to add, comma-separated, as "server.N=host:port:port:role;port"; or
///     NULL.
/// \param leaving ids of servers to remove, comma-separated; or NULL.
/// \param members the whole new ensemble, in place of joining and leaving; or NULL.
/// \param version the version (mzxid) that the configuration must have for the call to succeed,
///     -1 for any.
/// \param buffer where the data goes, without a NUL after it; may be NULL if nothing is wanted.
/// \param buffer_len size of buffer in bytes, 0 or more, before the call; bytes stored after
///     it, or -1 for a node without data. Data that is longer is cut: its true length is the
///     stat's dataLength. Not NULL. With -1 before the call nothing is stored and -1 remains.
/// \param stat where the node's statistics go; may be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or a NULL or negative buffer_len other
///     than -1; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the
///     connection was lost before the answer came, in which case the change may have been made
///     or not; ZCLOSING: the handle was closed meanwhile; ZSYSTEMERROR: out of memory; or the
///     server's answer: ZNOAUTH, ZBADVERSION, ZNEWCONFIGNOQUORUM, ZRECONFIGINPROGRESS,
///     ZRECONFIGDISABLED, ZUNIMPLEMENTED by a standalone server.
///
/// (C-153, C-313)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_reconfig(
    zh: *mut zhandle_t,
    joining: *const c_char,
    leaving: *const c_char,
    members: *const c_char,
    version: i64,
    buffer: *mut c_char,
    buffer_len: *mut c_int,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for NULL or C strings, and for a length.
    let (request, out) = unsafe {
        (
            requests::reconfig(joining, leaving, members, version),
            Out::data(buffer, buffer_len, stat),
        )
    };
    sync_call::request(zh, request, Watch::No, out)
}

/// Replaces a node's data.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param buffer the new data, any bytes. May be NULL if buflen
///     is 0 or -1.
/// \param buflen length of the data in bytes, -1 for none, which differs from empty data.
/// \param version the version that the node's data must have for the call to succeed, -1 for
///     any.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path, or a data length
///     below -1 or without data; ZINVALIDSTATE: the session has expired or authentication
///     failed; ZMARSHALLINGERROR: the handle is being closed; ZCONNECTIONLOSS or
///     ZOPERATIONTIMEOUT: the connection was lost before the answer came, in which case the
///     change may have been made or not; ZCLOSING: the handle was closed meanwhile;
///     ZSYSTEMERROR: out of memory; or the server's answer: ZNONODE, ZNOAUTH, ZBADVERSION.
///
/// (C-154, C-302)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_set(
    zh: *mut zhandle_t,
    path: *const c_char,
    buffer: *const c_char,
    buflen: c_int,
    version: c_int,
) -> c_int {
    // SAFETY: the documentation asks for these arguments; NULL is allowed for the stat.
    unsafe { zoo_set2(zh, path, buffer, buflen, version, ptr::null_mut()) }
}

/// Replaces a node's data and gets its new statistics.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param buffer the new data, any bytes. May be NULL if buflen
///     is 0 or -1.
/// \param buflen length of the data in bytes, -1 for none, which differs from empty data.
/// \param version the version that the node's data must have for the call to succeed, -1 for
///     any.
/// \param stat where the node's statistics go; may be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path, or a data length
///     below -1 or without data; ZINVALIDSTATE: the session has expired or authentication
///     failed; ZMARSHALLINGERROR: the handle is being closed; ZCONNECTIONLOSS or
///     ZOPERATIONTIMEOUT: the connection was lost before the answer came, in which case the
///     change may have been made or not; ZCLOSING: the handle was closed meanwhile;
///     ZSYSTEMERROR: out of memory; or the server's answer: ZNONODE, ZNOAUTH, ZBADVERSION.
///
/// (C-155, C-302, C-307)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_set2(
    zh: *mut zhandle_t,
    path: *const c_char,
    buffer: *const c_char,
    buflen: c_int,
    version: c_int,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for a C string, and for as many bytes as `buflen` says.
    let (path, bytes) = unsafe { (text(path), convert::data(buffer, buflen)) };
    guard::request(zh, |handle| {
        let data = bytes?;
        let request = Request::SetData {
            path,
            data,
            version,
        };
        sync_call::wait(&handle.client().calls, Out::Stat(UserPtr(stat)), |cookie| {
            handle.submit(&request, cookie, None)
        })
    })
}

/// Reads a node's ACL.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param acl where the ACL goes; what was there is overwritten, not freed. Free it with
///     deallocate_ACL_vector(). May be NULL.
/// \param stat where the node's statistics go; may be NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path; ZINVALIDSTATE: the
///     session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost before the answer
///     came; ZCLOSING: the handle was closed meanwhile; ZSYSTEMERROR: out of memory; or the
///     server's answer: ZNONODE, ZNOAUTH.
///
/// (C-160, C-310)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_get_acl(
    zh: *mut zhandle_t,
    path: *const c_char,
    acl: *mut ACL_vector,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for NULL or a C string.
    let path = unsafe { text(path) };
    let out = Out::Acl(UserPtr(acl), UserPtr(stat));
    sync_call::request(zh, Request::GetAcl { path }, Watch::No, Ok(out))
}

/// Replaces a node's ACL.
///
/// Waits for the answer; may be called from callbacks on the completion thread, not from the
/// completion of zoo_add_auth(). Places for results stay untouched unless the call returns ZOK.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param version the version (aversion) that the node's ACL must have for the call to succeed,
///     -1 for any.
/// \param acl the new ACL, not NULL.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or an invalid path, or a NULL ACL;
///     ZINVALIDSTATE: the session has expired or authentication failed; ZMARSHALLINGERROR: the
///     handle is being closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the connection was lost
///     before the answer came, in which case the change may have been made or not; ZCLOSING:
///     the handle was closed meanwhile; ZSYSTEMERROR: out of memory; or the server's answer:
///     ZNONODE, ZNOAUTH, ZINVALIDACL, ZBADVERSION.
///
/// (C-161, C-311)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_set_acl(
    zh: *mut zhandle_t,
    path: *const c_char,
    version: c_int,
    acl: *const ACL_vector,
) -> c_int {
    // SAFETY: the documentation asks for a C string and an ACL.
    let (path, acl) = unsafe { (text(path), AclView::new(acl)) };
    guard::request(zh, |handle| {
        let acl = acl?;
        let request = requests::set_acl(path, version, &acl, false)?;
        sync_call::wait(&handle.client().calls, Out::Nothing, |cookie| {
            handle.submit(&request, cookie, None)
        })
    })
}

pub(super) fn call_create(
    zh: *const zhandle_t,
    create: Result<Create<'_>, Code>,
    stat: bool,
    out: Out,
) -> c_int {
    guard::request(zh, |handle| {
        let create = create.inspect_err(|_| skip_request_id())?;
        sync_call::wait(&handle.client().calls, out, |cookie| {
            handle.submit(&create.request(stat), cookie, None)
        })
    })
}
