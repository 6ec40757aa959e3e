//! How results of asynchronous calls reach the program's completion functions.
//!
//! Preparing the arguments and calling the function are two steps: the first may run inside a
//! panic boundary; the second must not, because a program may leave its callback by ending the
//! thread, and that unwinding has to pass (T-39).

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use zk_proto::{Code, Text};

use super::convert;
use super::ext_multi::{zoox_read_result, zoox_reads_completion_t};
use super::ext_queries::{zoox_identities_completion_t, zoox_number_completion_t};
use super::pointer::UserPtr;
use super::release::Hold;
use super::scratch::Scratch;
use super::sync_call::SyncCall;
use super::transaction::MultiResults;
use super::types::{
    ACL_vector, ClientInfo_vector, Stat, String_vector, acl_completion_t, data_completion_t,
    stat_completion_t, string_completion_t, string_stat_completion_t, strings_completion_t,
    strings_stat_completion_t, void_completion_t, watcher_fn, zhandle_t,
};
use crate::core::Outcome;
use std::sync::Arc;

/// What comes back with a request's result.
#[derive(Debug)]
pub(crate) enum Cookie {
    /// A completion function.
    Async(Async),
    /// A completion function, and where the results of a transaction go first.
    AsyncMulti(Async, Box<MultiResults>),
    /// A caller who waits.
    Sync(Arc<SyncCall>),
}

// Cookies are queued by the thousand.
const _: () = assert!(size_of::<Cookie>() <= 32);

/// A completion function with its `data`. A NULL function takes the result and drops it
/// (C-267).
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "named for the completions' types")]
pub(crate) enum Async {
    Void(void_completion_t, UserPtr),
    Stat(stat_completion_t, UserPtr),
    Data(data_completion_t, UserPtr),
    Strings(strings_completion_t, UserPtr),
    StringsStat(strings_stat_completion_t, UserPtr),
    String(string_completion_t, UserPtr),
    StringStat(string_stat_completion_t, UserPtr),
    Acl(acl_completion_t, UserPtr),
    Number(zoox_number_completion_t, UserPtr),
    Identities(zoox_identities_completion_t, UserPtr),
    /// With the number of reads.
    Reads(zoox_reads_completion_t, UserPtr, u32),
}

/// Every argument that a completion can have. After an error only `rc` says something (C-314).
#[derive(Clone, Copy, Debug)]
pub(super) struct Args {
    rc: c_int,
    value: *const c_char,
    /// Of the value; or the number that is the result, or the number of reads.
    value_len: c_int,
    stat: *mut Stat,
    strings: *const String_vector,
    acl: *mut ACL_vector,
    identities: *const ClientInfo_vector,
    reads: *const zoox_read_result,
}

impl Args {
    /// The arguments after an error.
    pub(super) fn failed(code: Code) -> Self {
        Self {
            rc: code.0,
            value: ptr::null(),
            value_len: 0,
            stat: ptr::null_mut(),
            strings: ptr::null(),
            acl: ptr::null_mut(),
            identities: ptr::null(),
            reads: ptr::null(),
        }
    }
}

impl Async {
    /// The result, unless it is not one for each of the reads that were asked for.
    pub(super) fn judge<'r, 'a>(
        self,
        result: Result<&'r Outcome<'a>, Code>,
    ) -> Result<&'r Outcome<'a>, Code> {
        match (self, result) {
            (Self::Reads(_, _, asked), Ok(Outcome::MultiRead(results)))
                if results.count() != asked as usize =>
            {
                Err(Code::MARSHALLING_ERROR)
            }
            _ => result,
        }
    }

    /// Lays out the arguments: copies in `scratch`, data where it was received.
    pub(super) fn args(self, result: Result<&Outcome<'_>, Code>, scratch: &mut Scratch) -> Args {
        let mut args = Args::failed(Code::OK);
        match (self, self.judge(result)) {
            (_, Err(code)) => return Args::failed(code),
            (Self::Void(..), Ok(_)) => {}
            (Self::Stat(..), Ok(Outcome::Stat(stat))) => args.stat = scratch.stat(stat),
            (Self::Data(..), Ok(Outcome::Data(data, stat))) => {
                (args.value, args.value_len) = received(*data);
                args.stat = scratch.stat(stat);
            }
            (Self::Strings(..), Ok(Outcome::Strings(list))) => {
                args.strings = scratch.strings(list.iter());
            }
            (Self::Strings(..), Ok(Outcome::Paths(paths))) => {
                args.strings = scratch.strings(paths.iter());
            }
            (Self::StringsStat(..), Ok(Outcome::StringsStat(list, stat))) => {
                args.strings = scratch.strings(list.iter());
                args.stat = scratch.stat(stat);
            }
            (Self::String(..), Ok(Outcome::Path(path) | Outcome::PathStat(path, _))) => {
                args.value = scratch.string(path);
            }
            (Self::StringStat(..), Ok(Outcome::PathStat(path, stat))) => {
                args.value = scratch.string(path);
                args.stat = scratch.stat(stat);
            }
            (Self::Acl(..), Ok(Outcome::Acl(list, stat))) => {
                args.acl = scratch.acl(*list);
                args.stat = scratch.stat(stat);
            }
            (Self::Number(..), Ok(Outcome::Number(number))) => args.value_len = *number,
            (Self::Identities(..), Ok(Outcome::Identities(list))) => {
                args.identities = scratch.identities(*list);
            }
            (Self::Reads(_, _, count), Ok(Outcome::MultiRead(results))) => {
                args.value_len = convert::length(count as usize);
                args.reads = scratch.reads(*results);
            }
            // The runtime decodes by the request, so this is a bug; the program gets an error.
            (_, Ok(_)) => return Args::failed(Code::MARSHALLING_ERROR),
        }
        args
    }

