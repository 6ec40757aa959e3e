//! Bytes that no honest server sends: never a panic, every request finished exactly once, the
//! connection given up (C-202, C-203, C-214, C-264, C-315, C-438, C-632).

use zk_proto::records::{
    Acl, AddWatchResponse, ClientInfo, ConnectResponse, Create2Response, CreateResponse,
    ExistsResponse, GetAclResponse, GetAllChildrenNumberResponse, GetChildren2Response,
    GetChildrenResponse, GetDataResponse, GetEphemeralsResponse, Id, MultiHeader, MultiReadResult,
    MultiResult, ReplyHeader, SetDataResponse, Stat, WatcherEvent, WhoAmIResponse,
};
use zk_proto::{AddWatchMode, Code, Jute, List, Op, frame};
use zk_test_server::OnAccept;

use super::network::Segments;
use super::pair::{Pair, Setup};
use super::program::{create, delete, set};
use super::record::What;
use super::seeds::for_seeds;
use crate::core::{Request, State};

/// Each kind of request with the body of an honest reply.
fn replies() -> Vec<(Request<'static>, Vec<u8>)> {
    let stat = Stat::default();
    let path = Some(&b"/a"[..]);
    let names = [Some(&b"one"[..]), None, Some(b"")];
    let children = List::new(&names);
    let mut create2 = create("/a", b"", 0);
    if let Request::Create { stat, .. } = &mut create2 {
        *stat = true;
    }
    let mut multi = Vec::new();
    for result in [
        MultiResult::Create(CreateResponse { path }),
        MultiResult::Create2(Create2Response { path, stat }),
        MultiResult::SetData(SetDataResponse { stat }),
        MultiResult::Delete,
        MultiResult::Check,
        MultiResult::Error(Code::NO_NODE),
    ] {
        result.encode(&mut multi);
    }
    MultiHeader::END.encode(&mut multi);
    let acl = [Acl {
        perms: 31,
        id: Id {
            scheme: Some(b"digest"),
            id: None,
        },
    }];
    let acl = List::new(&acl);
    let data = Some(&b"data"[..]);
    let mut reads = Vec::new();
    for result in [
        MultiReadResult::GetData(GetDataResponse { data, stat }),
        MultiReadResult::GetChildren(GetChildrenResponse { children }),
        MultiReadResult::Error(Code::NO_NODE),
    ] {
        result.encode(&mut reads);
    }
    MultiHeader::END.encode(&mut reads);
    let infos = [ClientInfo {
        scheme: Some(b"ip"),
        user: None,
    }];
    let infos = List::new(&infos);
    let mode = AddWatchMode::Persistent;
    vec![
        (create("/a", b"", 0), CreateResponse { path }.to_bytes()),
        (create2, Create2Response { path, stat }.to_bytes()),
        (Request::Exists { path }, ExistsResponse { stat }.to_bytes()),
        (set("/a", b""), SetDataResponse { stat }.to_bytes()),
        (
            Request::GetData { path },
            GetDataResponse { data, stat }.to_bytes(),
        ),
        (
            Request::GetChildren { path },
            GetChildrenResponse { children }.to_bytes(),
        ),
        (
            Request::GetChildren2 { path },
            GetChildren2Response { children, stat }.to_bytes(),
        ),
        (
            Request::GetAcl { path },
            GetAclResponse { acl, stat }.to_bytes(),
        ),
        (Request::Sync { path }, CreateResponse { path }.to_bytes()),
        (Request::Multi(&[]), multi),
        (
            Request::AddWatch { path, mode },
            AddWatchResponse { err: Code::OK }.to_bytes(),
        ),
        (Request::MultiRead(&[]), reads),
        (
            Request::GetEphemerals { prefix: path },
            GetEphemeralsResponse { paths: children }.to_bytes(),
        ),
        (
            Request::GetAllChildrenNumber { path },
            GetAllChildrenNumberResponse { total: 7 }.to_bytes(),
        ),
        (Request::WhoAmI, WhoAmIResponse { infos }.to_bytes()),
    ]
}

