//! A client in Rust on the C API: results and events arrive on a channel, and nothing is unsafe
//! for its users.
//!
//! What the library is given to hand back (contexts of watchers, data of completions) are numbers,
//! never addresses. So a completion that is called twice, or after close, is simply told twice.
#![allow(dead_code, reason = "each test program uses its part")]

mod callbacks;

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut, without_provenance, without_provenance_mut};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use zookeeper_mt::ffi::types::{String_vector, clientid_t, zhandle_t};
use zookeeper_mt::ffi::{
    async_ops, async_reads, auth, consts, handle, init, jute, log, sync_ops, sync_reads,
};

pub(crate) use callbacks::{Got, Node, Told};

/// Longest wait for anything that must happen.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Codes of the C API.
pub(crate) mod rc {
    pub(crate) const OK: i32 = 0;
    pub(crate) const CONNECTION_LOSS: i32 = -4;
    pub(crate) const OPERATION_TIMEOUT: i32 = -7;
    pub(crate) const BAD_ARGUMENTS: i32 = -8;
    pub(crate) const INVALID_STATE: i32 = -9;
    pub(crate) const NO_NODE: i32 = -101;
    pub(crate) const NO_AUTH: i32 = -102;
    pub(crate) const BAD_VERSION: i32 = -103;
    pub(crate) const NODE_EXISTS: i32 = -110;
    pub(crate) const SESSION_EXPIRED: i32 = -112;
    pub(crate) const NOT_READ_ONLY: i32 = -119;
}

/// States of a handle, as session events carry them.
pub(crate) mod state {
    pub(crate) const CONNECTING: i32 = 1;
    pub(crate) const CONNECTED: i32 = 3;
    pub(crate) const READ_ONLY: i32 = 5;
    pub(crate) const EXPIRED: i32 = -112;
}

/// Types of events.
pub(crate) mod event {
    pub(crate) const SESSION: i32 = -1;
    pub(crate) const CREATED: i32 = 1;
    pub(crate) const DELETED: i32 = 2;
    pub(crate) const CHANGED: i32 = 3;
    pub(crate) const CHILD: i32 = 4;
}

/// Modes of new nodes.
pub(crate) mod mode {
    pub(crate) const PERSISTENT: i32 = 0;
    pub(crate) const EPHEMERAL: i32 = 1;
}

/// Flag of a handle that is content with a read-only server.
pub(crate) const READ_ONLY: i32 = 1;
/// Flag: no lines about the environment.
const NO_LOG_CLIENTENV: i32 = 2;
/// The number of the handle's own watcher.
pub(crate) const GLOBAL: u32 = 0;

/// A session's number and password.
pub(crate) type Session = (i64, [c_char; 16]);

/// A handle with its channel; closed on drop.
pub(crate) struct Zk {
    zh: AtomicPtr<zhandle_t>,
    number: usize,
    told: Receiver<Told>,
}

impl Drop for Zk {
    fn drop(&mut self) {
        // SAFETY: the library checks handles itself; NULL and closed ones are errors.
        unsafe { handle::zookeeper_close(self.zh()) };
    }
}

impl Zk {
    /// Opens a handle, without waiting for a connection.
    pub(crate) fn open(hosts: &str, timeout_ms: i32) -> Self {
        Self::open_with(hosts, timeout_ms, None, 0)
    }

    /// Opens a handle and waits until it is connected.
    pub(crate) fn connect(hosts: &str, timeout_ms: i32) -> Self {
        let zk = Self::open(hosts, timeout_ms);
        zk.expect_session(state::CONNECTED);
        zk
    }

    /// Opens a handle that goes on with a session, or has flags.
    pub(crate) fn open_with(
        hosts: &str,
        timeout_ms: i32,
        session: Option<Session>,
        flags: i32,
    ) -> Self {
        // The lines of a test that fails are wanted now and then.
        let level = if std::env::var_os("ZK_LOG").is_some() {
            4
        } else {
            0
        };
        let (number, told) = callbacks::register();
        let session = session.map(|(client_id, passwd)| clientid_t { client_id, passwd });
        let hosts = c_string(hosts);
        // SAFETY: a C string, a valid session or NULL, and a context that is never followed.
        let zh = unsafe {
            log::zoo_set_debug_level(level);
            init::zookeeper_init(
                hosts.as_ptr(),
                Some(callbacks::on_event),
                timeout_ms,
                session
                    .as_ref()
                    .map_or(null(), |session| &raw const *session),
                without_provenance_mut(callbacks::context(number, u64::from(GLOBAL))),
                flags | NO_LOG_CLIENTENV,
            )
        };
        assert!(!zh.is_null(), "no handle for {hosts:?}");
        Self {
            zh: AtomicPtr::new(zh),
            number,
            told,
        }
    }

