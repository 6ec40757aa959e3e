//! Synchronous calls: a request, and a caller who waits until its results are stored.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use zk_proto::{Buffer, Code, records};

use super::alloc::NoMemory;
use super::delivery::{Cookie, Watcher};
use super::ext_multi::zoox_read_result;
use super::guard::{self, Shared};
use super::pointer::UserPtr;
use super::spares::Spares;
use super::transaction::MultiResults;
use super::types::{ACL_vector, ClientInfo_vector, Stat, String_vector, watcher_fn, zhandle_t};
use super::{alloc, convert};
use crate::core::{Outcome, Request};
use crate::runtime::primitives::{Mutex, interleave};
use crate::runtime::{Client as _, Waiter};

/// Where the results of a synchronous call go: pointers of the waiting caller, each may be NULL
/// unless told otherwise. They are written after success only (C-265).
#[derive(Debug)]
pub(super) enum Out {
    /// Nothing to store.
    Nothing,
    /// The created path, cut to the size, and the stat (C-300, C-301).
    Path(UserPtr<c_char>, c_int, UserPtr<Stat>),
    /// The stat.
    Stat(UserPtr<Stat>),
    /// Data: buffer, its size (never NULL, checked by [`Out::data`]), stat (C-305).
    Data(UserPtr<c_char>, UserPtr<c_int>, UserPtr<Stat>),
    /// New memory with all data (never NULL), its length, stat.
    NewData(UserPtr<*mut c_char>, UserPtr<c_int>, UserPtr<Stat>),
    /// New memory with the whole created path (never NULL), stat.
    NewPath(UserPtr<*mut c_char>, UserPtr<Stat>),
    /// Names of children, stat (C-308, C-309).
    Strings(UserPtr<String_vector>, UserPtr<Stat>),
    /// The ACL, stat (C-310).
    Acl(UserPtr<ACL_vector>, UserPtr<Stat>),
    /// The results of a transaction; the caller holds them.
    Multi(UserPtr<MultiResults>),
    /// A number.
    Number(UserPtr<c_int>),
    /// Identities.
    Identities(UserPtr<ClientInfo_vector>),
    /// Results of so many reads; not NULL if there are any.
    Reads(UserPtr<zoox_read_result>, usize),
}

impl Out {
    /// For calls that return data. A NULL length or one below −1 is a bad argument (C-305).
    ///
    /// # Safety
    /// `length` is NULL or points to an int.
    pub(super) unsafe fn data(
        buffer: *mut c_char,
        length: *mut c_int,
        stat: *mut Stat,
    ) -> Result<Self, Code> {
        // SAFETY: promised by our caller.
        match unsafe { length.as_ref() } {
            Some(-1..) => Ok(Self::Data(UserPtr(buffer), UserPtr(length), UserPtr(stat))),
            _ => Err(Code::BAD_ARGUMENTS),
        }
    }

    /// Stores a result and says the call's code.
    ///
    /// # Safety
    /// The pointers are valid, as the documentation of the C calls asks, and the caller who
    /// gave them is waiting.
    unsafe fn store(self, result: Result<&Outcome<'_>, Code>) -> Code {
        interleave();
        if let Self::Multi(results) = self {
            // SAFETY: promised by our caller; nobody writes to them meanwhile.
            return unsafe { &*results.0 }.complete(result);
        }
        // SAFETY: promised by our caller.
        match result.and_then(|outcome| unsafe { self.store_outcome(outcome) }) {
            Ok(()) => Code::OK,
            Err(code) => code,
        }
    }

