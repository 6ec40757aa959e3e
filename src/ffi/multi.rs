//! Transactions: filling operations, submitting them, and filling their results.
#![allow(
    clippy::missing_safety_doc,
    clippy::too_many_arguments,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use zk_proto::records::{
    CheckVersionRequest, CreateRequest, DeleteRequest, MultiOp, MultiResult, SetDataRequest,
};
use zk_proto::{Code, CreateMode, Op};

use super::convert::{self, AclView, text};
use super::delivery::{Async, Cookie};
use super::guard::{self, Shared};
use super::pointer::UserPtr;
use super::sync_call::{self, Out, store_stat, store_string};
use super::types::{ACL_vector, Stat, void_completion_t, zhandle_t, zoo_op_result_t, zoo_op_t};
use crate::core::{Outcome, Request};
use crate::log::{Level, Line, enabled};

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
///     in a transaction: zoo_multi() answers ZUNIMPLEMENTED.
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
/// ZUNIMPLEMENTED, unless the mode is ZOO_CONTAINER. The arguments are those of
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
        // SAFETY: the documentation asks for arrays of `count` elements.
        unsafe {
            submit(handle, count, ops, results, |request, results| {
                let cookie = Cookie::AsyncMulti(call, Box::new(results));
                handle.submit(request, cookie, None)
            })
        }
    })
}

