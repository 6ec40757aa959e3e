//! What holds for any bytes and any values.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use zk_proto::frame::{self, Split};
use zk_proto::records::*;
use zk_proto::{DecodeError, Jute};

use crate::fixture::{Direction, all};
use crate::kinds::{OPS, decode};
use crate::records::{Any, Show};

fn config() -> Config {
    Config {
        failure_persistence: None,
        ..Config::default()
    }
}

fn check<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    TestRunner::new(config())
        .run(strategy, test)
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Bytes that look enough like records for a decoder to come past their first field.
fn plausible_bytes() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        6 => (-1i32..6).prop_map(|n| n.to_be_bytes().to_vec()),
        1 => any::<i32>().prop_map(|n| n.to_be_bytes().to_vec()),
        1 => (-12i32..110).prop_map(|n| n.to_be_bytes().to_vec()),
        2 => vec(any::<u8>(), 0..5),
        1 => Just(vec![0]),
    ];
    prop_oneof![
        vec(any::<u8>(), 0..200),
        vec(word, 0..40).prop_map(|words| words.concat()),
    ]
}

fn names() -> impl Iterator<Item = (Direction, &'static str)> {
    let names = OPS
        .iter()
        .map(|(name, ..)| *name)
        .chain(["connect", "event"]);
    names.flat_map(|name| [(Direction::Request, name), (Direction::Reply, name)])
}

/// Decodes `body` behind a header as every kind of frame, and checks what did decode.
fn decode_as_everything(body: &[u8]) -> Result<(), TestCaseError> {
    for (direction, name) in names() {
        let op = OPS
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, op, ..)| (*op).into());
        let header = match direction {
            _ if name == "connect" => Vec::new(),
            Direction::Reply => ReplyHeader {
                xid: 1,
                zxid: 1,
                err: zk_proto::Code::OK,
            }
            .to_bytes(),
            Direction::Request => match op {
                Some(op) => RequestHeader { xid: 1, op }.to_bytes(),
                None => continue,
            },
        };
        let bytes = [&header, body].concat();
        if let Ok(first) = decode(direction, name, &bytes) {
            // Not always the same bytes (true may be any byte but 0), but the same meaning.
            let again = decode(direction, name, &first.bytes);
            prop_assert_eq!(again.map(|d| d.meaning()), Ok(first.meaning()), "{}", name);
            prop_assert!(first.bytes.len() <= bytes.len(), "{}", name);
        }
    }
    Ok(())
}

#[test]
fn arbitrary_bytes_never_panic_as_any_record() {
    check(&plausible_bytes(), |bytes| decode_as_everything(&bytes));
}

#[test]
fn recorded_frames_with_wrong_bytes_never_panic() {
    let vector = (0..all().len()).prop_map(|i| &all()[i]);
    let damage = vec((any::<prop::sample::Index>(), any::<u8>()), 1..4);
    check(&(vector, damage), |(vector, damage)| {
        let header = match (vector.direction, vector.name.as_str()) {
            (_, "connect") => 0,
            (Direction::Request, _) => 8,
            (Direction::Reply, _) => 16,
        };
        let mut body = vector.frame[frame::PREFIX + header..].to_vec();
        for (at, byte) in damage {
            if !body.is_empty() {
                let at = at.index(body.len());
                body[at] = byte;
            }
        }
        decode_as_everything(&body)
    });
}

#[test]
fn arbitrary_bytes_never_panic_in_split() {
    let max = prop_oneof![0usize..300, any::<usize>()];
    check(&(plausible_bytes(), max), |(bytes, max)| {
        match frame::split(&bytes, max) {
            Ok(Split::Frame(body)) => {
                prop_assert!(body.len() <= max);
                prop_assert_eq!(&bytes[..4], &(body.len() as u32).to_be_bytes());
                prop_assert!(bytes[4..].starts_with(body));
            }
            Ok(Split::Partial { need }) => prop_assert!(need > bytes.len()),
            Err(bad) => {
                prop_assert_eq!(&bytes[..4], &bad.0.to_be_bytes());
                prop_assert!(usize::try_from(bad.0).map_or(true, |n| n > max));
            }
        }
        Ok(())
    });
}

