//! Making a handle from a structure, which can grow.
#![allow(
    clippy::missing_safety_doc,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;

use super::ext_queue::zoox_cq_t;
use super::init::{Options, init, set_errno};
use super::types::{
    ZOO_NO_LOG_CLIENTENV, ZOO_READONLY, clientid_t, log_callback_fn, watcher_fn, zhandle_t,
};

/// Flag of struct zoox_config: try servers in the order of the list, instead of a random one.
///
/// What zoo_deterministic_conn_order() does for the whole process, for one handle.
pub const ZOOX_KEEP_HOST_ORDER: c_int = 0x100;

/// Flag of struct zoox_config: do not set watches again after a reconnection.
///
/// Then a watch ends with the connection that it was left on. Its watcher is told of the loss
/// and of the new connection, and of nothing more.
pub const ZOOX_NO_SET_WATCHES: c_int = 0x200;

/// What zoox_init() is to make.
///
/// Set all of it to zero first and `size` to sizeof(struct zoox_config); then set what is to
/// differ. New members will come at the end only, so that programs go on working with newer
/// libraries, and with older ones as long as they leave alone what those do not know.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zoox_config {
    /// sizeof(struct zoox_config) of the program.
    pub size: usize,
    /// Servers and chroot, as for zookeeper_init(). Copied.
    pub hosts: *const c_char,
    /// The handle's watcher, NULL for none. With a queue it is never called, and its events are
    /// queued whether it is NULL or not.
    pub watcher: watcher_fn,
    /// Passed to the watcher, and in `data` of the entries of its events.
    pub context: *mut c_void,
    /// The session to go on with, NULL for a new one. Copied.
    pub client_id: *const clientid_t,
    /// The session timeout to ask for, in ms.
    pub recv_timeout: c_int,
    /// ZOO_READONLY, ZOO_NO_LOG_CLIENTENV, ZOOX_KEEP_HOST_ORDER, ZOOX_NO_SET_WATCHES, or'ed.
    pub flags: c_int,
    /// Takes the handle's log messages; NULL for the stream of zoo_set_log_stream(). Called on
    /// the library's threads, also for a handle with a queue.
    pub log_callback: log_callback_fn,
    /// Where results and events go instead of callbacks; NULL for callbacks.
    pub queue: *mut zoox_cq_t,
    /// Room for the parameters of encrypted connections; must be NULL.
    pub tls: *const c_void,
    /// Room for the parameters of SASL authentication; must be NULL.
    pub sasl: *const c_void,
}

/// Every bit that `flags` may have.
const FLAGS: c_int =
    ZOO_READONLY | ZOO_NO_LOG_CLIENTENV | ZOOX_KEEP_HOST_ORDER | ZOOX_NO_SET_WATCHES;

/// Makes a handle, as zookeeper_init2() does, with settings that only this call has.
///
/// A handle with a completion queue never calls a watcher or completion. Functions that are
/// given to its calls are not called, and completions may be NULL: the entry of each result has
/// the call's `data`. Only whether the watcher of a zoo_w...() call is NULL still decides if it
/// leaves a watch. Synchronous calls work as ever. The results array of zoo_amulti() and what
/// its operations point to for results are not written and may be NULL. Of the callbacks only
/// log_callback is left.
///
/// \param config what to make; not NULL. Not used after the call.
/// \return the handle; NULL on failure, with errno as for zookeeper_init(), and EINVAL also for
///     a NULL config, a size that is smaller than the members above, bytes not 0 in members that
///     this library does not know, unknown flags, a queue that is not there, and tls or sasl not
///     NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_init(config: *const zoox_config) -> *mut zhandle_t {
    // SAFETY: the documentation asks for a structure of the size that it says.
    let options = unsafe { read(config) }.and_then(|config| {
        let options = Options::extended(&config)?;
        Some((config.hosts, options))
    });
    match options {
        // SAFETY: the documentation asks for these arguments.
        Some((hosts, options)) => unsafe { init(hosts, &options) },
        None => {
            set_errno(libc::EINVAL);
            ptr::null_mut()
        }
    }
}

/// The structure, if it is one that this library understands.
///
/// # Safety
/// `config` is NULL, or points to as many bytes as its first member says.
unsafe fn read(config: *const zoox_config) -> Option<zoox_config> {
    if config.is_null() {
        return None;
    }
    // SAFETY: promised by our caller; every such structure begins with its size.
    let size = unsafe { config.cast::<usize>().read_unaligned() };
    let known = size_of::<zoox_config>();
    if size < known {
        return None;
    }
    let rest = config.cast::<u8>();
    // SAFETY: our caller promises `size` bytes.
    let unknown = (known..size).any(|i| unsafe { rest.add(i).read() } != 0);
    if unknown {
        return None;
    }
    let mut copy = MaybeUninit::<zoox_config>::uninit();
    // SAFETY: our caller promises that many bytes, and every member may have any bits that C
    // puts there: integers, pointers, and functions or NULL.
    let copy = unsafe {
        ptr::copy_nonoverlapping(rest, copy.as_mut_ptr().cast(), known);
        copy.assume_init()
    };
    let known_flags = copy.flags & !FLAGS == 0;
    (known_flags && copy.tls.is_null() && copy.sasl.is_null()).then_some(copy)
}
