//! Several reads in one request, and operations that transactions of the C library refuse.
#![allow(
    clippy::missing_safety_doc,
    clippy::too_many_arguments,
    non_camel_case_types,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use smallvec::SmallVec;
use zk_proto::records::{self, MultiReadOp, WatchedPathRequest};
use zk_proto::{Buffer, Code, Op};

use super::caller::Caller;
use super::convert::{self, text};
use super::delivery::{Async, Cookie};
use super::guard;
use super::multi::init_create;
use super::pointer::UserPtr;
use super::sync_call::{self, Out};
use super::types::{ACL_vector, Stat, String_vector, zhandle_t, zoo_create_op, zoo_op_t};
use crate::core::Request;

/// What is ours in the type of an operation; the C library and the wire have no such types.
const OURS: c_int = 0x100;

/// Type of an operation of zoox_create2_op_init().
pub const ZOOX_CREATE2_OP: c_int = 0x10f;
/// Type of an operation of zoox_create_ttl_op_init().
pub const ZOOX_CREATE_TTL_OP: c_int = 0x115;

const _: () = {
    assert!(ZOOX_CREATE2_OP == OURS + Op::Create2 as c_int);
    assert!(ZOOX_CREATE_TTL_OP == OURS + Op::CreateTtl as c_int);
};

/// Fills an operation that creates a node and asks for its statistics.
///
/// For zoo_multi() and zoo_amulti() of this library, which refuse what zoo_create2_op_init()
/// fills, as the C library does. Only stores what it is given: all that the pointers lead to must
/// stay as it is until the transaction has been submitted, and path_buffer and stat until it has
/// completed.
///
/// After success the result's value points to path_buffer and its stat to stat. A server may
/// answer without statistics, as Apache ZooKeeper 3.8 does unless the mode is ZOO_CONTAINER: then
/// the result's stat is NULL, and the place is untouched.
///
/// \param op the operation to fill; with NULL nothing happens.
/// \param path path of the new node.
/// \param value the node's data; may be NULL with a length of 0 or -1.
/// \param valuelen length of the data in bytes, -1 for a node without data.
/// \param acl the node's ACL.
/// \param mode ZOO_PERSISTENT, ZOO_EPHEMERAL, ZOO_PERSISTENT_SEQUENTIAL,
///     ZOO_EPHEMERAL_SEQUENTIAL or ZOO_CONTAINER; with another one the transaction is refused
///     with ZBADARGUMENTS.
/// \param path_buffer where the path of the created node goes, NUL-terminated, with its
///     sequence number; may be NULL.
/// \param path_buffer_len size of path_buffer in bytes; a longer path is cut.
/// \param stat where the new node's statistics go, or NULL. The operation keeps it in the place
///     of the time to live.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_create2_op_init(
    op: *mut zoo_op_t,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    path_buffer: *mut c_char,
    path_buffer_len: c_int,
    stat: *mut Stat,
) {
    if op.is_null() {
        return;
    }
    // SAFETY: the documentation asks for an operation to fill; a pointer fits where the time to
    // live would be.
    unsafe {
        init_create(
            op,
            ZOOX_CREATE2_OP,
            path,
            value,
            valuelen,
            acl,
            mode,
            path_buffer,
            path_buffer_len,
        );
        (&raw mut (*op).op.create_op.ttl).write(0);
        (&raw mut (*op).op.create_op.ttl)
            .cast::<*mut Stat>()
            .write(stat);
    }
}

const _: () = assert!(size_of::<*mut Stat>() <= size_of::<i64>());

/// Where the stat of a create2 is to go.
pub(super) fn wanted_stat(op: &zoo_create_op) -> *mut Stat {
    // SAFETY: `zoox_create2_op_init` has stored a pointer here; any other bytes of a program make
    // a pointer too, which it then promises to be good.
    unsafe { (&raw const op.ttl).cast::<*mut Stat>().read() }
}

