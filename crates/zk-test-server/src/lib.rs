//! A ZooKeeper server for tests: one process or thread, in memory, up in milliseconds.
//!
//! To clients it is a standalone ZooKeeper 3.9; numbers such as S-123 in the documentation name
//! the rules it follows. What it does wrong, it does on demand: see [`Faults`].
//!
//! Three ways in:
//!
//! - [`TestServer`] runs it on a loopback port from a thread of the test.
//! - [`ServerCore`] is the server without sockets and clock: bytes in, bytes out, virtual time.
//! - The binary `zk-test-server` is for tests in other languages; `--help` tells its options and
//!   the commands of its control port.
//!
//! ```
//! use zk_proto::{Code, Op};
//! use zk_test_server::{Action, Options, TestServer, When};
//!
//! let server = TestServer::start(Options::default())?;
//! // Point a client at server.connect_string(), then let its next getData fail:
//! let rule = server.faults(|faults| {
//!     faults.add(When::next(Op::GetData), Action::Fail(Code::CONNECTION_LOSS))
//! });
//! // Push the clocks: idle sessions expire without waiting.
//! server.advance(60_000);
//! assert_eq!(server.with_core(|core, _| core.faults().hits(rule)), 0);
//! # Ok::<(), std::io::Error>(())
//! ```
#![forbid(unsafe_code)]

mod acl;
mod connection;
pub mod control;
mod core;
mod faults;
mod listener;
mod options;
mod path;
mod quota;
mod server;
mod sessions;
mod text;
mod time;
mod transcript;
mod tree;
mod txn;
mod watches;

pub use connection::{Close, ConnId};
pub use core::ServerCore;
pub use faults::{Action, Faults, OnAccept, Rule, RuleId, When};
pub use options::Options;
pub use server::{Foreground, TestServer};
pub use time::Now;
pub use transcript::{Direction, Record, Transcript};
