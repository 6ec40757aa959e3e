//! Completion queues: results and events as entries in memory of the program, no callbacks.
#![allow(
    clippy::missing_safety_doc,
    non_camel_case_types,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_int, c_void};
use std::mem::offset_of;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use zk_proto::Code;

use super::init::set_errno;
use super::queue::{Queue, Taken, Waited};
use super::table::{Id, Ref, Table};
use super::types::{Stat, zhandle_t};
use super::{fork, guard};

/// What lies behind a `zoox_cq_t`; opaque to programs.
#[repr(C)]
pub struct zoox_cq {
    _opaque: [u8; 0],
}

/// A queue of results and events, for any number of handles.
pub type zoox_cq_t = zoox_cq;

/// Kind of an entry: an asynchronous call has ended.
pub const ZOOX_COMPLETION: u32 = 1;
/// Kind of an entry: a watcher would have been called.
pub const ZOOX_EVENT: u32 = 2;
/// Kind of an entry: a zoo_add_auth() has ended.
pub const ZOOX_AUTH: u32 = 3;

/// Payload of an entry: none.
pub const ZOOX_NONE: u32 = 0;
/// Payload of an entry: a node's data, `length` bytes, without a NUL after them; -1 for a node
/// without data.
pub const ZOOX_DATA: u32 = 1;
/// Payload of an entry: a path, `length` bytes and a NUL.
pub const ZOOX_STRING: u32 = 2;
/// Payload of an entry: `count` names, each with a NUL after it, `length` bytes with all NULs.
pub const ZOOX_STRINGS: u32 = 3;
/// Payload of an entry: `count` of struct zoox_acl, then the texts that they lead to.
pub const ZOOX_ACL: u32 = 4;
/// Payload of an entry: `count` of struct zoox_result, then the paths that they lead to.
pub const ZOOX_RESULTS: u32 = 5;
/// Payload of an entry: none; `count` is the number that is the result.
pub const ZOOX_NUMBER: u32 = 6;
/// Payload of an entry: `count` of struct zoox_acl with perms 0, then the texts that they lead
/// to.
pub const ZOOX_IDENTITIES: u32 = 7;
/// Payload of an entry: `count` of struct zoox_read_entry, then what they lead to.
pub const ZOOX_READS: u32 = 8;

/// The head of each entry; its payload follows at once, and then zeros up to `size`.
///
/// All numbers have the byte order of the machine. Entries start at multiples of 8 bytes from
/// the start of the memory that zoox_cq_next() was given.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zoox_entry {
    /// Bytes of the whole entry, a multiple of 8: the next one starts so much further.
    pub size: u32,
    /// ZOOX_COMPLETION, ZOOX_EVENT or ZOOX_AUTH.
    pub kind: u32,
    /// The handle. It may have been closed since.
    pub zh: *mut zhandle_t,
    /// The `data` of the call, or the context of the watcher.
    pub data: *const c_void,
    /// How the call ended: ZOK or a code of enum ZOO_ERRORS; ZOK for an event. After an error
    /// there is neither a stat nor a payload, except that of zoo_amulti().
    pub rc: i32,
    /// The type of an event, as ZOO_CHANGED_EVENT; otherwise 0.
    pub r#type: i32,
    /// The state of an event, as ZOO_CONNECTED_STATE; otherwise 0.
    pub state: i32,
    /// What follows the head: ZOOX_NONE, ZOOX_DATA, ZOOX_STRING, ZOOX_STRINGS, ZOOX_ACL,
    /// ZOOX_RESULTS, ZOOX_NUMBER, ZOOX_IDENTITIES or ZOOX_READS. For an event the path,
    /// ZOOX_STRING.
    pub payload: u32,
    /// Bytes of the payload as its kind tells, otherwise 0.
    pub length: i32,
    /// Elements of the payload as its kind tells, otherwise 0.
    pub count: i32,
    /// 1 if `stat` was in the answer, 0 if it is all zeros.
    pub has_stat: u32,
    /// 0.
    pub reserved: u32,
    /// The node's statistics.
    pub stat: Stat,
}

/// One entry of an ACL in a payload. Offsets count from the start of the entry's head.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zoox_acl {
    /// ZOO_PERM_READ and so on, or'ed.
    pub perms: i32,
    /// Offset of the scheme.
    pub scheme: u32,
    /// Its length in bytes, without the NUL after it.
    pub scheme_length: u32,
    /// Offset of the id.
    pub id: u32,
    /// Its length in bytes, without the NUL after it.
    pub id_length: u32,
    /// 0.
    pub reserved: u32,
}

