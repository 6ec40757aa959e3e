//! What the benchmark needs besides the load programs: a server whose replies are canned, so
//! that only the client is measured, and the report of what was measured.
#![forbid(unsafe_code)]

pub mod canned;
pub mod markdown;
pub mod plot;
pub mod results;
pub mod targets;
