//! Field by field: for each kind of record, one recorded frame against values written by hand.

mod multi;
mod nodes;
mod session;
mod watches;

use zk_proto::records::*;
use zk_proto::{Code, Jute, Op, Perms, Reader, Text};

use crate::fixture::Direction::{Reply, Request};
use crate::fixture::body;

fn text(text: &str) -> Text<'_> {
    Some(text.as_bytes())
}

fn id<'a>(scheme: &'a str, id: &'a str) -> Id<'a> {
    Id {
        scheme: text(scheme),
        id: text(id),
    }
}

const OPEN: [Acl<'static>; 1] = [Acl {
    perms: Perms::ALL,
    id: Id {
        scheme: Some(b"world"),
        id: Some(b"anyone"),
    },
}];

/// The record behind the request header, which must name `op`.
#[track_caller]
fn request<T: Jute<'static>>(scene: &str, name: &str, part: &str, op: Op) -> T {
    let mut r = Reader::new(body(scene, Request, name, part));
    let header: RequestHeader = r.read().unwrap();
    assert_eq!(header.op, i32::from(op));
    let record = r.read().unwrap();
    assert_eq!(r.rest(), []);
    record
}

/// The header of a reply that has a body, and the record behind it.
#[track_caller]
fn reply<T: Jute<'static>>(scene: &str, name: &str, part: &str) -> (ReplyHeader, T) {
    let mut r = Reader::new(body(scene, Reply, name, part));
    let header: ReplyHeader = r.read().unwrap();
    assert_eq!(header.err, Code::OK);
    let record = r.read().unwrap();
    assert_eq!(r.rest(), []);
    (header, record)
}
