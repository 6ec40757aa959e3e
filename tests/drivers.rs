//! The runtime on loopback: threads, order, loss and close, against the test server.

mod support;

use std::collections::HashSet;
use std::sync::mpsc::channel;

use support::{DEADLINE, Got, Told, Zk, get, server};
use zk_proto::{Code, Op};
use zk_test_server::{Action, Close, TestServer, When};
use zookeeper_mt::core::Request;

fn drop_connections(server: &TestServer) {
    server.with_core(|core, _| {
        for conn in core.connections() {
            core.close_connection(conn, Close::Fin);
        }
    });
}

#[test]
fn a_synchronous_call_returns_what_the_server_says() {
    let server = server();
    let zk = Zk::connect(&server);
    assert_eq!(zk.create("/a", b"hello", 0), Got::Path("/a".into()));
    assert_eq!(zk.create("/a", b"", 0), Got::Error(Code::NODE_EXISTS));
    let Got::Data(data, stat) = zk.get("/a", None) else {
        panic!("no data")
    };
    assert_eq!(data.as_deref(), Some(&b"hello"[..]));
    assert_eq!((stat.data_length, stat.version), (5, 0));
}

#[test]
fn completions_come_in_call_order_and_exactly_once() {
    let server = server();
    let zk = Zk::connect(&server);
    zk.create("/a", &[7; 100], 0);
    for tag in 0..20_000 {
        zk.start(tag, get("/a"), None).unwrap();
    }
    for tag in 0..20_000 {
        let Told::Done(done, Got::Data(..)) = zk.next() else {
            panic!("no data for {tag}")
        };
        assert_eq!(done, tag);
    }
}

#[test]
fn a_watch_event_comes_before_the_reply_that_shows_the_change() {
    let server = server();
    let zk = Zk::connect(&server);
    zk.create("/a", b"1", 0);
    zk.get("/a", Some(7));
    zk.start(
        1,
        Request::SetData {
            path: Some(b"/a"),
            data: Some(b"2"),
            version: -1,
        },
        None,
    )
    .unwrap();
    zk.expect(&Told::Event(7, 3, 3, "/a".into()));
    assert!(matches!(zk.next(), Told::Done(1, Got::Stat(_))));
}

#[test]
fn a_lost_connection_is_told_before_the_requests_it_failed_and_watches_survive_it() {
    let server = server();
    let zk = Zk::connect(&server);
    zk.create("/a", b"1", 0);
    zk.get("/a", Some(7));
    let session = zk.session();
    drop_connections(&server);
    // Both watchers hear of loss and return; the registered one first.
    for state in [1, 3] {
        zk.expect(&Told::Event(7, -1, state, String::new()));
        zk.expect(&Told::Event(0, -1, state, String::new()));
    }
    assert_eq!(zk.session(), session, "the session was resumed");
    zk.call(
        Request::SetData {
            path: Some(b"/a"),
            data: Some(b"2"),
            version: -1,
        },
        None,
    );
    zk.expect(&Told::Event(7, 3, 3, "/a".into()));
}

#[test]
fn requests_wait_for_a_connection_and_fail_with_the_next_failed_attempt() {
    // A port that nobody listens on any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let zk = Zk::open(&format!("127.0.0.1:{port}"), 10_000);
    zk.start(1, get("/a"), None).unwrap();
    zk.expect(&Told::Done(1, Got::Error(Code::CONNECTION_LOSS)));
    assert_eq!(zk.get("/a", None), Got::Error(Code::CONNECTION_LOSS));
    assert!([0, 1, 999].contains(&zk.handle.state()));
}

