//! Timeouts and pings, to the millisecond (C-413, C-414).

use zk_proto::Op;
use zk_test_server::{Action, OnAccept, When};

use super::network::Reach;
use super::pair::{Pair, Setup};
use crate::core::chunks::Chunks;

fn with_timeout(timeout: i32) -> Setup {
    Setup {
        timeout,
        ..Setup::default()
    }
}

// C-413, T-11
#[test]
fn a_connect_attempt_is_given_two_thirds_of_the_timeout() {
    for timeout in [3000, 10_000, 1001] {
        let mut pair = Pair::new(with_timeout(timeout));
        pair.net.hosts[0].reach = Reach::Hole;
        pair.create("/a", b"");
        pair.settle();
        let limit = u64::from(timeout.unsigned_abs()) * 2 / 3;
        pair.run(limit - 1);
        assert!(pair.told.is_empty());
        pair.run(1);
        assert_eq!(pair.log(), ["done 1: -7"], "timeout {timeout}");
    }
}

// C-413
#[test]
fn a_silent_server_is_left_after_two_thirds_of_the_timeout() {
    let mut pair = Pair::connected(with_timeout(3000));
    let when = When {
        op: Some(Op::Ping),
        ..When::default()
    };
    pair.server().faults_mut().add(when, Action::Drop);
    pair.run(1999);
    assert!(pair.told.is_empty());
    pair.run(1);
    assert_eq!(pair.log()[0], "session 1 to [0]");
    assert_eq!(pair.told[0].at, pair.now);
}

// C-413: the clock restarts with any complete frame, not with parts of one.
#[test]
fn half_a_frame_does_not_count_as_a_sign_of_life() {
    let mut pair = Pair::connected(with_timeout(3000));
    pair.net.lose_up = true;
    pair.run(1000);
    pair.inject(&[0, 0, 0, 16, 0xff, 0xff]);
    pair.run(999);
    assert!(pair.told.is_empty());
    pair.run(1);
    assert_eq!(pair.log()[0], "session 1 to [0]");
}

// C-413, C-475
#[test]
fn events_count_as_signs_of_life() {
    let mut pair = Pair::connected(with_timeout(3000));
    let when = When {
        op: Some(Op::Ping),
        ..When::default()
    };
    pair.server().faults_mut().add(when, Action::Drop);
    for _ in 0..5 {
        pair.run(1500);
        // An event for a node that nobody watches.
        let mut event = [0xff; 4].to_vec();
        event.extend([0; 12]);
        event.extend([0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 2, b'/', b'x']);
        pair.inject_frame(&event);
        pair.settle();
    }
    assert!(pair.log().is_empty());
}

#[test]
fn a_quiet_session_gives_back_the_memory_of_a_burst() {
    let mut pair = Pair::connected(with_timeout(3000));
    pair.create("/a", b"");
    let memory = |pair: &Pair| {
        let bytes = [&pair.core.tx, &pair.queue.bytes].map(Chunks::capacity);
        let requests = pair.core.in_flight.capacity() + pair.queue.entries.capacity();
        (bytes.iter().sum::<usize>(), requests)
    };
    // Both sides of the outbox have had their turn.
    for _ in 0..2 {
        for _ in 0..1_000 {
            pair.set("/a", &[7; 1_000]);
        }
        pair.settle();
    }
    let (bytes, requests) = memory(&pair);
    assert!(bytes > 500_000 && requests >= 1_000, "{bytes} {requests}");
    pair.run(3000);
    let (bytes, requests) = memory(&pair);
    assert!(bytes < 1_000 && requests < 10, "{bytes} {requests}");
    pair.set("/a", b"afterwards");
    pair.settle();
    assert_eq!(pair.log().last().map(String::as_str), Some("done 2002: 0"));
}

// C-414, C-415, T-11
#[test]
fn an_idle_client_pings_a_third_of_the_timeout_after_it_last_sent() {
    let mut pair = Pair::connected(with_timeout(3000));
    let start = pair.now;
    pair.run(500);
    pair.get("/", None);
    pair.run(6000);
    let sent: Vec<_> = pair.sent.iter().map(|s| (s.at - start, s.op())).collect();
    let ping = |at| (at, Op::Ping);
    assert_eq!(
        sent,
        [
            (500, Op::GetData),
            ping(1500),
            ping(2500),
            ping(3500),
            ping(4500),
            ping(5500),
            ping(6500)
        ]
    );
    assert_eq!(
        pair.sent[1].body,
        [0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 11],
        "C-220"
    );
    assert_eq!(pair.log(), ["done 1: 0"], "pings keep the connection");
}

// C-414: an answer that comes late makes the ping due at once.
#[test]
fn no_ping_is_sent_while_a_request_is_outstanding() {
    let mut pair = Pair::connected(with_timeout(3000));
    let start = pair.now;
    let when = When::next(Op::GetData);
    pair.server().faults_mut().add(when, Action::Delay(1700));
    pair.get("/", None);
    pair.run(1699);
    assert_eq!(pair.ops(), [Op::GetData]);
    pair.run(1);
    assert_eq!(pair.log(), ["done 1: 0"]);
    assert_eq!(pair.ops(), [Op::GetData, Op::Ping]);
    assert_eq!(pair.sent[1].at - start, 1700);
}

// C-414
#[test]
fn nothing_is_pinged_before_the_session_is_established() {
    let mut pair = Pair::new(with_timeout(3000));
    pair.server().faults_mut().on_accept = OnAccept::Silent;
    pair.run(1999);
    assert_eq!(pair.ops(), [Op::CreateSession]);
}

// C-413, C-414, T-08: the negotiated timeout rules, not the one asked for.
#[test]
fn deadlines_follow_the_negotiated_timeout() {
    let mut pair = Pair::new(with_timeout(60_000));
    pair.server().faults_mut().answer_timeout = Some(300);
    pair.connect();
    pair.forget();
    let start = pair.now;
    pair.run(250);
    assert_eq!(pair.ops(), [Op::Ping, Op::Ping]);
    assert_eq!(pair.sent[0].at - start, 100);
}

// C-413: a stalled peer that takes no bytes is found out too.
#[test]
fn a_ping_that_cannot_be_written_does_not_prevent_the_timeout() {
    let mut pair = Pair::connected(with_timeout(3000));
    pair.blocked = true;
    pair.run(2000);
    assert_eq!(pair.log()[0], "session 1 to [0]");
    assert!(!pair.ops().contains(&Op::Ping));
}
