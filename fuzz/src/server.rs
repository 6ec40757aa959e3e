//! The test server, as bytes in and bytes out: what clients could send.
//!
//! Whatever one connection sends, the others are served; requests in frames are answered once
//! each and in order, in whole frames.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};

use arbitrary::{Arbitrary, Unstructured};
use zk_proto::frame::{self, Split};
use zk_proto::records::{
    ConnectRequest, ConnectResponse, PASSWORD_LEN, ReplyHeader, RequestHeader, WatchedPathRequest,
};
use zk_proto::{Jute, Op, Reader, Xid};
use zk_test_server::{ConnId, Now, Options, ServerCore};

use crate::link::{PATHS, framed};

/// Steps of one run, and connections besides the witness. More would only repeat.
const STEPS: usize = 100;
const CONNECTIONS: usize = 6;

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    /// A new connection, with a connect request if it shall have one.
    Open(Option<Session>),
    /// A request with this body.
    Request(u8, u8, &'a [u8]),
    /// A request on a path, and more of its body.
    OnPath(u8, u8, u8, &'a [u8]),
    /// Four letters, or anything else, in pieces of this size.
    Raw(u8, u8, &'a [u8]),
    Disconnect(u8),
    Wait(u16),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
struct Session {
    timeout: i32,
    last_zxid: i64,
    resumes: Option<u8>,
    read_only: Option<bool>,
}

#[derive(Debug)]
struct Peer {
    conn: ConnId,
    /// What came back and is no whole frame yet.
    output: Vec<u8>,
    session: Option<(i64, [u8; PASSWORD_LEN])>,
    /// Ids of requests without an answer; `None` once there were bytes that are no frames.
    asked: Option<VecDeque<i32>>,
    welcomed: bool,
}

struct World {
    core: ServerCore,
    now: Now,
    witness: Peer,
    peers: Vec<Peer>,
    next_xid: i32,
}

/// Plays the steps.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut world = World::new();
    for _ in 0..STEPS {
        // Without bytes there would still be steps, of zeros.
        if input.is_empty() {
            break;
        }
        let Ok(step) = Step::arbitrary(&mut input) else {
            break;
        };
        world.step(&step);
    }
    world.ask_witness();
}

impl World {
    fn new() -> Self {
        let now = Now {
            mono_ms: 1_000_000,
            wall_ms: 1_700_000_000_000,
        };
        let options = Options {
            max_client_cnxns: 0,
            max_session_timeout_ms: Some(i32::MAX as u32),
            output_limit: 16 << 10,
            event_limit: 64 << 10,
            ..Options::default()
        };
        let mut core = ServerCore::new(options, now);
        let witness = Peer::open(&mut core, now);
        let mut world = Self {
            core,
            now,
            witness,
            peers: Vec::new(),
            next_xid: 1,
        };
        let session = Session {
            timeout: i32::MAX,
            last_zxid: 0,
            resumes: None,
            read_only: Some(true),
        };
        let request = connect_request(session, None);
        world.core.handle_bytes(world.witness.conn, &request, now);
        world.drain();
        assert!(world.witness.session.is_some());
        world
    }

    fn step(&mut self, step: &Step<'_>) {
        match *step {
            Step::Open(session) => {
                if self.peers.len() < CONNECTIONS {
                    let peer = Peer::open(&mut self.core, self.now);
                    self.peers.push(peer);
                }
                let Some(session) = session else { return };
                let resumed = session.resumes.and_then(|number| {
                    let peer = self.peers.get(usize::from(number) % CONNECTIONS)?;
                    peer.session
                });
                let bytes = connect_request(session, resumed);
                if let Some(peer) = self.peers.last_mut() {
                    if peer.welcomed {
                        peer.asked = None;
                    }
                    self.core.handle_bytes(peer.conn, &bytes, self.now);
                }
            }
            Step::Request(peer, op, body) => self.request(peer, op, body),
            Step::OnPath(peer, op, path, rest) => {
                let path = PATHS[usize::from(path) % PATHS.len()];
                let mut body = Some(path).to_bytes();
                body.extend_from_slice(rest);
                self.request(peer, op, &body);
            }
            Step::Raw(peer, step, bytes) => {
                let Some(peer) = at(&mut self.peers, peer) else {
                    return;
                };
                peer.asked = None;
                for piece in bytes.chunks(usize::from(step).max(1)) {
                    self.core.handle_bytes(peer.conn, piece, self.now);
                }
            }
            Step::Disconnect(number) => {
                let count = self.peers.len().max(1);
                if usize::from(number) % count < self.peers.len() {
                    let peer = self.peers.swap_remove(usize::from(number) % count);
                    self.core.disconnect(peer.conn, self.now);
                }
            }
            Step::Wait(ms) => {
                self.now = self.now.plus_ms(ms.into());
                self.core.advance(self.now);
                let next = self.core.next_deadline();
                assert!(next.is_none_or(|ms| ms > self.now.mono_ms), "a busy loop");
            }
        }
        self.drain();
    }

    fn request(&mut self, peer: u8, op: u8, body: &[u8]) {
        let Some(peer) = at(&mut self.peers, peer) else {
            return;
        };
        let op = Op::ALL[usize::from(op) % Op::ALL.len()];
        let xid = self.next_xid;
        self.next_xid += 1;
        let mut bytes = RequestHeader { xid, op: op.into() }.to_bytes();
        bytes.extend_from_slice(body);
        match &mut peer.asked {
            // Pings are answered with an id of their own.
            Some(asked) if peer.welcomed && op == Op::Ping => asked.push_back(Xid::PING),
            Some(asked) if peer.welcomed => asked.push_back(xid),
            // Before the connect request it is one itself.
            asked => *asked = None,
        }
        self.core.handle_bytes(peer.conn, &framed(&bytes), self.now);
    }

    /// Takes all output, and closes what is to be closed.
    fn drain(&mut self) {
        while let Some(conn) = self.core.poll_ready() {
            let all = self.peers.iter_mut().chain([&mut self.witness]);
            let peer = all.into_iter().find(|peer| peer.conn == conn);
            let Some(peer) = peer else {
                assert!(self.core.output(conn).is_empty(), "output for nobody");
                continue;
            };
            self.core.poll_output(conn, &mut peer.output, self.now);
            peer.take_frames();
            if self.core.closing(conn).is_some() {
                self.core.disconnect(conn, self.now);
                assert_ne!(conn, self.witness.conn, "the witness was closed");
                self.peers.retain(|peer| peer.conn != conn);
            }
        }
    }

    /// The witness, whose session never expires, is still served.
    fn ask_witness(&mut self) {
        let xid = self.next_xid;
        let mut bytes = RequestHeader {
            xid,
            op: Op::Exists.into(),
        }
        .to_bytes();
        let path = Some(&b"/zookeeper"[..]);
        WatchedPathRequest { path, watch: false }.encode(&mut bytes);
        self.witness.asked = Some(VecDeque::from([xid]));
        self.core
            .handle_bytes(self.witness.conn, &framed(&bytes), self.now);
        self.drain();
        assert_eq!(self.witness.asked, Some(VecDeque::new()), "no answer");
    }
}

impl Peer {
    fn open(core: &mut ServerCore, now: Now) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
        Self {
            conn: core.connect(address, now),
            output: Vec::new(),
            session: None,
            asked: Some(VecDeque::new()),
            welcomed: false,
        }
    }

    fn take_frames(&mut self) {
        if !self.welcomed && self.asked.is_none() {
            // Perhaps the answer to four letters.
            return self.output.clear();
        }
        let mut used = 0;
        while let Ok(Split::Frame(body)) = frame::split(&self.output[used..], usize::MAX) {
            used += frame::PREFIX + body.len();
            if self.welcomed {
                let header: ReplyHeader = Reader::new(body).read().expect("a reply header");
                if let Some(asked) = &mut self.asked
                    && header.xid != Xid::NOTIFICATION
                {
                    assert_eq!(Some(header.xid), asked.pop_front(), "answers in order");
                }
            } else {
                let response = ConnectResponse::from_bytes(body).expect("a connect response");
                let password = response.password.expect("a password");
                let password = password.try_into().expect("16 bytes");
                if response.session_id != 0 {
                    self.session = Some((response.session_id, password));
                }
                self.welcomed = true;
            }
        }
        self.output.drain(..used);
        assert!(self.output.is_empty(), "half a frame");
    }
}

fn at(peers: &mut [Peer], number: u8) -> Option<&mut Peer> {
    let count = peers.len().max(1);
    peers.get_mut(usize::from(number) % count)
}

fn connect_request(session: Session, resumed: Option<(i64, [u8; PASSWORD_LEN])>) -> Vec<u8> {
    let (session_id, password) = resumed.unwrap_or_default();
    let request = ConnectRequest {
        protocol_version: 0,
        last_zxid_seen: session.last_zxid,
        timeout: session.timeout,
        session_id,
        password: Some(&password),
        read_only: session.read_only,
    };
    framed(&request.to_bytes())
}
