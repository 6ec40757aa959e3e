use zk_proto::records::*;
use zk_proto::{Code, Jute, List, Op, Xid};

use super::{reply, request, text};
use crate::fixture::Direction::{Reply, Request};
use crate::fixture::body;

#[test]
fn connect_records() {
    let fresh = ConnectRequest::from_bytes(body("session", Request, "connect", "")).unwrap();
    let expected = ConnectRequest {
        protocol_version: 0,
        last_zxid_seen: 0,
        timeout: 30_000,
        session_id: 0,
        password: Some(&[0; PASSWORD_LEN]),
        read_only: Some(false),
    };
    assert_eq!(fresh, expected);

    let answer = ConnectResponse::from_bytes(body("session", Reply, "connect", "")).unwrap();
    assert_eq!((answer.protocol_version, answer.timeout), (0, 30_000));
    assert_eq!(answer.session_id >> 56, 1);
    assert_eq!(answer.password.map(<[u8]>::len), Some(PASSWORD_LEN));
    assert_eq!(answer.read_only, Some(false));

    // What the library sends to resume is what it was told.
    let told = body("watches", Reply, "connect", "");
    let told = ConnectResponse::from_bytes(told).unwrap();
    let part = format!("session_id={}", told.session_id);
    let resume = body("watches", Request, "connect", &part);
    let resume = ConnectRequest::from_bytes(resume).unwrap();
    assert_eq!(
        (resume.session_id, resume.password),
        (told.session_id, told.password)
    );
    assert!(resume.last_zxid_seen > 0);
}

#[test]
fn expired_session() {
    let expired = body("session", Reply, "connect", "timeout=0");
    let expected = ConnectResponse {
        protocol_version: 0,
        timeout: 0,
        session_id: 0,
        password: Some(&[0; PASSWORD_LEN]),
        read_only: Some(false),
    };
    assert_eq!(ConnectResponse::from_bytes(expired), Ok(expected));
}

#[test]
fn headers_with_reserved_xids() {
    for (scene, name, xid, op) in [
        ("session", "ping", Xid::PING, Op::Ping),
        ("acl", "auth", Xid::AUTH, Op::Auth),
        ("watches", "setWatches", Xid::SET_WATCHES, Op::SetWatches),
    ] {
        let sent = RequestHeader::from_bytes(body(scene, Request, name, "")).unwrap();
        assert_eq!(sent, RequestHeader { xid, op: op.into() });
        let answer = ReplyHeader::from_bytes(body(scene, Reply, name, "")).unwrap();
        assert_eq!((answer.xid, answer.err), (xid, Code::OK));
    }
}

#[test]
fn error_replies_are_headers_only() {
    for (scene, name, err) in [
        ("errors", "create", Code::NO_NODE),
        ("errors", "create2", Code::NODE_EXISTS),
        ("errors", "setData", Code::BAD_VERSION),
        ("errors", "delete", Code::NOT_EMPTY),
        ("errors", "create", Code::NO_CHILDREN_FOR_EPHEMERALS),
        ("errors", "reconfig", Code::RECONFIG_DISABLED),
        ("acl", "getData", Code::NO_AUTH),
        ("acl", "create", Code::INVALID_ACL),
        ("acl", "auth", Code::AUTH_FAILED),
        ("newer", "removeWatches", Code::NO_WATCHER),
        ("newer", "multi", Code::MARSHALLING_ERROR),
        ("odd", "unknown", Code::UNIMPLEMENTED),
        ("odd", "createTTL", Code::BAD_ARGUMENTS),
    ] {
        let bytes = body(scene, Reply, name, &format!("err={}}}", err.0));
        assert_eq!(ReplyHeader::from_bytes(bytes).unwrap().err, err);
        assert_eq!(bytes.len(), ReplyHeader::WIRE_LEN, "{name} {err:?}");
    }
}

#[test]
fn auth_and_sasl() {
    let auth: AuthPacket<'_> = request("acl", "auth", "digest", Op::Auth);
    let expected = AuthPacket {
        kind: 0,
        scheme: text("digest"),
        auth: text("bob:pw"),
    };
    assert_eq!(auth, expected);
    let sent: SaslRequest<'_> = request("newer", "sasl", "", Op::Sasl);
    assert_eq!(sent.token, text("token"));
    let (_, answer): (_, SaslResponse<'_>) = reply("newer", "sasl", "");
    assert_eq!(answer.token, None);
}

#[test]
fn who_am_i_and_get_ephemerals() {
    let (_, who): (_, WhoAmIResponse<'_>) = reply("newer", "whoAmI", "digest");
    let info = |scheme, user| ClientInfo {
        scheme: text(scheme),
        user: text(user),
    };
    let expected = [info("digest", "bob"), info("ip", "127.0.0.1")];
    assert_eq!(who.infos, List::new(&expected));

    let all: GetEphemeralsRequest<'_> =
        request("newer", "getEphemerals", "null", Op::GetEphemerals);
    assert_eq!(all.prefix, None);
    let (_, mine): (_, GetEphemeralsResponse<'_>) = reply("newer", "getEphemerals", "/r/b");
    let mut paths: Vec<_> = mine.paths.iter().collect();
    paths.sort();
    assert_eq!(paths, [text("/r/a"), text("/r/b")]);
}

#[test]
fn reconfig_with_null_strings() {
    let expected = ReconfigRequest {
        joining: None,
        leaving: text("3"),
        members: None,
        config_id: -1,
    };
    let leave: ReconfigRequest<'_> = request("errors", "reconfig", "leaving=\"3\"", Op::Reconfig);
    assert_eq!(leave, expected);
    let whole: ReconfigRequest<'_> = request("errors", "reconfig", "config_id=7", Op::Reconfig);
    assert_eq!(whole.members, text("server.1=127.0.0.1:1:2;3"));
}
