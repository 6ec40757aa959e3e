//! What can be done to which frames.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zk_proto::Op;

use crate::frame::{Direction, Frame, Kind};

/// Which frames of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Everything, raw bytes included.
    Any,
    /// The connect request or the connect response.
    Handshake,
    /// A request with this operation number, or the reply to one.
    Op(i32),
    /// Requests, or replies, of any kind but pings.
    Operation,
    /// A watch event.
    Event,
}

/// Selects frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    direction: Direction,
    what: What,
    connection: Option<usize>,
    skip: usize,
    times: usize,
}

impl When {
    /// The first of these frames from now on.
    pub fn new(direction: Direction, what: What) -> Self {
        Self {
            direction,
            what,
            connection: None,
            skip: 0,
            times: 1,
        }
    }

    /// The next request of this operation.
    pub fn request(op: Op) -> Self {
        Self::new(Direction::ToServer, What::Op(op.into()))
    }

    /// The next reply to a request of this operation.
    pub fn reply(op: Op) -> Self {
        Self::new(Direction::ToClient, What::Op(op.into()))
    }

    /// The next connect request.
    pub fn connect_request() -> Self {
        Self::new(Direction::ToServer, What::Handshake)
    }

    /// The next connect response.
    pub fn connect_response() -> Self {
        Self::new(Direction::ToClient, What::Handshake)
    }

    /// The next watch event.
    pub fn event() -> Self {
        Self::new(Direction::ToClient, What::Event)
    }

    /// Lets that many matching frames pass first.
    #[must_use]
    pub fn skip(mut self, frames: usize) -> Self {
        self.skip = frames;
        self
    }

    /// Matches that many frames instead of one; `usize::MAX` for all that come.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Only on this connection, counted from 0.
    #[must_use]
    pub fn connection(mut self, number: usize) -> Self {
        self.connection = Some(number);
        self
    }

    /// Is this frame of the kind looked for? `skip` and `times` are not considered.
    pub fn matches(&self, frame: &Frame) -> bool {
        if self.direction != frame.direction
            || self
                .connection
                .is_some_and(|number| number != frame.connection)
        {
            return false;
        }
        match (self.what, frame.kind) {
            (What::Any, _)
            | (What::Handshake, Kind::ConnectRequest | Kind::ConnectResponse)
            | (What::Event, Kind::Event) => true,
            (What::Op(wanted), Kind::Request { op, .. }) => wanted == op,
            (What::Op(wanted), Kind::Reply { op, .. }) => op == Some(wanted),
            (What::Operation, Kind::Request { op, .. }) => op != i32::from(Op::Ping),
            (What::Operation, Kind::Reply { op, .. }) => op != Some(Op::Ping.into()),
            _ => false,
        }
    }

    /// Counts a matching frame. True if it is one of those to act on.
    pub(crate) fn count(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if self.times == 0 {
            return false;
        }
        if self.times != usize::MAX {
            self.times -= 1;
        }
        true
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.times == 0
    }
}

/// What to do to a frame.
#[derive(Clone, Debug)]
pub enum Action {
    /// Forward the first `after` bytes, length word included, and end both connections.
    Cut {
        /// Bytes that still pass.
        after: usize,
    },
    /// The same with a reset in place of an orderly end.
    Reset {
        /// Bytes that still pass.
        after: usize,
    },
    /// Forward one byte at a time with this gap.
    Dribble {
        /// Time between two bytes.
        gap: Duration,
    },
    /// Wait before this frame, and so before all behind it.
    Delay(Duration),
    /// From this frame on nothing passes in either direction, but the connection stays: a half-open
    /// one. It ends with [`crate::Proxy::release`].
    Hold,
    /// Swallow the frame.
    Drop,
    /// Change it. Several edits of one frame are done in the order they were added.
    Edit(Edit),
}

/// Makes another frame of one, both with their length words.
pub type Change = dyn Fn(&[u8]) -> Vec<u8> + Send + Sync;

/// A change of a frame. What does not fit the frame leaves it as it is.
#[derive(Clone)]
pub enum Edit {
    /// Puts this into the first four bytes: the xid of a request or reply.
    Xid(i32),
    /// Adds this to the xid.
    XidBy(i32),
    /// Puts this zxid into a reply.
    Zxid(i64),
    /// Puts this error into a reply, without its body if it is not 0.
    Err(i32),
    /// Puts this timeout into a connect request or response, ms.
    Timeout(i32),
    /// Puts this session id into a connect request or response.
    SessionId(i64),
    /// Puts this password into a connect request or response.
    Password(Vec<u8>),
    /// Sets or removes the read-only byte of a connect request or response.
    ReadOnly(Option<bool>),
    /// Cuts the body to this length, or fills it up with zeros. The length word follows.
    Length(usize),
    /// Puts this into the length word and leaves the body.
    LengthWord(i32),
    /// Another body.
    Body(Vec<u8>),
    /// Another body after a reply's header.
    ReplyBody(Vec<u8>),
    /// Another whole frame, length word included, that goes before this one.
    Before(Vec<u8>),
    /// Whatever this makes of the frame, length word included.
    Custom(Arc<Change>),
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Xid(_) => "Xid",
            Self::XidBy(_) => "XidBy",
            Self::Zxid(_) => "Zxid",
            Self::Err(_) => "Err",
            Self::Timeout(_) => "Timeout",
            Self::SessionId(_) => "SessionId",
            Self::Password(_) => "Password",
            Self::ReadOnly(_) => "ReadOnly",
            Self::Length(_) => "Length",
            Self::LengthWord(_) => "LengthWord",
            Self::Body(_) => "Body",
            Self::ReplyBody(_) => "ReplyBody",
            Self::Before(_) => "Before",
            Self::Custom(_) => "Custom",
        })
    }
}