    fn zh(&self) -> *mut zhandle_t {
        self.zh.load(Ordering::Relaxed)
    }

    fn data(&self, tag: u64) -> *const c_void {
        without_provenance(callbacks::context(self.number, tag))
    }

    /// Closes the handle, and gives everything that it was told and that nobody has read.
    pub(crate) fn close(self) -> Vec<Told> {
        // SAFETY: the handle came from the library.
        assert_eq!(unsafe { handle::zookeeper_close(self.zh()) }, rc::OK);
        self.drain()
    }

    /// The state right now.
    pub(crate) fn state(&self) -> i32 {
        // SAFETY: the handle came from the library.
        unsafe { handle::zoo_state(self.zh()) }
    }

    /// Number and password of the session.
    pub(crate) fn session(&self) -> Session {
        // SAFETY: the handle came from the library, and lives, so its session does.
        let session = unsafe { handle::zoo_client_id(self.zh()).read() };
        (session.client_id, session.passwd)
    }

    /// The server in use, tried, or tried next.
    pub(crate) fn current_server(&self) -> String {
        // SAFETY: the handle came from the library; the text is copied before the next call.
        unsafe { callbacks::text(handle::zoo_get_current_server(self.zh())) }
    }

    pub(crate) fn set_servers(&self, hosts: &str) -> i32 {
        let hosts = c_string(hosts);
        // SAFETY: a handle of the library and a C string.
        unsafe { handle::zoo_set_servers(self.zh(), hosts.as_ptr()) }
    }

    // What it is told.

    /// The next thing told.
    pub(crate) fn next(&self) -> Told {
        self.told
            .recv_timeout(DEADLINE)
            .expect("something is told in time")
    }

    /// The next thing told must be a session event for the handle's own watcher.
    pub(crate) fn expect_session(&self, state: i32) {
        assert_eq!(self.next(), Told::session(GLOBAL, state));
    }

