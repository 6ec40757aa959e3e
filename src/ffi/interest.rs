//! The application's own event loop, which the multi-threaded library does not need.
#![allow(
    clippy::missing_safety_doc,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::c_int;

use libc::{suseconds_t, time_t, timeval};
use zk_proto::Code;

use super::guard;
use super::types::zhandle_t;

/// ZOOKEEPER_WRITE and ZOOKEEPER_READ (C-026).
const WRITE: c_int = 1;
const READ: c_int = 2;

/// Says what the client waits for, for programs with an event loop of their own.
///
/// The library's own thread does all this already, so programs need not call it; if they do it
/// is harmless.
///
/// \param zh the handle.
/// \param fd where the socket goes, -1 if there is none now; not NULL.
/// \param interest where ZOOKEEPER_READ, ZOOKEEPER_WRITE or both go: what to wait for; not
///     NULL.
/// \param tv where the longest time to wait goes; not NULL.
/// \return ZOK; ZBADARGUMENTS: NULL arguments or a closed handle; ZINVALIDSTATE: the session
///     has expired or authentication failed; ZOPERATIONTIMEOUT: the server was silent too long;
///     ZCONNECTIONLOSS: connecting failed; ZSYSTEMERROR: no socket could be made.
///
/// (C-118, C-525, C-527)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zookeeper_interest(
    zh: *mut zhandle_t,
    fd: *mut c_int,
    interest: *mut c_int,
    tv: *mut timeval,
) -> c_int {
    if fd.is_null() || interest.is_null() || tv.is_null() {
        return Code::BAD_ARGUMENTS.0;
    }
    guard::code(zh, |handle| {
        let (wanted, code) = handle.interest();
        if let Some(wanted) = wanted {
            let read = if wanted.read { READ } else { 0 };
            let write = if wanted.write { WRITE } else { 0 };
            let time = timeval {
                tv_sec: time_t::try_from(wanted.timeout / 1000).unwrap_or(time_t::MAX),
                tv_usec: (wanted.timeout % 1000 * 1000) as suseconds_t,
            };
            // SAFETY: the documentation asks for these places; they are not NULL.
            unsafe {
                fd.write(wanted.fd);
                interest.write(read | write);
                tv.write(time);
            }
        }
        match code {
            Code::OK => Ok(()),
            code => Err(code),
        }
    })
}

/// Does what the socket is ready for, for programs with an event loop of their own.
///
/// The library's own thread does all this already, so programs need not call it; if they do it
/// is harmless. No callback runs inside it.
///
/// \param zh the handle.
/// \param events ZOOKEEPER_READ, ZOOKEEPER_WRITE or both: what the socket is ready for.
/// \return ZOK; ZNOTHING: no complete message was there; ZBADARGUMENTS: a NULL or closed
///     handle; ZINVALIDSTATE: the session is over or there is no socket; ZCONNECTIONLOSS,
///     ZSESSIONEXPIRED, ZAUTHFAILED, ZRUNTIMEINCONSISTENCY: the connection ended for that
///     reason.
///
/// (C-119, C-526, C-527)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zookeeper_process(zh: *mut zhandle_t, events: c_int) -> c_int {
    guard::code(zh, |handle| {
        match handle.process(events & READ != 0, events & WRITE != 0) {
            Code::OK => Ok(()),
            code => Err(code),
        }
    })
}
