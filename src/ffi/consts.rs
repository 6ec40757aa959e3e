//! The data symbols of the C API.
#![allow(non_upper_case_globals, reason = "the names are part of the ABI")]

use std::sync::atomic::AtomicU32;

/// Which messages are logged; programs may read and write it.
#[unsafe(no_mangle)]
pub static logLevel: AtomicU32 = AtomicU32::new(3);
