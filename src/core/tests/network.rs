//! The network between the client and its servers, in virtual time: latency, segmentation,
//! refusal, silence, loss in either direction. Behind it are real server cores.

use std::collections::VecDeque;
use std::net::SocketAddr;

use zk_proto::records::{ConnectRequest, PASSWORD_LEN, ReplyHeader, RequestHeader};
use zk_proto::{Code, Jute, Op, frame};
use zk_test_server::{Close, ConnId, Now, Options, ServerCore};

use crate::core::{Millis, Request, encode, xid};

/// How connection attempts at a host end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Up,
    Refuses,
    /// Neither accepts nor refuses.
    Hole,
}

/// How streams are cut into reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segments {
    Whole,
    Bytes,
    Random,
}

/// An address and the server behind it.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) server: usize,
    pub(super) reach: Reach,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LinkId(u64);

enum Up {
    Syn,
    Bytes(Vec<u8>),
    Fin,
}

/// What reaches the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Down {
    Established,
    Refused,
    Bytes(Vec<u8>),
    Eof,
}

struct Link {
    id: LinkId,
    host: usize,
    conn: Option<ConnId>,
    client_open: bool,
    up_broken: bool,
    down_broken: bool,
    up: VecDeque<(Millis, Up)>,
    down: VecDeque<(Millis, Down)>,
}

impl Link {
    fn is_over(&self) -> bool {
        !self.client_open && self.conn.is_none() && self.up.is_empty()
    }
}

pub(super) struct Network {
    pub(super) hosts: Vec<Host>,
    pub(super) servers: Vec<ServerCore>,
    /// One way, ms.
    pub(super) latency: Millis,
    pub(super) segments: Segments,
    /// What the client sends vanishes, and so does all that follows on the same connection.
    pub(super) lose_up: bool,
    /// What the servers send vanishes, in the same way.
    pub(super) lose_down: bool,
    links: Vec<Link>,
    next_link: u64,
    pub(super) rng: fastrand::Rng,
}

/// The address of a host: port 1 and up.
pub(super) fn addr(host: usize) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], u16::try_from(host + 1).unwrap()))
}

pub(super) fn at(now: Millis) -> Now {
    Now {
        mono_ms: now,
        wall_ms: 1_700_000_000_000 + i64::try_from(now).unwrap(),
    }
}

impl Network {
    /// `hosts` addresses, shared out among `servers` servers in turn.
    pub(super) fn new(
        servers: usize,
        hosts: usize,
        options: &Options,
        seed: u64,
        now: Millis,
    ) -> Self {
        let servers: Vec<_> = (0..servers)
            .map(|_| ServerCore::new(options.clone(), at(now)))
            .collect();
        let hosts = (0..hosts)
            .map(|host| Host {
                server: host % servers.len(),
                reach: Reach::Up,
            })
            .collect();
        Self {
            hosts,
            servers,
            latency: 0,
            segments: Segments::Whole,
            lose_up: false,
            lose_down: false,
            links: Vec::new(),
            next_link: 1,
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    fn host_of(&self, addr: SocketAddr) -> usize {
        let host = usize::from(addr.port()) - 1;
        assert!(host < self.hosts.len(), "no host at {addr}");
        host
    }

    /// The client starts to connect.
    pub(super) fn connect(&mut self, addr: SocketAddr, now: Millis) -> LinkId {
        let id = LinkId(self.next_link);
        self.next_link += 1;
        self.links.retain(|link| !link.is_over());
        let host = self.host_of(addr);
        self.links.push(Link {
            id,
            host,
            conn: None,
            client_open: true,
            up_broken: false,
            down_broken: false,
            up: VecDeque::from([(now + self.latency, Up::Syn)]),
            down: VecDeque::new(),
        });
        id
    }

    /// The client sends.
    pub(super) fn send(&mut self, id: LinkId, bytes: &[u8], now: Millis) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(self.piece(rest.len()));
            self.push_up(id, Up::Bytes(piece.to_vec()), now);
            rest = more;
        }
    }

    /// The client closes its end.
    pub(super) fn close(&mut self, id: LinkId, now: Millis) {
        self.push_up(id, Up::Fin, now);
        let link = self.link(id);
        link.client_open = false;
        link.down.clear();
    }

