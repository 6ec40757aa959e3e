//! The reply to a request, ready to be sent again.

use zk_proto::records::{
    Acl, Create2Response, CreateRequest, CreateResponse, CreateTtlRequest, ExistsResponse,
    GetAclResponse, GetChildren2Response, GetChildrenResponse, GetDataResponse, Id, MultiHeader,
    MultiOp, MultiResult, Ops, PathRequest, ReplyHeader, SetDataRequest, SetDataResponse, Stat,
    SyncResponse, WatchedPathRequest, WatcherEvent,
};
use zk_proto::{
    Code, CreateMode, DecodeError, EventType, Jute, List, Op, Perms, Reader, SessionState, Text,
    Xid, frame,
};

/// Size of values that the path does not tell.
const VALUE: usize = 100;
/// Largest value that a path can ask for.
const MOST_BYTES: usize = 8 << 20;
/// Longest list of children that a path can ask for.
const MOST_CHILDREN: usize = 200_000;
const ZXID: i64 = 1;

/// What the connection does once the reply is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    Go,
    Close,
}

/// A request, xid not counted, and its reply as frames.
#[derive(Debug)]
pub(super) struct Canned {
    pub(super) request: Vec<u8>,
    pub(super) after: After,
    frames: Vec<u8>,
    xid_at: usize,
}

impl Canned {
    /// Makes up the reply to a request that starts behind its xid.
    pub(super) fn new(request: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(request);
        let op = reader.read::<i32>()?;
        let op = Op::from_i32(op).ok_or(DecodeError::BadValue(op))?;
        let mut frames = Vec::new();
        if op == Op::SetData {
            let path = reader.clone().read::<SetDataRequest<'_>>()?.path;
            append_event(path, &mut frames);
        }
        let xid_at = frames.len() + frame::PREFIX;
        frame::append(&mut frames, |out| {
            ReplyHeader {
                xid: 0,
                zxid: ZXID,
                err: Code::OK,
            }
            .encode(out);
            append_body(op, &mut reader, out)
        })?;
        Ok(Self {
            request: request.to_owned(),
            after: if op == Op::CloseSession {
                After::Close
            } else {
                After::Go
            },
            frames,
            xid_at,
        })
    }

    /// The frames to send for a request with this xid.
    #[inline]
    pub(super) fn with_xid(&mut self, xid: [u8; 4]) -> &[u8] {
        if let Some(place) = self.frames.get_mut(self.xid_at..self.xid_at + 4) {
            place.copy_from_slice(&xid);
        }
        &self.frames
    }
}

fn append_event(path: Text<'_>, out: &mut Vec<u8>) {
    const WATCHED: &[u8] = b"watched/";
    let is_watched = path.is_some_and(|path| path.windows(WATCHED.len()).any(|w| w == WATCHED));
    if !is_watched {
        return;
    }
    frame::append(out, |out| {
        ReplyHeader {
            xid: Xid::NOTIFICATION,
            zxid: -1,
            err: Code::OK,
        }
        .encode(out);
        WatcherEvent {
            kind: EventType::CHANGED,
            state: SessionState::CONNECTED,
            path,
        }
        .encode(out);
    });
}

