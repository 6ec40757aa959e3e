//! Calls about the handle itself: servers, session, watcher, state, close.
#![allow(
    clippy::missing_safety_doc,
    non_snake_case,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int, c_void};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::ptr;

use libc::{sockaddr, sockaddr_in, sockaddr_in6, socklen_t};
use zk_proto::Code;

use super::client::NO_WATCHER;
use super::convert::text;
use super::guard;
use super::types::{ZOO_VERSION, clientid_t, watcher_fn, zhandle_t};

thread_local! {
    /// What zoo_get_current_server() gave this thread last; freed by the next call, or with the
    /// thread.
    static CURRENT_SERVER: RefCell<CString> = RefCell::new(CString::default());
}

/// [`ZOO_VERSION`] for C.
const VERSION: &[u8] = const {
    const LEN: usize = ZOO_VERSION.len() + 1;
    const TERMINATED: [u8; LEN] = {
        let mut terminated = [0; LEN];
        let (text, _) = terminated.split_at_mut(ZOO_VERSION.len());
        text.copy_from_slice(ZOO_VERSION.as_bytes());
        terminated
    };
    &TERMINATED
};

/// The level of the C API that this library provides, as ZOO_VERSION: "MAJOR.MINOR.PATCH".
///
/// \return a constant string.
///
/// (C-106)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_version_str() -> *const c_char {
    VERSION.as_ptr().cast()
}

/// Replaces the list of servers.
///
/// Resolves the names in the calling thread. The client moves to a server of the new list if
/// its own is not in it, and otherwise with a probability that balances the load of the
/// ensemble. The chroot stays what zookeeper_init() was given.
///
/// \param zh the handle.
/// \param hosts the new list, comma-separated "host:port" entries without a chroot; copied.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or a NULL, empty or malformed list;
///     ZSYSTEMERROR: no name could be resolved. After an error the old list stays.
///
/// (C-107, C-448 to C-453)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_set_servers(zh: *mut zhandle_t, hosts: *const c_char) -> c_int {
    guard::code(zh, |handle| {
        // SAFETY: the documentation asks for NULL or a C string.
        let hosts = unsafe { text(hosts) }.ok_or(Code::BAD_ARGUMENTS)?;
        handle.set_servers(hosts)
    })
}

/// Sets how long resolved addresses are used before the names are resolved again for a new
/// connection.
///
/// \param zh the handle.
/// \param delay_ms time in ms, 0 to resolve at each attempt (as at the start), -1 never to
///     resolve again.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or a delay that is not allowed.
///
/// (C-108, C-411)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_set_servers_resolution_delay(
    zh: *mut zhandle_t,
    delay_ms: c_int,
) -> c_int {
    guard::code(zh, |handle| handle.set_resolution_delay(delay_ms))
}

/// Moves on to the next server of the list for the next attempt to connect.
///
/// The connection that exists stays. Mostly of use in tests.
///
/// \param zh the handle.
///
/// (C-109, C-454)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_cycle_next_server(zh: *mut zhandle_t) {
    guard::with(zh, (), |handle| handle.cycle_next_server());
}

/// The server that the client is connected to, or will try next.
///
/// \param zh the handle.
/// \return "address:port", for IPv6 "[address]:port", ":0" before the first was chosen; NULL
///     for a NULL or closed handle. Valid until the calling thread's next call of this
///     function.
///
/// (C-110, C-288)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_get_current_server(zh: *mut zhandle_t) -> *const c_char {
    guard::with(zh, ptr::null(), |handle| {
        let server = match handle.current_server() {
            Some(address) => address.to_string(),
            None => ":0".to_owned(),
        };
        let server = CString::new(server).unwrap_or_default();
        let keep = |kept: &RefCell<CString>| {
            kept.replace(server);
            kept.borrow().as_ptr()
        };
        // A thread that is ending has no place to keep it.
        CURRENT_SERVER.try_with(keep).unwrap_or(ptr::null())
    })
}

/// Closes the session and frees the handle.
///
/// Called from a thread of the program, it returns when everything is done: waiting synchronous
/// calls have returned ZCLOSING, all outstanding completions have run, with ZCLOSING, the
/// session was closed at the server if it was connected, and both threads have ended. It waits
/// for a callback that is running, so do not hold a lock that a callback needs.
///
/// Called from a callback, it returns at once, and the rest is done when the callback has
/// returned.
///
/// The handle must not be used after it: calls that come later, or are under way on other
/// threads, get an error code. Of several closes the first does the work, and the others may
/// return before it.
///
/// A child of fork() may close a handle of its parent, and should, because until then it shares
/// the parent's socket: there is nothing sent and nobody told, and the parent goes on with its
/// session. All other calls on such a handle return ZINVALIDSTATE in the child. It may make
/// handles of its own.
///
/// \param zh the handle.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle.
///
/// (C-111, C-530 to C-538)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zookeeper_close(zh: *mut zhandle_t) -> c_int {
    guard::end(zh, |handle| {
        handle.close();
        Ok(())
    })
}

