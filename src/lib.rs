//! A drop-in replacement for Apache ZooKeeper's multi-threaded C client library.
//!
//! Programs use it through the C API that `include/zookeeper/` declares and [`ffi`] exports.
//! The layers below it are a sans-IO client core, sockets, and the threads that tie both
//! together; `docs/architecture.md` draws them.

pub mod core;
pub mod ffi;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod log;
pub mod net;
pub mod runtime;
