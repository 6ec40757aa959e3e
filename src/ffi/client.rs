//! What the runtime tells, passed on to the program's callbacks.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use zk_proto::Code;

use super::delivery::{Args, Async, Cookie, Watcher};
use super::entry::{self, Subject};
use super::fork::Process;
use super::log_sink::Sink;
use super::pointer::AtomicWatcher;
use super::queue::Queue;
use super::release::{Due, Hold, Releases};
use super::scratch::Scratch;
use super::sync_call::Calls;
use super::table::Id;
use super::transaction::Transactions;
use super::types::{clientid_t, watcher_fn, zhandle_t};
use super::{guard, mute};
use crate::core::Outcome;
use crate::log::{Line, Threshold};
use crate::runtime::Client;
use crate::runtime::locks::Mutex;

/// The C side of a handle.
#[derive(Debug)]
pub(crate) struct CClient {
    id: Id,
    /// Where the threads are.
    process: Process,
    pub(super) watcher: AtomicWatcher,
    context: AtomicPtr<c_void>,
    pub(super) log: Sink,
    session: SharedClientId,
    /// Takes results and events in place of callbacks.
    pub(super) queue: Option<Arc<Queue>>,
    /// For synchronous calls.
    pub(super) calls: Calls,
    /// For transactions.
    pub(super) transactions: Transactions,
    /// For a program that wants its contexts back.
    releases: Option<Arc<Releases>>,
    /// Keeps `context` in use, with the same exceptions.
    context_hold: Mutex<Option<Arc<Hold>>>,
}

impl CClient {
    pub(super) fn new(
        id: Id,
        watcher: watcher_fn,
        context: *mut c_void,
        log: Sink,
        session: clientid_t,
        queue: Option<Arc<Queue>>,
        releases: Option<Arc<Releases>>,
    ) -> Self {
        let context_hold = releases.as_ref().and_then(|r| r.hold(context));
        Self {
            id,
            process: Process::current(),
            watcher: AtomicWatcher::new(watcher.or(NO_WATCHER)),
            context: AtomicPtr::new(context),
            log,
            session: SharedClientId::new(session),
            queue,
            calls: Calls::default(),
            transactions: Transactions::default(),
            releases,
            context_hold: Mutex::new(context_hold),
        }
    }

    /// What C calls this handle.
    pub(super) fn zh(&self) -> *mut zhandle_t {
        std::ptr::without_provenance_mut(self.id.raw())
    }

    pub(super) fn context(&self) -> *mut c_void {
        self.context.load(Ordering::Acquire)
    }

    /// True if the program wants the context before back.
    pub(super) fn set_context(&self, context: *mut c_void) -> bool {
        // In a child of fork nobody may be there to unlock.
        let releases = self.releases.as_ref().filter(|_| !self.is_inherited());
        let Some(releases) = releases else {
            self.context.store(context, Ordering::Release);
            return false;
        };
        let mut hold = self.context_hold.lock();
        self.context.store(context, Ordering::Release);
        *hold = releases.hold(context);
        true
    }

    /// What keeps the context in use, if the program wants it back.
    pub(super) fn context_hold(&self) -> Option<Arc<Hold>> {
        self.context_hold.lock().clone()
    }

    /// Takes over the watcher's context until nothing uses it any more.
    pub(super) fn hold(&self, watcher: Watcher) -> Watcher {
        match &self.releases {
            None => watcher,
            Some(releases) => {
                let hold = releases.hold(watcher.context());
                watcher.held(hold)
            }
        }
    }

    fn subject(&self, data: *mut c_void) -> Subject {
        Subject {
            zh: self.zh(),
            data,
        }
    }

    /// Writes the entry of a finished call; after a panic one that says so.
    fn queue_completion(
        &self,
        cookie: Cookie,
        result: Result<&Outcome<'_>, Code>,
        entries: &mut Vec<u8>,
    ) {
        let (call, results) = match cookie {
            Cookie::Async(call) => (call, None),
            Cookie::AsyncMulti(call, results) => (call, Some(results)),
            Cookie::Sync(_) => return self.finish_sync(cookie, result),
        };
        let subject = self.subject(call.data());
        let before = entries.len();
        let written = guard::inside(self.id, || match results {
            None => entry::completion(entries, subject, call.judge(result)),
            Some(results) => {
                entry::transaction(entries, subject, &results, result);
                self.transactions.give(results);
            }
        });
        if written.is_none() {
            entries.truncate(before);
            entry::completion(entries, subject, Err(Code::SYSTEM_ERROR));
        }
    }

    /// Valid as long as the handle.
    pub(super) fn session_ptr(&self) -> *const clientid_t {
        self.session.as_ptr()
    }
}

/// Takes the place of a watcher that is NULL (C-270, C-285).
pub(super) const NO_WATCHER: watcher_fn = Some(no_watcher);

unsafe extern "C-unwind" fn no_watcher(
    _zh: *mut zhandle_t,
    _kind: c_int,
    _state: c_int,
    _path: *const c_char,
    _context: *mut c_void,
) {
}

impl Client for CClient {
    type Cookie = Cookie;
    type Auth = Async;
    type Watcher = Watcher;
    type Scratch = Scratch;
    type Released = Due;

    fn is_sync(cookie: &Cookie) -> bool {
        matches!(cookie, Cookie::Sync(_))
    }

    fn global_watcher(&self) -> Watcher {
        let function = self.watcher.get().or(NO_WATCHER);
        let watcher = |context| match Watcher::new(function, context) {
            Some(watcher) => watcher,
            None => unreachable!("there is a watcher in place of NULL"),
        };
        if self.releases.is_none() {
            return watcher(self.context());
        }
        let hold = self.context_hold.lock();
        watcher(self.context()).held(hold.clone())
    }

