//! What the C library has no call for: breaking the connection, retries, zxid, peer.

use std::net::SocketAddr;

use zk_proto::Code;

use super::{Client, Handle};
use crate::core::{Fault, Millis};
use crate::net::clock;

impl<C: Client> Handle<C> {
    /// Breaks the connection as a failing network would; the session goes on with the next
    /// server. Refused when the session is over or there is no connection.
    pub fn drop_connection(&self) -> Result<(), Code> {
        let mut engine = self.engine.lock();
        if self.life.is_closing() || engine.core.state().is_terminal() {
            return Err(Code::INVALID_STATE);
        }
        if engine.connection.is_none() {
            return Err(Code::NOTHING);
        }
        let reason = "the program has dropped the connection";
        let fault = Fault::loss(Code::CONNECTION_LOSS, reason);
        engine.fail(self, &fault, clock::now());
        self.run_aftermath(std::mem::take(&mut engine.aftermath), engine);
        self.nudge();
        Ok(())
    }

    /// How long to pause when every server has failed, from the next such moment on; `None`
    /// for the default rule (C-421).
    pub fn set_retry_delay(&self, delay: Option<Millis>) {
        self.engine.lock().core.set_retry_delay(delay);
    }

    /// How many attempts to connect have failed since the last one that did not.
    pub fn failed_attempts(&self) -> u64 {
        self.engine.lock().core.failed_attempts()
    }

    /// The last transaction that a reply has told of.
    pub fn last_zxid(&self) -> i64 {
        self.engine.lock().core.last_zxid()
    }

    /// The server at the other end of the socket, or that is being connected to; `None`
    /// without a socket.
    pub fn peer(&self) -> Option<SocketAddr> {
        let engine = self.engine.lock();
        let connection = engine.connection.as_ref()?;
        connection.peer().or_else(|| engine.core.current_server())
    }
}
