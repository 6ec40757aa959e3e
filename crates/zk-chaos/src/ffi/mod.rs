//! The C API of the library under test, loaded at run time: the same program judges any build.

mod api;
mod callbacks;
mod handle;
mod transaction;

pub use api::Api;
pub use handle::{ClientId, Handle};
