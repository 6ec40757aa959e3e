//! Credentials.
#![allow(
    clippy::missing_safety_doc,
    non_snake_case,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};

use zk_proto::Code;

use super::convert::{self, text};
use super::delivery::Async;
use super::guard;
use super::pointer::UserPtr;
use super::types::{void_completion_t, zhandle_t};

/// Adds a credential to the session.
///
/// It is sent at once if the client is connected, and again after each reconnection, for the
/// life of the handle. Without a connection it waits for the next one. Each call adds one, also
/// when an equal one is there, so a program that repeats itself sends as many each time. If a
/// server refuses it, the session ends: the watcher is told ZOO_AUTH_FAILED_STATE, and the handle
/// has to be closed.
///
/// \param zh the handle.
/// \param scheme the authentication scheme, for example "digest"; not NULL; copied.
/// \param cert the credential in the scheme's form, for example "user:password"; copied. May be
///     NULL if certLen is 0.
/// \param certLen length of the credential in bytes.
/// \param completion called once, with ZOK, ZAUTHFAILED or a code of the connection, on the
///     library's IO thread, or by zookeeper_close() with ZCLOSING: it must not make synchronous
///     calls. May be NULL.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK, and the completion follows; otherwise it does not: ZBADARGUMENTS: a NULL or
///     closed handle, a NULL scheme or a negative length; ZINVALIDSTATE: the session has
///     expired or authentication failed.
///
/// (C-172, C-560 to C-566)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_add_auth(
    zh: *mut zhandle_t,
    scheme: *const c_char,
    cert: *const c_char,
    certLen: c_int,
    completion: void_completion_t,
    data: *const c_void,
) -> c_int {
    guard::code(zh, |handle| {
        // SAFETY: the documentation asks for NULL or a C string.
        let scheme = unsafe { text(scheme) }.ok_or(Code::BAD_ARGUMENTS)?;
        let length = if cert.is_null() { 0 } else { certLen };
        // SAFETY: the documentation asks for as many bytes as `certLen` says.
        let credential = unsafe { convert::data(cert, length) }?;
        let credential = credential.ok_or(Code::BAD_ARGUMENTS)?;
        let is_told = completion.is_some() || handle.client().queue.is_some();
        let call = is_told.then(|| Async::Void(completion, UserPtr::data(data)));
        handle.add_auth(scheme, credential, call)
    })
}

/// Begins nothing: exported because the original library does, and without effect.
///
/// \param zh the handle.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle.
///
/// (C-181)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_lock_auth(zh: *mut zhandle_t) -> c_int {
    guard::code(zh, |_| Ok(()))
}

/// Ends nothing: exported because the original library does, and without effect.
///
/// \param zh the handle.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle.
///
/// (C-181)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_unlock_auth(zh: *mut zhandle_t) -> c_int {
    guard::code(zh, |_| Ok(()))
}
