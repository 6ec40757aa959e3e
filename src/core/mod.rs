//! The client's protocol machine: no sockets, no threads, no clock, no C.
//!
//! [`Core`] decides everything about one session; [`Outbox`] is where callers leave their
//! requests without waiting for it. A driver moves bytes and time between them and the world.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)
)]

mod auth;
mod chunks;
pub(crate) mod connect_string;
mod deadlines;
pub(crate) mod encode;
mod ending;
mod event;
pub(crate) mod hosts;
mod input;
mod limits;
pub(crate) mod outbox;
mod outcome;
mod output;
mod pace;
mod paths;
mod reply;
mod request;
mod session;
mod timers;
mod watch;
pub(crate) mod xid;

pub use event::{Delivery, Events, Fault, Reply, State};
pub use input::input_needed;
pub use limits::{ConnectLimit, SessionLimit};
pub use outbox::Gate;
pub(crate) use outbox::{Outbox, Queue};
pub use outcome::{MultiOutcome, MultiReadOutcome, Outcome, Paths};
pub use pace::Backoff;
pub use paths::strip_chroot;
pub use reply::ReplyKind;
pub use request::Request;
pub use session::{Core, Counts, Settings};
pub use timers::Millis;

#[cfg(test)]
mod tests;
