//! The golden bytes of the server's specification (S-412…S-418).

use zk_proto::records::*;
use zk_proto::{Code, DecodeError, EventType, Jute, Reader, SessionState, Xid};

use crate::fixture::hex;

fn header(xid: i32, zxid: i64, err: Code) -> ReplyHeader {
    ReplyHeader { xid, zxid, err }
}

/// Decodes a header and hands back the bytes behind it.
fn split(bytes: &[u8]) -> (ReplyHeader, &[u8]) {
    let mut r = Reader::new(bytes);
    (r.read().unwrap(), r.rest())
}

#[test]
fn s412_connect_response() {
    let bytes =
        hex("00000000 00002710 0100002d0a740000 00000010 ae37058fa33a3c9a3c3598d824db94a9 00");
    let response = ConnectResponse {
        protocol_version: 0,
        timeout: 10_000,
        session_id: 0x0100_002d_0a74_0000,
        password: Some(&hex("ae37058fa33a3c9a3c3598d824db94a9")),
        read_only: Some(false),
    };
    assert_eq!(ConnectResponse::from_bytes(&bytes), Ok(response));
    assert_eq!(response.to_bytes(), bytes);
}

#[test]
fn s413_create_and_its_refusal() {
    let bytes = hex("00000001 0000000000000002 00000000 00000002 2f61");
    let (head, body) = split(&bytes);
    assert_eq!(head, header(1, 2, Code::OK));
    let reply = CreateResponse { path: Some(b"/a") };
    assert_eq!(CreateResponse::from_bytes(body), Ok(reply));
    assert_eq!([head.to_bytes(), reply.to_bytes()].concat(), bytes);

    let bytes = hex("00000002 0000000000000003 ffffff92");
    assert_eq!(split(&bytes), (header(2, 3, Code::NODE_EXISTS), &[][..]));
}

#[test]
fn s414_event_ahead_of_the_reply() {
    let bytes = hex("ffffffff 0000000000000004 00000000 00000003 00000003 00000002 2f61");
    let (head, body) = split(&bytes);
    assert_eq!(head, header(Xid::NOTIFICATION, 4, Code::OK));
    let event = WatcherEvent {
        kind: EventType::CHANGED,
        state: SessionState::CONNECTED,
        path: Some(b"/a"),
    };
    assert_eq!(WatcherEvent::from_bytes(body), Ok(event));
    assert_eq!([head.to_bytes(), event.to_bytes()].concat(), bytes);

    let stat = Stat {
        czxid: 2,
        mzxid: 4,
        version: 1,
        data_length: 2,
        pzxid: 2,
        ..Stat::default()
    };
    let reply = [hex("00000004 0000000000000004 00000000"), stat.to_bytes()].concat();
    let (head, body) = split(&reply);
    assert_eq!(head, header(4, 4, Code::OK));
    assert_eq!(
        SetDataResponse::from_bytes(body),
        Ok(SetDataResponse { stat })
    );
    assert_eq!(body.len(), Stat::WIRE_LEN);
    assert_eq!(body[..16], hex("0000000000000002 0000000000000004"));
}

fn check_multi(bytes: &[u8], expected: ReplyHeader, results: &[MultiResult<'_>]) {
    let (head, body) = split(bytes);
    assert_eq!(head, expected);
    let mut list = Results::new(body);
    let decoded: Result<Vec<_>, DecodeError> = std::iter::from_fn(|| list.next_result()).collect();
    assert_eq!(decoded.as_deref(), Ok(results));
    let mut again = head.to_bytes();
    for result in results {
        result.encode(&mut again);
    }
    MultiHeader::END.encode(&mut again);
    assert_eq!(again, bytes);
}

#[test]
fn s415_failed_multi() {
    check_multi(
        &hex(
            "00000005 0000000000000005 00000000 | ffffffff 00 00000000 00000000
             | ffffffff 00 ffffff9b ffffff9b | ffffffff 00 fffffffe fffffffe | ffffffff 01 ffffffff",
        ),
        header(5, 5, Code::OK),
        &[Code::OK, Code::NO_NODE, Code::RUNTIME_INCONSISTENCY].map(MultiResult::Error),
    );
}

#[test]
fn s416_successful_multi() {
    check_multi(
        &hex(
            "00000006 0000000000000006 00000000 | 0000000d 00 00000000 | 00000002 00 00000000
             | ffffffff 01 ffffffff",
        ),
        header(6, 6, Code::OK),
        &[MultiResult::Check, MultiResult::Delete],
    );
}

#[test]
fn s417_replies_that_are_headers_only() {
    for (bytes, expected) in [
        (
            "fffffffe 0000000000000006 00000000",
            header(Xid::PING, 6, Code::OK),
        ),
        (
            "fffffffc 0000000000000000 00000000",
            header(Xid::AUTH, 0, Code::OK),
        ),
        (
            "00000007 ffffffffffffffff fffffffa",
            header(7, -1, Code::UNIMPLEMENTED),
        ),
    ] {
        let bytes = hex(bytes);
        assert_eq!(split(&bytes), (expected, &[][..]));
        assert_eq!(expected.to_bytes(), bytes);
        assert_eq!(bytes.len(), ReplyHeader::WIRE_LEN);
    }
}

#[test]
fn s418_add_watch_sasl_failure_and_read_only_refusal() {
    let add_watch = AddWatchResponse { err: Code::OK };
    assert_eq!(add_watch.to_bytes(), hex("00000000"));
    assert_eq!(AddWatchResponse::from_bytes(&[0; 4]), Ok(add_watch));

    let bytes = hex("00000009 0000000000000000 ffffff8d ffffffff");
    let (head, body) = split(&bytes);
    assert_eq!(head, header(9, 0, Code::AUTH_FAILED));
    assert_eq!(
        SaslResponse::from_bytes(body),
        Ok(SaslResponse { token: None })
    );

    let bytes = hex("00000000 0000000000000005 ffffff89");
    assert_eq!(split(&bytes), (header(0, 5, Code::NOT_READ_ONLY), &[][..]));
}
