//! What hostile servers, clients and programs could send, and what must hold all the same.
//!
//! Each module is a fuzz target: `run` takes the fuzzer's bytes and panics if a promise is
//! broken. `cargo xtask fuzz` builds the targets, with AddressSanitizer, and runs them.
#![forbid(unsafe_code)]

pub mod arguments;
pub mod handshake;
pub mod hosts;
mod link;
pub mod replies;
pub mod server;
pub mod session;

use std::alloc::System;

use cap::Cap;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Bytes that any input may allocate.
const ALLOWANCE: usize = 2 << 20;
/// Bytes that an input may allocate besides for each of its own: a transaction of nine bytes an
/// operation has results of 88, in buffers that double.
const EACH: usize = 256;

/// Runs a target on an input. Allocating out of proportion to it aborts the process.
pub fn bounded(input: &[u8], target: impl FnOnce(&[u8])) {
    let most = ALLOCATOR.allocated() + ALLOWANCE + EACH * input.len();
    // Both fail only below what is allocated already.
    let _ = ALLOCATOR.set_limit(most);
    target(input);
    let _ = ALLOCATOR.set_limit(usize::MAX);
}
