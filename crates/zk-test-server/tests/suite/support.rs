//! Frames by hand: what a client would send, and what came back, taken apart.

use zk_proto::records::*;
use zk_proto::{Code, Jute, List, Op, Perms, Reader};

/// A frame: length word and body.
pub(crate) fn frame(body: &[u8]) -> Vec<u8> {
    [&(body.len() as i32).to_be_bytes(), body].concat()
}

/// A request frame with this header and body.
pub(crate) fn request(xid: i32, op: i32, body: &[u8]) -> Vec<u8> {
    frame(&[&xid.to_be_bytes(), &op.to_be_bytes(), body].concat())
}

pub(crate) fn connect_request(session_id: i64, password: &[u8], timeout: i32) -> Vec<u8> {
    let request = ConnectRequest {
        protocol_version: 0,
        last_zxid_seen: 0,
        timeout,
        session_id,
        password: Some(password),
        read_only: Some(false),
    };
    frame(&request.to_bytes())
}

pub(crate) const WORLD: Acl<'static> = Acl {
    perms: Perms::ALL,
    id: Id {
        scheme: Some(b"world"),
        id: Some(b"anyone"),
    },
};

pub(crate) fn acl<'a>(perms: i32, scheme: &'a str, id: &'a str) -> Acl<'a> {
    Acl {
        perms,
        id: Id {
            scheme: Some(scheme.as_bytes()),
            id: Some(id.as_bytes()),
        },
    }
}

pub(crate) fn create_body(path: &str, data: Option<&[u8]>, acl: &[Acl<'_>], flags: i32) -> Vec<u8> {
    CreateRequest {
        path: Some(path.as_bytes()),
        data,
        acl: List::new(acl),
        flags,
    }
    .to_bytes()
}

pub(crate) fn create(path: &str, flags: i32) -> (Op, Vec<u8>) {
    (Op::Create, create_body(path, Some(b""), &[WORLD], flags))
}

pub(crate) fn create_ttl(path: &str, flags: i32, ttl: i64) -> (Op, Vec<u8>) {
    let body = create_body(path, Some(b""), &[WORLD], flags);
    (Op::CreateTtl, [&body[..], &ttl.to_be_bytes()].concat())
}

/// exists, getData, getChildren, getChildren2.
pub(crate) fn read(op: Op, path: &str, watch: bool) -> (Op, Vec<u8>) {
    let path = Some(path.as_bytes());
    (op, WatchedPathRequest { path, watch }.to_bytes())
}

/// Operations on nothing but a path.
pub(crate) fn on_path(op: Op, path: &str) -> (Op, Vec<u8>) {
    let path = Some(path.as_bytes());
    (op, PathRequest { path }.to_bytes())
}

/// delete, check, checkWatches, removeWatches, addWatch: a path and a number.
pub(crate) fn numbered(op: Op, path: &str, number: i32) -> (Op, Vec<u8>) {
    let path = Some(path.as_bytes());
    let version = number;
    (op, DeleteRequest { path, version }.to_bytes())
}

pub(crate) fn delete(path: &str) -> (Op, Vec<u8>) {
    numbered(Op::Delete, path, -1)
}

pub(crate) fn set(path: &str, data: &[u8], version: i32) -> (Op, Vec<u8>) {
    let request = SetDataRequest {
        path: Some(path.as_bytes()),
        data: Some(data),
        version,
    };
    (Op::SetData, request.to_bytes())
}

pub(crate) fn set_acl(path: &str, acl: &[Acl<'_>], version: i32) -> (Op, Vec<u8>) {
    let request = SetAclRequest {
        path: Some(path.as_bytes()),
        acl: List::new(acl),
        version,
    };
    (Op::SetAcl, request.to_bytes())
}

pub(crate) fn auth(scheme: &str, auth: &str) -> (Op, Vec<u8>) {
    let packet = AuthPacket {
        kind: 0,
        scheme: Some(scheme.as_bytes()),
        auth: Some(auth.as_bytes()),
    };
    (Op::Auth, packet.to_bytes())
}

/// A multi or multiRead of these.
pub(crate) fn multi(op: Op, parts: &[(Op, Vec<u8>)]) -> (Op, Vec<u8>) {
    let mut body = Vec::new();
    for (op, part) in parts {
        let (op, done, err) = ((*op).into(), false, -1);
        MultiHeader { op, done, err }.encode(&mut body);
        body.extend_from_slice(part);
    }
    MultiHeader::END.encode(&mut body);
    (op, body)
}

/// setWatches (three lists) or setWatches2 (five).
pub(crate) fn set_watches(op: Op, relative_zxid: i64, lists: &[&[&str]]) -> (Op, Vec<u8>) {
    let mut body = relative_zxid.to_bytes();
    for list in lists {
        (list.len() as i32).encode(&mut body);
        for path in *list {
            Some(path.as_bytes()).encode(&mut body);
        }
    }
    (op, body)
}

/// Cuts whole frames off the front of a stream.
pub(crate) fn take_frames(stream: &mut Vec<u8>) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Some(word) = stream.first_chunk::<4>() {
        let len = i32::from_be_bytes(*word) as usize;
        if stream.len() < 4 + len {
            break;
        }
        frames.push(stream[4..4 + len].to_vec());
        stream.drain(..4 + len);
    }
    frames
}

/// A reply or event, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) xid: i32,
    pub(crate) zxid: i64,
    pub(crate) err: Code,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn parse(frame: &[u8]) -> Self {
        let mut reader = Reader::new(frame);
        let header: ReplyHeader = reader.read().expect("a reply header");
        Self {
            xid: header.xid,
            zxid: header.zxid,
            err: header.err,
            body: reader.rest().to_vec(),
        }
    }

    /// An event's type and path.
    pub(crate) fn event(&self) -> (i32, String) {
        let event = WatcherEvent::from_bytes(&self.body).expect("an event");
        let path = String::from_utf8_lossy(event.path.unwrap_or_default());
        assert_eq!((self.xid, event.state), (-1, 3));
        (event.kind, path.into_owned())
    }

    /// The string a body begins with: create's path.
    pub(crate) fn text(&self) -> String {
        let text: Option<&[u8]> = Reader::new(&self.body).read().expect("a string");
        String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
    }

    /// The stat a body ends with.
    pub(crate) fn stat(&self) -> Stat {
        let at = self.body.len() - Stat::WIRE_LEN;
        Stat::from_bytes(&self.body[at..]).expect("a stat")
    }

    /// A body that is a list of strings.
    pub(crate) fn texts(&self) -> Vec<String> {
        let list = GetChildrenResponse::from_bytes(&self.body)
            .expect("a list")
            .children;
        let text = |t: Option<&[u8]>| String::from_utf8_lossy(t.unwrap_or_default()).into_owned();
        list.iter().map(text).collect()
    }
}

/// Hexadecimal digits, blanks ignored.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|d| (d[0] * 16 + d[1]) as u8).collect()
}
