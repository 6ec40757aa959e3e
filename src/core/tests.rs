//! The client core against the server core, in virtual time.

mod network;
mod pair;
mod program;
mod record;

mod auth;
mod closing;
mod handshake;
mod loss;
mod read_only;
mod replies;
mod servers;
mod timing;
mod watches;
