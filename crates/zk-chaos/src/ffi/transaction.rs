//! Memory that the library writes to until a transaction is done.

use std::collections::HashMap;
use std::ffi::CString;
use std::sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use zk_proto::Code;
use zookeeper_mt::ffi::types::{self, zhandle_t, zoo_op_result_t, zoo_op_t};

use super::api::Api;
use super::callbacks::{context, convert, on_transaction};
use super::handle::length;
use crate::history::{Session, Stat};
use crate::token::Token;

/// The functions, for callbacks, which get nothing but a number.
static API: OnceLock<&'static Api> = OnceLock::new();

/// The results of all transactions of the open sessions, by request. They stay until their handle
/// is closed: a completion that comes twice must find them.
static RESULTS: LazyLock<Mutex<HashMap<Session, HashMap<u32, Results>>>> =
    LazyLock::new(Mutex::default);

/// Two operations' results and statistics; the library has pointers to them.
struct Results(*mut Memory);

struct Memory {
    results: [zoo_op_result_t; 2],
    stats: [types::Stat; 2],
}

// SAFETY: plain memory, which is reached only under the lock or by the library.
unsafe impl Send for Results {}

impl Drop for Results {
    fn drop(&mut self) {
        // SAFETY: made by `Box::into_raw`; the handle that wrote to it is closed.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

fn all() -> MutexGuard<'static, HashMap<Session, HashMap<u32, Results>>> {
    RESULTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a transaction that sets two nodes, the first one if it has this version.
///
/// # Safety
/// The handle is open.
pub(super) unsafe fn start(
    api: &'static Api,
    zh: *mut zhandle_t,
    token: Token,
    paths: &[CString; 2],
    data: &CString,
    version: i32,
) -> Code {
    let Some(index) = token.index else {
        return Code::BAD_ARGUMENTS;
    };
    // SAFETY: both are plain data for which zeros are a value.
    let (memory, mut ops): (Memory, [zoo_op_t; 2]) =
        unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    let memory = Box::into_raw(Box::new(memory));
    all()
        .entry(token.session)
        .or_default()
        .insert(index, Results(memory));
    let [first, second] = &mut ops;
    for (op, path, version, which) in [(first, &paths[0], version, 0), (second, &paths[1], -1, 1)] {
        // SAFETY: the memory was made above and lives until the handle is closed.
        let stat = unsafe { &raw mut (*memory).stats[which] };
        // SAFETY: the operation and the strings outlive the call that sends them.
        unsafe {
            (api.zoo_set_op_init)(
                op,
                path.as_ptr(),
                data.as_ptr(),
                length(data),
                version,
                stat,
            );
        };
    }
    // SAFETY: the results live until the handle is closed, the operations until the call returns.
    let rc = unsafe {
        (api.zoo_amulti)(
            zh,
            2,
            ops.as_ptr(),
            (&raw mut (*memory).results).cast(),
            Some(on_transaction),
            context(token),
        )
    };
    Code(rc)
}

/// What a successful transaction gave.
pub(super) fn stats(token: Token) -> Option<[Stat; 2]> {
    let all = all();
    let memory = all.get(&token.session)?.get(&token.index?)?.0;
    // SAFETY: under the lock, so that nobody frees it; the library has written all before.
    let (results, stats) = unsafe { ((*memory).results, (*memory).stats) };
    let told = results
        .iter()
        .all(|result| result.err == 0 && !result.stat.is_null());
    told.then(|| stats.each_ref().map(convert))
}

/// Frees what the session's transactions wrote to; its handle is closed.
pub(super) fn forget(session: Session) {
    all().remove(&session);
}

/// Makes the functions known to callbacks.
pub(super) fn install(api: &'static Api) {
    API.get_or_init(|| api);
}

/// The number of the handle's session. Callbacks ask, with the handle they got.
pub(super) fn session_number(zh: *mut zhandle_t) -> i64 {
    let Some(api) = API.get() else { return 0 };
    // SAFETY: the library passes a handle that lives at least until the callback returns.
    let id = unsafe { (api.zoo_client_id)(zh).as_ref() };
    id.map_or(0, |id| id.client_id)
}