    /// The connection breaks at both ends at once, with everything that is on the way.
    pub(super) fn cut(&mut self, id: LinkId, now: Millis) {
        let link = self.link(id);
        link.up.clear();
        link.down = VecDeque::from([(now, Down::Eof)]);
        let (host, conn) = (link.host, link.conn.take());
        if let Some(conn) = conn {
            let server = self.hosts[host].server;
            self.servers[server].disconnect(conn, at(now));
        }
    }

    /// Puts bytes of the test's own into the client's stream.
    pub(super) fn inject(&mut self, id: LinkId, bytes: &[u8], now: Millis) {
        let due = now + self.latency;
        self.link(id)
            .down
            .push_back((due, Down::Bytes(bytes.to_vec())));
    }

    /// Takes bytes that are on their way to the client.
    pub(super) fn intercept(&mut self, id: LinkId) -> Vec<u8> {
        let mut taken = Vec::new();
        self.link(id).down.retain(|(_, down)| match down {
            Down::Bytes(bytes) => {
                taken.extend(bytes);
                false
            }
            _ => true,
        });
        taken
    }

    /// What has reached the client by now.
    pub(super) fn receive(&mut self, id: LinkId, now: Millis) -> Option<Down> {
        let link = self.link(id);
        link.down.front().filter(|(due, _)| *due <= now)?;
        link.down.pop_front().map(|(_, down)| down)
    }

    /// Length of the next read of so many bytes.
    pub(super) fn piece(&mut self, len: usize) -> usize {
        match self.segments {
            Segments::Whole => len,
            Segments::Bytes => 1,
            Segments::Random => self.rng.usize(1..=len),
        }
    }

    fn link(&mut self, id: LinkId) -> &mut Link {
        self.links.iter_mut().find(|link| link.id == id).unwrap()
    }

    fn push_up(&mut self, id: LinkId, up: Up, now: Millis) {
        let (due, lost) = (now + self.latency, self.lose_up);
        let link = self.link(id);
        link.up_broken |= lost;
        if link.up_broken {
            return;
        }
        let due = link.up.back().map_or(due, |(last, _)| due.max(*last));
        link.up.push_back((due, up));
    }

    fn push_down(&mut self, index: usize, down: Down, now: Millis) {
        let due = now + self.latency;
        let link = &mut self.links[index];
        link.down_broken |= self.lose_down;
        if link.down_broken {
            return;
        }
        let due = link.down.back().map_or(due, |(last, _)| due.max(*last));
        if link.client_open {
            link.down.push_back((due, down));
        }
    }

    /// Delivers to the servers what is due, and lets their time pass. True if anything happened.
    pub(super) fn carry(&mut self, now: Millis) -> bool {
        let mut moved = false;
        for index in 0..self.links.len() {
            while let Some((due, _)) = self.links[index].up.front()
                && *due <= now
            {
                let (_, up) = self.links[index].up.pop_front().unwrap();
                self.deliver_up(index, up, now);
                moved = true;
            }
        }
        for server in 0..self.servers.len() {
            if self.servers[server]
                .next_deadline()
                .is_some_and(|due| due <= now)
            {
                self.servers[server].advance(at(now));
                moved = true;
            }
            moved |= self.collect(server, now);
        }
        moved
    }

    fn deliver_up(&mut self, index: usize, up: Up, now: Millis) {
        let (host, conn) = (self.links[index].host, self.links[index].conn);
        let Host { server, reach } = self.hosts[host];
        match (up, conn) {
            (Up::Syn, _) => match reach {
                Reach::Up => {
                    let peer = SocketAddr::from(([127, 0, 0, 1], 40_000));
                    let conn = self.servers[server].connect(peer, at(now));
                    self.links[index].conn = Some(conn);
                    self.push_down(index, Down::Established, now);
                }
                Reach::Refuses => self.push_down(index, Down::Refused, now),
                Reach::Hole => {}
            },
            (Up::Bytes(bytes), Some(conn)) => {
                self.servers[server].handle_bytes(conn, &bytes, at(now));
            }
            (Up::Fin, Some(conn)) => {
                self.servers[server].disconnect(conn, at(now));
                self.links[index].conn = None;
            }
            (_, None) => {}
        }
        self.collect(server, now);
    }

