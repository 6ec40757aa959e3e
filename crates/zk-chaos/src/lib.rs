//! Many clients on a real ensemble under faults, and a checker of what they saw.
//!
//! [`history`] says what is written down of a run, [`checker`] what must hold for it: both know
//! neither sockets nor threads.

pub mod checker;
pub mod history;
