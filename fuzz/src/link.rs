//! The server's side of a client's connection, played by the fuzzer.

use std::collections::BTreeSet;

use zk_proto::frame::{self, Split};
use zk_proto::records::{
    ConnectRequest, ConnectResponse, MultiOp, MultiReadOp, PASSWORD_LEN, ReplyHeader,
    RequestHeader, WatchedPathRequest,
};
use zk_proto::{AddWatchMode, Code, Jute, List, Op, Reader};
use zookeeper_mt::core::{Request, State};
use zookeeper_mt::fuzzing::{Client, GLOBAL, Told};

/// Paths that make something of prefixes, chroots and watches.
pub(crate) const PATHS: [&[u8]; 6] = [b"/", b"/a", b"/a/b", b"/ch", b"/ch/a", b"/\x7f\xff"];

/// A password as servers give.
pub(crate) const PASSWORD: [u8; PASSWORD_LEN] = *b"0123456789abcdef";

/// One of the requests of the API, by number, with its watch if it takes one.
pub(crate) fn request<'a>(number: u8, path: &'a [u8], ops: &'a [MultiOp<'a>]) -> Request<'a> {
    let path = Some(path);
    let data = Some(&b"data"[..]);
    let create = |mode, ttl, stat| Request::Create {
        path,
        data,
        acl: List::NULL,
        mode,
        ttl,
        stat,
    };
    match number % KINDS {
        0 => create(0, -1, false),
        1 => create(3, -1, true),
        2 => create(4, -1, false),
        3 => create(5, 1000, true),
        4 => Request::Delete { path, version: -1 },
        5 => Request::Exists { path },
        6 => Request::GetData { path },
        7 => Request::GetConfig,
        8 => Request::SetData {
            path,
            data,
            version: 1,
        },
        9 => Request::GetChildren { path },
        10 => Request::GetChildren2 { path },
        11 => Request::Sync { path },
        12 => Request::GetAcl { path },
        13 | 14 => Request::SetAcl {
            path,
            acl: List::NULL,
            version: -1,
            stat: number % KINDS == 13,
        },
        15 => Request::Reconfig {
            joining: path,
            leaving: None,
            members: None,
            version: -1,
        },
        16 => Request::Multi(ops),
        17 => Request::AddWatch {
            path,
            mode: AddWatchMode::Persistent,
        },
        18 => Request::AddWatch {
            path,
            mode: AddWatchMode::PersistentRecursive,
        },
        19 => Request::MultiRead(&READS),
        20 => Request::GetEphemerals { prefix: path },
        21 => Request::GetAllChildrenNumber { path },
        _ => Request::WhoAmI,
    }
}

/// How many requests [`request`] knows.
pub(crate) const KINDS: u8 = 23;

const READ: WatchedPathRequest<'static> = WatchedPathRequest {
    path: Some(b"/a"),
    watch: false,
};
const READS: [MultiReadOp<'static>; 2] =
    [MultiReadOp::GetData(READ), MultiReadOp::GetChildren(READ)];

/// The connect response of an honest server.
pub(crate) fn welcome(session_id: i64) -> Vec<u8> {
    let response = ConnectResponse {
        protocol_version: 0,
        timeout: 6000,
        session_id,
        password: Some(&PASSWORD),
        read_only: Some(false),
    };
    framed(&response.to_bytes())
}

/// A frame with this body.
pub(crate) fn framed(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame::append(&mut out, |out| out.extend_from_slice(body));
    out
}

/// The frame of a reply.
pub(crate) fn reply(xid: i32, zxid: i64, err: Code, body: &[u8]) -> Vec<u8> {
    let mut bytes = ReplyHeader { xid, zxid, err }.to_bytes();
    bytes.extend_from_slice(body);
    framed(&bytes)
}

/// The bodies of frames that the client has sent.
///
/// # Panics
/// If they are not whole frames.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let Ok(Split::Frame(body)) = frame::split(bytes, usize::MAX) else {
            panic!("the client has sent half a frame");
        };
        frames.push(body);
        bytes = &bytes[frame::PREFIX + body.len()..];
    }
    frames
}

/// The ids of the requests among what the client has sent, control packets left out.
pub(crate) fn xids(sent: &[u8]) -> Vec<i32> {
    let header = |frame: &[u8]| {
        let header: RequestHeader = Reader::new(frame).read().expect("a request header");
        assert!(Op::from_i32(header.op).is_some());
        header
    };
    let all = frames(sent).into_iter().map(|frame| header(frame).xid);
    all.filter(|&xid| xid > 0).collect()
}

/// Checks the connect request, which is all that the client has sent.
pub(crate) fn check_connect_request(sent: &[u8], read_only: bool) -> ConnectRequest<'_> {
    let frames = frames(sent);
    let [frame] = frames[..] else {
        panic!("{} frames in place of a connect request", frames.len());
    };
    let request = ConnectRequest::from_bytes(frame).expect("a connect request");
    assert_eq!(request.to_bytes(), frame);
    assert_eq!(request.protocol_version, 0);
    assert_eq!(request.read_only, Some(read_only));
    assert_eq!(request.password.map(<[u8]>::len), Some(PASSWORD_LEN));
    request
}

/// What has been told, checked against what was asked.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Requests with limits of time overtake others.
    pub(crate) any_order: bool,
    requests: BTreeSet<u32>,
    credentials: u32,
    /// Last state that was told.
    pub(crate) state: Option<State>,
    /// The codes of the requests, in order.
    pub(crate) codes: Vec<Code>,
}

impl Record {
    /// Takes what is new: requests and credentials end once each and in order, and the global
    /// watcher hears of every session event.
    pub(crate) fn note(&mut self, client: &mut Client) {
        for told in client.told() {
            match told {
                Told::Done { request, code } => {
                    let all_before = self.requests.len() as u32 + 1 == request;
                    assert!(self.any_order || all_before, "requests end in order");
                    assert!(self.requests.insert(request), "requests end once");
                    self.codes.push(code);
                }
                Told::Auth { credential, .. } => {
                    self.credentials += 1;
                    assert_eq!(credential, self.credentials, "credentials end in order");
                }
                Told::Node { watchers } => {
                    assert!(!watchers.is_empty());
                    assert_distinct(&watchers);
                }
                Told::Session { watchers, state } => {
                    assert_eq!(watchers.last(), Some(&GLOBAL));
                    assert_distinct(&watchers);
                    self.state = Some(state);
                }
            }
        }
        assert!(
            self.requests
                .last()
                .is_none_or(|&last| last <= client.asked())
        );
        assert!(self.credentials <= client.credentials());
    }

    /// Closes the client, after which nothing is outstanding.
    pub(crate) fn close(mut self, mut client: Client) {
        client.close();
        self.note(&mut client);
        assert_eq!(self.requests.len(), client.asked() as usize);
        assert_eq!(self.credentials, client.credentials());
    }
}

fn assert_distinct(watchers: &[u32]) {
    let mut sorted = watchers.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), watchers.len(), "a watcher is told twice");
}