/// What came of one operation of zoo_amulti(), in a payload.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zoox_result {
    /// As `err` of zoo_op_result_t: ZOK; after a failure ZOK before the operation that failed,
    /// its code there, and ZRUNTIMEINCONSISTENCY after it.
    pub err: i32,
    /// 1 if there is a stat: all went well, and the operation was a set, or a create whose
    /// answer had one.
    pub has_stat: u32,
    /// Offset of the created path from the start of the entry's head; 0 without one.
    pub path: u32,
    /// Its length in bytes, without the NUL after it.
    pub path_length: u32,
    /// The node's statistics, otherwise zeros.
    pub stat: Stat,
}

/// What came of one read of zoox_amulti_read(), in a payload.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zoox_read_entry {
    /// ZOK, or what the server answered to this read.
    pub err: i32,
    /// ZOOX_READ_DATA or ZOOX_READ_CHILDREN; 0 after an error.
    pub r#type: i32,
    /// Offset of the data, or of the names, each with a NUL after it, from the start of the
    /// entry's head.
    pub payload: u32,
    /// Bytes of the data, -1 for a node without data; or bytes of the names with all NULs.
    pub length: i32,
    /// Number of names.
    pub count: i32,
    /// 1 if there is a stat: the node's data was read.
    pub has_stat: u32,
    /// The node's statistics, otherwise zeros.
    pub stat: Stat,
}

// Programs without a C compiler read these structures by their offsets.
const _: () = {
    assert!(size_of::<zoox_entry>() == 128 && size_of::<Stat>() == 72);
    assert!(offset_of!(zoox_entry, zh) == 8 && offset_of!(zoox_entry, data) == 16);
    assert!(offset_of!(zoox_entry, rc) == 24 && offset_of!(zoox_entry, r#type) == 28);
    assert!(offset_of!(zoox_entry, state) == 32 && offset_of!(zoox_entry, payload) == 36);
    assert!(offset_of!(zoox_entry, length) == 40 && offset_of!(zoox_entry, count) == 44);
    assert!(offset_of!(zoox_entry, has_stat) == 48 && offset_of!(zoox_entry, stat) == 56);
    assert!(size_of::<zoox_acl>() == 24 && offset_of!(zoox_acl, scheme) == 4);
    assert!(offset_of!(zoox_acl, scheme_length) == 8 && offset_of!(zoox_acl, id) == 12);
    assert!(offset_of!(zoox_acl, id_length) == 16);
    assert!(size_of::<zoox_result>() == 88 && offset_of!(zoox_result, has_stat) == 4);
    assert!(offset_of!(zoox_result, path) == 8 && offset_of!(zoox_result, path_length) == 12);
    assert!(offset_of!(zoox_result, stat) == 16);
    assert!(size_of::<zoox_read_entry>() == 96 && offset_of!(zoox_read_entry, payload) == 8);
    assert!(offset_of!(zoox_read_entry, count) == 16 && offset_of!(zoox_read_entry, stat) == 24);
};

/// Every queue of the process. As with handles, C holds numbers and not addresses.
pub(super) static QUEUES: Table<Arc<Queue>> = Table::new();

/// The queue that C names `cq`. `None` for NULL and for destroyed ones.
pub(super) fn find(cq: *const zoox_cq_t) -> Option<Ref<'static, Arc<Queue>>> {
    QUEUES.get(Id::from_raw(cq.addr()))
}

/// Makes a completion queue, which takes results and events in place of callbacks.
///
/// Give it to zoox_init() in struct zoox_config. Entries come in the order in which callbacks
/// would, for each handle; of several handles each in its own order. The library's threads fill
/// it and call no function of the program. Nothing limits its length but the number of requests
/// that were made and watches that were left, so fetch regularly. A child of fork() must not use
/// the queues of its parent, of which it shares the descriptor.
///
/// \return the queue; NULL with errno if the system has no more memory or descriptors.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_cq_create() -> *mut zoox_cq_t {
    let made = guard::plain(Err(libc::ENOMEM), || {
        fork::watch();
        let queue = Queue::new().map_err(|e| e.raw_os_error().unwrap_or(libc::ENOMEM))?;
        let id = QUEUES.reserve().ok_or(libc::ENOMEM)?;
        QUEUES.publish(id, Arc::new(queue));
        Ok(id)
    });
    match made {
        Ok(id) => ptr::without_provenance_mut(id.raw()),
        Err(errno) => {
            set_errno(errno);
            ptr::null_mut()
        }
    }
}

