//! The client core against the server core, in virtual time.

mod network;
mod pair;
mod program;
mod record;

mod auth;
mod closing;
mod extras;
mod handshake;
mod hostile;
mod limits;
mod loss;
mod modern;
mod persistent;
mod read_only;
mod removal;
mod replies;
mod schedule;
mod seeds;
mod servers;
mod timing;
pub(super) mod vectors;
mod watches;
