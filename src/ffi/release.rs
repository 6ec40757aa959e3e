//! Contexts that the program has handed over and wants back when nothing here uses them any more.
//!
//! Each registration of a watcher has a [`Hold`], and every copy of the watcher, in a table, a
//! request or a queue, shares it. Whoever drops the last one, under whatever lock, only notes
//! the context down; the program's function is called by the completion thread, behind what was
//! queued for it at that moment.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::mute;
use super::pointer::UserPtr;
use crate::runtime::locks::Mutex;

/// The program's function.
type Function = unsafe extern "C-unwind" fn(*mut c_void);

/// Contexts to give back.
#[derive(Debug, Default)]
pub(crate) struct Due(Vec<UserPtr>);

/// What one handle has to give back, and to whom.
#[derive(Debug)]
pub(crate) struct Releases {
    function: Function,
    due: Mutex<Due>,
    /// There is something in `due`.
    any: AtomicBool,
}

impl Releases {
    pub(super) fn new(function: Function) -> Arc<Self> {
        Arc::new(Self {
            function,
            due: Mutex::new(Due::default()),
            any: AtomicBool::new(false),
        })
    }

    /// Keeps a context in use; NULL needs that not.
    pub(super) fn hold(self: &Arc<Self>, context: *mut c_void) -> Option<Arc<Hold>> {
        (!context.is_null()).then(|| {
            Arc::new(Hold {
                context: UserPtr(context),
                releases: self.clone(),
                given_back: AtomicBool::new(false),
            })
        })
    }

    pub(super) fn has_due(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    pub(super) fn take_due(&self) -> Due {
        let mut due = self.due.lock();
        self.any.store(false, Ordering::Release);
        std::mem::take(&mut due)
    }

    /// Calls the program for each context, oldest first. May not return.
    pub(super) fn give_back(&self, due: &mut Due) {
        due.0.reverse();
        while let Some(context) = due.0.pop() {
            self.give_back_one(context);
        }
    }

    /// As [`give_back`](Self::give_back).
    pub(super) fn give_back_one(&self, context: UserPtr) {
        // SAFETY: the program gave function and context for this purpose; nothing here needs
        // dropping if it ends the thread.
        mute::unless_muted(|| unsafe { (self.function)(context.0) });
    }
}

/// Calls that ran into the end of the handle may have left something behind.
impl Drop for Releases {
    fn drop(&mut self) {
        let mut due = self.take_due();
        self.give_back(&mut due);
    }
}

/// As long as it lives, its context is in use.
#[derive(Debug)]
pub(crate) struct Hold {
    context: UserPtr,
    releases: Arc<Releases>,
    /// The program has the context back, or has never given it.
    given_back: AtomicBool,
}

impl Hold {
    /// The program keeps its context after all.
    pub(super) fn disarm(&self) {
        self.given_back.store(true, Ordering::Relaxed);
    }

    /// The context for the program, at the place of [`Drop`]; `None` if it has it.
    pub(super) fn into_context(self) -> Option<UserPtr> {
        let given_back = self.given_back.swap(true, Ordering::Relaxed);
        (!given_back).then_some(self.context)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if !*self.given_back.get_mut() {
            let mut due = self.releases.due.lock();
            due.0.push(self.context);
            self.releases.any.store(true, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    thread_local! {
        static GIVEN_BACK: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    }

    unsafe extern "C-unwind" fn note(context: *mut c_void) {
        GIVEN_BACK.with_borrow_mut(|given| given.push(context.addr()));
    }

    fn given_back() -> Vec<usize> {
        GIVEN_BACK.with_borrow_mut(std::mem::take)
    }

    fn context(number: usize) -> *mut c_void {
        std::ptr::without_provenance_mut(number)
    }

    #[test]
    fn a_context_is_given_back_when_its_last_holder_is_gone_and_somebody_asks() {
        let releases = Releases::new(note);
        let first = releases.hold(context(1));
        let second = first.clone();
        drop(first);
        assert!(!releases.has_due());
        drop(second);
        assert!(releases.has_due());
        assert!(given_back().is_empty());
        let mut due = releases.take_due();
        assert!(!releases.has_due());
        releases.give_back(&mut due);
        assert_eq!(given_back(), [1]);
        assert!(due.0.is_empty());
    }

    #[test]
    fn each_registration_gives_its_context_back_in_the_order_of_their_ends() {
        let releases = Releases::new(note);
        let holds = [1, 2, 1].map(|number| releases.hold(context(number)));
        drop(holds);
        releases.give_back(&mut releases.take_due());
        assert_eq!(given_back(), [1, 2, 1]);
    }

    #[test]
    fn null_and_contexts_that_the_program_keeps_are_never_given_back() {
        let releases = Releases::new(note);
        assert!(releases.hold(std::ptr::null_mut()).is_none());
        let kept = releases.hold(context(1));
        kept.as_deref().map(Hold::disarm);
        drop(kept);
        drop(releases);
        assert!(given_back().is_empty());
    }

    #[test]
    fn the_last_hold_gives_its_context_at_once_and_then_no_more() {
        let releases = Releases::new(note);
        let hold = releases.hold(context(1)).and_then(Arc::into_inner);
        let context = hold.and_then(Hold::into_context);
        assert_eq!(context.map(|context| context.0.addr()), Some(1));
        assert!(!releases.has_due());
    }

    #[test]
    fn what_nobody_asked_for_is_given_back_in_the_end() {
        let releases = Releases::new(note);
        drop(releases.hold(context(7)));
        drop(releases);
        assert_eq!(given_back(), [7]);
    }
}
