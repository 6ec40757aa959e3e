//! A TCP proxy between ZooKeeper clients and a server. It knows the frames that pass, records them,
//! and does to them what networks and bad servers do.
//!
//! ```
//! use std::time::Duration;
//! use zk_proto::Op;
//! use zk_proxy::{Action, Direction, Proxy, When};
//! # let upstream: std::net::SocketAddr = ([127, 0, 0, 1], 1).into();
//!
//! let proxy = Proxy::start(upstream)?;
//! // Point a client at proxy.connect_string(). Its second getData shall lose the connection when
//! // seven bytes of the reply are through:
//! proxy.add(When::reply(Op::GetData).skip(1), Action::Cut { after: 7 });
//! // Any time: all connections drop, new ones are refused, everything hangs.
//! proxy.cut();
//! proxy.refuse(true);
//! proxy.hold();
//! // After some bytes, wherever in a frame that is:
//! proxy.cut_after(Direction::ToClient, 4096);
//! // Wait for what the client does:
//! let seen = proxy.wait(Duration::ZERO, |view| view.count(&When::request(Op::GetData)) == 2);
//! assert!(!seen);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The binary `zk-proxy` takes the same as lines of text, see [`script`].
#![forbid(unsafe_code)]

mod describe;
mod edit;
mod fault;
mod frame;
mod listener;
mod proxy;
mod pump;
pub mod script;
mod state;

pub use describe::describe;
pub use fault::{Action, Change, Edit, What, When};
pub use frame::{Direction, Frame, Kind};
pub use proxy::Proxy;
pub use state::View;
