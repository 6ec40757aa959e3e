//! Credentials (C-221, C-431, C-560…C-566).

use zk_proto::records::AuthPacket;
use zk_proto::{Code, Op};
use zk_test_server::{Action, Close, OnAccept, When};

use super::network::Reach;
use super::pair::{Pair, Setup};
use crate::core::State;

/// Secrets of the auth packets sent, in order.
fn secrets(pair: &Pair) -> Vec<String> {
    let packets = pair.sent.iter().filter(|sent| sent.op() == Op::Auth);
    packets
        .map(|sent| {
            assert_eq!(sent.header().xid, -4);
            let packet: AuthPacket<'_> = sent.record();
            assert_eq!(packet.kind, 0);
            super::record::text(packet.auth.expect("never a null buffer"))
        })
        .collect()
}

// C-431, C-563
#[test]
fn after_a_reconnect_come_credentials_last_added_first_then_watches_then_requests() {
    let mut pair = Pair::connected(Setup::default());
    for secret in ["a:1", "b:2", "c:3"] {
        pair.add_auth("digest", secret).unwrap();
    }
    pair.get("/", Some(7));
    pair.settle();
    pair.forget();
    pair.cut();
    // The loss takes what is queued along, so the request must come after it.
    pair.net.hosts[0].reach = Reach::Refuses;
    pair.settle();
    pair.net.hosts[0].reach = Reach::Up;
    pair.forget();
    pair.get("/", None);
    pair.settle();
    assert_eq!(
        pair.ops(),
        [
            Op::CreateSession,
            Op::Auth,
            Op::Auth,
            Op::Auth,
            Op::SetWatches,
            Op::GetData
        ]
    );
    assert_eq!(secrets(&pair), ["c:3", "b:2", "a:1"]);
    assert_eq!(
        pair.log(),
        ["session 3 to [7, 0]", "done 2: 0"],
        "resends answer nobody"
    );
}

// C-562
#[test]
fn a_credential_overtakes_requests_that_are_still_queued() {
    let mut pair = Pair::connected(Setup::default());
    pair.get("/", None);
    pair.add_auth("digest", "a:1").unwrap();
    pair.get("/", None);
    pair.settle();
    assert_eq!(pair.ops(), [Op::Auth, Op::GetData, Op::GetData]);
    // The server answers in order; completions of credentials take a way of their own.
    assert_eq!(pair.result(1).map(drop), Ok(()));
    assert!(pair.log().contains(&"auth 1: 0".to_owned()));
}

// C-561, C-564
#[test]
fn the_first_answer_speaks_for_all_credentials() {
    let mut pair = Pair::default();
    let second = When {
        op: Some(Op::Auth),
        skip: 1,
        ..When::default()
    };
    pair.server().faults_mut().add(second, Action::Drop);
    for _ in 0..3 {
        pair.add_auth("digest", "a:1").unwrap();
    }
    pair.connect();
    pair.settle();
    assert_eq!(
        secrets(&pair),
        ["a:1", "a:1", "a:1"],
        "equal ones are kept apart"
    );
    assert_eq!(pair.log()[1..], ["auth 1: 0", "auth 2: 0", "auth 3: 0"]);
    pair.run(100_000);
    assert_eq!(pair.log().len(), 4, "nobody is answered twice");
}

// C-565
#[test]
fn a_loss_before_the_answer_fails_the_completion_and_keeps_the_credential() {
    let mut pair = Pair::connected(Setup::default());
    let when = When::next(Op::Auth);
    pair.server()
        .faults_mut()
        .add(when, Action::DropAndClose(Close::Reset));
    pair.add_auth("digest", "a:1").unwrap();
    pair.settle();
    assert_eq!(secrets(&pair), ["a:1", "a:1"]);
    let log = pair.log();
    assert_eq!(log.iter().filter(|l| l.starts_with("auth")).count(), 1);
    assert!(log.contains(&"auth 1: -4".to_owned()));
    assert_eq!(pair.core.state(), State::Connected);
}