/// A connected client whose request no server hears of; with the header of its reply.
fn asking(request: &Request<'_>) -> (Pair, Vec<u8>) {
    let mut pair = Pair::connected(Setup::default());
    pair.net.lose_up = true;
    pair.ask(request);
    pair.settle();
    pair.net.lose_up = false;
    let header = ReplyHeader {
        xid: pair.sent[0].header().xid,
        zxid: 1,
        err: Code::OK,
    };
    (pair, header.to_bytes())
}

/// Checks that every request asked so far has ended, once, and in order unless its time was over.
pub(super) fn assert_all_done(pair: &Pair) {
    let done = pair.told.iter().filter_map(|told| match &told.what {
        What::Done { cookie, result } => Some((*cookie, result)),
        _ => None,
    });
    let (timed_out, in_order): (Vec<_>, Vec<_>) =
        done.partition(|(_, result)| **result == Err(Code::OPERATION_TIMEOUT));
    let cookies = |done: Vec<(u32, _)>| done.into_iter().map(|(cookie, _)| cookie).collect();
    let (mut done, in_order): (Vec<u32>, Vec<u32>) = (cookies(timed_out), cookies(in_order));
    assert!(in_order.is_sorted(), "{:?}", pair.log());
    done.extend(in_order);
    done.sort_unstable();
    let all: Vec<u32> = (1..=pair.asked).collect();
    assert_eq!(done, all, "{:?}", pair.log());
}

// C-315, C-442
#[test]
fn a_reply_body_cut_at_any_length_is_a_marshalling_error_and_a_loss() {
    for (request, body) in replies() {
        for cut in 0..=body.len() {
            let (mut pair, mut reply) = asking(&request);
            reply.extend(&body[..cut]);
            pair.inject_frame(&reply);
            pair.settle();
            let whole = cut == body.len();
            assert_eq!(
                pair.result(1).err(),
                (!whole).then_some(Code::MARSHALLING_ERROR),
                "{request:?} cut at {cut}"
            );
            let lost = pair.log().contains(&"session 1 to [0]".to_owned());
            assert_eq!(lost, !whole, "{request:?} cut at {cut}");
            assert_eq!(pair.core.state(), State::Connected, "and goes on");
        }
    }
}

// C-432: the stream itself ends within the reply.
#[test]
fn a_stream_that_ends_within_a_reply_is_a_connection_loss() {
    for (request, body) in replies() {
        let (_, header) = asking(&request);
        let len = frame::PREFIX + header.len() + body.len();
        for cut in 0..len {
            let (mut pair, header) = asking(&request);
            let mut bytes = Vec::new();
            frame::append(&mut bytes, |out| out.extend(header.iter().chain(&body)));
            pair.inject(&bytes[..cut]);
            pair.settle();
            assert!(pair.log().is_empty(), "half a frame says nothing");
            pair.cut();
            pair.settle();
            assert_eq!(pair.result(1), Err(Code::CONNECTION_LOSS), "cut at {cut}");
        }
    }
}

// C-264: a body for which the request has no use, or more than it uses, does no harm.
#[test]
fn bytes_behind_a_reply_are_ignored() {
    for (request, mut body) in replies() {
        let (mut pair, mut reply) = asking(&request);
        body.extend([0xff; 9]);
        reply.extend(body);
        pair.inject_frame(&reply);
        pair.settle();
        assert!(pair.result(1).is_ok(), "{request:?}");
    }
    let (mut pair, mut reply) = asking(&delete("/a"));
    reply.extend([0xff; 9]);
    pair.inject_frame(&reply);
    pair.settle();
    assert!(pair.result(1).is_ok());
}

// C-432
#[test]
fn an_event_cut_at_any_length_is_a_loss() {
    let path = Some(&b"/a"[..]);
    let (kind, state) = (3, 3);
    let body = WatcherEvent { kind, state, path }.to_bytes();
    for cut in 0..body.len() {
        let mut pair = Pair::connected(Setup::default());
        pair.get("/", Some(5));
        pair.settle();
        pair.forget();
        let mut event = [[0xff; 4].as_slice(), &[0; 12]].concat();
        event.extend(&body[..cut]);
        pair.inject_frame(&event);
        pair.settle();
        assert_eq!(pair.log(), ["session 1 to [5, 0]", "session 3 to [5, 0]"]);
    }
}

