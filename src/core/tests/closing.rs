//! Closing the handle (C-262, C-530, C-531, C-534, C-537).

use zk_proto::{Code, Op};
use zk_test_server::{Action, When};

use super::network::Reach;
use super::pair::{Pair, Setup};
use super::program::create;
use crate::core::Request;

// C-530, C-534, C-224
#[test]
fn everything_outstanding_is_closing_and_the_rest_is_flushed_before_the_close_request() {
    let mut pair = Pair::connected(Setup::default());
    pair.server()
        .faults_mut()
        .add(When::next(Op::GetData), Action::LoseReply);
    pair.get("/", Some(7));
    pair.settle();
    pair.create("/a", b"");
    pair.add_auth("digest", "a:1").unwrap();
    pair.create("/b", b"");
    pair.close();
    let mut log = pair.log();
    log.sort();
    assert_eq!(
        log,
        [
            "auth 1: -116",
            "done 1: -116",
            "done 2: -116",
            "done 3: -116"
        ]
    );
    assert_eq!(
        pair.ops(),
        [
            Op::GetData,
            Op::Auth,
            Op::Create,
            Op::Create,
            Op::CloseSession
        ]
    );
    assert_eq!(pair.sent.last().unwrap().body.len(), 8);
    assert!(pair.sent.last().unwrap().header().xid > 0);
    assert!(pair.server().sessions().is_empty());
    assert!(
        pair.server().node("/b").is_some(),
        "flushed requests execute"
    );
}

// C-530: bytes that the kernel had not taken go first.
#[test]
fn what_was_blocked_is_sent_before_the_close_request() {
    let mut pair = Pair::connected(Setup::default());
    pair.blocked = true;
    pair.create("/a", b"");
    pair.settle();
    pair.blocked = false;
    pair.create("/b", b"");
    pair.close();
    assert_eq!(pair.ops(), [Op::Create, Op::Create, Op::CloseSession]);
}

// C-262, C-623
#[test]
fn requests_after_the_close_are_refused_as_marshalling_errors() {
    let mut pair = Pair::connected(Setup::default());
    pair.close();
    for request in [
        create("/a", b"", 0),
        Request::Multi(&[]),
        Request::GetConfig,
    ] {
        assert_eq!(pair.try_ask(&request, None), Err(Code::MARSHALLING_ERROR));
    }
    let removal = pair.remove_watches("/", 3, None, true);
    assert_eq!(removal, Err(Code::MARSHALLING_ERROR));
}

// C-531
#[test]
fn a_handle_that_is_not_connected_says_nothing_to_anyone() {
    for reach in [Reach::Refuses, Reach::Hole] {
        let mut pair = Pair::default();
        pair.net.hosts[0].reach = reach;
        pair.settle();
        pair.create("/a", b"");
        pair.add_auth("digest", "a:1").ok();
        pair.close();
        assert!(pair.log().contains(&"done 1: -116".to_owned()));
        assert!(pair.sent.is_empty());
    }
}

// C-537
#[test]
fn a_handle_without_a_session_closes_without_a_packet() {
    let mut pair = Pair::connected(Setup::default());
    pair.add_auth("nosuch", "x").unwrap();
    pair.settle();
    pair.forget();
    pair.close();
    assert!(pair.sent.is_empty() && pair.log().is_empty());
    assert_eq!(
        pair.try_ask(&create("/a", b"", 0), None),
        Err(Code::MARSHALLING_ERROR)
    );
}
