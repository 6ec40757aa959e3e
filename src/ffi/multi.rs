//! Transactions: filling operations, and submitting them.
#![allow(
    clippy::missing_safety_doc,
    clippy::too_many_arguments,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};

use zk_proto::{CreateMode, Op};

use super::delivery::{Async, Cookie};
use super::pointer::UserPtr;
use super::sync_call::{self, Out};
use super::types::{ACL_vector, Stat, void_completion_t, zhandle_t, zoo_op_result_t, zoo_op_t};
use super::{guard, transaction};

/// Fills an operation that creates a node, for zoo_multi() and zoo_amulti().
///
/// Only stores what it is given: all that the pointers lead to must stay as it is until the
/// transaction has been submitted, and path_buffer until it has completed.
///
/// \param op the operation to fill; with NULL nothing happens.
/// \param path path of the new node.
/// \param value the node's data; may be NULL with a length of 0 or -1.
/// \param valuelen length of the data in bytes, -1 for a node without data.
/// \param acl the node's ACL.
/// \param mode ZOO_PERSISTENT, ZOO_EPHEMERAL, ZOO_PERSISTENT_SEQUENTIAL,
///     ZOO_EPHEMERAL_SEQUENTIAL or ZOO_CONTAINER. The modes with a time to live cannot be used
///     in a transaction like this: zoo_multi() answers ZUNIMPLEMENTED. For them there is
///     zoox_create_ttl_op_init() in zookeeper_ext.h.
/// \param path_buffer where the path of the created node goes, NUL-terminated, with its
///     sequence number; may be NULL.
/// \param path_buffer_len size of path_buffer in bytes; a longer path is cut.
///
/// (C-167, C-620)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_create_op_init(
    op: *mut zoo_op_t,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    path_buffer: *mut c_char,
    path_buffer_len: c_int,
) {
    if op.is_null() {
        return;
    }
    let kind = create_type(Op::Create, mode);
    // SAFETY: the documentation asks for an operation to fill.
    unsafe {
        init_create(
            op,
            kind,
            path,
            value,
            valuelen,
            acl,
            mode,
            path_buffer,
            path_buffer_len,
        );
        (&raw mut (*op).op.create_op.ttl).write(0);
    }
}

/// Fills an operation that creates a node and asks for its statistics.
///
/// For completeness only: zoo_multi() and zoo_amulti() answer such an operation with
/// ZUNIMPLEMENTED, unless the mode is ZOO_CONTAINER; zoox_create2_op_init() in zookeeper_ext.h
/// fills one that they accept. The arguments are those of
/// zoo_create_op_init().
///
/// (C-168, C-620)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_create2_op_init(
    op: *mut zoo_op_t,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    path_buffer: *mut c_char,
    path_buffer_len: c_int,
) {
    if op.is_null() {
        return;
    }
    let kind = create_type(Op::Create2, mode);
    // SAFETY: the documentation asks for an operation to fill.
    unsafe {
        init_create(
            op,
            kind,
            path,
            value,
            valuelen,
            acl,
            mode,
            path_buffer,
            path_buffer_len,
        );
    }
}

