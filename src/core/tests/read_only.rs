//! Read-only sessions and the search for a read/write server (C-212, C-443…C-445).

use zk_proto::records::ConnectResponse;
use zk_proto::{Code, Jute, Op};
use zk_test_server::OnAccept;

use super::network::{Reach, addr, at};
use super::pair::{Pair, Setup};
use crate::core::State;

/// A client on host 0, which is read-only; host 1 belongs to another server.
fn read_only() -> Pair {
    let mut pair = Pair::new(Setup {
        servers: 2,
        hosts: 2,
        read_only: true,
        ..Setup::default()
    });
    let now = at(pair.now);
    pair.net.servers[0].set_read_only(true, now);
    pair.net.hosts[1].reach = Reach::Refuses;
    pair.connect();
    assert_eq!(pair.core.state(), State::ReadOnly);
    pair
}

// C-405, C-445
#[test]
fn a_read_only_session_reads_and_its_writes_are_refused_by_the_server() {
    let mut pair = read_only();
    let read = pair.get("/", None);
    let write = pair.create("/a", b"");
    pair.settle();
    assert!(pair.result(read).is_ok());
    assert_eq!(pair.result(write), Err(Code::NOT_READ_ONLY));
    assert_eq!(pair.states, [999, 1, 2, 5]);
}

// C-443: 200 ms, then twice as long each time, one minute at most, through the list in turn.
#[test]
fn probes_come_ever_less_often_and_go_through_the_list() {
    let mut pair = read_only();
    let start = pair.now;
    pair.run(260_000);
    let probes: Vec<_> = pair.probes.iter().map(|&(at, s)| (at - start, s)).collect();
    assert_eq!(
        probes[..5],
        [
            (200, addr(0)),
            (600, addr(1)),
            (1400, addr(0)),
            (3000, addr(1)),
            (6200, addr(0))
        ]
    );
    let last: Vec<u64> = probes.iter().rev().take(3).map(|p| p.0).collect();
    assert_eq!((last[0] - last[1], last[1] - last[2]), (60_000, 60_000));
    assert_eq!(pair.core.state(), State::ReadOnly, "nobody is read/write");
}

// C-443, C-444, C-445, C-212
#[test]
fn a_read_write_server_is_connected_to_directly_with_event_loss_and_a_new_session() {
    let mut pair = read_only();
    pair.get("/", Some(5));
    pair.settle();
    pair.forget();
    pair.net.lose_up = true;
    let read = pair.get("/", None);
    pair.settle();
    pair.net.lose_up = false;
    pair.net.hosts[1].reach = Reach::Up;
    pair.run(700);
    assert_eq!(pair.states, [5, 0, 1, 2, 3]);
    assert_eq!(
        pair.log()[..2],
        ["session 1 to [5, 0]", &format!("done {read}: -4")]
    );
    assert_eq!(pair.log()[2], "session 3 to [5, 0]");
    assert_eq!(pair.tried(), [1]);
    let connect = pair.sent.iter().find(|s| s.first).unwrap().connect();
    assert_eq!(connect.session_id, 0, "no other server knows the session");
    assert_ne!(
        connect.password,
        Some(&[0; 16][..]),
        "its password is sent all the same"
    );
    let probes = pair.probes.len();
    pair.run(100_000);
    assert_eq!(pair.probes.len(), probes, "no more probes");
}

// C-212, C-445
#[test]
fn a_session_of_a_read_write_server_survives_a_visit_to_a_read_only_one() {
    let mut pair = Pair::connected(Setup {
        read_only: true,
        ..Setup::default()
    });
    let session = pair.server().sessions()[0];
    pair.server().faults_mut().on_accept = OnAccept::Silent;
    pair.cut();
    pair.settle();
    let response = ConnectResponse {
        protocol_version: 0,
        timeout: 6000,
        session_id: session,
        password: Some(&[1; 16]),
        read_only: Some(true),
    };
    pair.inject_frame(&response.to_bytes());
    pair.settle();
    assert_eq!(pair.core.state(), State::ReadOnly);
    pair.cut();
    pair.settle();
    let request = pair.sent.last().unwrap().connect();
    assert_eq!(request.session_id, session);
}

// C-443
#[test]
fn a_probe_that_gets_no_answer_is_given_up() {
    let mut pair = read_only();
    pair.net.hosts[1].reach = Reach::Hole;
    pair.run(5000);
    assert_eq!(pair.core.state(), State::ReadOnly);
    assert!(
        pair.ops().contains(&Op::Ping),
        "the session goes on meanwhile"
    );
}

// C-443: a client that asked for read/write never probes.
#[test]
fn a_read_write_client_is_not_served_by_a_read_only_server() {
    let mut pair = Pair::default();
    let now = at(pair.now);
    pair.server().set_read_only(true, now);
    pair.run(1000);
    assert!(pair.log().is_empty());
    assert!(!pair.states.contains(&5));
    assert!(pair.probes.is_empty());
}
