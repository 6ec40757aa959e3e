//! Making a handle from a structure, which can grow.
#![allow(
    clippy::missing_safety_doc,
    non_camel_case_types,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};
use std::mem::{MaybeUninit, offset_of};
use std::ptr;

use super::ext_log::zoox_log_fn;
use super::ext_queue::zoox_cq_t;
use super::init::{Options, init, set_errno};
use super::log_sink::is_level;
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

/// Flag of struct zoox_config: a host without a port has port 2181, as in the Java client.
///
/// "h1,h2:2182/app" is a list then. IPv6 addresses need their port, unless they stand in
/// brackets and ZOOX_BRACKETED_IPV6 is set too. Also for zoo_set_servers() on the handle.
pub const ZOOX_DEFAULT_PORT: c_int = 0x400;

/// Flag of struct zoox_config: IPv6 addresses may stand in brackets, as in the Java client.
///
/// "[::1]:2181,[fe80::1%eth0]:2181,h3:2181" is a list then; addresses without brackets are
/// understood too. Also for zoo_set_servers() on the handle.
pub const ZOOX_BRACKETED_IPV6: c_int = 0x800;

/// Flag of struct zoox_config: zoo_set_servers() takes lists that repeat the chroot.
///
/// Then the list may be the one of zoox_init(), chroot and all. Another chroot than that of the
/// handle is ZBADARGUMENTS, and nothing changes.
pub const ZOOX_REPEAT_CHROOT: c_int = 0x1000;

/// Flag of struct zoox_config: names are resolved in the background, from the start.
///
/// Then zoox_init() neither waits for the resolver nor fails because of it. Until a name is
/// resolved the state is ZOO_CONNECTING_STATE; the names are looked up again after 100 ms, then
/// ever less often up to every 5 s, at once when a request is made, but never more than ten
/// names a second. A failed look-up of all names counts as a failed attempt to connect:
/// requests complete with ZCONNECTIONLOSS. Lists of addresses are not affected.
pub const ZOOX_RESOLVE_LATER: c_int = 0x2000;

/// Flag of struct zoox_config: watchers are told that the handle was closed.
///
/// When zookeeper_close() or zoox_abandon() is through, every watcher of the handle gets one
/// event with type ZOO_SESSION_EVENT, state ZOOX_CLOSED_STATE and path "": first those of
/// watches that are still left, each once, then the handle's watcher. No callback of the handle
/// runs after these but that of struct zoox_config's release. They run on the thread that
/// closes the handle, before its call returns, and on the completion thread if the handle was
/// closed from a callback. The handle can be used for nothing any more.
pub const ZOOX_CLOSED_EVENT: c_int = 0x4000;

/// Flag of struct zoox_config: do not log the same message again and again.
///
/// A message that was logged within the last minute is counted instead, and the count is told
/// with the next one. For programs that run on while all servers are down.
pub const ZOOX_LIMIT_LOG_REPEATS: c_int = 0x8000;

/// State of the last event of a handle, see ZOOX_CLOSED_EVENT.
pub const ZOOX_CLOSED_STATE: c_int = 0;

/// Takes a context back that the library will not use any more; free() is one.
///
/// \param context a context that was given to the library.
pub type zoox_release_fn = Option<unsafe extern "C-unwind" fn(context: *mut c_void)>;

