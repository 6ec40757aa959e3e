//! The edge between C and Rust: finds the handle, and lets no panic out.

use std::any::Any;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use zk_proto::Code;

use super::caller::{Caller, Limit};
use super::client::CClient;
use super::table::{Id, Ref, Table};
use super::types::zhandle_t;
use crate::log::{Level, Line};
use crate::runtime::{Client as _, Handle, skip_request_id};

/// A handle as the table keeps it.
pub(super) type Shared = Arc<Handle<CClient>>;

/// Every handle of the process.
pub(super) static HANDLES: Table<Shared> = Table::new();

/// Why a call has no handle to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    /// NULL, closed, or never one.
    Unknown,
    /// Its parent's: the handle was made before a fork.
    Inherited,
}

impl Missing {
    fn code(self) -> c_int {
        match self {
            Self::Unknown => Code::BAD_ARGUMENTS.0,
            Self::Inherited => Code::INVALID_STATE.0,
        }
    }
}

/// The handle that C names `zh`, counted as in use, whoever's it is.
fn find(zh: *const zhandle_t) -> Option<Ref<'static, Shared>> {
    HANDLES.get(Id::from_raw(Limit::without(zh).addr()))
}

/// The same for calls that need its threads, its locks or its connection.
fn find_own(zh: *const zhandle_t) -> Result<Ref<'static, Shared>, Missing> {
    let handle = find(zh).ok_or(Missing::Unknown)?;
    if handle.client().is_inherited() {
        Err(Missing::Inherited)
    } else {
        Ok(handle)
    }
}

/// Runs `call` on a handle. Gives `failure` if there is no such handle, if it is that of the
/// parent, or if `call` panics.
pub(super) fn with<R: Copy>(
    zh: *const zhandle_t,
    failure: R,
    call: impl FnOnce(&Caller<'_>) -> R,
) -> R {
    match find_own(zh) {
        Ok(handle) => run(&handle, zh, failure, call),
        Err(_) => failure,
    }
}

/// The same for calls that only look into the handle's memory, for which a child of fork may
/// ask, too.
pub(super) fn look<R: Copy>(
    zh: *const zhandle_t,
    failure: R,
    call: impl FnOnce(&Caller<'_>) -> R,
) -> R {
    match find(zh) {
        Some(handle) => run(&handle, zh, failure, call),
        None => failure,
    }
}

/// The same for calls that answer with a code: ZBADARGUMENTS without a handle, ZINVALIDSTATE in
/// a child of fork, ZSYSTEMERROR after a panic.
pub(super) fn code(
    zh: *const zhandle_t,
    call: impl FnOnce(&Caller<'_>) -> Result<(), Code>,
) -> c_int {
    match find_own(zh) {
        Ok(handle) => run(&handle, zh, Code::SYSTEM_ERROR.0, |handle| {
            to_int(call(handle))
        }),
        Err(missing) => missing.code(),
    }
}

/// The same for requests, which use up a request id even without a handle (C-205).
pub(super) fn request(
    zh: *const zhandle_t,
    call: impl FnOnce(&Caller<'_>) -> Result<(), Code>,
) -> c_int {
    match find_own(zh) {
        Ok(handle) => run(&handle, zh, Code::SYSTEM_ERROR.0, |handle| {
            to_int(call(handle))
        }),
        Err(missing) => {
            skip_request_id();
            missing.code()
        }
    }
}

/// Ends a handle with `end`. In a child of fork the handle ends there alone.
pub(super) fn end(
    zh: *const zhandle_t,
    end: impl FnOnce(&Caller<'_>) -> Result<(), Code>,
) -> c_int {
    let Some(handle) = find(zh) else {
        return Missing::Unknown.code();
    };
    run(&handle, zh, Code::SYSTEM_ERROR.0, |handle| {
        if handle.client().is_inherited() {
            if let Some(socket) = handle.forsake() {
                // SAFETY: the connection was in the hands of a thread of the parent, which is
                // not here and whose lock nobody gets any more.
                unsafe { socket.close_inherited() };
            }
            Code::OK.0
        } else {
            to_int(end(handle))
        }
    })
}

/// Runs `call`, which belongs to no handle.
pub(super) fn plain<R>(failure: R, call: impl FnOnce() -> R) -> R {
    caught(call).unwrap_or_else(|text| {
        super::log::write(None, &panic_line(text));
        failure
    })
}

/// Runs `call` for the client numbered `id` on one of the library's threads.
pub(super) fn inside<R>(id: Id, call: impl FnOnce() -> R) -> Option<R> {
    match caught(call) {
        Ok(result) => Some(result),
        Err(text) => {
            if let Some(handle) = HANDLES.get(id) {
                broken(&handle, text);
            }
            None
        }
    }
}

/// A result as C's code.
pub(super) fn to_int(result: Result<(), Code>) -> c_int {
    match result {
        Ok(()) => Code::OK.0,
        Err(code) => code.0,
    }
}

fn run<R>(
    handle: &Shared,
    zh: *const zhandle_t,
    panicked: R,
    call: impl FnOnce(&Caller<'_>) -> R,
) -> R {
    caught(|| call(&Caller::new(handle, zh))).unwrap_or_else(|text| {
        broken(handle, text);
        panicked
    })
}

fn caught<R>(call: impl FnOnce() -> R) -> Result<R, String> {
    // What a panic leaves half done is behind the handle, which is poisoned, or lost.
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| describe(&*payload))
}

fn broken(handle: &Shared, text: String) {
    // A panic in here is a second one for the same reason; the first was enough to report.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        handle.log(&panic_line(text));
        handle.poison();
    }));
}

fn describe(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

fn panic_line(text: String) -> Line {
    Line {
        level: Level::Error,
        function: "guard",
        line: line!(),
        text: format!("internal error: {text}"),
    }
}

#[cfg(test)]
mod tests;