/// Id and password of the session, to go on with it from another handle.
///
/// \param zh the handle.
/// \return a pointer into the handle, valid until it is closed; what it leads to changes when a
///     session is established. Zeros, or what zookeeper_init() was given, before the first.
///     NULL for a NULL or closed handle.
///
/// (C-112, C-284)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_client_id(zh: *mut zhandle_t) -> *const clientid_t {
    guard::look(zh, ptr::null(), |handle| handle.client().session_ptr())
}

/// The session timeout.
///
/// \param zh the handle.
/// \return the timeout that the server granted, before the first connection the one asked for,
///     in ms; 0 for a NULL or closed handle.
///
/// (C-113, C-284)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_recv_timeout(zh: *mut zhandle_t) -> c_int {
    guard::look(zh, 0, |handle| handle.recv_timeout())
}

/// The context that zookeeper_init() or zoo_set_context() was given.
///
/// \param zh the handle.
/// \return the context; NULL for a NULL or closed handle.
///
/// (C-114)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_get_context(zh: *mut zhandle_t) -> *const c_void {
    guard::look(zh, ptr::null(), |handle| {
        handle.client().context().cast_const()
    })
}

/// Replaces the context of the handle's watcher.
///
/// Watches that were left before keep the old one. Does nothing for a NULL handle.
///
/// \param zh the handle.
/// \param context passed to the handle's watcher; must live as long as the watcher can be
///     called.
///
/// (C-115, C-285)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_set_context(zh: *mut zhandle_t, context: *mut c_void) {
    guard::look(zh, (), |handle| {
        if handle.client().set_context(context) {
            handle.watcher_changed();
        }
    });
}

/// Replaces the handle's watcher, which is told of session events.
///
/// Watches that were left before keep the old one.
///
/// \param zh the handle.
/// \param newFn the new watcher; with NULL nobody is told.
/// \return the watcher before, never NULL (a function that does nothing if none was set); NULL
///     for a NULL or closed handle.
///
/// (C-116, C-285)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_set_watcher(
    zh: *mut zhandle_t,
    newFn: watcher_fn,
) -> watcher_fn {
    guard::with(zh, None, |handle| {
        handle.client().watcher.set(newFn.or(NO_WATCHER))
    })
}

/// The address of the server that the client is connected to.
///
/// \param zh the handle.
/// \param addr where the address goes; a struct sockaddr_storage has room for any.
/// \param addr_len size of addr in bytes before the call; length of the address after it, which
///     may be more.
/// \return addr; NULL if the client is not connected (or to a read-only server only), for NULL
///     arguments and closed handles.
///
/// (C-117, C-287)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zookeeper_get_connected_host(
    zh: *mut zhandle_t,
    addr: *mut sockaddr,
    addr_len: *mut socklen_t,
) -> *mut sockaddr {
    if addr.is_null() || addr_len.is_null() {
        return ptr::null_mut();
    }
    let Some(peer) = guard::with(zh, None, |handle| handle.connected_peer()) else {
        return ptr::null_mut();
    };
    // SAFETY: the documentation asks for `addr_len` bytes at `addr`.
    unsafe { store_peer(peer, addr, addr_len) };
    addr
}

/// The state of the session.
///
/// \param zh the handle.
/// \return ZOO_EXPIRED_SESSION_STATE, ZOO_AUTH_FAILED_STATE, ZOO_CONNECTING_STATE,
///     ZOO_ASSOCIATING_STATE, ZOO_CONNECTED_STATE, ZOO_READONLY_STATE, ZOO_NOTCONNECTED_STATE,
///     or 0 between two attempts to connect and for a NULL or closed handle.
///
/// (C-120, C-282)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_state(zh: *mut zhandle_t) -> c_int {
    guard::with(zh, 0, |handle| handle.state())
}