    /// What the program has given along.
    pub(super) fn data(self) -> *mut c_void {
        match self {
            Self::Void(_, data)
            | Self::Stat(_, data)
            | Self::Data(_, data)
            | Self::Strings(_, data)
            | Self::StringsStat(_, data)
            | Self::String(_, data)
            | Self::StringStat(_, data)
            | Self::Acl(_, data)
            | Self::Number(_, data)
            | Self::Identities(_, data)
            | Self::Reads(_, data, _) => data.0,
        }
    }

    /// Calls the program. May not return.
    ///
    /// # Safety
    /// The pointers in `args` are valid, and no frame up to the thread's start has anything to
    /// drop or catches unwinding.
    pub(super) unsafe fn call(self, args: Args) {
        let Args {
            rc,
            value,
            value_len,
            stat,
            strings,
            acl,
            identities,
            reads,
        } = args;
        // SAFETY: the program gave this function for this purpose; our caller promises the
        // arguments.
        unsafe {
            match self {
                Self::Void(Some(f), data) => f(rc, data.0),
                Self::Stat(Some(f), data) => f(rc, stat, data.0),
                Self::Data(Some(f), data) => f(rc, value, value_len, stat, data.0),
                Self::Strings(Some(f), data) => f(rc, strings, data.0),
                Self::StringsStat(Some(f), data) => f(rc, strings, stat, data.0),
                Self::String(Some(f), data) => f(rc, value, data.0),
                Self::StringStat(Some(f), data) => f(rc, value, stat, data.0),
                Self::Acl(Some(f), data) => f(rc, acl, stat, data.0),
                Self::Number(Some(f), data) => f(rc, value_len, data.0),
                Self::Identities(Some(f), data) => f(rc, identities, data.0),
                Self::Reads(Some(f), data, _) => f(rc, value_len, reads, data.0),
                _ => {}
            }
        }
    }
}

/// Data as C sees it: −1 for null data (C-306).
fn received(data: Text<'_>) -> (*const c_char, c_int) {
    match data {
        Some(data) => (data.as_ptr().cast(), convert::length(data.len())),
        None => (ptr::null(), -1),
    }
}

/// Someone to be told of events: a function with its context.
#[derive(Clone, Debug)]
pub(crate) struct Watcher {
    function: unsafe extern "C-unwind" fn(*mut zhandle_t, c_int, c_int, *const c_char, *mut c_void),
    context: UserPtr,
    /// Keeps the context in use, if the program wants to know when it no longer is.
    hold: Option<Arc<Hold>>,
}

impl Watcher {
    /// `None` for a NULL function.
    pub(super) fn new(function: watcher_fn, context: *mut c_void) -> Option<Self> {
        Some(Self {
            function: function?,
            context: UserPtr(context),
            hold: None,
        })
    }

    /// The same with its context kept in use by `hold`.
    pub(super) fn held(self, hold: Option<Arc<Hold>>) -> Self {
        Self { hold, ..self }
    }

    /// The end of this one. Gives the hold on its context, if it was the last one.
    pub(super) fn into_last_hold(self) -> Option<Hold> {
        Arc::into_inner(self.hold?)
    }

    /// Calls the program. May not return.
    ///
    /// # Safety
    /// `path` is a C string; the frames are as for [`Async::call`].
    pub(super) unsafe fn call(
        &self,
        zh: *mut zhandle_t,
        kind: c_int,
        state: c_int,
        path: *const c_char,
    ) {
        // SAFETY: the program gave this function for this purpose; our caller promises the path.
        unsafe { (self.function)(zh, kind, state, path, self.context.0) }
    }

    /// What the program has given along.
    pub(super) fn context(&self) -> *mut c_void {
        self.context.0
    }

    fn key(&self) -> (usize, usize) {
        (self.function as usize, self.context.0.addr())
    }
}

/// Equal watchers on a path are one watch: same function and same context (C-470).
impl PartialEq for Watcher {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Watcher {}

impl std::hash::Hash for Watcher {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

#[cfg(test)]
mod tests;
