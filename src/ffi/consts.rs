//! The data symbols of the C API.
#![allow(non_upper_case_globals, reason = "the names are part of the ABI")]

use super::types::ZooLogLevel;

/// The level that messages must have at most to be logged; programs may read and write it.
#[unsafe(no_mangle)]
pub static mut logLevel: ZooLogLevel = 3;
