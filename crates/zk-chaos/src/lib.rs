//! Many clients on a real ensemble under faults, and a checker of what they saw.
//!
//! [`history`] says what is written down of a run and [`checker`] what must hold for it: both know
//! neither sockets nor threads. [`plan`] draws from a seed what clients do and what goes wrong;
//! [`client`] and [`nemesis`] do it, and [`run`] ties everything together.

pub mod checker;
pub mod client;
pub mod ffi;
pub mod history;
pub mod nemesis;
pub mod paths;
pub mod plan;
pub mod recorder;
pub mod run;
pub mod summary;
pub mod token;
pub mod tree;
