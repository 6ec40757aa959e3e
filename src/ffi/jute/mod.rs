//! The records of ZooKeeper's protocol and files as C structs, and the functions that free them.
//!
//! One file per part of `zookeeper.jute.h`, with the records in the order of the header (C-060).
//! Programs get these structs from the API ([`data`]) or bring their own archives for the rest.
//! The bodies are in [`release`]. The library itself encodes with `zk-proto`, not with these.

#![expect(
    non_snake_case,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "names of the ABI; fields are the wire's, and `release` states the conditions once"
)]

pub mod data;
pub mod persistence;
pub mod quorum;
pub mod recordio;
mod release;
pub mod request;
pub mod response;
pub mod session;
#[cfg(test)]
mod tests;
pub mod txn;
