use std::io::{self, Read, Write};

use zk_proto::records::{
    ConnectRequest, ConnectResponse, GetChildrenResponse, GetDataResponse, MultiHeader, MultiOp,
    MultiResult, ReplyHeader, RequestHeader, Results, SetDataRequest, WatchedPathRequest,
    WatcherEvent,
};
use zk_proto::{EventType, Jute, Op, Reader, Xid, frame};

use super::Connection;

/// A connection in memory that hands over a few bytes at a time.
struct Wire {
    input: Vec<u8>,
    at: usize,
    step: usize,
    output: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.input.len().min(self.at + self.step);
        let n = (&self.input[self.at..end]).read(buffer)?;
        self.at += n;
        Ok(n)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn request(xid: i32, op: Op, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::append(&mut bytes, |out| {
        RequestHeader { xid, op: op.into() }.encode(out);
        body(out);
    });
    bytes
}

fn read(xid: i32, op: Op, path: &str) -> Vec<u8> {
    let path = Some(path.as_bytes());
    let record = WatchedPathRequest { path, watch: false };
    request(xid, op, |out| record.encode(out))
}

fn set(path: &str) -> SetDataRequest<'_> {
    SetDataRequest {
        path: Some(path.as_bytes()),
        data: Some(b"new"),
        version: -1,
    }
}

/// The frames that come back, without the connect response.
fn frames_for(requests: &[Vec<u8>], step: usize) -> Vec<Vec<u8>> {
    let mut input = Vec::new();
    let connect = ConnectRequest {
        protocol_version: 0,
        last_zxid_seen: 0,
        timeout: 9_000,
        session_id: 0,
        password: Some(&[0; 16]),
        read_only: Some(false),
    };
    frame::append(&mut input, |out| connect.encode(out));
    input.extend(requests.concat());
    let mut wire = Wire {
        input,
        at: 0,
        step,
        output: Vec::new(),
    };
    Connection::new(&mut wire).run().unwrap();
    let mut rest = &wire.output[..];
    let mut frames = Vec::new();
    while let frame::Split::Frame(body) = frame::split(rest, 1 << 30).unwrap() {
        frames.push(body.to_owned());
        rest = &rest[frame::PREFIX + body.len()..];
    }
    assert!(rest.is_empty());
    let welcome = frames.remove(0);
    let welcome = ConnectResponse::from_bytes(&welcome).unwrap();
    assert_eq!((welcome.timeout, welcome.read_only), (9_000, Some(false)));
    assert_ne!(welcome.session_id, 0);
    frames
}

fn header_and_body(frame: &[u8]) -> (ReplyHeader, &[u8]) {
    let mut reader = Reader::new(frame);
    (reader.read().unwrap(), reader.rest())
}

#[test]
fn the_path_tells_how_large_a_value_is() {
    let requests: Vec<_> = [
        ("/a", 1),
        ("/a", 2),
        ("/value-0", 3),
        ("/x/value-300000", 4),
    ]
    .map(|(path, xid)| read(xid, Op::GetData, path))
    .into();
    for step in [1 << 20, 7] {
        let frames = frames_for(&requests, step);
        let seen: Vec<_> = frames
            .iter()
            .map(|frame| {
                let (header, body) = header_and_body(frame);
                let data = GetDataResponse::from_bytes(body).unwrap().data.unwrap();
                (header.xid, data.len())
            })
            .collect();
        assert_eq!(seen, [(1, 100), (2, 100), (3, 0), (4, 300_000)]);
    }
}

#[test]
fn the_path_tells_how_many_children_there_are_up_to_a_limit() {
    for (path, count) in [
        ("/a", 0),
        ("/children-3", 3),
        ("/children-999999999", 200_000),
    ] {
        let frames = frames_for(&[read(1, Op::GetChildren, path)], 1 << 20);
        let reply = GetChildrenResponse::from_bytes(header_and_body(&frames[0]).1).unwrap();
        assert_eq!(reply.children.len(), count, "{path}");
    }
}

#[test]
fn setting_a_watched_node_fires_its_watch_first() {
    let requests = [
        request(1, Op::SetData, |out| set("/watched/7").encode(out)),
        request(2, Op::SetData, |out| set("/other").encode(out)),
    ];
    let frames = frames_for(&requests, 1 << 20);
    let xids: Vec<_> = frames.iter().map(|f| header_and_body(f).0.xid).collect();
    assert_eq!(xids, [Xid::NOTIFICATION, 1, 2]);
    let event = WatcherEvent::from_bytes(header_and_body(&frames[0]).1).unwrap();
    assert_eq!(
        (event.kind, event.path),
        (EventType::CHANGED, Some(&b"/watched/7"[..]))
    );
}

#[test]
fn every_operation_of_a_transaction_has_a_result() {
    let multi = request(5, Op::Multi, |out| {
        for _ in 0..3 {
            MultiOp::SetData(set("/a")).encode(out);
        }
        MultiHeader::END.encode(out);
    });
    let frames = frames_for(&[multi], 1 << 20);
    let (header, body) = header_and_body(&frames[0]);
    assert_eq!(header.xid, 5);
    let mut results = Results::new(body);
    for _ in 0..3 {
        assert!(matches!(
            results.next_result(),
            Some(Ok(MultiResult::SetData(_)))
        ));
    }
    assert_eq!(results.next_result(), None);
}

#[test]
fn closing_a_session_ends_the_connection_behind_the_reply() {
    let requests = [
        request(1, Op::CloseSession, |_| {}),
        read(2, Op::GetData, "/never-seen"),
    ];
    let frames = frames_for(&requests, 1 << 20);
    assert_eq!(frames.len(), 1);
    assert_eq!(header_and_body(&frames[0]).0.xid, 1);
}

#[test]
fn bytes_that_are_no_requests_end_the_connection_with_an_error() {
    let broken: [&[u8]; 3] = [&[0xff; 8], &[0, 0, 0, 1, 9], &[0x7f, 0xff, 0xff, 0xff]];
    for input in broken {
        let mut wire = Wire {
            input: input.to_owned(),
            at: 0,
            step: 100,
            output: Vec::new(),
        };
        let ended = Connection::new(&mut wire).run();
        assert!(ended.is_err(), "{input:?}");
    }
}