/// Does several operations, all or none of them, and waits for the results.
///
/// Results are as for zoo_amulti(), except that they stay as they were if the connection was
/// lost before the answer came.
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
            submit(handle, count, ops, results, |request, results| {
                sync_call::wait(Out::Multi(results), |cookie| {
                    handle.submit(request, cookie, None)
                })
            })
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
unsafe fn init_create(
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

/// Checks and converts the operations, prepares the results and gives both to `send`.
///
/// # Safety
/// `ops` and `results` have `count` elements, whose pointers are valid as documented.
unsafe fn submit(
    handle: &Shared,
    count: c_int,
    ops: *const zoo_op_t,
    results: *mut zoo_op_result_t,
    send: impl FnOnce(Request<'_>, MultiResults) -> Result<(), Code>,
) -> Result<(), Code> {
    let count = usize::try_from(count).unwrap_or(0);
    if count == 0 {
        let none = MultiResults {
            results: UserPtr(ptr::null_mut()),
            kinds: Vec::new(),
        };
        return send(Request::Multi(&[]), none);
    }
    if ops.is_null() || results.is_null() {
        return Err(Code::BAD_ARGUMENTS);
    }
    // SAFETY: promised by our caller.
    let ops = unsafe { std::slice::from_raw_parts(ops, count) };
    let kinds = ops.iter().map(|op| Kind::of(handle, op.r#type));
    let kinds: Vec<_> = kinds.collect::<Result<_, _>>()?;
    let mut acls = Vec::with_capacity(count);
    for (op, kind) in ops.iter().zip(&kinds) {
        acls.push(match kind {
            // SAFETY: the type says that this member counts; our caller promises its pointers.
            Kind::Create | Kind::CreateContainer => unsafe { AclView::new(op.op.create_op.acl)? },
            _ => AclView::Null,
        });
    }
    let mut requests = Vec::with_capacity(count);
    for ((op, kind), acl) in ops.iter().zip(&kinds).zip(&acls) {
        // SAFETY: `kind` is from the operation's type; our caller promises its pointers.
        requests.push(unsafe { kind.convert(op, acl)? });
    }
    let results = MultiResults {
        results: UserPtr(results),
        kinds,
    };
    // SAFETY: our caller promises as many results as operations.
    unsafe { results.prepare(ops) };
    // A bad path or state is a marshalling error in a transaction (C-623).
    send(Request::Multi(&requests), results).map_err(|code| match code {
        Code::BAD_ARGUMENTS | Code::INVALID_STATE => Code::MARSHALLING_ERROR,
        other => other,
    })
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Create,
    CreateContainer,
    Delete,
    Set,
    Check,
}

impl Kind {
    /// The kinds that a transaction can have (C-621).
    fn of(handle: &Shared, number: c_int) -> Result<Self, Code> {
        match Op::from_i32(number) {
            Some(Op::Create) => Ok(Self::Create),
            Some(Op::CreateContainer) => Ok(Self::CreateContainer),
            Some(Op::Delete) => Ok(Self::Delete),
            Some(Op::SetData) => Ok(Self::Set),
            Some(Op::Check) => Ok(Self::Check),
            _ => {
                if enabled(Level::Error) {
                    handle.log(&Line {
                        level: Level::Error,
                        function: "zoo_amulti",
                        line: line!(),
                        text: format!("Unimplemented sub-op type={number} in multi-op"),
                    });
                }
                Err(Code::UNIMPLEMENTED)
            }
        }
    }

    /// The operation as the runtime takes it.
    ///
    /// # Safety
    /// `op` has a type of this kind, and its pointers are valid for `'a`.
    unsafe fn convert<'a>(self, op: &zoo_op_t, acl: &'a AclView<'a>) -> Result<MultiOp<'a>, Code> {
        // SAFETY: promised by our caller.
        unsafe {
            Ok(match self {
                Self::Create | Self::CreateContainer => {
                    let op = op.op.create_op;
                    let request = CreateRequest {
                        path: text(op.path),
                        data: convert::data(op.data, op.datalen)?,
                        acl: acl.list(),
                        flags: op.flags,
                    };
                    if self == Self::Create {
                        MultiOp::Create(request)
                    } else {
                        MultiOp::CreateContainer(request)
                    }
                }
                Self::Delete => MultiOp::Delete(DeleteRequest {
                    path: text(op.op.delete_op.path),
                    version: op.op.delete_op.version,
                }),
                Self::Set => MultiOp::SetData(SetDataRequest {
                    path: text(op.op.set_op.path),
                    data: convert::data(op.op.set_op.data, op.op.set_op.datalen)?,
                    version: op.op.set_op.version,
                }),
                Self::Check => MultiOp::Check(CheckVersionRequest {
                    path: text(op.op.check_op.path),
                    version: op.op.check_op.version,
                }),
            })
        }
    }
}

/// Where the results of a transaction go.
#[derive(Debug)]
pub(crate) struct MultiResults {
    /// As many as there are kinds; the program keeps them until the transaction completes.
    results: UserPtr<zoo_op_result_t>,
    kinds: Vec<Kind>,
}

impl MultiResults {
    /// Stores in the results where operations want theirs (C-625).
    ///
    /// # Safety
    /// There are as many results as operations, and the kinds are the operations'.
    unsafe fn prepare(&self, ops: &[zoo_op_t]) {
        for (i, (op, kind)) in ops.iter().zip(&self.kinds).enumerate() {
            // SAFETY: promised by our caller.
            unsafe {
                let result = self.results.0.add(i);
                match kind {
                    Kind::Create | Kind::CreateContainer => {
                        (&raw mut (*result).value).write(op.op.create_op.buf);
                        (&raw mut (*result).valuelen).write(op.op.create_op.buflen);
                    }
                    Kind::Set => (&raw mut (*result).stat).write(op.op.set_op.stat),
                    Kind::Delete | Kind::Check => {}
                }
            }
        }
    }

    /// Fills the results and says the transaction's code.
    pub(super) fn complete(&self, result: Result<Outcome<'_>, Code>) -> Code {
        let mut received = match result {
            Ok(Outcome::Multi(received)) => received,
            Ok(_) => return self.fail_from(0, Code::MARSHALLING_ERROR),
            Err(code) => return self.fail_from(0, code),
        };
        let mut overall = Code::OK;
        for (i, kind) in self.kinds.iter().enumerate() {
            let Some(Ok(result)) = received.next() else {
                return self.fail_from(i, Code::MARSHALLING_ERROR);
            };
            let err = self.store(i, *kind, result);
            // What was not tried says nothing about why (C-628).
            if overall.is_ok() && err != Code::RUNTIME_INCONSISTENCY {
                overall = err;
            }
        }
        if received.next().is_some() {
            return Code::MARSHALLING_ERROR;
        }
        overall
    }

    /// The same for a waiting caller, whose results stay untouched if no answer came (C-630).
    pub(super) fn finish_sync(&self, result: Result<Outcome<'_>, Code>) -> Code {
        match result {
            Err(
                code @ (Code::CONNECTION_LOSS
                | Code::OPERATION_TIMEOUT
                | Code::SESSION_EXPIRED
                | Code::AUTH_FAILED
                | Code::CLOSING),
            ) => code,
            result => self.complete(result),
        }
    }

    fn store(&self, i: usize, kind: Kind, received: MultiResult<'_>) -> Code {
        let stored = match (kind, received) {
            (Kind::Create | Kind::CreateContainer, MultiResult::Create(r)) => self.path(i, r.path),
            // Containers are answered this way (C-631).
            (Kind::Create | Kind::CreateContainer, MultiResult::Create2(r)) => self.path(i, r.path),
            (Kind::Set, MultiResult::SetData(r)) => {
                // SAFETY: `i` is below the number of results; the program keeps them and the
                // stat they name until the transaction completes.
                unsafe { store_stat(UserPtr((*self.results.0.add(i)).stat), &r.stat) };
                Ok(())
            }
            (Kind::Delete, MultiResult::Delete) | (Kind::Check, MultiResult::Check) => Ok(()),
            (_, MultiResult::Error(code)) => Err(code),
            _ => Err(Code::MARSHALLING_ERROR),
        };
        match stored {
            Ok(()) => {
                // SAFETY: `i` is below the number of results, which the program keeps.
                unsafe { (&raw mut (*self.results.0.add(i)).err).write(Code::OK.0) };
                Code::OK
            }
            Err(code) => {
                self.fail(i, kind, code);
                code
            }
        }
    }

    fn path(&self, i: usize, path: Option<&[u8]>) -> Result<(), Code> {
        // SAFETY: `i` is below the number of results; the program keeps them and the buffer
        // they name until the transaction completes.
        unsafe {
            let result = self.results.0.add(i);
            store_string(
                (*result).value,
                (*result).valuelen,
                path.unwrap_or_default(),
            );
        }
        Ok(())
    }

    /// All results from `start` on get `code`.
    fn fail_from(&self, start: usize, code: Code) -> Code {
        for (i, kind) in self.kinds.iter().enumerate().skip(start) {
            self.fail(i, *kind, code);
        }
        code
    }

    /// Without a value and a stat, even if the code is ZOK (C-628).
    fn fail(&self, i: usize, kind: Kind, code: Code) {
        // SAFETY: `i` is below the number of results, which the program keeps.
        unsafe {
            let result = self.results.0.add(i);
            (&raw mut (*result).err).write(code.0);
            match kind {
                Kind::Create | Kind::CreateContainer => {
                    (&raw mut (*result).value).write(ptr::null_mut());
                }
                Kind::Set => (&raw mut (*result).stat).write(ptr::null_mut()),
                Kind::Delete | Kind::Check => {}
            }
        }
    }
}
