//! What needs the operating system: sockets, name resolution, threads, the clock.
//!
//! Knows nothing of sessions, requests or watches.

pub mod clock;
pub mod resolver;
pub mod socket;
pub mod thread;
