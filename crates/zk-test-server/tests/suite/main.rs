//! The server as its clients see it: the core in virtual time, then the listener on loopback.

mod binary;
mod differential;
mod faults;
mod hostile;
mod java;
mod listener;
mod multis;
mod nodes;
mod sessions;
mod socket;
mod support;
mod virtual_time;
mod watches;
