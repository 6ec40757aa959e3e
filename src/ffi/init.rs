//! Making a handle.
#![allow(
    clippy::missing_safety_doc,
    clippy::too_many_arguments,
    non_snake_case,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;

use zk_proto::Text;

use super::client::CClient;
use super::convert::text;
use super::ext_init::{
    ZOOX_BRACKETED_IPV6, ZOOX_CLOSED_EVENT, ZOOX_DEFAULT_PORT, ZOOX_KEEP_HOST_ORDER,
    ZOOX_LIMIT_LOG_REPEATS, ZOOX_NO_SET_WATCHES, ZOOX_REPEAT_CHROOT, ZOOX_RESOLVE_LATER,
    zoox_config, zoox_release_fn,
};
use super::ext_log::zoox_log_fn;
use super::log_sink::Sink;
use super::memory::Moment;
use super::queue::Queue;
use super::release::{Hold, Releases};
use super::types::{
    ZOO_NO_LOG_CLIENTENV, ZOO_READONLY, clientid_t, log_callback_fn, watcher_fn, zhandle_t,
};
use super::{environment, ext_queue, fork, guard, log};
use crate::log::{Level, Line, install_threshold};
use crate::runtime::{Config, Handle, OpenError, Syntax};

/// Makes a handle and starts to connect to a ZooKeeper ensemble.
///
/// Resolves the names in the calling thread, starts the two threads of the handle and returns
/// without waiting for a connection: the watcher is told ZOO_CONNECTED_STATE when there is one.
/// Requests can be made before that, and wait.
///
/// Callbacks run on the completion thread, one at a time. It has the caller's signal mask and
/// the default stack size.
///
/// \param host comma-separated list of "host:port" entries, optionally followed by a chroot:
///     "h1:2181,h2:2181/app" makes all paths of the handle relative to /app. IPv6 addresses are
///     written without brackets. Copied.
/// \param fn the handle's watcher: told of session events, and of nodes watched by calls with
///     a watch flag; NULL for none. Runs on the completion thread, and may run before this call
///     has returned.
/// \param recv_timeout the session timeout to ask the server for, in ms; the server may grant
///     another, see zoo_recv_timeout().
/// \param clientid the session to go on with, from zoo_client_id() of an earlier handle; NULL
///     for a new one. Copied.
/// \param context passed to the handle's watcher, see zoo_get_context().
/// \param flags 0, or ZOO_READONLY and ZOO_NO_LOG_CLIENTENV or'ed.
/// \return the handle; NULL on failure, with errno: EINVAL for a NULL, empty or malformed list,
///     an invalid chroot, or names that could not be resolved for the moment; ENOENT if no name
///     is known; ENOMEM if memory is short; EMFILE or the like if the system has no more
///     descriptors or threads.
///
/// (C-100, C-270 to C-274)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zookeeper_init(
    host: *const c_char,
    r#fn: watcher_fn,
    recv_timeout: c_int,
    clientid: *const clientid_t,
    context: *mut c_void,
    flags: c_int,
) -> *mut zhandle_t {
    let options = Options {
        r#fn,
        recv_timeout,
        clientid,
        context,
        flags,
        log_callback: None,
        ..Options::default()
    };
    // SAFETY: the documentation asks for these arguments.
    unsafe { init(host, &options) }
}

/// Makes a handle with a log callback of its own; otherwise like zookeeper_init().
///
/// \param host comma-separated list of "host:port" entries, optionally followed by a chroot:
///     "h1:2181,h2:2181/app" makes all paths of the handle relative to /app. IPv6 addresses are
///     written without brackets. Copied.
/// \param fn the handle's watcher: told of session events, and of nodes watched by calls with
///     a watch flag; NULL for none. Runs on the completion thread, and may run before this call
///     has returned.
/// \param recv_timeout the session timeout to ask the server for, in ms; the server may grant
///     another, see zoo_recv_timeout().
/// \param clientid the session to go on with, from zoo_client_id() of an earlier handle; NULL
///     for a new one. Copied.
/// \param context passed to the handle's watcher, see zoo_get_context().
/// \param flags 0, or ZOO_READONLY and ZOO_NO_LOG_CLIENTENV or'ed.
/// \param log_callback takes the handle's log messages from the first one on, see
///     zoo_set_log_callback(); NULL for the stream of zoo_set_log_stream().
/// \return the handle; NULL on failure, with errno: EINVAL for a NULL, empty or malformed list,
///     an invalid chroot, or names that could not be resolved for the moment; ENOENT if no name
///     is known; ENOMEM if memory is short; EMFILE or the like if the system has no more
///     descriptors or threads.
///
/// (C-101, C-270 to C-274, C-604)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zookeeper_init2(
    host: *const c_char,
    r#fn: watcher_fn,
    recv_timeout: c_int,
    clientid: *const clientid_t,
    context: *mut c_void,
    flags: c_int,
    log_callback: log_callback_fn,
) -> *mut zhandle_t {
    let options = Options {
        r#fn,
        recv_timeout,
        clientid,
        context,
        flags,
        log_callback,
        ..Options::default()
    };
    // SAFETY: the documentation asks for these arguments.
    unsafe { init(host, &options) }
}

