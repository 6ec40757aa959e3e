//! The C API.

pub mod jute;
pub mod types;
