//! What passes: frames and their kinds.

use std::collections::VecDeque;
use std::time::Instant;

use zk_proto::records::{ReplyHeader, RequestHeader};
use zk_proto::{Jute as _, Op, Reader, Xid};

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The first frame of a client.
    ConnectRequest,
    /// The server's answer to it.
    ConnectResponse,
    /// Any later frame of a client.
    Request {
        /// Its transaction id.
        xid: i32,
        /// Its operation number, see [`Op`].
        op: i32,
    },
    /// Any later frame of the server but a watch event.
    Reply {
        /// The request's transaction id.
        xid: i32,
        /// The request's operation number, if that request was seen.
        op: Option<i32>,
        /// The result.
        err: i32,
    },
    /// A watch event.
    Event,
    /// Bytes that are not frames of the client protocol, such as a four-letter word.
    Raw,
}

/// A frame as it came, before anything was done to it.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Number of the connection, from 0 in the order of acceptance.
    pub connection: usize,
    /// Which way it goes.
    pub direction: Direction,
    /// What it is.
    pub kind: Kind,
    /// The frame without its length word; raw bytes as they are.
    pub body: Vec<u8>,
    /// When its last byte arrived.
    pub at: Instant,
}

/// Follows one connection, to tell what each frame is.
#[derive(Debug, Default)]
pub(crate) struct Dialogue {
    requested: bool,
    responded: bool,
    /// Requests without a reply: transaction id and operation.
    pending: VecDeque<(i32, i32)>,
}

impl Dialogue {
    /// Tells what the next frame in this direction is.
    pub(crate) fn classify(&mut self, direction: Direction, body: &[u8]) -> Kind {
        match direction {
            Direction::ToServer => self.client_sent(body),
            Direction::ToClient => self.server_sent(body),
        }
    }

    fn client_sent(&mut self, body: &[u8]) -> Kind {
        if !self.requested {
            self.requested = true;
            return Kind::ConnectRequest;
        }
        let Ok(header) = RequestHeader::decode(&mut Reader::new(body)) else {
            return Kind::Raw;
        };
        if header.xid >= 0 {
            self.pending.push_back((header.xid, header.op));
        }
        Kind::Request {
            xid: header.xid,
            op: header.op,
        }
    }

    fn server_sent(&mut self, body: &[u8]) -> Kind {
        if !self.responded {
            self.responded = true;
            return Kind::ConnectResponse;
        }
        let Ok(header) = ReplyHeader::decode(&mut Reader::new(body)) else {
            return Kind::Raw;
        };
        let op = match header.xid {
            Xid::NOTIFICATION => return Kind::Event,
            Xid::PING => Some(Op::Ping.into()),
            Xid::AUTH => Some(Op::Auth.into()),
            Xid::SET_WATCHES => Some(Op::SetWatches.into()),
            xid => self
                .pending
                .iter()
                .position(|&(sent, _)| sent == xid)
                .and_then(|index| self.pending.remove(index))
                .map(|(_, op)| op),
        };
        Kind::Reply {
            xid: header.xid,
            op,
            err: header.err.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(xid: i32, op: Op) -> Vec<u8> {
        let op = op.into();
        RequestHeader { xid, op }.to_bytes()
    }

    fn reply(xid: i32) -> Vec<u8> {
        let err = zk_proto::Code(0);
        ReplyHeader { xid, zxid: 1, err }.to_bytes()
    }

    #[test]
    fn replies_are_named_after_their_requests() {
        let mut dialogue = Dialogue::default();
        dialogue.classify(Direction::ToServer, b"hello");
        dialogue.classify(Direction::ToClient, b"welcome");
        dialogue.classify(Direction::ToServer, &request(7, Op::GetData));
        dialogue.classify(Direction::ToServer, &request(8, Op::Delete));
        let op = |dialogue: &mut Dialogue, xid| match dialogue
            .classify(Direction::ToClient, &reply(xid))
        {
            Kind::Reply { op, .. } => op,
            other => panic!("{other:?}"),
        };
        assert_eq!(op(&mut dialogue, 7), Some(Op::GetData.into()));
        assert_eq!(op(&mut dialogue, -2), Some(Op::Ping.into()));
        assert_eq!(op(&mut dialogue, 8), Some(Op::Delete.into()));
        assert_eq!(op(&mut dialogue, 8), None);
    }

    #[test]
    fn the_first_frames_are_the_handshake() {
        let mut dialogue = Dialogue::default();
        let (server, client) = (Direction::ToServer, Direction::ToClient);
        assert_eq!(dialogue.classify(server, b""), Kind::ConnectRequest);
        assert_eq!(dialogue.classify(client, b""), Kind::ConnectResponse);
        assert_eq!(dialogue.classify(server, b"short"), Kind::Raw);
        assert_eq!(dialogue.classify(client, &reply(-1)), Kind::Event);
    }
}
