//! What a transaction asks for and where its results go.

use std::ffi::c_int;
use std::ptr;

use smallvec::SmallVec;
use zk_proto::records::{
    CheckVersionRequest, CreateRequest, CreateTtlRequest, DeleteRequest, MultiOp, MultiResult,
    SetDataRequest, Stat,
};
use zk_proto::{Code, CreateMode, Op};

use super::convert::{self, AclView, check_ttl, text};
use super::ext_multi::{ZOOX_CREATE_TTL_OP, ZOOX_CREATE2_OP, wanted_stat};
use super::guard::Shared;
use super::pointer::UserPtr;
use super::requests::NO_TTL;
use super::spares::Spares;
use super::sync_call::{store_stat, store_string};
use super::types::{zoo_op_result_t, zoo_op_t};
use crate::core::{Outcome, Request};
use crate::log::{Level, Line, enabled};

/// Transactions up to this size are converted without allocating.
const FEW: usize = 16;

/// What a transaction that could not be submitted is told; not for codes of the server.
pub(super) type Refusal = fn(Code) -> Code;

/// Checks and converts the operations, prepares the results and gives both to `send`.
///
/// Without `results` the answers are only given to [`MultiResults::answer`].
///
/// # Safety
/// `ops` and `results` have `count` elements, whose pointers are valid as documented.
pub(super) unsafe fn submit(
    handle: &Shared,
    count: c_int,
    ops: *const zoo_op_t,
    results: Option<*mut zoo_op_result_t>,
    send: impl FnOnce(Request<'_>, Box<MultiResults>, Refusal) -> Result<(), Code>,
) -> Result<(), Code> {
    let mut answers = handle.client().transactions.take();
    answers.clear();
    let count = usize::try_from(count).unwrap_or(0);
    if count == 0 {
        return send(Request::Multi(&[]), answers, |code| code);
    }
    if ops.is_null() || results.is_some_and(<*mut _>::is_null) {
        return Err(Code::BAD_ARGUMENTS);
    }
    // SAFETY: promised by our caller.
    let ops = unsafe { std::slice::from_raw_parts(ops, count) };
    for op in ops {
        answers.kinds.push(Kind::of(handle, op.r#type)?);
    }
    let kinds = &answers.kinds;
    let mut acls = SmallVec::<[_; FEW]>::with_capacity(count);
    for (op, kind) in ops.iter().zip(kinds) {
        acls.push(match kind {
            // SAFETY: the type says that this member counts; our caller promises its pointers.
            kind if kind.is_create() => unsafe { AclView::new(op.op.create_op.acl)? },
            _ => AclView::Null,
        });
    }
    let mut requests = SmallVec::<[_; FEW]>::with_capacity(count);
    for ((op, kind), acl) in ops.iter().zip(kinds).zip(&acls) {
        // SAFETY: `kind` is from the operation's type; our caller promises its pointers.
        requests.push(unsafe { kind.convert(op, acl)? });
    }
    if let Some(results) = results {
        answers.results = UserPtr(results);
        // SAFETY: our caller promises as many results as operations.
        unsafe { answers.prepare(ops) };
    }
    // A bad path or state is a marshalling error in a transaction (C-623).
    send(Request::Multi(&requests), answers, |code| match code {
        Code::BAD_ARGUMENTS | Code::INVALID_STATE => Code::MARSHALLING_ERROR,
        other => other,
    })
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Create,
    CreateContainer,
    /// Of a node of any mode but those with a time to live, with its stat.
    Create2,
    CreateTtl,
    Delete,
    Set,
    Check,
}

impl Kind {
    fn is_create(self) -> bool {
        matches!(
            self,
            Self::Create | Self::CreateContainer | Self::Create2 | Self::CreateTtl
        )
    }

    /// The kinds that a transaction can have: those of C-621, and ours, whose numbers are none of
    /// the wire's.
    fn of(handle: &Shared, number: c_int) -> Result<Self, Code> {
        match number {
            ZOOX_CREATE2_OP => return Ok(Self::Create2),
            ZOOX_CREATE_TTL_OP => return Ok(Self::CreateTtl),
            _ => {}
        }
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

    /// What a result says, if it is one of this kind of operation.
    fn answer(self, received: MultiResult<'_>) -> Result<Answer<'_>, Code> {
        match (self, received) {
            (Self::Create2, MultiResult::Create2(r)) => {
                Ok(Answer::PathStat(r.path.unwrap_or_default(), r.stat))
            }
            // Some servers answer a create2 like this, without a stat.
            (kind, MultiResult::Create(r)) if kind.is_create() => {
                Ok(Answer::Path(r.path.unwrap_or_default()))
            }
            // Containers are answered this way (C-631), and nodes with a time to live.
            (kind, MultiResult::Create2(r)) if kind.is_create() => {
                Ok(Answer::Path(r.path.unwrap_or_default()))
            }
            (Self::Set, MultiResult::SetData(r)) => Ok(Answer::Stat(r.stat)),
            (Self::Delete, MultiResult::Delete) | (Self::Check, MultiResult::Check) => {
                Ok(Answer::Done)
            }
            (_, MultiResult::Error(code)) => Err(code),
            _ => Err(Code::MARSHALLING_ERROR),
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
                Self::Create | Self::CreateContainer | Self::Create2 => {
                    let op = op.op.create_op;
                    let request = CreateRequest {
                        path: text(op.path),
                        data: convert::data(op.data, op.datalen)?,
                        acl: acl.list(),
                        flags: op.flags,
                    };
                    match self {
                        Self::Create => MultiOp::Create(request),
                        Self::CreateContainer => MultiOp::CreateContainer(request),
                        _ => {
                            check_ttl(op.flags, NO_TTL)?;
                            if op.flags == CreateMode::Container as c_int {
                                MultiOp::CreateContainer(request)
                            } else {
                                MultiOp::Create2(request)
                            }
                        }
                    }
                }
                Self::CreateTtl => {
                    let op = op.op.create_op;
                    check_ttl(op.flags, op.ttl)?;
                    MultiOp::CreateTtl(CreateTtlRequest {
                        path: text(op.path),
                        data: convert::data(op.data, op.datalen)?,
                        acl: acl.list(),
                        flags: op.flags,
                        ttl: op.ttl,
                    })
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

/// What a successful operation answers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer<'a> {
    /// Nothing.
    Done,
    /// The created path.
    Path(&'a [u8]),
    /// The same and the new node's stat.
    PathStat(&'a [u8], Stat),
    /// The new stat.
    Stat(Stat),
}

/// Transactions of one handle that can serve again.
pub(super) type Transactions = Spares<Box<MultiResults>, 1024>;

/// Where the results of a transaction go.
#[derive(Debug)]
pub(crate) struct MultiResults {
    /// As many as there are kinds; the program keeps them until the transaction completes. NULL
    /// if its answers go elsewhere.
    results: UserPtr<zoo_op_result_t>,
    kinds: Vec<Kind>,
}

impl Default for MultiResults {
    fn default() -> Self {
        Self {
            results: UserPtr(ptr::null_mut()),
            kinds: Vec::new(),
        }
    }
}

impl MultiResults {
    /// Forgets all but its memory.
    fn clear(&mut self) {
        self.results = UserPtr(ptr::null_mut());
        self.kinds.clear();
    }

    /// Stores in the results where operations want theirs (C-625).
    ///
    /// # Safety
    /// There are as many results as operations, and the kinds are the operations'.
    unsafe fn prepare(&self, ops: &[zoo_op_t]) {
        for (i, (op, kind)) in ops.iter().zip(&self.kinds).enumerate() {
            // SAFETY: promised by our caller.
            unsafe {
                let result = self.results.0.add(i);
                if kind.is_create() {
                    (&raw mut (*result).value).write(op.op.create_op.buf);
                    (&raw mut (*result).valuelen).write(op.op.create_op.buflen);
                }
                match kind {
                    Kind::Create2 => {
                        (&raw mut (*result).stat).write(wanted_stat(&op.op.create_op));
                    }
                    Kind::Set => (&raw mut (*result).stat).write(op.op.set_op.stat),
                    _ => {}
                }
            }
        }
    }

    /// Number of operations.
    pub(super) fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Fills the results and says the transaction's code.
    pub(super) fn complete(&self, result: Result<&Outcome<'_>, Code>) -> Code {
        self.answer(result, |i, kind, answer| match answer {
            Ok(answer) => self.store(i, kind, answer),
            Err(code) => self.fail(i, kind, code),
        })
    }

    /// Gives what came of each operation to `take`, and says the transaction's code. An error
    /// can be ZOK, before the operation that failed.
    pub(super) fn answer(
        &self,
        result: Result<&Outcome<'_>, Code>,
        mut take: impl FnMut(usize, Kind, Result<Answer<'_>, Code>),
    ) -> Code {
        let (mut received, failure) = match result {
            Ok(Outcome::Multi(received)) => (Some(*received), Code::MARSHALLING_ERROR),
            Ok(_) => (None, Code::MARSHALLING_ERROR),
            Err(code) => (None, code),
        };
        let mut overall = Code::OK;
        for (i, kind) in self.kinds.iter().enumerate() {
            let Some(Ok(result)) = received.as_mut().and_then(Iterator::next) else {
                // From here on all have the same fate.
                for (i, kind) in self.kinds.iter().enumerate().skip(i) {
                    take(i, *kind, Err(failure));
                }
                return failure;
            };
            let answer = kind.answer(result);
            // What was not tried says nothing about why (C-628).
            if let Err(err) = answer
                && overall.is_ok()
                && err != Code::RUNTIME_INCONSISTENCY
            {
                overall = err;
            }
            take(i, *kind, answer);
        }
        let is_whole = received.is_some_and(|mut rest| rest.next().is_none());
        if is_whole { overall } else { failure }
    }

    fn store(&self, i: usize, kind: Kind, answer: Answer<'_>) {
        // SAFETY: `i` is below the number of results; the program keeps them, and the buffer
        // and the stat that they name, until the transaction completes.
        unsafe {
            let result = self.results.0.add(i);
            match answer {
                Answer::Done => {}
                Answer::Path(path) => {
                    store_string((*result).value, (*result).valuelen, path);
                    if kind == Kind::Create2 {
                        // It was wanted and is not there.
                        (&raw mut (*result).stat).write(ptr::null_mut());
                    }
                }
                Answer::PathStat(path, stat) => {
                    store_string((*result).value, (*result).valuelen, path);
                    store_stat(UserPtr((*result).stat), &stat);
                }
                Answer::Stat(stat) => store_stat(UserPtr((*result).stat), &stat),
            }
            (&raw mut (*result).err).write(Code::OK.0);
        }
    }

    /// Without a value and a stat, even if the code is ZOK (C-628).
    fn fail(&self, i: usize, kind: Kind, code: Code) {
        // SAFETY: `i` is below the number of results, which the program keeps.
        unsafe {
            let result = self.results.0.add(i);
            (&raw mut (*result).err).write(code.0);
            if kind.is_create() {
                (&raw mut (*result).value).write(ptr::null_mut());
            }
            if matches!(kind, Kind::Set | Kind::Create2) {
                (&raw mut (*result).stat).write(ptr::null_mut());
            }
        }
    }
}

#[cfg(fuzzing)]
pub(super) mod fuzzing;
#[cfg(test)]
mod tests;