    /// Takes a server's output.
    fn collect(&mut self, server: usize, now: Millis) -> bool {
        let mut moved = false;
        while let Some(conn) = self.servers[server].poll_ready() {
            let index = self
                .links
                .iter()
                .position(|l| l.conn == Some(conn) && self.hosts[l.host].server == server);
            let Some(index) = index else { continue };
            moved = true;
            let mut out = Vec::new();
            self.servers[server].poll_output(conn, &mut out, at(now));
            if !out.is_empty() {
                self.push_down(index, Down::Bytes(out), now);
            }
            if self.servers[server].closing(conn).is_some() {
                self.servers[server].disconnect(conn, at(now));
                self.links[index].conn = None;
                self.push_down(index, Down::Eof, now);
            }
        }
        moved
    }

    /// When something is next due that is not the client's own.
    pub(super) fn next_deadline(&self) -> Option<Millis> {
        let links = self.links.iter().flat_map(|link| {
            let up = link.up.front().map(|(due, _)| *due);
            let down = link.down.front().map(|(due, _)| *due);
            up.into_iter().chain(down.filter(|_| link.client_open))
        });
        let servers = self.servers.iter().filter_map(ServerCore::next_deadline);
        links.chain(servers).min()
    }

    /// All connections of a server break, as if its process had been restarted from its log.
    pub(super) fn restart(&mut self, server: usize, now: Millis) {
        for conn in self.servers[server].connections() {
            self.servers[server].close_connection(conn, Close::Reset);
        }
        self.collect(server, now);
    }

    /// Requests by somebody else, at once and in a session of its own. Returns their codes.
    pub(super) fn rival(
        &mut self,
        server: usize,
        requests: &[Request<'_>],
        now: Millis,
    ) -> Vec<Code> {
        let core = &mut self.servers[server];
        let conn = core.connect(SocketAddr::from(([127, 0, 0, 2], 1)), at(now));
        let mut bytes = Vec::new();
        frame::append(&mut bytes, |out| {
            ConnectRequest {
                protocol_version: 0,
                last_zxid_seen: 0,
                timeout: 30_000,
                session_id: 0,
                password: Some(&[0; PASSWORD_LEN]),
                read_only: Some(true),
            }
            .encode(out);
        });
        for request in requests {
            encode::append(
                request,
                b"",
                xid::next(),
                false,
                &mut Vec::new(),
                &mut bytes,
            )
            .unwrap();
        }
        frame::append(&mut bytes, |out| {
            let op = Op::CloseSession.into();
            RequestHeader { xid: 1, op }.encode(out);
        });
        core.handle_bytes(conn, &bytes, at(now));
        let mut out = Vec::new();
        core.poll_output(conn, &mut out, at(now));
        core.disconnect(conn, at(now));
        self.collect(server, now);
        frames(&out)[1..=requests.len()]
            .iter()
            .map(|body| ReplyHeader::from_bytes(body).unwrap().err)
            .collect()
    }

    /// What a host answers to `isro`; `None` if it is out of reach.
    pub(super) fn is_read_write(&mut self, addr: SocketAddr, now: Millis) -> Option<bool> {
        let host = &self.hosts[self.host_of(addr)];
        match host.reach {
            Reach::Up => {}
            Reach::Refuses => return Some(false),
            Reach::Hole => return None,
        }
        let core = &mut self.servers[host.server];
        let conn = core.connect(SocketAddr::from(([127, 0, 0, 3], 1)), at(now));
        core.handle_bytes(conn, b"isro", at(now));
        let mut out = Vec::new();
        core.poll_output(conn, &mut out, at(now));
        core.disconnect(conn, at(now));
        Some(out == b"rw")
    }
}

/// The bodies of whole frames.
pub(super) fn frames(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    while let Ok(frame::Split::Frame(body)) = frame::split(bytes, usize::MAX) {
        bodies.push(body.to_vec());
        bytes = &bytes[frame::PREFIX + body.len()..];
    }
    assert!(bytes.is_empty(), "{} bytes of half a frame", bytes.len());
    bodies
}
