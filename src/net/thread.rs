//! Threads that run code of the program.
//!
//! They are made by pthread_create with default attributes, because callbacks rely on the full
//! stack (C-510), and nothing in their outer frames needs dropping, because a callback may end
//! its thread: an interpreter that shuts down calls pthread_exit in it, and that unwinding must
//! pass through (T-39).

use std::ffi::{CStr, c_void};
use std::io;
use std::mem::MaybeUninit;

/// A joinable thread.
#[derive(Clone, Copy, Debug)]
pub struct Thread(libc::pthread_t);

struct Start<T> {
    body: fn(&mut T),
    name: &'static CStr,
    block_signals: bool,
    state: T,
}

/// Starts a thread that runs `body` on `state` and then drops the state. If a forced unwind
/// ends the thread, the state is leaked: whatever it refers to stays valid.
///
/// With `block_signals` no signal handler of the program runs on it; without, it inherits the
/// mask of the calling thread.
pub fn spawn<T: Send + 'static>(
    name: &'static CStr,
    block_signals: bool,
    state: T,
    body: fn(&mut T),
) -> io::Result<Thread> {
    let start = Box::into_raw(Box::new(Start {
        body,
        name,
        block_signals,
        state,
    }));
    let mut thread = MaybeUninit::uninit();
    // SAFETY: `run::<T>` expects exactly the pointer made above and takes it over; null asks
    // for the default attributes; `thread` is writable.
    let error = unsafe {
        libc::pthread_create(
            thread.as_mut_ptr(),
            std::ptr::null(),
            entry::<T>(),
            start.cast(),
        )
    };
    if error != 0 {
        // SAFETY: the thread was not started, so the box is still ours alone.
        drop(unsafe { Box::from_raw(start) });
        return Err(io::Error::from_raw_os_error(error));
    }
    // SAFETY: pthread_create succeeded and so has stored the thread's id.
    Ok(Thread(unsafe { thread.assume_init() }))
}

/// `run` as libc declares thread functions, which may not unwind there but does in POSIX.
fn entry<T>() -> extern "C" fn(*mut c_void) -> *mut c_void {
    let run: extern "C-unwind" fn(*mut c_void) -> *mut c_void = run::<T>;
    // SAFETY: both types have the same calling convention; the thread start code of the C
    // library is prepared for forced unwinding.
    unsafe { std::mem::transmute(run) }
}

extern "C-unwind" fn run<T>(start: *mut c_void) -> *mut c_void {
    let start: *mut Start<T> = start.cast();
    {
        // SAFETY: `spawn` made this pointer from a box and gave it to this thread alone.
        let start = unsafe { &mut *start };
        set_up(start.name, start.block_signals);
        (start.body)(&mut start.state);
    }
    // SAFETY: as above; the reference has ended.
    drop(unsafe { Box::from_raw(start) });
    std::ptr::null_mut()
}

fn set_up(name: &'static CStr, block_signals: bool) {
    // SAFETY: the name is a terminated string; naming the calling thread cannot harm it.
    unsafe { libc::pthread_setname_np(libc::pthread_self(), name.as_ptr()) };
    if block_signals {
        let mut all = MaybeUninit::uninit();
        // SAFETY: sigfillset initialises the set that it is given.
        unsafe { libc::sigfillset(all.as_mut_ptr()) };
        // SAFETY: the set is initialised; no old mask is asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), std::ptr::null_mut()) };
    }
}

impl Thread {
    /// The calling thread.
    pub fn current() -> Self {
        // SAFETY: asks for nothing but the caller's id.
        Self(unsafe { libc::pthread_self() })
    }

    /// Waits for the thread's end. To be called at most once, and not on the thread itself.
    pub fn join(self) {
        // SAFETY: the id came from pthread_create, was never detached, and the handle's close
        // logic, the only caller, joins each thread once.
        unsafe { libc::pthread_join(self.0, std::ptr::null_mut()) };
    }

    /// Lets the thread's resources go when it ends. Instead of joining.
    pub fn detach(self) {
        // SAFETY: as for `join`.
        unsafe { libc::pthread_detach(self.0) };
    }

    /// True on the thread itself.
    pub fn is_current(self) -> bool {
        // SAFETY: both calls only compare ids.
        unsafe { libc::pthread_equal(self.0, libc::pthread_self()) != 0 }
    }
}
