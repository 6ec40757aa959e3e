//! The C API: names, pointers and structs of `zookeeper.h` on top of [`crate::runtime`].
//!
//! An entry converts its arguments, makes one call into the runtime inside a guard that finds
//! the handle and catches panics, and converts the result. Files follow the header's order.

mod alloc;
mod async_ops;
mod async_reads;
mod auth;
mod client;
pub mod consts;
mod convert;
mod delivery;
mod environment;
mod guard;
mod handle;
mod init;
mod interest;
mod log;
mod multi;
mod pointer;
mod scratch;
mod sync_call;
mod sync_ops;
mod sync_reads;
mod table;
pub mod types;
mod watches;
mod zerror;