// C-214
#[test]
fn a_connect_response_cut_at_any_length_is_a_failed_attempt() {
    let response = ConnectResponse {
        protocol_version: 0,
        timeout: 6000,
        session_id: 5,
        password: Some(&[1; 16]),
        read_only: Some(false),
    };
    let body = response.to_bytes();
    for cut in 0..body.len() {
        let mut pair = Pair::default();
        pair.server().faults_mut().on_accept = OnAccept::Silent;
        pair.create("/a", b"");
        pair.settle();
        pair.inject_frame(&body[..cut]);
        pair.settle();
        if cut == body.len() - 1 {
            assert_eq!(
                pair.core.state(),
                State::Connected,
                "an old server's response"
            );
        } else {
            assert_eq!(pair.log(), ["done 1: -4"], "cut at {cut}");
        }
    }
}

// C-214
#[test]
fn a_password_of_another_length_than_16_is_a_failed_attempt() {
    let long = [3; 1000];
    let lengths = [0, 1, 15, 17, 1000].map(|len| Some(&long[..len]));
    for password in lengths.into_iter().chain([None]) {
        let mut pair = Pair::default();
        pair.server().faults_mut().on_accept = OnAccept::Silent;
        pair.create("/a", b"");
        pair.settle();
        let response = ConnectResponse {
            protocol_version: 0,
            timeout: 6000,
            session_id: 5,
            password,
            read_only: Some(false),
        };
        pair.inject_frame(&response.to_bytes());
        pair.settle();
        assert_eq!(pair.log(), ["done 1: -4"], "{password:?}");
    }
}

// C-203: a count or length inside a record claims more than there is.
#[test]
fn lengths_inside_records_that_claim_too_much_are_refused_without_allocation() {
    for (request, body) in replies() {
        let has_no_length = matches!(
            request,
            Request::Exists { .. }
                | Request::SetData { .. }
                | Request::AddWatch { .. }
                | Request::GetAllChildrenNumber { .. }
        );
        if has_no_length {
            continue; // a stat, a code, a number
        }
        for word in [i32::MAX, i32::MIN, -2, 1 << 20] {
            let (mut pair, mut reply) = asking(&request);
            // All other replies start with a length or a count, a multi with an operation.
            reply.extend(word.to_be_bytes());
            reply.extend(&body[4..]);
            pair.inject_frame(&reply);
            pair.settle();
            // A count below -1 is an empty list, as Java reads it.
            if pair.result(1).is_err() {
                assert_eq!(
                    pair.result(1),
                    Err(Code::MARSHALLING_ERROR),
                    "{request:?} {word}"
                );
            } else {
                assert!(word < 0, "{request:?} {word}");
            }
        }
    }
}

/// Spoils an honest stream in one to four places.
fn mutate(bytes: &mut Vec<u8>, rng: &mut fastrand::Rng) {
    for _ in 0..rng.usize(1..=4) {
        if bytes.is_empty() {
            return;
        }
        let at = rng.usize(..bytes.len());
        let end = (at + rng.usize(1..=24)).min(bytes.len());
        match rng.u8(..8) {
            0 => bytes[at] ^= 1 << rng.u8(..8),
            1 => bytes[at] = rng.u8(..),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => bytes.extend_from_within(at..end),
            5 => {
                let piece = bytes[at..end].to_vec();
                let to = rng.usize(..=bytes.len());
                bytes.splice(to..to, piece);
            }
            6 => {
                let words = [-1, -2, -4, -8, 0, 1, i32::MAX, i32::MIN, 1 << 24];
                let word = words[rng.usize(..words.len())].to_be_bytes();
                let end = (at + 4).min(bytes.len());
                bytes[at..end].copy_from_slice(&word[..end - at]);
            }
            _ => {
                let junk: Vec<u8> = (at..end).map(|_| rng.u8(..)).collect();
                bytes.splice(at..end, junk);
            }
        }
    }
}

