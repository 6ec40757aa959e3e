//! Lost connections: who hears of it, in which order and with which code (C-430…C-442, C-560).

use zk_proto::records::ReplyHeader;
use zk_proto::{Code, Jute, Op};
use zk_test_server::{Action, Close, When};

use super::network::Reach;
use super::pair::{Pair, Setup};
use super::program;
use crate::core::State;

/// A connected client with a watch and two requests that the server will never answer.
fn waiting() -> Pair {
    let mut pair = Pair::connected(Setup::default());
    pair.get("/", Some(7));
    pair.settle();
    let drop_all = When {
        op: Some(Op::GetData),
        ..When::default()
    };
    pair.server().faults_mut().add(drop_all, Action::Drop);
    pair.get("/", None);
    pair.get("/", None);
    pair.settle();
    pair.forget();
    pair
}

fn header(xid: i32, err: Code) -> Vec<u8> {
    ReplyHeader { xid, zxid: 1, err }.to_bytes()
}

/// What everybody hears when the connection is lost with this code.
fn loss_log(code: i32) -> [String; 3] {
    [
        "session 1 to [7, 0]".to_owned(),
        format!("done 2: {code}"),
        format!("done 3: {code}"),
    ]
}

// C-432, C-442
#[test]
fn an_end_of_stream_tells_the_watchers_and_then_fails_requests_with_connection_loss() {
    let mut pair = waiting();
    pair.cut();
    pair.settle();
    assert_eq!(pair.log()[..3], loss_log(-4));
    assert_eq!(pair.log()[3..], ["session 3 to [7, 0]"]);
    assert_eq!(pair.states, [3, 0, 1, 2, 3]);
}

// C-413, C-414, C-442
#[test]
fn an_unanswered_request_ends_in_an_operation_timeout() {
    let mut pair = waiting();
    pair.run(4000);
    assert_eq!(pair.log()[..3], loss_log(-7));
    assert!(!pair.ops().contains(&Op::Ping), "with requests outstanding");
}

// C-438
#[test]
fn a_wrong_xid_drops_the_connection_with_runtime_inconsistency() {
    let mut pair = waiting();
    pair.inject_frame(&header(i32::MAX, Code::OK));
    pair.settle();
    assert_eq!(pair.log()[..3], loss_log(-2));
    assert_eq!(pair.core.state(), State::Connected, "and reconnects");
}

