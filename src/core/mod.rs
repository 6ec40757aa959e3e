//! The client's protocol machine: no sockets, no threads, no clock, no C.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)
)]

mod outcome;
mod paths;
mod request;

pub use outcome::{MultiOutcome, Outcome};
pub use request::Request;