/// Requests of several kinds, watches among them.
fn ask_a_lot(pair: &mut Pair) {
    pair.create("/a", b"data");
    pair.get("/a", Some(1));
    pair.set("/a", b"more");
    pair.children("/", Some(2));
    pair.exists("/b", Some(3));
    pair.create("/b", b"");
    pair.ask(&Request::GetAcl { path: Some(b"/a") });
    let delete = zk_proto::records::MultiOp::Delete(zk_proto::records::DeleteRequest {
        path: Some(b"/a"),
        version: -1,
    });
    pair.ask(&Request::Multi(&[delete]));
}

// C-264, C-432…C-438
#[test]
fn spoiled_replies_finish_every_request_once_and_leave_a_client_that_works() {
    for_seeds(10_000, |seed| {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut pair = Pair::connected(Setup {
            segments: if rng.bool() {
                Segments::Whole
            } else {
                Segments::Random
            },
            seed,
            ..Setup::default()
        });
        if rng.bool() {
            pair.add_auth("digest", "a:b").unwrap();
        }
        ask_a_lot(&mut pair);
        let mut bytes = pair.intercept();
        mutate(&mut bytes, &mut rng);
        pair.inject(&bytes);
        pair.settle();
        // What still waits is answered by the end of the connection.
        pair.cut_if_connected();
        pair.settle();
        assert_all_done(&pair);
        // A server turns away those who have seen a later zxid than its own.
        let from_the_future = pair.core.last_zxid > pair.server().zxid();
        if seed % 8 == 0 && !pair.core.state().is_terminal() && !from_the_future {
            pair.connect();
            let request = pair.get("/", None);
            pair.settle();
            assert!(pair.result(request).is_ok());
        }
    });
}

// C-214, C-215, C-264
#[test]
fn spoiled_connect_responses_finish_every_request_once() {
    for_seeds(6_000, |seed| {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut pair = Pair::new(Setup {
            segments: if rng.bool() {
                Segments::Whole
            } else {
                Segments::Random
            },
            seed,
            read_only: rng.bool(),
            ..Setup::default()
        });
        pair.server().faults_mut().on_accept = OnAccept::Stop;
        ask_a_lot(&mut pair);
        pair.settle();
        assert_eq!(pair.core.state(), State::Associating);
        pair.server().faults_mut().on_accept = OnAccept::Serve;
        let conn = pair.server().connections()[0];
        let now = super::network::at(pair.now);
        pair.server().set_reading(conn, true, now);
        let mut bytes = pair.intercept();
        mutate(&mut bytes, &mut rng);
        pair.inject(&bytes);
        pair.settle();
        pair.cut_if_connected();
        pair.settle();
        pair.close();
        assert_all_done(&pair);
    });
}

// C-203
#[test]
fn noise_in_place_of_a_server_is_survived() {
    for_seeds(4_000, |seed| {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut pair = Pair::default();
        pair.server().faults_mut().on_accept = OnAccept::Silent;
        pair.create("/a", b"");
        pair.settle();
        for _ in 0..3 {
            let noise: Vec<u8> = (0..rng.usize(1..200)).map(|_| rng.u8(..)).collect();
            pair.cut_if_connected();
            pair.run(200);
            if pair.has_connection() {
                pair.inject(&noise);
            }
            pair.settle();
        }
        pair.close();
        assert_all_done(&pair);
        assert!(
            !pair.ops().contains(&Op::Create),
            "nothing was asked of the noise"
        );
    });
}

// C-264, C-442: whatever is queued behind the frame that breaks the connection.
#[test]
fn frames_behind_the_one_that_breaks_the_connection_are_not_looked_at() {
    let mut pair = Pair::connected(Setup::default());
    pair.get("/", None);
    pair.get("/", None);
    let honest = pair.intercept();
    let mut bytes = honest.clone();
    bytes[4] ^= 1; // the first xid
    pair.inject(&bytes);
    pair.settle();
    assert_eq!(
        pair.log(),
        [
            "session 1 to [0]",
            "done 1: -2",
            "done 2: -2",
            "session 3 to [0]"
        ]
    );
}
