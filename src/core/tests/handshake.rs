//! Opening and resuming sessions (C-210…C-216, C-400…C-406, C-439).

use zk_proto::records::{ConnectResponse, PASSWORD_LEN};
use zk_proto::{Code, Jute, Op};
use zk_test_server::{OnAccept, Options};

use super::network::{Segments, addr};
use super::pair::{Pair, Setup};
use crate::core::State;

/// A pair whose server accepts and then says nothing, so that the test can answer.
fn silent(setup: Setup) -> Pair {
    let mut pair = Pair::new(setup);
    pair.server().faults_mut().on_accept = OnAccept::Silent;
    pair.settle();
    assert_eq!(pair.core.state(), State::Associating);
    pair
}

fn response(session_id: i64, timeout: i32, read_only: Option<bool>) -> Vec<u8> {
    ConnectResponse {
        protocol_version: 0,
        timeout,
        session_id,
        password: Some(&[7; PASSWORD_LEN]),
        read_only,
    }
    .to_bytes()
}

// C-210, C-211, C-212, C-213
#[test]
fn the_first_frame_is_a_connect_request_of_45_bytes_without_a_session() {
    for read_only in [false, true] {
        let mut pair = Pair::new(Setup {
            timeout: 4321,
            read_only,
            ..Setup::default()
        });
        pair.settle();
        let first = &pair.sent[0];
        assert!(first.first);
        assert_eq!(first.body.len(), 45);
        let request = first.connect();
        assert_eq!(request.protocol_version, 0);
        assert_eq!(request.last_zxid_seen, 0);
        assert_eq!(request.timeout, 4321);
        assert_eq!(request.session_id, 0);
        assert_eq!(request.password, Some(&[0; PASSWORD_LEN][..]));
        assert_eq!(request.read_only, Some(read_only));
    }
}

// C-400…C-402, C-404, C-405, C-431
#[test]
fn states_go_from_not_connected_over_connecting_and_associating_to_connected() {
    for segments in [Segments::Whole, Segments::Bytes, Segments::Random] {
        let mut pair = Pair::new(Setup {
            segments,
            latency: 5,
            ..Setup::default()
        });
        pair.connect();
        assert_eq!(pair.states, [999, 1, 2, 3]);
        assert_eq!(pair.log(), ["session 3 to [0]"]);
        assert_eq!(pair.now - pair.attempts[0].0, 20, "two round trips");
    }
}

// C-211, C-212, C-215, C-439
#[test]
fn a_reattach_sends_the_session_the_negotiated_timeout_and_the_last_zxid_of_a_reply() {
    let mut pair = Pair::new(Setup {
        timeout: 10,
        options: Options {
            min_session_timeout_ms: Some(3000),
            ..Setup::default().options
        },
        ..Setup::default()
    });
    pair.connect();
    assert_eq!(pair.core.recv_timeout(), 3000);
    pair.create("/a", b"");
    pair.settle();
    let zxid = pair.server().zxid();
    // Neither pings nor events move the last zxid.
    pair.get("/a", Some(9));
    pair.settle();
    pair.rival(&[super::program::set("/a", b"x")]);
    pair.run(2500);
    assert!(pair.ops().contains(&Op::Ping));
    assert!(pair.server().zxid() > zxid);
    let session = pair.server().sessions()[0];
    pair.forget();

    pair.cut();
    pair.connect();
    let request = pair.sent[0].connect();
    assert_eq!(request.session_id, session);
    assert_eq!(request.timeout, 3000);
    assert_eq!(request.last_zxid_seen, zxid);
    assert_ne!(request.password, Some(&[0; PASSWORD_LEN][..]));
    assert_eq!(pair.server().sessions(), [session], "resumed, not replaced");
    assert_eq!(pair.states, [3, 0, 1, 2, 3]);
}

// C-439
#[test]
fn error_replies_move_the_last_zxid_too() {
    let mut pair = Pair::connected(Setup::default());
    pair.get("/none", None);
    pair.settle();
    let zxid = pair.server().zxid();
    pair.cut();
    pair.connect();
    assert_eq!(pair.sent.last().unwrap().connect().last_zxid_seen, zxid);
}

// C-212
#[test]
fn a_session_given_by_the_program_is_resumed_at_once() {
    let mut first = Pair::connected(Setup::default());
    first.cut();
    first.connect();
    let sent = first.sent[0].connect();
    let (id, password) = (sent.session_id, sent.password.unwrap().try_into().unwrap());
    let mut second = Pair::new(Setup {
        session: Some((id, password)),
        ..Setup::default()
    });
    // The same server, seen from a second program.
    std::mem::swap(&mut second.net, &mut first.net);
    second.connect();
    let request = second.sent[0].connect();
    assert_eq!(request.session_id, id);
    assert_eq!(request.password, Some(&password[..]));
    assert_eq!(second.log(), ["session 3 to [0]"]);
}

