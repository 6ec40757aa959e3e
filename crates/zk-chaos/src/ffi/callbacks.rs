//! What the library calls. Each callback turns its arguments into a line of the history.

use std::ffi::CStr;
use std::ptr;

use libc::{c_char, c_int, c_void};
use zk_proto::{Code, EventType};
use zookeeper_mt::ffi::types::{self, String_vector, zhandle_t};

use super::transaction;
use crate::history::{Id, Outcome, Stat};
use crate::paths;
use crate::recorder;
use crate::token::{Target, Token};

/// The context of a request or watch, for the library to hand back.
pub(super) fn context(token: Token) -> *mut c_void {
    // A number and no pointer: nobody looks behind it.
    ptr::without_provenance_mut(token.pack() as usize)
}

fn token(context: *const c_void) -> Token {
    Token::unpack(context.addr() as u64)
}

pub(super) fn convert(stat: &types::Stat) -> Stat {
    Stat {
        czxid: stat.czxid,
        mzxid: stat.mzxid,
        pzxid: stat.pzxid,
        version: stat.version,
        owner: stat.ephemeralOwner,
    }
}

/// The outcome of a completion: `make` is asked if the code is `OK` and there are statistics.
///
/// # Safety
/// `stat` is NULL or points to statistics.
unsafe fn outcome(
    rc: c_int,
    stat: *const types::Stat,
    make: impl FnOnce(Stat) -> Outcome,
) -> Outcome {
    // SAFETY: the caller promises it.
    match (rc, unsafe { stat.as_ref() }) {
        (0, Some(stat)) => make(convert(stat)),
        // A reply without what belongs to it: the checker says that the form is wrong.
        (0, None) => Outcome::Done,
        (rc, _) => Outcome::Failed(Code(rc)),
    }
}

pub(super) unsafe extern "C-unwind" fn on_stat(
    rc: c_int,
    stat: *const types::Stat,
    data: *const c_void,
) {
    // SAFETY: the library promises it.
    let outcome = unsafe { outcome(rc, stat, Outcome::Stat) };
    recorder::completed(token(data), outcome);
}

pub(super) unsafe extern "C-unwind" fn on_data(
    rc: c_int,
    value: *const c_char,
    value_len: c_int,
    stat: *const types::Stat,
    data: *const c_void,
) {
    let writer = match usize::try_from(value_len) {
        Ok(length) if rc == 0 && !value.is_null() => {
            // SAFETY: the library promises that many bytes, until we return.
            Id::parse(unsafe { std::slice::from_raw_parts(value.cast(), length) })
        }
        _ => None,
    };
    // SAFETY: the library promises it.
    let outcome = unsafe { outcome(rc, stat, |stat| Outcome::Data(writer, stat)) };
    recorder::completed(token(data), outcome);
}

pub(super) unsafe extern "C-unwind" fn on_children(
    rc: c_int,
    strings: *const String_vector,
    stat: *const types::Stat,
    data: *const c_void,
) {
    // SAFETY: the library promises a vector that lives until we return, if the code is `OK`.
    let slots = unsafe { strings.as_ref() }
        .filter(|_| rc == 0)
        .map(|strings| {
            // SAFETY: as above.
            let names = unsafe { names(strings) };
            // What is no slot is none of the session's nodes, which the checker will miss.
            names.iter().filter_map(|name| name.parse().ok()).collect()
        })
        .unwrap_or_default();
    // SAFETY: the library promises it.
    let outcome = unsafe { outcome(rc, stat, |stat| Outcome::Children(slots, stat)) };
    recorder::completed(token(data), outcome);
}

/// The strings of a vector.
///
/// # Safety
/// The vector is one of the library's.
pub(super) unsafe fn names(strings: &String_vector) -> Vec<String> {
    let count = usize::try_from(strings.count).unwrap_or_default();
    if count == 0 || strings.data.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller promises a vector, which has that many elements.
    let elements = unsafe { std::slice::from_raw_parts(strings.data, count) };
    elements
        .iter()
        .map(|&name| {
            // SAFETY: they are C strings.
            let name = unsafe { CStr::from_ptr(name) };
            name.to_string_lossy().into_owned()
        })
        .collect()
}

/// A new node whose path was known.
pub(super) unsafe extern "C-unwind" fn on_created(
    rc: c_int,
    _path: *const c_char,
    stat: *const types::Stat,
    data: *const c_void,
) {
    // SAFETY: the library promises it.
    let outcome = unsafe { outcome(rc, stat, Outcome::Stat) };
    recorder::completed(token(data), outcome);
}

/// A new node that the server named.
pub(super) unsafe extern "C-unwind" fn on_named(
    rc: c_int,
    path: *const c_char,
    stat: *const types::Stat,
    data: *const c_void,
) {
    let path = if rc == 0 && !path.is_null() {
        // SAFETY: the library promises a C string.
        let path = unsafe { CStr::from_ptr(path) };
        path.to_string_lossy().into_owned()
    } else {
        String::new()
    };
    // SAFETY: the library promises it.
    let outcome = unsafe { outcome(rc, stat, |stat| Outcome::Created(path, stat)) };
    recorder::completed(token(data), outcome);
}

fn plain(rc: c_int) -> Outcome {
    match rc {
        0 => Outcome::Done,
        rc => Outcome::Failed(Code(rc)),
    }
}

pub(super) unsafe extern "C-unwind" fn on_void(rc: c_int, data: *const c_void) {
    recorder::completed(token(data), plain(rc));
}

pub(super) unsafe extern "C-unwind" fn on_synced(
    rc: c_int,
    _path: *const c_char,
    data: *const c_void,
) {
    recorder::completed(token(data), plain(rc));
}

pub(super) unsafe extern "C-unwind" fn on_transaction(rc: c_int, data: *const c_void) {
    let token = token(data);
    let outcome = match (rc, transaction::stats(token)) {
        (0, Some(stats)) => Outcome::Both(stats),
        (rc, _) => plain(rc),
    };
    recorder::completed(token, outcome);
}

pub(super) unsafe extern "C-unwind" fn on_event(
    zh: *mut zhandle_t,
    event: c_int,
    state: c_int,
    path: *const c_char,
    context: *mut c_void,
) {
    let token = token(context);
    if event == EventType::SESSION {
        // It may run before zookeeper_init has returned, so the handle comes from the argument.
        let number = transaction::session_number(zh);
        recorder::told(token, state, number);
        return;
    }
    let expected = match token.target {
        Target::Node(node) => paths::node(token.session, node),
        Target::Folder => paths::folder(token.session),
    };
    // SAFETY: the library promises NULL or a C string.
    let right =
        !path.is_null() && unsafe { CStr::from_ptr(path) }.to_bytes() == expected.as_bytes();
    recorder::fired(token, event, right);
}

/// A watcher that nobody listens to.
pub(super) unsafe extern "C-unwind" fn on_ignored(
    _zh: *mut zhandle_t,
    _event: c_int,
    _state: c_int,
    _path: *const c_char,
    _context: *mut c_void,
) {
}
