//! The C API.

pub mod consts;
pub mod jute;
pub mod opcodes;
pub mod types;
