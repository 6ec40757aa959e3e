//! What the core wants others to hear.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;

use zk_proto::{Code, SessionState};

use super::reply::ReplyKind;
use crate::log;

/// Where the session stands (C-400…C-406). The numbers are those of the C API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum State {
    /// No attempt has been made, or a change of the server list cut the connection.
    NotConnected = SessionState::NOT_CONNECTED,
    /// Between a failed attempt or lost connection and the next attempt.
    Closed = SessionState::CLOSED,
    /// TCP connect under way.
    Connecting = SessionState::CONNECTING,
    /// Connect request sent, answer awaited.
    Associating = SessionState::ASSOCIATING,
    /// Usable.
    Connected = SessionState::CONNECTED,
    /// Usable for reads.
    ReadOnly = SessionState::READ_ONLY,
    /// Over: the server has forgotten the session.
    Expired = SessionState::EXPIRED,
    /// Over: a credential was refused.
    AuthFailed = SessionState::AUTH_FAILED,
}

impl State {
    /// True if requests reach a server.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Connected | Self::ReadOnly)
    }

    /// True if only closing is left.
    pub fn is_terminal(self) -> bool {
        (self as i32) < 0
    }

    /// True if there is a socket.
    pub fn has_socket(self) -> bool {
        matches!(
            self,
            Self::Connecting | Self::Associating | Self::Connected | Self::ReadOnly
        )
    }
}

/// Why the connection, or the session, ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What outstanding requests get (C-442).
    pub code: Code,
    /// For the log.
    pub reason: String,
    pub(crate) kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Loss,
    Expired,
    AuthFailed,
    /// The server list changed and another server was chosen (C-452).
    Moved,
    /// There is no server to try, because no name could be resolved.
    Unresolved,
    /// This read/write server was found while on a read-only one (C-443).
    ReadWriteFound(SocketAddr),
}

impl Fault {
    /// The connection broke.
    pub fn loss(code: Code, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            kind: FaultKind::Loss,
        }
    }

    /// A bug of ours was caught: nothing can be relied on any more.
    pub fn internal() -> Self {
        Self::of_kind(
            FaultKind::Expired,
            Code::SYSTEM_ERROR,
            "internal error; the handle can only be closed",
        )
    }

    pub(crate) fn of_kind(kind: FaultKind, code: Code, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            kind,
        }
    }

    /// The names of a session that has no server yet could not be resolved: counts as an
    /// attempt to connect that failed.
    pub(crate) fn unresolved() -> Self {
        Self::of_kind(
            FaultKind::Unresolved,
            Code::CONNECTION_LOSS,
            "no name of the host list could be resolved",
        )
    }

    /// True if the session is over too.
    pub fn is_terminal(&self) -> bool {
        matches!(self.kind, FaultKind::Expired | FaultKind::AuthFailed)
    }
}

/// The end of a request.
///
/// A struct of its own in [`Delivery`]: moved as a whole, where the fields of a variant are
/// moved in parts that the processor cannot read back at once.
#[derive(Debug)]
pub struct Reply<C> {
    /// Whose it is.
    pub cookie: C,
    /// What the body holds.
    pub kind: ReplyKind,
    /// Its result.
    pub code: Code,
    /// The body, in the input that was being handled; empty unless the code is OK.
    pub body: Range<usize>,
}

impl<C> Reply<C> {
    /// Without a body.
    pub(crate) fn bare(cookie: C, kind: ReplyKind, code: Code) -> Self {
        Self {
            cookie,
            kind,
            code,
            body: 0..0,
        }
    }
}

/// One thing to tell the program. Ranges lie in the input that was being handled.
#[derive(Debug)]
pub enum Delivery<C, W> {
    /// A request is finished.
    Reply(Reply<C>),
    /// A node changed.
    Node {
        /// Who is told, in order.
        watchers: Vec<W>,
        /// See [`zk_proto::EventType`].
        kind: i32,
        /// State as the server wrote it.
        state: i32,
        /// The server's path.
        path: Range<usize>,
    },
    /// Watches that would have stayed were removed.
    Removed {
        /// Who is told, in order.
        watchers: Vec<W>,
        /// The state at that moment.
        state: State,
        /// The server's path.
        path: Box<[u8]>,
    },
    /// The session's state changed.
    Session {
        /// Who is told, in order.
        watchers: Vec<W>,
        /// The state at that moment.
        state: State,
    },
}

impl<C, W> Delivery<C, W> {
    /// A request that succeeded without a server.
    pub(crate) fn finished(cookie: C) -> Self {
        Self::Reply(Reply::bare(cookie, ReplyKind::Void, Code::OK))
    }
}

/// What one or more inputs have brought about. Drained by the caller.
#[derive(Debug)]
pub struct Events<C, W, A> {
    /// For the completion thread, and for synchronous callers, in order.
    pub deliver: VecDeque<Delivery<C, W>>,
    /// Finished add_auth calls, in order.
    pub auth: Vec<(A, Code)>,
    /// A session was established: id and password.
    pub session: Option<(i64, [u8; 16])>,
    /// Log lines.
    pub log: log::Buffer,
}

impl<C, W, A> Events<C, W, A> {
    pub(crate) fn finish(&mut self, reply: Reply<C>) {
        self.deliver.push_back(Delivery::Reply(reply));
    }
}

impl<C, W, A> Default for Events<C, W, A> {
    fn default() -> Self {
        Self {
            deliver: VecDeque::new(),
            auth: Vec::new(),
            session: None,
            log: log::Buffer::default(),
        }
    }
}