    /// # Safety
    /// As for [`store`](Self::store).
    unsafe fn store_outcome(self, outcome: &Outcome<'_>) -> Result<(), Code> {
        // SAFETY: promised by our caller.
        unsafe {
            match (self, outcome) {
                (Self::Nothing, _) => {}
                (Self::Path(buffer, size, _), Outcome::Path(path)) => {
                    store_string(buffer.0, size, path);
                }
                (Self::Path(buffer, size, to), Outcome::PathStat(path, stat)) => {
                    store_string(buffer.0, size, path);
                    store_stat(to, stat);
                }
                (Self::Stat(to), Outcome::Stat(stat)) => store_stat(to, stat),
                (Self::Data(buffer, length, to), Outcome::Data(data, stat)) => {
                    store_data(buffer.0, length.0, *data);
                    store_stat(to, stat);
                }
                (Self::NewData(to, length, to_stat), Outcome::Data(data, stat)) => {
                    store_new(to, || alloc::terminated(*data))?;
                    if !length.0.is_null() {
                        length
                            .0
                            .write(data.map_or(-1, |data| convert::length(data.len())));
                    }
                    store_stat(to_stat, stat);
                }
                (Self::NewPath(to, _), Outcome::Path(path)) => {
                    store_new(to, || alloc::terminated(Some(path)))?;
                }
                (Self::NewPath(to, to_stat), Outcome::PathStat(path, stat)) => {
                    store_new(to, || alloc::terminated(Some(path)))?;
                    store_stat(to_stat, stat);
                }
                (Self::Strings(to, _), Outcome::Strings(list)) => {
                    store_new(to, || alloc::strings(list.iter()))?;
                }
                (Self::Strings(to, _), Outcome::Paths(paths)) => {
                    store_new(to, || alloc::strings(paths.iter()))?;
                }
                (Self::Strings(to, to_stat), Outcome::StringsStat(list, stat)) => {
                    store_new(to, || alloc::strings(list.iter()))?;
                    store_stat(to_stat, stat);
                }
                (Self::Acl(to, to_stat), Outcome::Acl(list, stat)) => {
                    store_new(to, || alloc::acl(*list))?;
                    store_stat(to_stat, stat);
                }
                (Self::Number(to), Outcome::Number(number)) => {
                    if !to.0.is_null() {
                        to.0.write(*number);
                    }
                }
                (Self::Identities(to), Outcome::Identities(list)) => {
                    store_new(to, || alloc::identities(*list))?;
                }
                (Self::Reads(to, count), Outcome::MultiRead(results)) => {
                    for (i, result) in alloc::reads(*results, count)?.into_iter().enumerate() {
                        to.0.add(i).write(result);
                    }
                }
                // The runtime decodes by the request, so this is a bug.
                _ => return Err(Code::MARSHALLING_ERROR),
            }
        }
        Ok(())
    }
}

/// Stores what `make` allocates, for callers who want it.
///
/// # Safety
/// `to` is NULL or points to a `T`.
unsafe fn store_new<T>(
    to: UserPtr<T>,
    make: impl FnOnce() -> Result<T, NoMemory>,
) -> Result<(), Code> {
    if !to.0.is_null() {
        let made = make().map_err(|NoMemory| Code::SYSTEM_ERROR)?;
        // SAFETY: promised by our caller.
        unsafe { to.0.write(made) };
    }
    Ok(())
}

/// Copies as much as fits and terminates it; nothing at all into no room (C-300).
///
/// # Safety
/// `buffer` is NULL or has `size` bytes.
pub(super) unsafe fn store_string(buffer: *mut c_char, size: c_int, text: &[u8]) {
    let Some(room) = usize::try_from(size).unwrap_or(0).checked_sub(1) else {
        return;
    };
    if buffer.is_null() {
        return;
    }
    let n = text.len().min(room);
    // SAFETY: `n` + 1 is at most `size`, and our caller promises that many bytes.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr().cast(), buffer, n);
        buffer.add(n).write(0);
    }
}

/// # Safety
/// `to` is NULL or points to a stat.
pub(super) unsafe fn store_stat(to: UserPtr<Stat>, stat: &records::Stat) {
    if !to.0.is_null() {
        // SAFETY: promised by our caller.
        unsafe { to.0.write(convert::stat(stat)) };
    }
}

/// Copies as much as fits and stores that length, −1 for null data. Without a buffer there is
/// no room.
///
/// # Safety
/// `length` points to the number of bytes that `buffer` has; −1 stands for a buffer that wants
/// nothing.
unsafe fn store_data(buffer: *mut c_char, length: *mut c_int, data: Buffer<'_>) {
    // SAFETY: promised by our caller.
    let size = unsafe { length.read() };
    let stored = match (data, usize::try_from(size)) {
        (Some(data), Ok(size)) => {
            let n = if buffer.is_null() {
                0
            } else {
                data.len().min(size)
            };
            if n > 0 {
                // SAFETY: `n` is at most the size of `buffer`, which our caller promises.
                unsafe { ptr::copy_nonoverlapping(data.as_ptr().cast(), buffer, n) };
            }
            convert::length(n)
        }
        _ => -1,
    };
    // SAFETY: promised by our caller.
    unsafe { length.write(stored) };
}

