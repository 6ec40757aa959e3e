//! The ZooKeeper wire format: frames, jute primitives, records, operation and error codes.
//!
//! Both ends of a connection share this crate, so it holds symmetric codecs and nothing that
//! decides anything: no sockets, no clock, no policy of a client or a server. Every decoder
//! borrows from the frame it reads and allocates nothing, whatever lengths the bytes claim.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)
)]

mod code;
mod constants;
pub mod frame;
mod jute;
mod op;
pub mod records;

pub use code::Code;
pub use constants::{
    AddWatchMode, CreateMode, EventType, Perms, RemoveWatchType, SessionState, Xid,
};
pub use jute::{Buffer, DecodeError, Jute, List, Reader, Text};
pub use op::Op;