/// Fills an operation that deletes a node, for zoo_multi() and zoo_amulti().
///
/// \param op the operation to fill; with NULL nothing happens.
/// \param path path of the node; must stay as it is until the transaction is submitted.
/// \param version the version that the node must have, -1 for any.
///
/// (C-169, C-620)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_delete_op_init(
    op: *mut zoo_op_t,
    path: *const c_char,
    version: c_int,
) {
    if op.is_null() {
        return;
    }
    // SAFETY: the documentation asks for an operation to fill. Only its own fields are
    // written, as callers may hold a shorter, older structure.
    unsafe {
        (&raw mut (*op).r#type).write(Op::Delete.into());
        (&raw mut (*op).op.delete_op.path).write(path);
        (&raw mut (*op).op.delete_op.version).write(version);
    }
}

/// Fills an operation that sets a node's data, for zoo_multi() and zoo_amulti().
///
/// Only stores what it is given: path and data must stay as they are until the transaction has
/// been submitted, and stat until it has completed.
///
/// \param op the operation to fill; with NULL nothing happens.
/// \param path path of the node.
/// \param buffer the new data; may be NULL with a length of 0 or -1.
/// \param buflen length of the data in bytes, -1 for none.
/// \param version the version that the node must have, -1 for any.
/// \param stat where the node's new statistics go, or NULL.
///
/// (C-170, C-620)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_set_op_init(
    op: *mut zoo_op_t,
    path: *const c_char,
    buffer: *const c_char,
    buflen: c_int,
    version: c_int,
    stat: *mut Stat,
) {
    if op.is_null() {
        return;
    }
    // SAFETY: the documentation asks for an operation to fill.
    unsafe {
        (&raw mut (*op).r#type).write(Op::SetData.into());
        (&raw mut (*op).op.set_op.path).write(path);
        (&raw mut (*op).op.set_op.data).write(buffer);
        (&raw mut (*op).op.set_op.datalen).write(buflen);
        (&raw mut (*op).op.set_op.version).write(version);
        (&raw mut (*op).op.set_op.stat).write(stat);
    }
}

/// Fills an operation that lets the transaction fail unless a node has a certain version.
///
/// \param op the operation to fill; with NULL nothing happens.
/// \param path path of the node; must stay as it is until the transaction is submitted.
/// \param version the version that the node must have, -1 for any.
///
/// (C-171, C-620)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_check_op_init(
    op: *mut zoo_op_t,
    path: *const c_char,
    version: c_int,
) {
    if op.is_null() {
        return;
    }
    // SAFETY: the documentation asks for an operation to fill.
    unsafe {
        (&raw mut (*op).r#type).write(Op::Check.into());
        (&raw mut (*op).op.check_op.path).write(path);
        (&raw mut (*op).op.check_op.version).write(version);
    }
}

/// Does several operations, all or none of them, without waiting.
///
/// The operations are copied before the call returns, but the results array and the buffers
/// and stats that operations name must live until the completion has run.
///
/// When the completion runs, each result's err tells what came of the operation at its place.
/// After success it is ZOK; a create has its path in the operation's buffer, which value points
/// to, and a set has its statistics in *stat. If an operation fails, none has an effect: err is
/// ZOK before the failed one, its code there, and ZRUNTIMEINCONSISTENCY after it; value and
/// stat are NULL. If the transaction as a whole fails, every err is its code.
///
/// \param zh the handle.
/// \param count number of operations; 0 or less submits an empty transaction, which succeeds.
/// \param ops the operations: creates, deletes, sets and checks.
/// \param results as many results, filled in before the completion runs.
/// \param completion called on the completion thread with the code of the operation that
///     failed, or ZOK; may be NULL.
/// \param data passed on to the completion.
/// \return ZOK, and the completion follows; otherwise it does not:
///     ZBADARGUMENTS for a NULL or closed handle, NULL arrays, or data lengths below -1;
///     ZUNIMPLEMENTED for another kind of operation;
///     ZMARSHALLINGERROR for an invalid path, or if the session is over or being closed;
///     ZINVALIDSTATE for an empty transaction when the session is over.
///
/// (C-141, C-621 to C-632)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_amulti(
    zh: *mut zhandle_t,
    count: c_int,
    ops: *const zoo_op_t,
    results: *mut zoo_op_result_t,
    completion: void_completion_t,
    data: *const c_void,
) -> c_int {
    guard::code(zh, |handle| {
        let call = Async::Void(completion, UserPtr::data(data));
        // With a queue the answers are part of the entry.
        let results = handle.client().queue.is_none().then_some(results);
        // SAFETY: the documentation asks for arrays of `count` elements.
        unsafe {
            transaction::submit(handle, count, ops, results, |request, results, refusal| {
                let cookie = Cookie::AsyncMulti(call, results);
                handle.submit(&request, cookie, None).map_err(refusal)
            })
        }
    })
}

/// Does several operations, all or none of them, and waits for the results.
///
/// Results are as for zoo_amulti(), also if the connection was lost before the answer came.
///
/// \param zh the handle.
/// \param count number of operations; 0 or less submits an empty transaction, which succeeds.
/// \param ops the operations: creates, deletes, sets and checks.
/// \param results as many results.
/// \return ZOK if all operations were done; the code of the operation that failed; the codes
///     of zoo_amulti(); ZCONNECTIONLOSS or ZOPERATIONTIMEOUT if the connection was lost, in
///     which case the operations may have been done or not; ZCLOSING if the handle was closed.
///
/// (C-162, C-621 to C-632)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_multi(
    zh: *mut zhandle_t,
    count: c_int,
    ops: *const zoo_op_t,
    results: *mut zoo_op_result_t,
) -> c_int {
    guard::code(zh, |handle| {
        // SAFETY: the documentation asks for arrays of `count` elements.
        unsafe {
            let results = Some(results);
            transaction::submit(
                handle,
                count,
                ops,
                results,
                |request, mut results, refusal| {
                    let client = handle.client();
                    let out = Out::Multi(UserPtr(&raw mut *results));
                    let done = sync_call::wait(&client.calls, out, |cookie| {
                        handle.submit(&request, cookie, None).map_err(refusal)
                    });
                    client.transactions.give(results);
                    done
                },
            )
        }
    })
}

fn create_type(plain: Op, mode: c_int) -> c_int {
    match CreateMode::from_i32(mode) {
        Some(CreateMode::Container) => Op::CreateContainer.into(),
        Some(mode) if mode.has_ttl() => Op::CreateTtl.into(),
        _ => plain.into(),
    }
}

/// # Safety
/// `op` points to an operation, of which all but `ttl` is written.
pub(super) unsafe fn init_create(
    op: *mut zoo_op_t,
    kind: c_int,
    path: *const c_char,
    value: *const c_char,
    valuelen: c_int,
    acl: *const ACL_vector,
    mode: c_int,
    path_buffer: *mut c_char,
    path_buffer_len: c_int,
) {
    // SAFETY: promised by our caller.
    unsafe {
        (&raw mut (*op).r#type).write(kind);
        (&raw mut (*op).op.create_op.path).write(path);
        (&raw mut (*op).op.create_op.data).write(value);
        (&raw mut (*op).op.create_op.datalen).write(valuelen);
        (&raw mut (*op).op.create_op.buf).write(path_buffer);
        (&raw mut (*op).op.create_op.buflen).write(path_buffer_len);
        (&raw mut (*op).op.create_op.acl).write(acl);
        (&raw mut (*op).op.create_op.flags).write(mode);
    }
}

#[cfg(test)]
mod tests;