// C-566, C-437
#[test]
fn a_resent_credential_that_is_refused_ends_the_session() {
    let mut pair = Pair::connected(Setup::default());
    pair.add_auth("digest", "a:1").unwrap();
    pair.settle();
    pair.forget();
    let when = When::next(Op::Auth);
    pair.server()
        .faults_mut()
        .add(when, Action::Fail(Code::AUTH_FAILED));
    pair.cut();
    pair.settle();
    assert_eq!(
        pair.log(),
        [
            "session 1 to [0]",
            "session 3 to [0]",
            "session -113 to [0]"
        ]
    );
}

// C-437, C-564: the completion hears what the server said.
#[test]
fn any_error_refuses_a_credential_and_its_completion_gets_the_code() {
    let mut pair = Pair::connected(Setup::default());
    let when = When::next(Op::Auth);
    pair.server()
        .faults_mut()
        .add(when, Action::Fail(Code::SESSION_CLOSED_REQUIRE_SASL_AUTH));
    let when = When::next(Op::GetData);
    pair.server().faults_mut().add(when, Action::Drop);
    pair.add_auth("digest", "a:1").unwrap();
    pair.get("/", None);
    pair.settle();
    assert_eq!(
        pair.log(),
        ["auth 1: -124", "session -113 to [0]", "done 1: -115"]
    );
}

// C-560, F-18: the C library refuses them between a failure and the next attempt.
#[test]
fn credentials_are_taken_in_every_state_of_a_session_that_lives() {
    let mut pair = Pair::default();
    assert_eq!(pair.core.state(), State::NotConnected);
    assert_eq!(pair.add_auth("digest", "a:1"), Ok(1));
    pair.net.hosts[0].reach = Reach::Refuses;
    pair.settle();
    assert_eq!(pair.core.state(), State::Closed);
    assert_eq!(pair.take_log(), ["auth 1: -4"]);
    assert_eq!(pair.add_auth("digest", "b:2"), Ok(2));
    pair.settle();
    assert!(pair.log().is_empty(), "told before the next attempt");
    pair.net.hosts[0].reach = Reach::Hole;
    pair.run(100);
    assert_eq!(pair.core.state(), State::Connecting);
    assert_eq!(pair.add_auth("digest", "c:3"), Ok(3));
    pair.net.hosts[0].reach = Reach::Up;
    pair.connect();
    assert_eq!(secrets(&pair), ["c:3", "b:2", "a:1"]);
}

// C-562: once, unlike in the C library.
#[test]
fn a_credential_added_while_associating_is_sent_once() {
    let mut pair = Pair::new(Setup {
        latency: 10,
        ..Setup::default()
    });
    pair.run_until("association", |pair| {
        pair.core.state() == State::Associating
    });
    pair.add_auth("digest", "a:1").unwrap();
    pair.connect();
    pair.run(100);
    assert_eq!(secrets(&pair), ["a:1"]);
    assert_eq!(pair.log(), ["session 3 to [0]", "auth 1: 0"]);
}

// C-221, C-561
#[test]
fn an_empty_credential_is_sent_as_an_empty_buffer() {
    let mut pair = Pair::connected(Setup::default());
    let _ = pair.add_auth("ip", "");
    pair.settle();
    assert_eq!(secrets(&pair), [""]);
    assert!(
        pair.sent[0]
            .body
            .ends_with(&[0, 0, 0, 2, b'i', b'p', 0, 0, 0, 0])
    );
}

// C-433, C-565
#[test]
fn a_failed_attempt_fails_pending_credentials() {
    let mut pair = Pair::default();
    pair.server().faults_mut().on_accept = OnAccept::Close;
    pair.add_auth("digest", "a:1").unwrap();
    pair.settle();
    assert_eq!(pair.log(), ["auth 1: -4"]);
}

// C-562, C-440: packets of a lost connection are not sent on the next one besides the resend.
#[test]
fn a_credential_queued_when_the_connection_breaks_is_sent_once_on_the_next() {
    let mut pair = Pair::connected(Setup::default());
    pair.blocked = true;
    pair.add_auth("digest", "a:1").unwrap();
    pair.settle();
    pair.add_auth("digest", "b:2").unwrap();
    pair.cut();
    pair.settle();
    assert_eq!(secrets(&pair), ["b:2", "a:1"]);
}