/// Fills an operation that creates a node with a time to live.
///
/// For zoo_multi() and zoo_amulti() of this library, which refuse the modes with a time to live in
/// what zoo_create_op_init() fills, as the C library does. Only stores what it is given: all that
/// the pointers lead to must stay as it is until the transaction has been submitted, and
/// path_buffer until it has completed.
///
/// \param op the operation to fill; with NULL nothing happens.
/// \param path path of the new node.
/// \param value the node's data; may be NULL with a length of 0 or -1.
/// \param valuelen length of the data in bytes, -1 for a node without data.
/// \param acl the node's ACL.
/// \param mode ZOO_PERSISTENT_WITH_TTL or ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL; with another one
///     the transaction is refused with ZBADARGUMENTS.
/// \param ttl after how many ms without a change and without children the server deletes the
///     node, 1 to 0xFFFFFFFFFF; the transaction is refused with ZBADARGUMENTS otherwise.
/// \param path_buffer where the path of the created node goes, NUL-terminated, with its
///     sequence number; may be NULL.
/// \param path_buffer_len size of path_buffer in bytes; a longer path is cut.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_create_ttl_op_init(
    op: *mut zoo_op_t,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    ttl: i64,
    path_buffer: *mut c_char,
    path_buffer_len: c_int,
) {
    if op.is_null() {
        return;
    }
    // SAFETY: the documentation asks for an operation to fill.
    unsafe {
        init_create(
            op,
            ZOOX_CREATE_TTL_OP,
            path,
            value,
            valuelen,
            acl,
            mode,
            path_buffer,
            path_buffer_len,
        );
        (&raw mut (*op).op.create_op.ttl).write(ttl);
    }
}

/// Type of a read: a node's data and statistics.
pub const ZOOX_READ_DATA: c_int = 1;
/// Type of a read: the names of a node's children.
pub const ZOOX_READ_CHILDREN: c_int = 2;

/// One of several reads.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zoox_read {
    /// ZOOX_READ_DATA or ZOOX_READ_CHILDREN.
    pub r#type: c_int,
    /// Path of the node, NUL-terminated, relative to the chroot.
    pub path: *const c_char,
}

/// What came of one of several reads.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zoox_read_result {
    /// ZOK, or what the server answered to this read: ZNONODE, ZNOAUTH. Then all else is 0.
    pub err: c_int,
    /// ZOOX_READ_DATA or ZOOX_READ_CHILDREN, which tells the fields that count.
    pub r#type: c_int,
    /// The node's data; NULL for a node without data. From zoox_multi_read() it has a NUL after
    /// it.
    pub data: *mut c_char,
    /// Length of the data in bytes, without the NUL; -1 for a node without data.
    pub length: c_int,
    /// 0.
    pub reserved: c_int,
    /// The names of the node's children, in no particular order.
    pub children: String_vector,
    /// The node's statistics, of a read of data.
    pub stat: Stat,
}

const NO_STRINGS: String_vector = String_vector {
    count: 0,
    data: ptr::null_mut(),
};

impl zoox_read_result {
    pub(super) fn failed(code: Code) -> Self {
        Self {
            err: code.0,
            r#type: 0,
            data: ptr::null_mut(),
            length: 0,
            reserved: 0,
            children: NO_STRINGS,
            stat: convert::stat(&records::Stat::default()),
        }
    }

    /// Data that lies at `place`.
    pub(super) fn data(place: *mut c_char, data: Buffer<'_>, stat: &records::Stat) -> Self {
        Self {
            r#type: ZOOX_READ_DATA,
            data: place,
            length: data.map_or(-1, |data| convert::length(data.len())),
            stat: convert::stat(stat),
            ..Self::failed(Code::OK)
        }
    }

    pub(super) fn children(children: String_vector) -> Self {
        Self {
            r#type: ZOOX_READ_CHILDREN,
            children,
            ..Self::failed(Code::OK)
        }
    }
}

/// Called when several reads have ended: count results, in the order of the reads, which live
/// until it returns.
pub type zoox_reads_completion_t = Option<
    unsafe extern "C-unwind" fn(
        rc: c_int,
        count: c_int,
        results: *const zoox_read_result,
        data: *const c_void,
    ),
>;

/// Reads the data or the children of several nodes with one request.
///
/// All reads are done at one moment of the server, between two transactions. Each has a result or
/// an error of its own; none leaves a watch. Needs a server of version 3.6 or later. Waits for
/// the answer; may be called from callbacks on the completion thread.
///
/// \param zh the handle.
/// \param count number of reads, at most 65535.
/// \param reads what to read; may be NULL if count is 0.
/// \param results as many places for results, in the order of the reads, overwritten if the call
///     returns ZOK and untouched otherwise. Then their data and children belong to the program,
///     which frees them with zoox_free_read_results(). May be NULL if count is 0.
/// \return ZOK: the server has answered, and each result's err tells more; ZBADARGUMENTS: a NULL
///     or closed handle, NULL arrays, a negative or too large count, an unknown type or an
///     invalid path; ZINVALIDSTATE: the session has expired or authentication failed;
///     ZMARSHALLINGERROR: the handle is being closed; ZCONNECTIONLOSS or ZOPERATIONTIMEOUT: the
///     connection was lost before the answer came; ZCLOSING: the handle was closed meanwhile;
///     ZSYSTEMERROR: out of memory.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_multi_read(
    zh: *mut zhandle_t,
    count: c_int,
    reads: *const zoox_read,
    results: *mut zoox_read_result,
) -> c_int {
    guard::code(zh, |handle| {
        if count > 0 && results.is_null() {
            return Err(Code::BAD_ARGUMENTS);
        }
        // SAFETY: the documentation asks for an array of `count` reads.
        let reads = unsafe { converted(count, reads)? };
        let out = Out::Reads(UserPtr(results), reads.len());
        sync_call::wait(&handle.client().calls, out, |cookie| {
            submit(handle, &reads, cookie)
        })
    })
}

