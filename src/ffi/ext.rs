//! Calls that the C library has not: more to know and to decide about one handle.
#![allow(
    clippy::missing_safety_doc,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};

use libc::{sockaddr, socklen_t};
use zk_proto::Code;

use super::convert::{AclView, text};
use super::delivery::{Async, Cookie};
use super::handle::store_peer;
use super::pointer::UserPtr;
use super::sync_call::{self, Out};
use super::types::{ACL_vector, Stat, stat_completion_t, zhandle_t};
use super::{guard, mute, requests};

/// Replaces a node's ACL and gets the node's statistics, without waiting.
///
/// Like zoo_aset_acl(), whose completion is not told the statistics that the server answers.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot; copied before the call
///     returns.
/// \param version the version (aversion) that the node's ACL must have for the call to succeed,
///     -1 for any.
/// \param acl the new ACL, not NULL; copied before the call returns.
/// \param completion called on the completion thread, exactly once, with the node's new
///     statistics, or the code of the failure: ZNONODE, ZNOAUTH, ZINVALIDACL, ZBADVERSION, or a
///     code of the connection; may be NULL, then the result is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, or an
///     invalid path, or a NULL ACL; ZINVALIDSTATE: the session has expired or authentication
///     failed; ZMARSHALLINGERROR: the handle is being closed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_aset_acl(
    zh: *mut zhandle_t,
    path: *const c_char,
    version: c_int,
    acl: *const ACL_vector,
    completion: stat_completion_t,
    data: *const c_void,
) -> c_int {
    // SAFETY: the documentation asks for a C string and an ACL.
    let (path, acl) = unsafe { (text(path), AclView::new(acl)) };
    let call = Async::Stat(completion, UserPtr::data(data));
    guard::code(zh, |handle| {
        let acl = acl?;
        let request = requests::set_acl(path, version, &acl, true)?;
        handle.submit(&request, Cookie::Async(call), None)
    })
}

/// Replaces a node's ACL and gets the node's statistics.
///
/// Waits for the answer, as zoo_set_acl() does.
///
/// \param zh the handle.
/// \param path path of the node, NUL-terminated, relative to the chroot.
/// \param version the version (aversion) that the node's ACL must have for the call to succeed,
///     -1 for any.
/// \param acl the new ACL, not NULL.
/// \param stat where the node's new statistics go; untouched unless the call returns ZOK. May
///     be NULL.
/// \return the codes of zoo_set_acl().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_set_acl(
    zh: *mut zhandle_t,
    path: *const c_char,
    version: c_int,
    acl: *const ACL_vector,
    stat: *mut Stat,
) -> c_int {
    // SAFETY: the documentation asks for a C string and an ACL.
    let (path, acl) = unsafe { (text(path), AclView::new(acl)) };
    guard::code(zh, |handle| {
        let acl = acl?;
        let request = requests::set_acl(path, version, &acl, true)?;
        sync_call::wait(&handle.client().calls, Out::Stat(UserPtr(stat)), |cookie| {
            handle.submit(&request, cookie, None)
        })
    })
}

/// Breaks the TCP connection to the server and keeps the session.
///
/// What follows is what follows a failing network: the watcher is told ZOO_CONNECTING_STATE if
/// the session was on, every outstanding request completes with ZCONNECTIONLOSS (whether or not
/// the server carries it out), and the client connects to the next server of its list and goes
/// on with the session. An attempt to connect that is under way counts as failed. Meant for
/// tests, and for programs that know better than the client that a connection is of no use.
///
/// \param zh the handle.
/// \return ZOK; ZNOTHING: there is no connection; ZINVALIDSTATE: the session has expired,
///     authentication failed, or the handle is being closed; ZBADARGUMENTS: a NULL or closed
///     handle.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_drop_connection(zh: *mut zhandle_t) -> c_int {
    guard::code(zh, |handle| handle.drop_connection())
}

/// Frees the handle and leaves the session to the server.
///
/// Ends the handle as zookeeper_close() does, from any thread or callback: every outstanding
/// completion runs once, with ZCLOSING, and both threads end. But nothing is sent, not even
/// requests that are still queued. The server keeps the session, with its ephemeral nodes,
/// until its timeout is over; who has its id and password can go on with it.
///
/// \param zh the handle; must not be used after the call.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_abandon(zh: *mut zhandle_t) -> c_int {
    guard::end(zh, |handle| {
        handle.abandon();
        Ok(())
    })
}