#[test]
fn close_finishes_every_request_exactly_once_and_then_says_so() {
    let server = server();
    for _ in 0..50 {
        let zk = Zk::connect(&server);
        for tag in 0..50 {
            zk.start(tag, get("/"), None).unwrap();
        }
        zk.handle.close();
        let mut told = zk.drain();
        assert_eq!(told.pop(), Some(Told::Closed));
        let tags: HashSet<u32> = told
            .iter()
            .map(|t| match t {
                Told::Done(tag, Got::Data(..) | Got::Error(Code::CLOSING)) => *tag,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!((told.len(), tags.len()), (50, 50));
    }
}

#[test]
fn close_from_a_callback_returns_at_once_and_the_rest_follows() {
    let server = server();
    let zk = Zk::connect(&server);
    let handle = zk.handle.clone();
    let (submitted, all_submitted) = channel();
    zk.on_told(move |told| {
        if *told == Told::Done(0, Got::Error(Code::NO_NODE)) {
            all_submitted.recv().unwrap();
            handle.close();
        }
    });
    for tag in 0..5 {
        zk.start(tag, get("/none"), None).unwrap();
    }
    submitted.send(()).unwrap();
    for tag in 0..5 {
        assert!(matches!(zk.next(), Told::Done(done, Got::Error(_)) if done == tag));
    }
    zk.expect(&Told::Closed);
}

#[test]
fn requests_from_callbacks_during_close_are_refused() {
    let server = server();
    let zk = Zk::connect(&server);
    let (sender, refused) = channel();
    let handle = zk.handle.clone();
    zk.on_told(move |told| {
        if matches!(told, Told::Done(_, Got::Error(Code::CLOSING))) {
            sender
                .send(handle.submit(&get("/"), support::Cookie::Async(99), None))
                .unwrap();
        }
    });
    server.faults(|faults| faults.add(When::next(Op::GetData), Action::Hold));
    zk.start(1, get("/"), None).unwrap();
    zk.handle.close();
    assert_eq!(
        refused.recv_timeout(DEADLINE),
        Ok(Err(Code::MARSHALLING_ERROR))
    );
}

#[test]
fn an_expired_session_is_told_once_and_ends_everything() {
    let server = server();
    let zk = Zk::connect(&server);
    let (id, _) = zk.session();
    server.with_core(|core, now| core.expire_session(id, now));
    zk.wait_for(&Told::Event(0, -1, -112, String::new()));
    assert_eq!(zk.handle.state(), -112);
    assert_eq!(zk.get("/a", None), Got::Error(Code::INVALID_STATE));
}

#[test]
fn a_session_is_taken_over_by_id_and_password() {
    let server = server();
    let first = Zk::connect(&server);
    first.create("/e", b"", 1);
    let second = Zk::open_with(&server.connect_string(), 10_000, Some(first.session())).unwrap();
    second.wait_for(&Told::Event(0, -1, 3, String::new()));
    assert_eq!(second.session(), first.session());
    // The first handle takes it back as soon as it can, so ask the server, not the handles.
    let (_, stat) = server
        .with_core(|core, _| core.node("/e"))
        .expect("the ephemeral is there");
    assert_eq!(stat.ephemeral_owner, second.session().0);
}

#[test]
fn a_chroot_is_put_on_requests_and_taken_off_results_and_events() {
    let server = server();
    Zk::connect(&server).create("/ch", b"", 0);
    let zk = Zk::open(&format!("{}/ch", server.connect_string()), 10_000);
    assert_eq!(zk.create("/a", b"1", 0), Got::Path("/a".into()));
    zk.get("/a", Some(7));
    zk.call(
        Request::Delete {
            path: Some(b"/a"),
            version: -1,
        },
        None,
    );
    zk.wait_for(&Told::Event(7, 2, 3, "/a".into()));
    assert_eq!(
        zk.call(Request::Sync { path: Some(b"/") }, None),
        Got::Path("/".into())
    );
}

#[test]
fn an_add_auth_is_answered_at_once_and_opens_what_it_should() {
    let server = server();
    let zk = Zk::connect(&server);
    zk.handle.add_auth(b"digest", b"user:pw", Some(5)).unwrap();
    zk.expect(&Told::Auth(5, Code::OK));
    zk.handle.add_auth(b"nonsense", b"", Some(6)).unwrap();
    zk.expect(&Told::Auth(6, Code::AUTH_FAILED));
    zk.expect(&Told::Event(0, -1, -113, String::new()));
}