/// The descriptor to wait for, with select(), poll() or an event loop.
///
/// It is readable as long as there are entries. Neither read nor write it: zoox_cq_next() does
/// that when it takes the last entry. It is non-blocking and closed on exec.
///
/// \param cq the queue.
/// \return the descriptor, which belongs to the queue; -1 for a NULL or destroyed queue.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_cq_fd(cq: *mut zoox_cq_t) -> c_int {
    guard::plain(-1, || find(cq).map_or(-1, |queue| queue.fd()))
}

/// Takes entries out of the queue, as many whole ones as fit.
///
/// Does not wait. Several threads may call it; each entry goes to one of them.
///
/// \param cq the queue.
/// \param buf where the entries go, each a struct zoox_entry with its payload; aligned to 8
///     bytes for C programs. May be NULL if len is 0.
/// \param len size of buf in bytes; 64 KiB take hundreds of small entries.
/// \param count where the number of entries goes; may be NULL.
/// \return the bytes that were stored, 0 if the queue is empty. More than len: the first entry
///     has that size, it stays in the queue, and nothing was stored. ZBADARGUMENTS: a NULL or
///     destroyed queue, or no buf.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_cq_next(
    cq: *mut zoox_cq_t,
    buf: *mut c_void,
    len: usize,
    count: *mut c_int,
) -> i64 {
    let failed = |code: Code| (0, i64::from(code.0));
    let (entries, bytes) = guard::plain(failed(Code::SYSTEM_ERROR), || {
        let Some(queue) = find(cq).filter(|_| len == 0 || !buf.is_null()) else {
            return failed(Code::BAD_ARGUMENTS);
        };
        let copy = |entries: &[u8]| {
            // SAFETY: the queue gives at most `len` bytes, for which the documentation asks.
            unsafe { ptr::copy_nonoverlapping(entries.as_ptr(), buf.cast(), entries.len()) };
        };
        match queue.take(len, copy) {
            Taken::Entries(bytes, entries) => (entries, bytes as i64),
            Taken::TooSmall(needed) => (0, needed as i64),
        }
    });
    if !count.is_null() {
        // SAFETY: the documentation asks for NULL or the place of an int.
        unsafe { count.write(c_int::try_from(entries).unwrap_or(c_int::MAX)) };
    }
    bytes
}

/// Waits until there is an entry.
///
/// \param cq the queue.
/// \param timeout_ms the longest time to wait in ms; 0 only looks, -1 waits for ever.
/// \return ZOK: there is one, unless another thread takes it first; ZOPERATIONTIMEOUT: the time
///     is over; ZNOTHING: a signal handler has run; ZINVALIDSTATE: the queue was destroyed
///     meanwhile; ZBADARGUMENTS: a NULL or destroyed queue, or a time below -1.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_cq_wait(cq: *mut zoox_cq_t, timeout_ms: c_int) -> c_int {
    let result = guard::plain(Err(Code::SYSTEM_ERROR), || {
        let timeout = match timeout_ms {
            -1 => None,
            ms => Some(u64::try_from(ms).map_err(|_| Code::BAD_ARGUMENTS)?),
        };
        // Its own share, so that it can be destroyed meanwhile.
        let queue = Arc::clone(&*find(cq).ok_or(Code::BAD_ARGUMENTS)?);
        match queue.wait(timeout.map(Duration::from_millis)) {
            Waited::Ready => Ok(()),
            Waited::TimedOut => Err(Code::OPERATION_TIMEOUT),
            Waited::Interrupted => Err(Code::NOTHING),
            Waited::Closed => Err(Code::INVALID_STATE),
        }
    });
    guard::to_int(result)
}

/// Destroys a queue with all that is in it.
///
/// Threads that wait for it are woken. Close its handles first: results of handles that still
/// use it are dropped from now on.
///
/// \param cq the queue; must not be used after the call.
/// \return ZOK; ZBADARGUMENTS: a NULL or destroyed queue.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_cq_destroy(cq: *mut zoox_cq_t) -> c_int {
    let result = guard::plain(Err(Code::SYSTEM_ERROR), || {
        find(cq).ok_or(Code::BAD_ARGUMENTS)?.close();
        QUEUES.retire(Id::from_raw(cq.addr()));
        Ok(())
    });
    guard::to_int(result)
}
