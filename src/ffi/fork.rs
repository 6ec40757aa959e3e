//! In which process of a line of forks we are.
//!
//! A child of fork has its parent's memory but none of its other threads. What those had locked
//! stays locked, and the socket is the parent's, too. So a handle belongs to the process that
//! made it, and calls in a child find that out before they touch anything of it.

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{ext_queue, guard, memory, mute};

/// How many forks lie between the process that loaded the library and this one.
static FORKS: AtomicU64 = AtomicU64::new(0);

/// A process, as [`Process::current`] has told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process(u64);

impl Process {
    pub(super) fn current() -> Self {
        Self(FORKS.load(Ordering::Relaxed))
    }

    /// False in a child, where only the thread that forked has come along.
    pub(super) fn is_current(self) -> bool {
        self == Self::current()
    }
}

/// Has forks noticed from now on. They are, unless a program makes its child with a bare system
/// call instead of fork().
pub(super) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handlers are functions of this library, which allocate nothing and run on
        // the thread that forks; without memory for them the call fails and changes nothing.
        unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    });
}

/// No other thread may hold a lock of the whole process while the child is made. Whoever
/// takes several of them does so in this order.
unsafe extern "C" fn before() {
    guard::HANDLES.hold();
    ext_queue::QUEUES.hold();
    mute::hold();
    // Last, because the others may want memory.
    memory::hold();
}

unsafe extern "C" fn in_parent() {
    // SAFETY: `before` has run on this thread.
    unsafe { release() };
}

unsafe extern "C" fn in_child() {
    // SAFETY: `before` has run on the thread that this one continues.
    unsafe { release() };
    FORKS.fetch_add(1, Ordering::Relaxed);
    mute::forget_other_threads();
}

/// # Safety
/// [`before`] has run on this thread, or on the one that it continues in a child.
unsafe fn release() {
    // SAFETY: as our caller promises.
    unsafe {
        memory::release();
        mute::release();
        ext_queue::QUEUES.release();
        guard::HANDLES.release();
    }
}