// C-438
#[test]
fn replies_out_of_order_are_a_wrong_xid() {
    let mut pair = Pair::connected(Setup::default());
    let when = When::next(Op::Exists);
    pair.server().faults_mut().add(when, Action::Drop);
    pair.exists("/", None);
    pair.get("/", None);
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

// C-438
#[test]
fn a_reply_that_nobody_asked_for_drops_the_connection() {
    let mut pair = Pair::connected(Setup::default());
    pair.inject_frame(&header(5, Code::OK));
    pair.settle();
    assert_eq!(pair.log(), ["session 1 to [0]", "session 3 to [0]"]);
    assert_eq!(pair.states, [3, 0, 1, 2, 3]);
}

// C-220, C-222, C-566
#[test]
fn control_replies_that_nobody_asked_for_are_ignored() {
    let mut pair = Pair::connected(Setup::default());
    for xid in [-2, -4, -8] {
        for err in [Code::OK, Code::AUTH_FAILED, Code::NO_NODE] {
            pair.inject_frame(&header(xid, err));
        }
    }
    pair.settle();
    assert_eq!(pair.core.state(), State::Connected);
    assert!(pair.log().is_empty());
}

// C-315, C-471: the request itself gets the decoding error, the others a loss.
#[test]
fn an_undecodable_body_is_a_marshalling_error_and_drops_the_connection_and_the_watch() {
    let mut pair = Pair::connected(Setup::default());
    pair.server().faults_mut().add(
        When {
            op: Some(Op::GetData),
            ..When::default()
        },
        Action::Drop,
    );
    pair.get("/", Some(5));
    pair.exists("/none", None);
    let when = When::next(Op::Exists);
    pair.server().faults_mut().add(when, Action::Drop);
    pair.settle();
    let mut body = header(pair.sent[0].header().xid, Code::OK);
    body.extend([0, 0, 0, 9, 1]);
    pair.inject_frame(&body);
    pair.settle();
    assert_eq!(
        pair.log(),
        // Nobody but the global watcher hears of the loss: the watch never came to be.
        [
            "done 1: -5",
            "session 1 to [0]",
            "done 2: -4",
            "session 3 to [0]"
        ]
    );
}

// C-203, C-442
#[test]
fn a_length_word_that_is_negative_or_huge_is_a_loss() {
    for word in [-1, i32::MIN, i32::MAX] {
        let mut pair = waiting();
        pair.inject(&word.to_be_bytes());
        pair.settle();
        assert_eq!(pair.log()[..3], loss_log(-4), "{word:#x}");
        assert_eq!(pair.core.state(), State::Connected);
    }
}

// C-432
#[test]
fn a_frame_too_short_for_a_header_is_a_loss() {
    for len in 0..ReplyHeader::WIRE_LEN {
        let mut pair = waiting();
        pair.inject_frame(&vec![0xff; len]);
        pair.settle();
        assert_eq!(pair.log()[..3], loss_log(-4), "{len} bytes");
    }
}

// C-433, C-434, C-442: refused, closed while associating.
#[test]
fn failed_attempts_fail_the_queue_without_any_event() {
    for reach in [Reach::Refuses, Reach::Hole] {
        let mut pair = Pair::default();
        pair.net.hosts[0].reach = reach;
        pair.create("/a", b"");
        pair.run(30_000);
        let code = if reach == Reach::Refuses { -4 } else { -7 };
        assert_eq!(pair.log(), [format!("done 1: {code}")], "{reach:?}");
    }
}

// C-433: a server that accepts and then closes.
#[test]
fn a_connection_closed_while_associating_is_a_failed_attempt() {
    let mut pair = Pair::default();
    pair.server().faults_mut().on_accept = zk_test_server::OnAccept::Close;
    pair.create("/a", b"");
    pair.run(300);
    assert_eq!(pair.log(), ["done 1: -4"]);
    assert_eq!(pair.states[..5], [999, 1, 2, 0, 1]);
}

// C-413: the silence counts from the start of the attempt, not from the TCP handshake.
#[test]
fn a_server_that_accepts_late_and_stays_silent_times_out_from_the_start_of_the_attempt() {
    let mut pair = Pair::new(Setup {
        latency: 1000,
        ..Setup::default()
    });
    pair.server().faults_mut().on_accept = zk_test_server::OnAccept::Silent;
    let start = pair.now;
    pair.create("/a", b"");
    pair.run(10_000);
    assert_eq!(pair.told[0].what.to_string(), "done 1: -7");
    assert_eq!(pair.told[0].at - start, 4000);
}

// C-261, C-440
#[test]
fn requests_wait_while_disconnected_until_the_next_attempt_fails() {
    let mut pair = Pair::default();
    pair.net.hosts[0].reach = Reach::Hole;
    pair.settle();
    pair.create("/a", b"");
    pair.run(3999);
    assert!(pair.log().is_empty(), "accepted while connecting");
    pair.run(1);
    assert_eq!(pair.take_log(), ["done 1: -7"]);

    // Asked after the failure: not lost with it, but served by the next attempt.
    assert_eq!(pair.core.state(), State::Closed);
    pair.net.hosts[0].reach = Reach::Up;
    pair.create("/a", b"");
    pair.settle();
    assert_eq!(pair.log(), ["session 3 to [0]", "done 2: 0"]);
}

// C-440
#[test]
fn requests_not_written_yet_are_discarded_and_never_carried_over() {
    let mut pair = Pair::connected(Setup::default());
    pair.blocked = true;
    pair.create("/a", b"");
    pair.create("/b", b"");
    pair.settle();
    pair.cut();
    pair.settle();
    assert_eq!(
        pair.log(),
        [
            "session 1 to [0]",
            "done 1: -4",
            "done 2: -4",
            "session 3 to [0]"
        ]
    );
    assert!(pair.server().node("/a").is_none());
    assert_eq!(pair.ops(), [Op::CreateSession]);
}

// C-440, S-370: the fate of a request in flight is unknown to the client, but not to the server.
#[test]
fn a_write_whose_reply_is_lost_fails_and_is_there_all_the_same() {
    let mut pair = Pair::connected(Setup::default());
    let when = When::next(Op::Create);
    let action = Action::LoseReplyAndClose(Close::Fin);
    pair.server().faults_mut().add(when, action);
    let request = pair.create("/a", b"");
    pair.settle();
    assert_eq!(pair.result(request), Err(Code::CONNECTION_LOSS));
    assert!(pair.server().node("/a").is_some());
}

// C-441
#[test]
fn watches_of_requests_that_fail_are_dropped() {
    let mut pair = Pair::connected(Setup::default());
    let when = When::next(Op::GetData);
    pair.server()
        .faults_mut()
        .add(when, Action::DropAndClose(Close::Reset));
    pair.get("/", Some(5));
    pair.settle();
    assert_eq!(pair.log()[2], "session 3 to [0]", "watcher 5 is unknown");
    assert!(!pair.ops().contains(&Op::SetWatches));
}

// C-437, C-442
#[test]
fn a_refused_credential_ends_the_session_for_everybody() {
    let mut pair = waiting();
    pair.add_auth("nosuch", "x").unwrap();
    pair.settle();
    assert_eq!(
        pair.log(),
        [
            "auth 1: -115",
            "session -113 to [7, 0]",
            "done 2: -115",
            "done 3: -115"
        ]
    );
    assert_eq!(pair.core.state(), State::AuthFailed);
    assert_eq!(
        pair.try_ask(&program::set("/", b""), None),
        Err(Code::INVALID_STATE)
    );
    assert_eq!(pair.add_auth("digest", "a:b"), Err(Code::INVALID_STATE));
    pair.run(100_000);
    assert!(pair.attempts.is_empty());
}

// C-435
#[test]
fn a_client_never_expires_a_session_by_itself() {
    let mut pair = Pair::connected(Setup::default());
    pair.net.hosts[0].reach = Reach::Refuses;
    pair.cut();
    pair.run(500_000);
    assert_eq!(
        pair.log(),
        ["session 1 to [0]"],
        "one event, whatever fails after it"
    );
    assert!(matches!(
        pair.core.state(),
        State::Closed | State::Connecting
    ));
}

// C-204, C-264
#[test]
fn every_code_of_a_server_reaches_the_request() {
    let mut pair = Pair::connected(Setup::default());
    for &code in Code::ALL.iter().filter(|code| !code.is_ok()) {
        let when = When::next(Op::Exists);
        pair.server().faults_mut().add(when, Action::Fail(code));
        let request = pair.exists("/", None);
        pair.settle();
        assert_eq!(pair.result(request), Err(code));
    }
}

// C-436: what a caught bug of the library itself looks like.
#[test]
fn an_internal_error_ends_the_handle_with_a_system_error_for_everybody() {
    let mut pair = waiting();
    pair.add_auth("digest", "a:b").unwrap();
    pair.fail(&crate::core::Fault::internal());
    pair.settle();
    assert_eq!(
        pair.log(),
        [
            "auth 1: -1",
            "session -112 to [7, 0]",
            "done 2: -1",
            "done 3: -1"
        ]
    );
    assert_eq!(
        pair.try_ask(&program::set("/", b""), None),
        Err(Code::INVALID_STATE)
    );
}
