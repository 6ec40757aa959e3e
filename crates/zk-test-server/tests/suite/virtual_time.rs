//! A server core and clients without sockets; time is a variable.

use crate::support::{Reply, connect_request, request, take_frames};
use std::net::SocketAddr;
use zk_proto::records::{ConnectResponse, PASSWORD_LEN};
use zk_proto::{Code, Jute, Op};
use zk_test_server::{Close, ConnId, Now, Options, ServerCore};

/// The core, the time, and what each connection has received.
pub(crate) struct World {
    pub(crate) core: ServerCore,
    pub(crate) now: Now,
    received: Vec<(ConnId, Vec<u8>)>,
    closed: Vec<(ConnId, Close)>,
    next_xid: i32,
}

/// A connection with a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    pub(crate) conn: ConnId,
    pub(crate) session: i64,
    pub(crate) password: [u8; PASSWORD_LEN],
    pub(crate) timeout: i32,
}

pub(crate) fn peer() -> SocketAddr {
    "127.0.0.1:40000".parse().expect("an address")
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let now = Now {
            mono_ms: 0x2d_0a74,
            wall_ms: 1_700_000_000_000,
        };
        Self {
            core: ServerCore::new(options, now),
            now,
            received: Vec::new(),
            closed: Vec::new(),
            next_xid: 1,
        }
    }

    pub(crate) fn open(&mut self) -> ConnId {
        let conn = self.core.connect(peer(), self.now);
        self.drain();
        conn
    }

    /// Sends bytes and collects what comes of it on all connections.
    pub(crate) fn send(&mut self, conn: ConnId, bytes: &[u8]) {
        self.core.handle_bytes(conn, bytes, self.now);
        self.drain();
    }

    pub(crate) fn drain(&mut self) {
        while let Some(conn) = self.core.poll_ready() {
            let mut out = Vec::new();
            self.core.poll_output(conn, &mut out, self.now);
            match self.received.iter_mut().find(|(id, _)| *id == conn) {
                Some((_, bytes)) => bytes.extend(out),
                None => self.received.push((conn, out)),
            }
            if let Some(how) = self.core.closing(conn) {
                self.core.disconnect(conn, self.now);
                self.closed.push((conn, how));
            }
        }
    }

    pub(crate) fn advance(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
        self.core.advance(self.now);
        self.drain();
    }

    /// Bytes received on a connection and not yet taken.
    pub(crate) fn bytes(&mut self, conn: ConnId) -> Vec<u8> {
        let entry = self.received.iter_mut().find(|(id, _)| *id == conn);
        entry
            .map(|(_, bytes)| std::mem::take(bytes))
            .unwrap_or_default()
    }

    /// Whole frames received and not yet taken.
    pub(crate) fn frames(&mut self, conn: ConnId) -> Vec<Vec<u8>> {
        let entry = self.received.iter_mut().find(|(id, _)| *id == conn);
        entry
            .map(|(_, bytes)| take_frames(bytes))
            .unwrap_or_default()
    }

    pub(crate) fn replies(&mut self, client: Client) -> Vec<Reply> {
        let frames = self.frames(client.conn);
        frames.iter().map(|frame| Reply::parse(frame)).collect()
    }

    /// Events received and not yet taken; fails on anything else.
    pub(crate) fn events(&mut self, client: Client) -> Vec<(i32, String)> {
        self.replies(client).iter().map(Reply::event).collect()
    }

    pub(crate) fn is_closed(&self, conn: ConnId) -> bool {
        self.closed_how(conn).is_some()
    }

    pub(crate) fn closed_how(&self, conn: ConnId) -> Option<Close> {
        let entry = self.closed.iter().find(|(id, _)| *id == conn);
        entry.map(|&(_, how)| how)
    }

    /// A client with a new session.
    pub(crate) fn client(&mut self) -> Client {
        self.client_with_timeout(10_000)
    }

    pub(crate) fn client_with_timeout(&mut self, timeout: i32) -> Client {
        self.connect(0, [0; PASSWORD_LEN], timeout)
            .expect("a session")
    }

    /// Connects; `None` if the session is refused as gone.
    pub(crate) fn connect(
        &mut self,
        session: i64,
        password: [u8; 16],
        timeout: i32,
    ) -> Option<Client> {
        let conn = self.open();
        self.send(conn, &connect_request(session, &password, timeout));
        let frames = self.frames(conn);
        let [frame] = frames.as_slice() else {
            panic!("not one connect response: {frames:?}");
        };
        let response = ConnectResponse::from_bytes(frame).expect("a connect response");
        let client = Client {
            conn,
            session: response.session_id,
            password: response
                .password
                .expect("a password")
                .try_into()
                .expect("16 bytes"),
            timeout: response.timeout,
        };
        (response.timeout != 0).then_some(client)
    }

    /// Sends a request; returns its xid.
    pub(crate) fn ask(&mut self, client: Client, (op, body): (Op, Vec<u8>)) -> i32 {
        let xid = self.next_xid;
        self.next_xid += 1;
        self.send(client.conn, &request(xid, op.into(), &body));
        xid
    }

    /// Sends a request and takes its reply, which must be all that came.
    pub(crate) fn call(&mut self, client: Client, request: (Op, Vec<u8>)) -> Reply {
        let xid = self.ask(client, request);
        let replies = self.replies(client);
        let [reply] = replies.as_slice() else {
            panic!("not one reply: {replies:?}");
        };
        assert_eq!(reply.xid, xid);
        reply.clone()
    }

    /// The same, for the result code alone.
    pub(crate) fn code(&mut self, client: Client, request: (Op, Vec<u8>)) -> Code {
        self.call(client, request).err
    }

    /// A request that must succeed.
    pub(crate) fn ok(&mut self, client: Client, request: (Op, Vec<u8>)) -> Reply {
        let reply = self.call(client, request);
        assert_eq!(reply.err, Code::OK);
        reply
    }
}
