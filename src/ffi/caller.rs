//! A handle as one call of the program sees it: with the time that the call has.
//!
//! A limit for one call travels inside of the number that C takes for the handle's address, in
//! bits that no handle uses. So it needs no function beside each one of the API, no memory that
//! somebody must free, and no state of the thread that a call could leave behind for the next.

use std::num::NonZeroU32;
use std::ops::Deref;
use std::ptr;

use zk_proto::Code;

use super::delivery::{Cookie, Watcher};
use super::guard::Shared;
use super::types::zhandle_t;
use crate::core::{Millis, Request};
use crate::runtime::WatchRemoval;

/// Where the limit is in the number of a handle, which ends below (see [`super::table`]).
const SHIFT: u32 = 48;

/// The bits below.
const HANDLE: usize = (1 << SHIFT) - 1;

/// Up to here each code stands for as many milliseconds.
const EXACT: u32 = (1 << 15) - 1;

/// From there on, for each code, so many more.
const STEP: u32 = 128;

/// The code of a call without a limit on a handle that has one.
const UNLIMITED: u32 = u16::MAX as u32;

/// The longest limit of one call, ms.
pub(super) const LONGEST: u32 = 3_600_000;

/// How long the requests of one call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// As long as those of the handle.
    OfHandle,
    /// For ever.
    None,
    /// So many milliseconds.
    Millis(NonZeroU32),
}

impl Limit {
    /// The handle itself.
    pub(super) fn without(zh: *const zhandle_t) -> *const zhandle_t {
        ptr::without_provenance(zh.addr() & HANDLE)
    }

    /// The limit that `zh` carries.
    fn of(zh: *const zhandle_t) -> Self {
        let code = (zh.addr() >> SHIFT) as u32;
        if code == UNLIMITED {
            return Self::None;
        }
        let ms = match code.checked_sub(EXACT) {
            Some(steps) => EXACT + steps * STEP,
            None => code,
        };
        NonZeroU32::new(ms).map_or(Self::OfHandle, Self::Millis)
    }

    /// `zh` with this limit, rounded up to what can be told; an earlier one is replaced.
    pub(super) fn put_on(self, zh: *const zhandle_t) -> *mut zhandle_t {
        let code = match self {
            Self::OfHandle => 0,
            Self::None => UNLIMITED,
            Self::Millis(ms) => match ms.get().min(LONGEST).checked_sub(EXACT) {
                Some(more) => EXACT + more.div_ceil(STEP),
                None => ms.get(),
            },
        };
        let number = Self::without(zh).addr() | (code as usize) << SHIFT;
        ptr::without_provenance_mut(number)
    }
}

/// The handle, and the time that this call has. Everything but requests is the handle's.
pub(super) struct Caller<'a> {
    handle: &'a Shared,
    /// 0 for no limit.
    limit: u32,
}

impl Deref for Caller<'_> {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        self.handle
    }
}

impl<'a> Caller<'a> {
    /// `zh` is the handle's name as the call was given it.
    #[inline]
    pub(super) fn new(handle: &'a Shared, zh: *const zhandle_t) -> Self {
        let limit = match Limit::of(zh) {
            Limit::OfHandle => handle.request_limit(),
            Limit::None => 0,
            Limit::Millis(ms) => ms.get(),
        };
        Self { handle, limit }
    }

    /// Queues a request, see [`crate::runtime::Handle::submit`].
    #[inline]
    pub(super) fn submit(
        &self,
        request: &Request<'_>,
        cookie: Cookie,
        watcher: Option<Watcher>,
    ) -> Result<(), Code> {
        match self.limit {
            0 => self.handle.submit(request, cookie, watcher),
            ms => self.within(ms, cookie, |cookie, due| {
                self.handle
                    .submit_until(request, cookie, watcher, Some(due))
            }),
        }
    }

    /// Removes watches, see [`crate::runtime::Handle::remove_watches`].
    pub(super) fn remove_watches(
        &self,
        removal: WatchRemoval<'_, Watcher>,
        cookie: Cookie,
    ) -> Result<(), Code> {
        match self.limit {
            0 => self.handle.remove_watches(removal, cookie),
            ms => self.within(ms, cookie, |cookie, due| {
                self.handle.remove_watches_until(removal, cookie, Some(due))
            }),
        }
    }

    /// Submits a request that has `ms` milliseconds. If a caller waits for it, it is finished on
    /// return.
    #[cold]
    fn within(
        &self,
        ms: u32,
        cookie: Cookie,
        submit: impl FnOnce(Cookie, Millis) -> Result<(), Code>,
    ) -> Result<(), Code> {
        let waiting = match &cookie {
            Cookie::Sync(call) => Some(call.clone()),
            Cookie::Async(_) | Cookie::AsyncMulti(..) => None,
        };
        let due = self.handle.due_in(ms);
        submit(cookie, due)?;
        if let Some(call) = waiting {
            self.handle
                .finish_by(due, |limit| call.is_finished_within(limit));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle() -> *mut zhandle_t {
        ptr::without_provenance_mut(0x7fff_ffff_fff8)
    }

    fn millis(ms: u32) -> Limit {
        Limit::Millis(NonZeroU32::new(ms).unwrap())
    }

    #[test]
    fn a_handle_takes_a_limit_along_and_stays_itself() {
        assert_eq!(Limit::of(handle()), Limit::OfHandle);
        let exact = [1, 500, EXACT - 1, EXACT, EXACT + STEP, EXACT + 9 * STEP];
        for limit in exact.map(millis).into_iter().chain([Limit::None]) {
            let zh = limit.put_on(handle());
            assert_eq!(Limit::of(zh), limit);
            assert_eq!(Limit::without(zh), handle().cast_const());
        }
    }

    #[test]
    fn long_limits_are_rounded_up_a_little() {
        for ms in (1..=LONGEST).step_by(37).chain([LONGEST]) {
            let Limit::Millis(told) = Limit::of(millis(ms).put_on(handle())) else {
                panic!("{ms} ms are lost");
            };
            assert!((ms..ms + STEP).contains(&told.get()), "{ms} became {told}");
        }
    }

    #[test]
    fn the_last_limit_counts() {
        let twice = millis(7).put_on(millis(9).put_on(handle()));
        assert_eq!(Limit::of(twice), millis(7));
        let taken_off = Limit::OfHandle.put_on(twice);
        assert_eq!(taken_off, handle());
    }
}