/// A request whose caller waits, shared by the two threads.
#[derive(Debug, Default)]
pub(crate) struct SyncCall {
    waiter: Waiter,
    /// Taken by whoever comes first: the result, or the caller giving up.
    out: Mutex<Option<Out>>,
}

impl SyncCall {
    /// Stores the result and lets the caller go on. The lock is held while it is stored, so a
    /// caller who gives up waits until it is.
    pub(super) fn finish(&self, result: Result<&Outcome<'_>, Code>) {
        self.waiter.finish(|| match self.out.lock().take() {
            // SAFETY: the pointers come from a caller who waits as long as `out` was there, and
            // who promises by the documentation of the C call that they are valid.
            Some(out) => unsafe { out.store(result) },
            None => Code::SYSTEM_ERROR,
        });
    }

    /// True if the result is there, or comes in so much time.
    pub(super) fn is_finished_within(&self, limit: Duration) -> bool {
        self.waiter.is_finished_within(limit)
    }
}

/// Calls that can serve again: as many as have waited at once, within reason.
pub(super) type Calls = Spares<Arc<SyncCall>, 64>;

/// The caller's share. When it goes, by return or by a panic, its pointers are written no more.
struct Caller<'a> {
    calls: &'a Calls,
    call: Arc<SyncCall>,
    /// The result has come. It was the last thing that the other thread wrote, so the call can
    /// serve again even while that thread still holds it.
    finished: bool,
}

impl Caller<'_> {
    fn wait(mut self) -> Code {
        let code = self.call.waiter.wait();
        self.finished = true;
        code
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        *self.call.out.lock() = None;
        if self.finished {
            self.calls.give(self.call.clone());
        }
    }
}

/// Submits with `submit`, which gets the cookie, and waits for the result.
pub(super) fn wait(
    calls: &Calls,
    out: Out,
    submit: impl FnOnce(Cookie) -> Result<(), Code>,
) -> Result<(), Code> {
    let caller = Caller {
        calls,
        call: calls.take(),
        finished: false,
    };
    *caller.call.out.lock() = Some(out);
    submit(Cookie::Sync(caller.call.clone()))?;
    match caller.wait() {
        Code::OK => Ok(()),
        code => Err(code),
    }
}

/// Which watch a read leaves.
#[derive(Clone, Debug)]
pub(super) enum Watch {
    /// None.
    No,
    /// The handle's watcher and context of now (C-269).
    Global,
    /// This one.
    Own(Watcher),
}

impl Watch {
    /// For calls with a flag.
    pub(super) fn flag(watch: c_int) -> Self {
        if watch == 0 { Self::No } else { Self::Global }
    }

    /// For calls with a function; NULL leaves none.
    pub(super) fn own(function: watcher_fn, context: *mut c_void) -> Self {
        Watcher::new(function, context).map_or(Self::No, Self::Own)
    }

    /// The watcher to register. From here on its context is the library's to give back.
    pub(super) fn resolve(self, handle: &Shared) -> Option<Watcher> {
        match self {
            Self::No => None,
            Self::Global => Some(handle.client().global_watcher()),
            Self::Own(watcher) => Some(handle.client().hold(watcher)),
        }
    }
}

/// A synchronous request from start to end.
pub(super) fn request(
    zh: *const zhandle_t,
    request: Request<'_>,
    watch: Watch,
    out: Result<Out, Code>,
) -> c_int {
    guard::request(zh, |handle| {
        let watcher = watch.resolve(handle);
        let call = || {
            wait(&handle.client().calls, out?, |cookie| {
                handle.submit(&request, cookie, watcher)
            })
        };
        call().inspect_err(|_| handle.hand_back())
    })
}

#[cfg(all(test, loom))]
mod models;
#[cfg(test)]
mod tests;