/// The arguments beside the hosts.
pub(super) struct Options {
    r#fn: watcher_fn,
    recv_timeout: c_int,
    clientid: *const clientid_t,
    context: *mut c_void,
    flags: c_int,
    log_callback: log_callback_fn,
    /// Flags of [`zoox_config`]; the plain calls have others only.
    extended: c_int,
    queue: Option<Arc<Queue>>,
    log: zoox_log_fn,
    log_context: *mut c_void,
    log_level: c_int,
    max_frame: Option<usize>,
    release: zoox_release_fn,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            r#fn: None,
            recv_timeout: 0,
            clientid: ptr::null(),
            context: ptr::null_mut(),
            flags: 0,
            log_callback: None,
            extended: 0,
            queue: None,
            log: None,
            log_context: ptr::null_mut(),
            log_level: 0,
            max_frame: None,
            release: None,
        }
    }
}

impl Options {
    /// Those of a structure; `None` if its queue does not exist.
    pub(super) fn extended(config: &zoox_config) -> Option<Self> {
        let queue = if config.queue.is_null() {
            None
        } else {
            Some(ext_queue::find(config.queue)?.clone())
        };
        Some(Self {
            r#fn: config.watcher,
            recv_timeout: config.recv_timeout,
            clientid: config.client_id,
            context: config.context,
            flags: config.flags,
            log_callback: config.log_callback,
            extended: config.flags,
            queue,
            log: config.log,
            log_context: config.log_context,
            log_level: config.log_level,
            max_frame: usize::try_from(config.max_frame).ok().filter(|&n| n > 0),
            release: config.release,
        })
    }

    fn has(&self, flag: c_int) -> bool {
        self.extended & flag != 0
    }

    fn sink(&self) -> Sink {
        let repeats = self.has(ZOOX_LIMIT_LOG_REPEATS);
        Sink::new(self.log_callback).extended(self.log, self.log_context, self.log_level, repeats)
    }

    /// How the runtime is to make the handle.
    fn config<'a>(&self, hosts: &'a [u8], session: Option<clientid_t>) -> Config<'a> {
        Config {
            hosts,
            recv_timeout: self.recv_timeout,
            session: session.map(|s| (s.client_id, s.passwd.map(|c| c as u8))),
            read_only: self.flags & ZOO_READONLY != 0,
            keep_host_order: self.has(ZOOX_KEEP_HOST_ORDER),
            rearm_watches: !self.has(ZOOX_NO_SET_WATCHES),
            syntax: Syntax {
                default_port: self.has(ZOOX_DEFAULT_PORT).then_some(DEFAULT_PORT),
                brackets: self.has(ZOOX_BRACKETED_IPV6),
            },
            repeats_chroot: self.has(ZOOX_REPEAT_CHROOT),
            resolve_later: self.has(ZOOX_RESOLVE_LATER),
            max_frame: self.max_frame,
            tell_closed: self.has(ZOOX_CLOSED_EVENT),
        }
    }
}

/// Of servers, see ZOOX_DEFAULT_PORT.
const DEFAULT_PORT: u16 = 2181;

/// # Safety
/// `host` is NULL or a C string, the session NULL or valid, as documented above.
pub(super) unsafe fn init(host: *const c_char, options: &Options) -> *mut zhandle_t {
    let errno_before = errno();
    // SAFETY: promised by our caller.
    let (host, session) = unsafe { (text(host), options.clientid.as_ref()) };
    let opened = guard::plain(Err(OpenError(libc::EINVAL)), || {
        open(host, session.copied(), options)
    });
    match opened {
        Ok(zh) => zh,
        Err(OpenError(errno)) => {
            // 0 leaves it as it was (C-271), whatever logging did to it.
            set_errno(if errno == 0 { errno_before } else { errno });
            ptr::null_mut()
        }
    }
}

