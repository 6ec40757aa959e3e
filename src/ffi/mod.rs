//! The C API: names, pointers and structs of `zookeeper.h` on top of [`crate::runtime`].
//!
//! An entry converts its arguments, makes one call into the runtime inside a guard that finds
//! the handle and catches panics, and converts the result. Files follow the header's order.

mod alloc;
pub mod async_ops;
pub mod async_reads;
pub mod auth;
mod caller;
mod client;
pub mod consts;
mod convert;
mod delivery;
mod entry;
mod environment;
pub mod ext;
pub mod ext_codes;
pub mod ext_init;
pub mod ext_limits;
pub mod ext_log;
pub mod ext_multi;
pub mod ext_queries;
pub mod ext_queue;
pub mod ext_reads;
pub mod ext_stats;
pub mod ext_watches;
mod fork;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod guard;
pub mod handle;
mod held;
pub mod init;
pub mod interest;
pub mod jute;
pub mod log;
mod log_sink;
mod memory;
pub mod multi;
mod mute;
pub mod opcodes;
mod pointer;
mod queue;
mod release;
mod requests;
mod scratch;
mod spares;
mod sync_call;
pub mod sync_ops;
pub mod sync_reads;
mod table;
mod transaction;
pub mod types;
pub mod watches;
pub mod zerror;
