//! Pointers of the program that this library carries from thread to thread.

use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::types::{log_callback_fn, watcher_fn};

/// A pointer that the program gave us: to its own data, or to where it wants results.
#[derive(Debug)]
#[repr(transparent)]
pub(super) struct UserPtr<T = c_void>(pub(super) *mut T);

impl<T> Clone for UserPtr<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for UserPtr<T> {}

// SAFETY: the C API says that callbacks and results come on other threads, so the program keeps
// what its pointers lead to valid and usable there. Nothing of ours is behind them.
unsafe impl<T> Send for UserPtr<T> {}
// SAFETY: as above; sharing the pointer reads nothing.
unsafe impl<T> Sync for UserPtr<T> {}

impl UserPtr {
    /// The `data` argument of asynchronous calls.
    pub(super) fn data(data: *const c_void) -> Self {
        Self(data.cast_mut())
    }
}

macro_rules! atomic_callback {
    ($(#[$meta:meta])* $name:ident, $callback:ty) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub(super) struct $name(AtomicPtr<c_void>);

        impl $name {
            pub(super) fn new(callback: $callback) -> Self {
                Self(AtomicPtr::new(Self::to_ptr(callback)))
            }

            pub(super) fn get(&self) -> $callback {
                Self::from_ptr(self.0.load(Ordering::Acquire))
            }

            /// Replaces the callback and returns the one before.
            pub(super) fn set(&self, callback: $callback) -> $callback {
                Self::from_ptr(self.0.swap(Self::to_ptr(callback), Ordering::AcqRel))
            }

            fn to_ptr(callback: $callback) -> *mut c_void {
                callback.map_or(std::ptr::null_mut(), |function| function as *mut c_void)
            }

            fn from_ptr(pointer: *mut c_void) -> $callback {
                // SAFETY: `to_ptr` made the pointer from this very type, whose None is null.
                unsafe { std::mem::transmute::<*mut c_void, $callback>(pointer) }
            }
        }
    };
}

atomic_callback! {
    /// A watcher function that one thread may replace while another reads it.
    AtomicWatcher, watcher_fn
}

atomic_callback! {
    /// A log callback that one thread may replace while another reads it.
    AtomicLogCallback, log_callback_fn
}