    fn session(&self, id: i64, password: [u8; 16]) {
        self.session.store(id, password);
    }

    fn finish_sync(&self, cookie: Cookie, result: Result<&Outcome<'_>, Code>) {
        match cookie {
            Cookie::Sync(call) => {
                if guard::inside(self.id, || call.finish(result)).is_none() {
                    call.finish(Err(Code::SYSTEM_ERROR));
                }
            }
            Cookie::Async(_) | Cookie::AsyncMulti(..) => {
                debug_assert!(false, "the runtime asked is_sync before");
            }
        }
    }

    fn takes_directly(&self) -> bool {
        self.queue.is_some()
    }

    fn flush(&self, scratch: &mut Scratch) {
        if let Some(queue) = &self.queue {
            queue.push(&mut scratch.entries);
        }
    }

    fn complete(&self, cookie: Cookie, result: Result<&Outcome<'_>, Code>, scratch: &mut Scratch) {
        if self.queue.is_some() {
            return self.queue_completion(cookie, result, &mut scratch.entries);
        }
        let (call, args) = match cookie {
            Cookie::Async(call) => (call, guard::inside(self.id, || call.args(result, scratch))),
            Cookie::AsyncMulti(call, results) => {
                let fill = || {
                    let code = results.complete(result);
                    self.transactions.give(results);
                    Args::failed(code)
                };
                (call, guard::inside(self.id, fill))
            }
            Cookie::Sync(_) => return self.finish_sync(cookie, result),
        };
        let args = args.unwrap_or_else(|| Args::failed(Code::SYSTEM_ERROR));
        // SAFETY: the arguments lie in `scratch` and in the received bytes, which live longer
        // than this call; nothing is left to drop here, as the trait asks of our caller too.
        mute::unless_muted(|| unsafe { call.call(args) });
    }

    fn complete_auth(&self, auth: Async, code: Code) {
        if let Some(queue) = &self.queue {
            let mut entries = Vec::new();
            entry::auth(&mut entries, self.subject(auth.data()), code);
            return queue.push(&mut entries);
        }
        // SAFETY: only a code is passed; nothing is left to drop here, as the trait asks of our
        // caller too.
        mute::unless_muted(|| unsafe { auth.call(Args::failed(code)) });
    }

    fn watch_event(
        &self,
        watcher: &Watcher,
        kind: i32,
        state: i32,
        path: &[u8],
        scratch: &mut Scratch,
    ) {
        if self.queue.is_some() {
            let subject = self.subject(watcher.context());
            return entry::event(&mut scratch.entries, subject, kind, state, path);
        }
        let Some(path) = guard::inside(self.id, || scratch.string(path)) else {
            return;
        };
        // SAFETY: the path lies in `scratch`; nothing is left to drop here, as the trait asks
        // of our caller too.
        mute::unless_muted(|| unsafe { watcher.call(self.zh(), kind, state, path) });
    }

    fn told(&self, watcher: Watcher) {
        let context = watcher.into_last_hold().and_then(Hold::into_context);
        if let (Some(context), Some(releases)) = (context, &self.releases) {
            releases.give_back_one(context);
        }
    }

    fn has_released(&self) -> bool {
        self.releases.as_ref().is_some_and(|r| r.has_due())
    }

    fn take_released(&self) -> Due {
        self.releases
            .as_ref()
            .map_or_else(Due::default, |r| r.take_due())
    }

    fn release(&self, due: &mut Due) {
        if let Some(releases) = &self.releases {
            releases.give_back(due);
        }
    }

    fn ending(&self) {
        *self.context_hold.lock() = None;
    }

    fn is_inherited(&self) -> bool {
        !self.process.is_current()
    }

    fn log(&self, line: &Line) {
        self.log.write(line);
    }

    fn log_threshold(&self) -> Threshold {
        self.log.threshold.clone()
    }

    fn closed(&self) {
        guard::HANDLES.retire(self.id);
    }
}

/// A `clientid_t` that C reads through a pointer while a new session may be stored (C-284).
///
/// Made of atomic words, so that our side of that race is well defined; C sees whole words.
#[derive(Debug)]
#[repr(C)]
struct SharedClientId {
    id: AtomicU64,
    password: [AtomicU64; 2],
}

const _: () = assert!(
    size_of::<SharedClientId>() == size_of::<clientid_t>()
        && align_of::<SharedClientId>() == align_of::<clientid_t>()
);

impl SharedClientId {
    fn new(session: clientid_t) -> Self {
        let shared = Self {
            id: AtomicU64::new(0),
            password: [AtomicU64::new(0), AtomicU64::new(0)],
        };
        shared.store(session.client_id, session.passwd.map(|c| c as u8));
        shared
    }

    fn store(&self, id: i64, password: [u8; 16]) {
        let (chunks, _) = password.as_chunks::<8>();
        for (word, bytes) in self.password.iter().zip(chunks) {
            word.store(u64::from_ne_bytes(*bytes), Ordering::Release);
        }
        self.id.store(id as u64, Ordering::Release);
    }

    fn as_ptr(&self) -> *const clientid_t {
        std::ptr::from_ref(self).cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_readable_through_the_c_pointer() {
        let shared = SharedClientId::new(clientid_t {
            client_id: 0,
            passwd: [0; 16],
        });
        let pointer = shared.as_ptr();
        let password: [u8; 16] = std::array::from_fn(|i| i as u8 + 240);
        shared.store(0x1234_5678_9abc, password);
        // SAFETY: `shared` is alive and nobody writes to it.
        let read = unsafe { *pointer };
        assert_eq!(read.client_id, 0x1234_5678_9abc);
        assert_eq!(read.passwd.map(|c| c as u8), password);
    }
}