    /// Waits for this, and gives all that was told before it.
    pub(crate) fn wait_for(&self, expected: &Told) -> Vec<Told> {
        let mut before = Vec::new();
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.told.recv_timeout(left) {
                Ok(told) if told == *expected => return before,
                Ok(told) => before.push(told),
                Err(_) => panic!("{expected:?} is not told; before: {before:?}"),
            }
        }
    }

    /// Waits until the server has caught up with the leader, which tells the others to commit
    /// before it does so itself.
    pub(crate) fn catch_up(&self, path: &str) {
        const TAG: u64 = 9_999;
        assert_eq!(self.start_sync(TAG, path), rc::OK);
        self.wait_done(TAG).unwrap();
    }

    /// The result of the asynchronous call with this tag; everything else is passed over.
    pub(crate) fn wait_done(&self, wanted: u64) -> Result<Got, i32> {
        loop {
            if let Told::Done(tag, result) = self.next()
                && tag == wanted
            {
                return result;
            }
        }
    }

    /// Everything told so far.
    pub(crate) fn drain(&self) -> Vec<Told> {
        self.told.try_iter().collect()
    }

    // Synchronous calls.

    /// The path that was created.
    pub(crate) fn create(&self, path: &str, data: &[u8], mode: i32) -> Result<String, i32> {
        let path = c_string(path);
        let mut buffer = [0 as c_char; 1024];
        // SAFETY: C strings and buffers of the lengths given.
        let rc = unsafe {
            sync_ops::zoo_create(
                self.zh(),
                path.as_ptr(),
                data.as_ptr().cast(),
                c_len(data.len()),
                (&raw const consts::ZOO_OPEN_ACL_UNSAFE).cast(),
                mode,
                buffer.as_mut_ptr(),
                c_len(buffer.len()),
            )
        };
        // SAFETY: a successful call has left a C string in the buffer.
        check(rc).map(|()| unsafe { callbacks::text(buffer.as_ptr()) })
    }

    pub(crate) fn set(&self, path: &str, data: &[u8]) -> Result<(), i32> {
        let path = c_string(path);
        let (bytes, len) = (data.as_ptr().cast(), c_len(data.len()));
        // SAFETY: a C string and a buffer of the length given.
        check(unsafe { sync_ops::zoo_set(self.zh(), path.as_ptr(), bytes, len, -1) })
    }

    pub(crate) fn delete(&self, path: &str) -> Result<(), i32> {
        let path = c_string(path);
        // SAFETY: a handle of the library and a C string.
        check(unsafe { sync_ops::zoo_delete(self.zh(), path.as_ptr(), -1) })
    }

    /// The node, with a watcher of this number if one is given.
    pub(crate) fn exists(&self, path: &str, watcher: Option<u32>) -> Result<Node, i32> {
        let path = c_string(path);
        let (function, context) = self.watcher(watcher);
        let mut stat = Node::empty_stat();
        // SAFETY: a C string, a writable structure, a context that is never followed.
        check(unsafe {
            sync_reads::zoo_wexists(self.zh(), path.as_ptr(), function, context, &raw mut stat)
        })?;
        Ok(Node::from(&stat))
    }

    pub(crate) fn get(&self, path: &str, watcher: Option<u32>) -> Result<(Vec<u8>, Node), i32> {
        let path = c_string(path);
        let (function, context) = self.watcher(watcher);
        with_buffer(|buffer, len, stat| {
            // SAFETY: a C string, a buffer of the length given, a context that is never followed.
            unsafe {
                let path = path.as_ptr();
                sync_reads::zoo_wget(self.zh(), path, function, context, buffer, len, stat)
            }
        })
    }

    /// Names of the children, sorted.
    pub(crate) fn children(&self, path: &str, watcher: Option<u32>) -> Result<Vec<String>, i32> {
        let path = c_string(path);
        let (function, context) = self.watcher(watcher);
        let mut names = String_vector {
            count: 0,
            data: null_mut(),
        };
        // SAFETY: a C string, a writable vector, a context that is never followed.
        check(unsafe {
            let (path, names) = (path.as_ptr(), &raw mut names);
            sync_reads::zoo_wget_children(self.zh(), path, function, context, names)
        })?;
        let count = usize::try_from(names.count).expect("a count");
        let mut children: Vec<String> = (0..count)
            // SAFETY: the library has filled in that many C strings.
            .map(|i| unsafe { callbacks::text(*names.data.add(i)) })
            .collect();
        // SAFETY: the vector came from the library.
        unsafe { jute::session::deallocate_String_vector(&raw mut names) };
        children.sort_unstable();
        Ok(children)
    }

    /// The ensemble's configuration.
    pub(crate) fn config(&self, watcher: Option<u32>) -> Result<(Vec<u8>, Node), i32> {
        let (function, context) = self.watcher(watcher);
        with_buffer(|buffer, len, stat| {
            // SAFETY: a buffer of the length given, a context that is never followed.
            unsafe { sync_reads::zoo_wgetconfig(self.zh(), function, context, buffer, len, stat) }
        })
    }

    /// Changes the ensemble's members and gives the new configuration.
    pub(crate) fn reconfig(
        &self,
        joining: Option<&str>,
        leaving: Option<&str>,
        members: Option<&str>,
        version: i64,
    ) -> Result<(Vec<u8>, Node), i32> {
        let [joining, leaving, members] =
            [joining, leaving, members].map(|text| text.map(c_string));
        let pointer = |text: &Option<CString>| text.as_ref().map_or(null(), |text| text.as_ptr());
        with_buffer(|buffer, len, stat| {
            // SAFETY: C strings or NULL, a buffer of the length given.
            unsafe {
                sync_ops::zoo_reconfig(
                    self.zh(),
                    pointer(&joining),
                    pointer(&leaving),
                    pointer(&members),
                    version,
                    buffer,
                    len,
                    stat,
                )
            }
        })
    }

    // Asynchronous calls; their results are told with the tag.

    pub(crate) fn start_create(&self, tag: u64, path: &str, data: &[u8]) -> i32 {
        let path = c_string(path);
        // SAFETY: a C string, a buffer of the length given, data that is never followed.
        unsafe {
            async_ops::zoo_acreate(
                self.zh(),
                path.as_ptr(),
                data.as_ptr().cast(),
                c_len(data.len()),
                (&raw const consts::ZOO_OPEN_ACL_UNSAFE).cast(),
                mode::PERSISTENT,
                Some(callbacks::on_string),
                self.data(tag),
            )
        }
    }

    pub(crate) fn start_set(&self, tag: u64, path: &str, data: &[u8]) -> i32 {
        let path = c_string(path);
        // SAFETY: a C string, a buffer of the length given, data that is never followed.
        unsafe {
            async_ops::zoo_aset(
                self.zh(),
                path.as_ptr(),
                data.as_ptr().cast(),
                c_len(data.len()),
                -1,
                Some(callbacks::on_stat),
                self.data(tag),
            )
        }
    }

    pub(crate) fn start_get(&self, tag: u64, path: &str, watcher: Option<u32>) -> i32 {
        let path = c_string(path);
        let (function, context) = self.watcher(watcher);
        let completion = Some(callbacks::on_data as _);
        // SAFETY: a C string; context and data are never followed.
        unsafe {
            let (zh, path) = (self.zh(), path.as_ptr());
            async_reads::zoo_awget(zh, path, function, context, completion, self.data(tag))
        }
    }

    pub(crate) fn start_exists(&self, tag: u64, path: &str) -> i32 {
        let path = c_string(path);
        let completion = Some(callbacks::on_stat as _);
        // SAFETY: a C string; data that is never followed.
        unsafe { async_reads::zoo_aexists(self.zh(), path.as_ptr(), 0, completion, self.data(tag)) }
    }

    pub(crate) fn start_sync(&self, tag: u64, path: &str) -> i32 {
        let path = c_string(path);
        let completion = Some(callbacks::on_string as _);
        // SAFETY: a C string; data that is never followed.
        unsafe { async_ops::zoo_async(self.zh(), path.as_ptr(), completion, self.data(tag)) }
    }

    /// Adds a credential; told when the server has answered.
    pub(crate) fn start_auth(&self, tag: u64, scheme: &str, credential: &str) -> i32 {
        let scheme = c_string(scheme);
        // SAFETY: a C string, a buffer of the length given, data that is never followed.
        unsafe {
            auth::zoo_add_auth(
                self.zh(),
                scheme.as_ptr(),
                credential.as_ptr().cast(),
                c_len(credential.len()),
                Some(callbacks::on_void),
                self.data(tag),
            )
        }
    }

    fn watcher(&self, number: Option<u32>) -> (zookeeper_mt::ffi::types::watcher_fn, *mut c_void) {
        match number {
            None => (None, null_mut()),
            Some(number) => (
                Some(callbacks::on_event as _),
                without_provenance_mut(callbacks::context(self.number, u64::from(number))),
            ),
        }
    }
}