// C-214
#[test]
fn a_response_without_the_read_only_byte_is_accepted() {
    let mut pair = silent(Setup::default());
    let body = response(5, 2000, None);
    assert_eq!(body.len(), 36);
    pair.inject_frame(&body);
    pair.settle();
    assert_eq!(pair.core.state(), State::Connected);
    assert_eq!(pair.core.recv_timeout(), 2000);
}

// C-214: the length is that of the frame, whatever follows in the stream.
#[test]
fn a_response_and_the_frames_behind_it_may_come_in_one_read() {
    let mut pair = silent(Setup::default());
    let mut bytes = Vec::new();
    zk_proto::frame::append(&mut bytes, |out| out.extend(response(5, 2000, None)));
    zk_proto::frame::append(&mut bytes, |out| {
        out.extend([0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    });
    pair.inject(&bytes);
    pair.settle();
    assert_eq!(pair.states, [999, 1, 2, 3]);
}

// C-405
#[test]
fn the_read_only_byte_makes_a_read_only_session() {
    let mut pair = silent(Setup {
        read_only: true,
        ..Setup::default()
    });
    pair.inject_frame(&response(5, 2000, Some(true)));
    pair.settle();
    assert_eq!(pair.core.state(), State::ReadOnly);
    assert_eq!(pair.log(), ["session 5 to [0]"]);
}

// C-215, C-436, C-442, C-260
#[test]
fn a_foreign_session_id_means_that_the_session_has_expired() {
    for answered in [0, 78] {
        let mut pair = silent(Setup {
            session: Some((77, [1; PASSWORD_LEN])),
            ..Setup::default()
        });
        let request = pair.create("/a", b"");
        pair.inject_frame(&response(answered, 0, Some(false)));
        pair.settle();
        assert_eq!(pair.core.state(), State::Expired);
        assert_eq!(pair.log(), ["session -112 to [0]", "done 1: -112"]);
        assert_eq!(pair.result(request), Err(Code::SESSION_EXPIRED));
        let refused = pair.try_ask(&super::program::create("/b", b"", 0), None);
        assert_eq!(refused, Err(Code::INVALID_STATE));
        assert_eq!(pair.core.next_deadline(), None, "nothing is left to do");
        pair.run(100_000);
        assert_eq!(pair.attempts.len(), 1, "and nothing is done");
    }
}

// C-436
#[test]
fn a_session_that_the_server_has_expired_ends_at_the_next_connect() {
    let mut pair = Pair::connected(Setup::default());
    pair.get("/", Some(3));
    pair.settle();
    pair.forget();
    let session = pair.server().sessions()[0];
    let now = super::network::at(pair.now);
    assert!(pair.server().expire_session(session, now));
    pair.run(1000);
    assert_eq!(pair.states, [3, 0, 1, 2, -112]);
    assert_eq!(
        pair.log(),
        ["session 1 to [3, 0]", "session -112 to [3, 0]"]
    );
}

// C-216
#[test]
fn a_negotiated_timeout_that_is_not_positive_neither_panics_nor_spins() {
    for timeout in [0, -1, i32::MIN, 1] {
        let mut pair = silent(Setup::default());
        pair.inject_frame(&response(5, timeout, Some(false)));
        pair.settle();
        assert_eq!(pair.core.recv_timeout(), timeout);
        pair.run(10_000);
        assert!(pair.attempts.len() < 1100, "{}", pair.attempts.len());
    }
}

// C-288
#[test]
fn the_current_server_is_unknown_before_the_first_attempt() {
    let mut pair = Pair::default();
    assert_eq!(pair.core.current_server(), None);
    pair.connect();
    assert_eq!(pair.core.current_server(), Some(addr(0)));
}

// C-210, C-220, C-224: byte for byte what the C library sends.
#[test]
fn connect_requests_pings_and_close_requests_are_those_of_the_c_library() {
    let recorded = super::vectors::recorded();
    let first = |op| {
        let mut vectors = recorded.iter().filter(|v| v.from_client && v.op == op);
        vectors.next().unwrap().body().to_vec()
    };
    let mut pair = Pair::new(Setup {
        timeout: 30_000,
        ..Setup::default()
    });
    pair.connect();
    pair.run(10_000);
    pair.close();
    let [connect, ping, close] = &pair.sent[..] else {
        panic!("{:?}", pair.ops());
    };
    assert_eq!(connect.body, first("connect"));
    assert_eq!(ping.body, first("ping"));
    assert_eq!(
        close.body[4..],
        first("closeSession")[4..],
        "but for the xid"
    );
}