fn append_body(op: Op, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    match op {
        Op::Create => CreateResponse {
            path: Some(&created(reader.read::<CreateRequest<'_>>()?)),
        }
        .encode(out),
        Op::Create2 | Op::CreateContainer => Create2Response {
            path: Some(&created(reader.read::<CreateRequest<'_>>()?)),
            stat: stat(VALUE, 0),
        }
        .encode(out),
        Op::CreateTtl => Create2Response {
            path: reader.read::<CreateTtlRequest<'_>>()?.path,
            stat: stat(VALUE, 0),
        }
        .encode(out),
        Op::Exists => {
            let path = reader.read::<WatchedPathRequest<'_>>()?.path;
            let stat = stat(value_len(path), 0);
            ExistsResponse { stat }.encode(out);
        }
        Op::GetData => {
            let len = value_len(reader.read::<WatchedPathRequest<'_>>()?.path);
            GetDataResponse {
                data: Some(&vec![b'v'; len]),
                stat: stat(len, 0),
            }
            .encode(out);
        }
        Op::SetData => {
            let len = reader
                .read::<SetDataRequest<'_>>()?
                .data
                .map_or(0, <[u8]>::len);
            let stat = stat(len, 0);
            SetDataResponse { stat }.encode(out);
        }
        Op::GetChildren | Op::GetChildren2 => {
            let names = children(reader.read::<WatchedPathRequest<'_>>()?.path);
            let names: Vec<Text<'_>> = names.iter().map(|name| Some(name.as_bytes())).collect();
            let children = List::new(&names);
            if op == Op::GetChildren {
                GetChildrenResponse { children }.encode(out);
            } else {
                let stat = stat(0, names.len());
                GetChildren2Response { children, stat }.encode(out);
            }
        }
        Op::GetAcl => GetAclResponse {
            acl: List::new(&[Acl {
                perms: Perms::ALL,
                id: Id {
                    scheme: Some(b"world"),
                    id: Some(b"anyone"),
                },
            }]),
            stat: stat(VALUE, 0),
        }
        .encode(out),
        Op::SetAcl => stat(VALUE, 0).encode(out),
        Op::Sync => SyncResponse {
            path: reader.read::<PathRequest<'_>>()?.path,
        }
        .encode(out),
        Op::Multi => append_results(reader.rest(), out)?,
        // Replies without a body: ping, auth, delete, setWatches, closeSession and the like.
        _ => {}
    }
    Ok(())
}

fn append_results(ops: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let mut ops = Ops::new(ops);
    while let Some(op) = ops.next_op() {
        match op? {
            MultiOp::Create(r) => MultiResult::Create(CreateResponse {
                path: Some(&created(r)),
            })
            .encode(out),
            MultiOp::Create2(r) | MultiOp::CreateContainer(r) => {
                MultiResult::Create2(Create2Response {
                    path: Some(&created(r)),
                    stat: stat(VALUE, 0),
                })
                .encode(out);
            }
            MultiOp::CreateTtl(r) => MultiResult::Create2(Create2Response {
                path: r.path,
                stat: stat(VALUE, 0),
            })
            .encode(out),
            MultiOp::Delete(_) => MultiResult::Delete.encode(out),
            MultiOp::SetData(r) => {
                let stat = stat(r.data.map_or(0, <[u8]>::len), 0);
                MultiResult::SetData(SetDataResponse { stat }).encode(out);
            }
            MultiOp::Check(_) => MultiResult::Check.encode(out),
        }
    }
    MultiHeader::END.encode(out);
    Ok(())
}

/// The path of a created node.
fn created(request: CreateRequest<'_>) -> Vec<u8> {
    let mut path = request.path.unwrap_or_default().to_owned();
    if CreateMode::from_i32(request.flags).is_some_and(CreateMode::is_sequential) {
        path.extend_from_slice(b"0000000001");
    }
    path
}

fn value_len(path: Text<'_>) -> usize {
    number_behind(b"value-", path).map_or(VALUE, |len| len.min(MOST_BYTES))
}

fn children(path: Text<'_>) -> Vec<String> {
    let count = number_behind(b"children-", path)
        .unwrap_or(0)
        .min(MOST_CHILDREN);
    (0..count).map(|n| format!("child-{n:07}")).collect()
}

/// The number that a path ends with, if `word` stands before it.
fn number_behind(word: &[u8], path: Text<'_>) -> Option<usize> {
    let path = path?;
    let at = path.windows(word.len()).rposition(|w| w == word)?;
    let digits = std::str::from_utf8(path.get(at + word.len()..)?).ok()?;
    digits.parse().ok()
}

fn stat(data: usize, children: usize) -> Stat {
    Stat {
        czxid: ZXID,
        mzxid: ZXID,
        pzxid: ZXID,
        data_length: data as i32,
        num_children: children as i32,
        ..Stat::default()
    }
}