/// Tells if the handle is of no more use and has to be closed.
///
/// \param zh the handle.
/// \return ZINVALIDSTATE if the session has expired or authentication has failed, otherwise
///     ZOK; ZBADARGUMENTS: a NULL or closed handle.
///
/// (C-121, C-283)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn is_unrecoverable(zh: *mut zhandle_t) -> c_int {
    guard::code(zh, |handle| match handle.state() {
        ..0 => Err(Code::INVALID_STATE),
        _ => Ok(()),
    })
}

/// Sets if all handles of the process try servers in the order of their list.
///
/// Takes effect when names are resolved the next time. Meant for tests.
///
/// \param yesOrNo not 0 to try servers in the order of the list, 0 to shuffle it (the default).
///
/// (C-179, C-291)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_deterministic_conn_order(yesOrNo: c_int) {
    crate::runtime::set_deterministic_order(yesOrNo != 0);
}

fn sockaddr_v4(address: SocketAddrV4) -> sockaddr_in {
    sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr {
            s_addr: u32::from_ne_bytes(address.ip().octets()),
        },
        sin_zero: [0; 8],
    }
}

fn sockaddr_v6(address: SocketAddrV6) -> sockaddr_in6 {
    sockaddr_in6 {
        sin6_family: libc::AF_INET6 as libc::sa_family_t,
        sin6_port: address.port().to_be(),
        sin6_flowinfo: address.flowinfo(),
        sin6_addr: libc::in6_addr {
            s6_addr: address.ip().octets(),
        },
        sin6_scope_id: address.scope_id(),
    }
}

/// Stores an address as getpeername does.
///
/// # Safety
/// `addr` has `addr_len` bytes.
pub(super) unsafe fn store_peer(peer: SocketAddr, addr: *mut sockaddr, addr_len: *mut socklen_t) {
    // SAFETY: promised by our caller.
    unsafe {
        match peer {
            SocketAddr::V4(peer) => store_address(&sockaddr_v4(peer), addr, addr_len),
            SocketAddr::V6(peer) => store_address(&sockaddr_v6(peer), addr, addr_len),
        }
    }
}

/// Copies as much as fits and tells the whole length, as getpeername does.
///
/// # Safety
/// `to` has `length` bytes.
unsafe fn store_address<T>(address: &T, to: *mut sockaddr, length: *mut socklen_t) {
    let whole = size_of::<T>();
    // SAFETY: no more than `length` bytes are copied, which our caller promises.
    unsafe {
        let n = whole.min(length.read() as usize);
        ptr::copy_nonoverlapping(ptr::from_ref(address).cast::<u8>(), to.cast(), n);
        length.write(whole as socklen_t);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_cut_to_its_place_and_its_whole_length_told() {
        let address = sockaddr_v4("127.0.0.1:2181".parse().unwrap());
        let mut place = [0xffu8; 16];
        let mut length = 4;
        // SAFETY: the place has more than 4 bytes.
        unsafe { store_address(&address, place.as_mut_ptr().cast(), &raw mut length) };
        assert_eq!(length, 16);
        assert_eq!(place[..4], [2, 0, 0x08, 0x85]);
        assert_eq!(place[4..], [0xff; 12]);
        // SAFETY: the place has 16 bytes.
        unsafe { store_address(&address, place.as_mut_ptr().cast(), &raw mut length) };
        assert_eq!(place[4..8], [127, 0, 0, 1]);
    }

    #[test]
    fn a_null_handle_gives_each_call_its_failure_value() {
        let zh = ptr::null_mut();
        // SAFETY: NULL is allowed everywhere here.
        unsafe {
            assert_eq!(zookeeper_close(zh), Code::BAD_ARGUMENTS.0);
            assert_eq!(zoo_set_servers(zh, c"h:1".as_ptr()), Code::BAD_ARGUMENTS.0);
            assert_eq!(is_unrecoverable(zh), Code::BAD_ARGUMENTS.0);
            assert_eq!(zoo_state(zh), 0);
            assert_eq!(zoo_recv_timeout(zh), 0);
            assert!(zoo_client_id(zh).is_null());
            assert!(zoo_get_context(zh).is_null());
            assert!(zoo_get_current_server(zh).is_null());
            assert!(zoo_set_watcher(zh, None).is_none());
            zoo_set_context(zh, ptr::null_mut());
            zoo_cycle_next_server(zh);
        }
    }

    #[test]
    fn the_version_is_a_c_string() {
        // SAFETY: the function has no arguments and gives a C string.
        let version = unsafe { std::ffi::CStr::from_ptr(zoo_version_str()) };
        assert_eq!(version.to_str(), Ok(ZOO_VERSION));
    }
}