/// Reads the data or the children of several nodes with one request, without waiting.
///
/// \param zh the handle.
/// \param count number of reads, at most 65535.
/// \param reads what to read; copied before the call returns. May be NULL if count is 0.
/// \param completion called on the completion thread, exactly once, with ZOK and the results as
///     zoox_multi_read() gives them, but owned by the library and living until it returns; or
///     with a code of the connection, no results and a count of 0. May be NULL, then the result
///     is dropped.
/// \param data passed on to the completion; not touched otherwise.
/// \return ZOK: the request is queued, also while the client is not connected, and the
///     completion follows. Otherwise it does not: ZBADARGUMENTS: a NULL or closed handle, a NULL
///     array, a negative or too large count, an unknown type or an invalid path; ZINVALIDSTATE:
///     the session has expired or authentication failed; ZMARSHALLINGERROR: the handle is being
///     closed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_amulti_read(
    zh: *mut zhandle_t,
    count: c_int,
    reads: *const zoox_read,
    completion: zoox_reads_completion_t,
    data: *const c_void,
) -> c_int {
    guard::code(zh, |handle| {
        // SAFETY: the documentation asks for an array of `count` reads.
        let reads = unsafe { converted(count, reads)? };
        let asked = u32::try_from(reads.len()).map_err(|_| Code::BAD_ARGUMENTS)?;
        let call = Async::Reads(completion, UserPtr::data(data), asked);
        submit(handle, &reads, Cookie::Async(call))
    })
}

/// Frees what zoox_multi_read() has stored in results, but not the array of them.
///
/// The results are all zeros afterwards, so that this may be called again.
///
/// \param results the results; with NULL nothing happens.
/// \param count how many.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_free_read_results(
    results: *mut zoox_read_result,
    count: c_int,
) {
    if results.is_null() {
        return;
    }
    for i in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: the documentation asks for `count` results.
        unsafe { free_read_result(results.add(i)) };
    }
}

/// # Safety
/// `result` has what `zoox_multi_read` stores, or zeros.
pub(super) unsafe fn free_read_result(result: *mut zoox_read_result) {
    // SAFETY: promised by our caller: data, names and their array are NULL or from malloc.
    unsafe {
        libc::free((*result).data.cast());
        let children = &(*result).children;
        if !children.data.is_null() {
            for i in 0..usize::try_from(children.count).unwrap_or(0) {
                libc::free((*children.data.add(i)).cast());
            }
            libc::free(children.data.cast());
        }
        result.write(zoox_read_result::failed(Code::OK));
    }
}

/// More would not fit into a frame that servers take.
const MOST_READS: usize = 65_535;

/// Reads up to this number are converted without allocating.
const FEW: usize = 16;

/// # Safety
/// `reads` has `count` elements, whose paths are C strings that outlive `'a`.
unsafe fn converted<'a>(
    count: c_int,
    reads: *const zoox_read,
) -> Result<SmallVec<[MultiReadOp<'a>; FEW]>, Code> {
    let count = usize::try_from(count)
        .ok()
        .filter(|count| *count <= MOST_READS && (*count == 0 || !reads.is_null()))
        .ok_or(Code::BAD_ARGUMENTS)?;
    let mut converted = SmallVec::with_capacity(count);
    for i in 0..count {
        // SAFETY: promised by our caller.
        let read = unsafe { &*reads.add(i) };
        let request = WatchedPathRequest {
            // SAFETY: promised by our caller.
            path: unsafe { text(read.path) },
            watch: false,
        };
        converted.push(match read.r#type {
            ZOOX_READ_DATA => MultiReadOp::GetData(request),
            ZOOX_READ_CHILDREN => MultiReadOp::GetChildren(request),
            _ => return Err(Code::BAD_ARGUMENTS),
        });
    }
    Ok(converted)
}

fn submit(handle: &Caller<'_>, reads: &[MultiReadOp<'_>], cookie: Cookie) -> Result<(), Code> {
    handle.submit(&Request::MultiRead(reads), cookie, None)
}

const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<zoox_read>() == 16 && size_of::<zoox_read_result>() == 112);
    assert!(
        offset_of!(zoox_read_result, children) == 24 && offset_of!(zoox_read_result, stat) == 40
    );
};