/// What zoox_init() is to make.
///
/// Set all of it to zero first and `size` to sizeof(struct zoox_config); then set what is to
/// differ. New members will come at the end only, so that programs go on working with newer
/// libraries, for which the members that the program does not know are 0, and with older ones
/// as long as they leave alone what those do not know.
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
    /// ZOO_READONLY, ZOO_NO_LOG_CLIENTENV and flags that begin with ZOOX_, or'ed.
    pub flags: c_int,
    /// Takes the handle's log messages unless `log` does; NULL for the stream of
    /// zoo_set_log_stream(). Called on the library's threads, also for a handle with a queue.
    pub log_callback: log_callback_fn,
    /// Where results and events go instead of callbacks; NULL for callbacks.
    pub queue: *mut zoox_cq_t,
    /// Room for the parameters of encrypted connections; must be NULL.
    pub tls: *const c_void,
    /// Room for the parameters of SASL authentication; must be NULL.
    pub sasl: *const c_void,
    /// Takes the handle's log messages with their level, from the first one on, in place of
    /// log_callback and the stream. These then get only what the program itself logs. NULL for
    /// none. Called on whichever thread logs, also for a handle with a queue; for the last time
    /// before the events of ZOOX_CLOSED_EVENT.
    pub log: zoox_log_fn,
    /// Passed to `log`.
    pub log_context: *mut c_void,
    /// Which messages are logged, as for zoox_set_log_level(): 0 for what the process logs.
    pub log_level: c_int,
    /// The longest frame that is taken from a server, in bytes; one that claims to be longer
    /// ends the connection at once. 0 for 256 MiB. Memory is taken for what was received, never
    /// for what a frame claims.
    pub max_frame: c_int,
    /// Takes back the contexts of watchers when the library will not use them any more; NULL
    /// for nobody. Must be NULL with a queue.
    ///
    /// Each call that leaves a watch, such as zoo_wget() or zoo_awexists(), takes over its
    /// watcherCtx, whatever it returns, if its watcher is not NULL and the handle a live one;
    /// so do zoox_init(), unless it returns NULL, with `context`, and zoo_set_context(). For
    /// each such call `release` is called once with the context it was given, unless that was
    /// NULL, and after the last callback that gets it: when the watch has fired or was removed,
    /// when it was not left because the call failed, when the same watch existed already, when
    /// zoo_set_context() has replaced the context and no watch has it, or when the handle is
    /// closed. A context that was given twice is released twice.
    ///
    /// It runs on the completion thread; for what is left at the end on the thread that closes
    /// the handle, after all other callbacks, the handle's own context last. Like other
    /// callbacks it may make calls. A child of fork() gets nothing back of the handles of its
    /// parent. Calls that run at the same time as zookeeper_close() give
    /// back what they took at the latest when they return.
    pub release: zoox_release_fn,
}

/// The size that the first version of [`zoox_config`] had.
const FIRST_SIZE: usize = offset_of!(zoox_config, log);

impl zoox_config {
    /// Whether all members have values that they may have.
    fn is_valid(&self) -> bool {
        self.flags & !FLAGS == 0
            && self.tls.is_null()
            && self.sasl.is_null()
            && is_level(self.log_level)
            && self.max_frame >= 0
            && (self.release.is_none() || self.queue.is_null())
    }
}

/// Every bit that `flags` may have.
const FLAGS: c_int = ZOO_READONLY
    | ZOO_NO_LOG_CLIENTENV
    | ZOOX_KEEP_HOST_ORDER
    | ZOOX_NO_SET_WATCHES
    | ZOOX_DEFAULT_PORT
    | ZOOX_BRACKETED_IPV6
    | ZOOX_REPEAT_CHROOT
    | ZOOX_RESOLVE_LATER
    | ZOOX_CLOSED_EVENT
    | ZOOX_LIMIT_LOG_REPEATS;

/// Makes a handle, as zookeeper_init2() does, with settings that only this call has.
///
/// A handle with a completion queue never calls a watcher or completion. Functions that are
/// given to its calls are not called, and completions may be NULL: the entry of each result has
/// the call's `data`. Only whether the watcher of a zoo_w...() call is NULL still decides if it
/// leaves a watch. Synchronous calls work as ever. The results array of zoo_amulti() and what
/// its operations point to for results are not written and may be NULL. Of the callbacks only
/// log_callback and log are left.
///
/// \param config what to make; not NULL. Not used after the call.
/// \return the handle; NULL on failure, with errno as for zookeeper_init(), and EINVAL also for
///     a NULL config, a size that no version of it had, bytes not 0 in members that this library
///     does not know, unknown flags, a queue that is not there, and members whose documentation
///     forbids what they are.
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
    if size < FIRST_SIZE || !size.is_multiple_of(align_of::<zoox_config>()) {
        return None;
    }
    let rest = config.cast::<u8>();
    // SAFETY: our caller promises `size` bytes.
    let unknown = (known..size).any(|i| unsafe { rest.add(i).read() } != 0);
    if unknown {
        return None;
    }
    // What an older program does not know is 0.
    let mut copy = MaybeUninit::<zoox_config>::zeroed();
    // SAFETY: our caller promises that many bytes, and every member may have any bits that C
    // puts there: integers, pointers, and functions or NULL.
    let copy = unsafe {
        ptr::copy_nonoverlapping(rest, copy.as_mut_ptr().cast(), size.min(known));
        copy.assume_init()
    };
    copy.is_valid().then_some(copy)
}
