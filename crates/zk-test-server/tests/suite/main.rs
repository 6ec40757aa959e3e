//! The server as its clients see it: the core in virtual time, then the listener on loopback.

mod nodes;
mod sessions;
mod support;
mod virtual_time;
mod watches;
