//! Real ZooKeeper servers for tests, started, killed, paused and restarted at will.
//!
//! The servers are those of Debian's package `zookeeper`, which needs Java: [`absence`] says what
//! is missing. They listen on loopback only and end with the [`Ensemble`], or with this process
//! however it ends.
//!
//! ```no_run
//! use zk_ensemble::{Ensemble, Options};
//!
//! # fn main() -> std::io::Result<()> {
//! let mut ensemble = Ensemble::start(Options::default())?;
//! println!("for zookeeper_init: {}", ensemble.hosts());
//! let leader = ensemble.leader().expect("an ensemble that is up has a leader");
//! ensemble.kill(leader);
//! ensemble.restart(leader)?;
//! ensemble.wait_until_serving(leader)?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod ensemble;
mod java;
mod ports;
mod process;
mod server;
mod word;

pub use ensemble::{Ensemble, Options};
pub use java::{SUPER_AUTH, absence};
pub use word::{Mode, four_letter_word, mode};