#[test]
fn appended_frames_split_again_in_order() {
    check(&vec(vec(any::<u8>(), 0..50), 0..6), |bodies| {
        let mut stream = Vec::new();
        for body in &bodies {
            frame::append(&mut stream, |out| out.extend_from_slice(body));
        }
        let mut rest = &stream[..];
        for body in &bodies {
            prop_assert_eq!(frame::split(rest, 50), Ok(Split::Frame(body)));
            rest = &rest[frame::PREFIX + body.len()..];
        }
        prop_assert_eq!(rest, &[]);
        Ok(())
    });
}

/// Any value decodes from its own encoding, whatever follows it, and from no part of it.
fn round_trips<T: Any + Jute<'static> + PartialEq + Show + Copy>() {
    check(&T::any(), |value| {
        let bytes = &*value.to_bytes().leak();
        let decoded = T::from_bytes(bytes);
        prop_assert_eq!(decoded, Ok(value));
        prop_assert_eq!(value.show(), decoded.unwrap().show());
        prop_assert_eq!(decoded.unwrap().to_bytes(), bytes);
        // The first byte missing at the end; the connect records may do without it.
        if let (Some((_, short)), false) = (bytes.split_last(), value.show().contains("read_only"))
        {
            prop_assert_eq!(T::from_bytes(short), Err(DecodeError::Truncated));
        }
        Ok(())
    });
}

macro_rules! round_trips {
    ($($ty:ty),* $(,)?) => {
        $(round_trips::<$ty>();)*
    };
}

#[test]
fn arbitrary_headers_and_data_round_trip() {
    round_trips!(
        RequestHeader,
        ReplyHeader,
        MultiHeader,
        ConnectRequest<'static>,
        ConnectResponse<'static>,
        Stat,
        Id<'static>,
        Acl<'static>,
        ClientInfo<'static>,
    );
}

#[test]
fn arbitrary_requests_round_trip() {
    round_trips!(
        CreateRequest<'static>,
        CreateTtlRequest<'static>,
        DeleteRequest<'static>,
        WatchedPathRequest<'static>,
        PathRequest<'static>,
        SetDataRequest<'static>,
        SetAclRequest<'static>,
        CheckVersionRequest<'static>,
        ReconfigRequest<'static>,
        CheckWatchesRequest<'static>,
        RemoveWatchesRequest<'static>,
        AddWatchRequest<'static>,
        GetEphemeralsRequest<'static>,
        AuthPacket<'static>,
        SaslRequest<'static>,
        SetWatches<'static>,
        SetWatches2<'static>,
    );
}

#[test]
fn arbitrary_replies_round_trip() {
    round_trips!(
        CreateResponse<'static>,
        Create2Response<'static>,
        ExistsResponse,
        GetDataResponse<'static>,
        SetDataResponse,
        GetAclResponse<'static>,
        SetAclResponse,
        GetChildrenResponse<'static>,
        GetChildren2Response<'static>,
        SyncResponse<'static>,
        GetEphemeralsResponse<'static>,
        GetAllChildrenNumberResponse,
        AddWatchResponse,
        WhoAmIResponse<'static>,
        SaslResponse<'static>,
        ErrorResponse,
        WatcherEvent<'static>,
    );
}

/// Any list of entries decodes from its own encoding, and from no part of it.
macro_rules! lists_round_trip {
    ($entry:ident, $list:ident, $next:ident) => {
        check(&vec($entry::any(), 0..6), |entries| {
            let mut bytes = Vec::new();
            for entry in &entries {
                entry.encode(&mut bytes);
            }
            MultiHeader::END.encode(&mut bytes);
            let decode = |bytes| {
                let mut list = $list::new(bytes);
                std::iter::from_fn(|| list.$next()).collect::<Result<Vec<_>, _>>()
            };
            prop_assert_eq!(decode(&bytes), Ok(entries));
            for cut in 0..bytes.len() {
                prop_assert_eq!(decode(&bytes[..cut]), Err(DecodeError::Truncated));
            }
            Ok(())
        })
    };
}

#[test]
fn arbitrary_multi_lists_round_trip() {
    lists_round_trip!(MultiOp, Ops, next_op);
    lists_round_trip!(MultiReadOp, Ops, next_read);
    lists_round_trip!(MultiResult, Results, next_result);
    lists_round_trip!(MultiReadResult, Results, next_read);
}