/// Handles try their servers in the order given, or in a random one. For the whole process.
pub(crate) fn keep_host_order(keep: bool) {
    // SAFETY: nothing to keep to.
    unsafe { handle::zoo_deterministic_conn_order(c_int::from(keep)) };
}

/// A read of data into a buffer that is large enough.
fn with_buffer(
    read: impl FnOnce(*mut c_char, *mut c_int, *mut zookeeper_mt::ffi::types::Stat) -> c_int,
) -> Result<(Vec<u8>, Node), i32> {
    let mut buffer = vec![0_u8; 1 << 16];
    let mut len = c_len(buffer.len());
    let mut stat = Node::empty_stat();
    check(read(
        buffer.as_mut_ptr().cast(),
        &raw mut len,
        &raw mut stat,
    ))?;
    // -1 says that there is no data at all.
    buffer.truncate(usize::try_from(len).unwrap_or(0));
    Ok((buffer, Node::from(&stat)))
}

fn check(rc: c_int) -> Result<(), i32> {
    if rc == rc::OK { Ok(()) } else { Err(rc) }
}

fn c_string(text: &str) -> CString {
    CString::new(text).expect("no NUL in the text of a test")
}

fn c_len(len: usize) -> c_int {
    c_int::try_from(len).expect("a length for C")
}