fn open(
    host: Text<'_>,
    session: Option<clientid_t>,
    options: &Options,
) -> Result<*mut zhandle_t, OpenError> {
    let begin = Moment::now();
    install_threshold(log::read_threshold);
    fork::watch();
    let sink = options.sink();
    if options.flags & ZOO_NO_LOG_CLIENTENV == 0 {
        environment::log(&sink);
    }
    log_initiating(&sink, host, session.as_ref(), options);

    let hosts = host.ok_or(OpenError(libc::EINVAL))?;
    let id = guard::HANDLES.reserve().ok_or(OpenError(libc::ENOMEM))?;
    // Given back if there will be no handle; after publishing, that ends it.
    let reserved = Reserved(Some(id));
    let stored = session.unwrap_or(clientid_t {
        client_id: 0,
        passwd: [0; 16],
    });
    let client = CClient::new(
        id,
        options.r#fn,
        options.context,
        sink,
        stored,
        options.queue.clone(),
        options.release.map(Releases::new),
    );
    let zh = client.zh();
    let context = Lent(client.context_hold());
    Handle::open(options.config(hosts, session), client, |handle| {
        guard::HANDLES.publish(id, handle.clone());
        if begin.was_followed_by_shortage() {
            return Err(OpenError(libc::ENOMEM));
        }
        Ok(())
    })?;
    context.keep();
    reserved.keep();
    Ok(zh)
}

/// The context of a handle, which stays the program's unless the handle comes to life.
struct Lent(Option<Arc<Hold>>);

impl Lent {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(hold) = &self.0 {
            hold.disarm();
        }
    }
}

/// A number that is given back unless its handle comes to life.
struct Reserved(Option<super::table::Id>);

impl Reserved {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Some(id) = self.0.take() {
            guard::HANDLES.retire(id);
        }
    }
}

/// The line names the session but never its password (C-607).
fn log_initiating(sink: &Sink, host: Text<'_>, session: Option<&clientid_t>, options: &Options) {
    if !sink.wants(Level::Info) {
        return;
    }
    let host = host.map_or_else(|| "(null)".into(), String::from_utf8_lossy);
    let watcher = options.r#fn.map_or(ptr::null(), |f| f as *const c_void);
    let line = Line {
        level: Level::Info,
        function: "zookeeper_init",
        line: line!(),
        text: format!(
            "Initiating client connection, host={host} sessionTimeout={} watcher={watcher:?} \
             sessionId={:#x} sessionPasswd={} context={:?} flags={}",
            options.recv_timeout,
            session.map_or(0, |s| s.client_id),
            session.map_or("<null>", |_| "<hidden>"),
            options.context,
            options.flags,
        ),
    };
    sink.write(&line);
}

fn errno() -> c_int {
    // SAFETY: libc's errno is the thread's own.
    unsafe { libc::__errno_location().read() }
}

pub(super) fn set_errno(errno: c_int) {
    // SAFETY: libc's errno is the thread's own.
    unsafe { libc::__errno_location().write(errno) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::ffi::CStr;

    thread_local! {
        static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    unsafe extern "C-unwind" fn keep(message: *const c_char) {
        // SAFETY: the library passes a C string.
        let message = unsafe { CStr::from_ptr(message) };
        LINES.with_borrow_mut(|lines| lines.push(message.to_str().unwrap().to_owned()));
    }

    /// Tries to make a handle without hosts, and says errno and what was logged.
    fn failing_init(clientid: *const clientid_t, flags: c_int) -> (c_int, Vec<String>) {
        LINES.with_borrow_mut(Vec::clear);
        set_errno(0);
        let (host, context) = (ptr::null(), ptr::null_mut());
        // SAFETY: a NULL host is allowed, and the session is NULL or valid.
        let zh = unsafe { zookeeper_init2(host, None, 9, clientid, context, flags, Some(keep)) };
        let errno = errno();
        assert!(zh.is_null());
        (errno, LINES.with_borrow_mut(std::mem::take))
    }

    #[test]
    fn a_null_host_is_einval_after_the_environment_was_logged() {
        let (errno, lines) = failing_init(ptr::null(), 0);
        assert_eq!(errno, libc::EINVAL);
        assert_eq!(lines.len(), 9);
        assert!(lines[0].contains("Client environment:zookeeper.version=zookeeper C client"));
        assert!(lines[8].contains("host=(null)"));
    }

    #[test]
    fn the_environment_is_not_logged_when_the_flag_says_so() {
        let (_, lines) = failing_init(ptr::null(), ZOO_NO_LOG_CLIENTENV);
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn the_session_password_is_never_logged() {
        let session = clientid_t {
            client_id: 0x1234,
            passwd: (*b"secretsecretsecr").map(|b| b as c_char),
        };
        let (_, lines) = failing_init(&raw const session, ZOO_NO_LOG_CLIENTENV);
        assert!(lines[0].contains("sessionId=0x1234"));
        assert!(lines.iter().all(|line| !line.contains("secret")));
    }
}
