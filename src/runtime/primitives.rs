//! The locks and atomics that threads meet at.

pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic;

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