/// Ends all callbacks of the process, for good.
///
/// From its return on no function that the program has given to the library is called any more:
/// no watcher, no completion, no log callback, of no handle, not even of handles made later.
/// Everything else works on: synchronous calls return, handles can be closed, completion queues
/// (zoox_cq_create()) are filled, and log messages of handles without a log callback go to the
/// stream. For programs whose callbacks stop being valid before the process ends: interpreters
/// call it before they shut down, and in the child after a fork().
///
/// It waits until the callbacks that are running have returned. So the calling thread must not
/// hold a lock that a callback may be waiting for, and a callback that never returns holds it up
/// for ever. Called from inside a callback it does not wait: none starts any more, but the one
/// that calls and those on other threads run to their end. In the child after a fork() only
/// callbacks of the forking thread count, because the other threads are not there.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_mute_callbacks() {
    guard::plain((), mute::mute);
}

/// Sets how long the client pauses when it has tried every server of its list in vain.
///
/// Holds from the next such pause on. As ever, a request ends the pause at once; see
/// zoox_set_retry_backoff() for pauses that last.
///
/// \param zh the handle.
/// \param delay_ms the pause in ms; -1 for the default, a sixtieth of the session timeout and at
///     least 10 ms. 0 counts as 1.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or a delay below -1.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_set_retry_delay(zh: *mut zhandle_t, delay_ms: c_int) -> c_int {
    guard::code(zh, |handle| {
        let delay = match delay_ms {
            -1 => None,
            // Without any pause a dead ensemble would keep a processor busy.
            ms => Some(u64::try_from(ms).map_err(|_| Code::BAD_ARGUMENTS)?.max(1)),
        };
        handle.set_retry_delay(delay);
        Ok(())
    })
}

/// How many attempts to connect have failed in a row.
///
/// An attempt has failed when a server refused the connection, was silent too long, or ended it
/// before the session was on. The loss of an established session's connection is not one.
///
/// \param zh the handle.
/// \return the number of attempts since the session was on last, or since the start; -1 for a
///     NULL or closed handle.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_connect_attempts(zh: *mut zhandle_t) -> i64 {
    guard::with(zh, -1, |handle| {
        i64::try_from(handle.failed_attempts()).unwrap_or(i64::MAX)
    })
}

/// The id of the last transaction that this client has seen an answer of.
///
/// A client that reconnects tells it to the server, so that it never reads older data.
///
/// \param zh the handle.
/// \return the id; 0 before the first answer; -1 for a NULL or closed handle.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_last_zxid(zh: *mut zhandle_t) -> i64 {
    guard::with(zh, -1, |handle| handle.last_zxid())
}

/// The address of the server at the other end of the socket.
///
/// Unlike zookeeper_get_connected_host() also while connecting, and on a read-only server.
///
/// \param zh the handle.
/// \param addr where the address goes; a struct sockaddr_storage has room for any.
/// \param addr_len size of addr in bytes before the call; length of the address after it, which
///     may be more, and then the address was cut.
/// \return ZOK; ZNOTHING: there is no socket now; ZBADARGUMENTS: NULL arguments or a closed
///     handle.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_get_peer(
    zh: *mut zhandle_t,
    addr: *mut sockaddr,
    addr_len: *mut socklen_t,
) -> c_int {
    guard::code(zh, |handle| {
        if addr.is_null() || addr_len.is_null() {
            return Err(Code::BAD_ARGUMENTS);
        }
        let peer = handle.peer().ok_or(Code::NOTHING)?;
        // SAFETY: the documentation asks for `addr_len` bytes at `addr`.
        unsafe { store_peer(peer, addr, addr_len) };
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr;

    #[test]
    fn a_null_handle_gives_each_call_its_failure_value() {
        let zh = ptr::null_mut();
        // SAFETY: NULL is allowed everywhere here.
        unsafe {
            let bad = Code::BAD_ARGUMENTS.0;
            assert_eq!(zoox_drop_connection(zh), bad);
            assert_eq!(zoox_abandon(zh), bad);
            assert_eq!(zoox_set_retry_delay(zh, 5), bad);
            assert_eq!(zoox_connect_attempts(zh), -1);
            assert_eq!(zoox_last_zxid(zh), -1);
            assert_eq!(zoox_get_peer(zh, ptr::null_mut(), ptr::null_mut()), bad);
            let (path, acl) = (c"/a".as_ptr(), ptr::null());
            assert_eq!(zoox_set_acl(zh, path, -1, acl, ptr::null_mut()), bad);
            assert_eq!(zoox_aset_acl(zh, path, -1, acl, None, ptr::null()), bad);
        }
    }
}
