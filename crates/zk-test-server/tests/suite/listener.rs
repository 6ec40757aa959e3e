//! The server on real sockets, inside the test's process.

use crate::socket::{Socket, dial, read_frame, read_text, word};
use crate::support::*;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use zk_proto::{Code, Op};
use zk_test_server::{Action, Close, OnAccept, Options, TestServer, When};

fn start() -> TestServer {
    TestServer::start(Options::default()).expect("a server")
}

#[test]
fn a_client_connects_creates_reads_and_closes() {
    let server = start();
    let mut client = Socket::open(server.addr());
    assert_eq!(client.call(&create("/a", 0)).text(), "/a");
    assert_eq!(
        client.call(&read(Op::GetChildren, "/", false)).texts(),
        ["a", "zookeeper"]
    );
    assert_eq!(client.call(&(Op::CloseSession, vec![])).err, Code::OK);
    assert_eq!(client.receive(), None);
}

#[test]
fn pipelined_requests_are_answered_in_order_however_large_the_replies() {
    let server = start();
    let mut client = Socket::open(server.addr());
    let data = vec![7u8; 100_000];
    let big = (Op::Create, create_body("/big", Some(&data), &[WORLD], 0));
    assert_eq!(client.call(&big).err, Code::OK);
    let mut writer = client.stream.try_clone().expect("a second handle");
    let sender = std::thread::spawn(move || {
        let (op, body) = read(Op::GetData, "/big", false);
        let requests: Vec<u8> = (0..500)
            .flat_map(|xid| request(xid, op.into(), &body))
            .collect();
        writer.write_all(&requests)
    });
    for xid in 0..500 {
        let reply = client.receive().expect("a reply");
        assert_eq!((reply.xid, reply.body.len()), (xid, 4 + data.len() + 68));
    }
    sender.join().expect("a sender").expect("all sent");
}

#[test]
fn a_client_that_does_not_read_is_not_read_either() {
    let server = start();
    let mut client = Socket::open(server.addr());
    let data = vec![7u8; 1_000_000];
    let big = (Op::Create, create_body("/big", Some(&data), &[WORLD], 0));
    assert_eq!(client.call(&big).err, Code::OK);
    let conn = server.with_core(|core, _| core.connections()[0]);
    let (op, body) = read(Op::GetData, "/big", false);
    let requests: Vec<u8> = (0..200)
        .flat_map(|xid| request(xid, op.into(), &body))
        .collect();
    client.stream.write_all(&requests).expect("sent");
    let waits = || server.with_core(|core, _| !core.wants_read(conn));
    wait_for(waits);
    assert!(server.with_core(|core, _| core.output(conn).len()) < 8 << 20);
    let mut other = Socket::open(server.addr());
    assert_eq!(other.call(&read(Op::Exists, "/", false)).err, Code::OK);
    for xid in 0..200 {
        assert_eq!(client.receive().expect("a reply").xid, xid);
    }
}

#[test]
fn the_session_of_a_client_that_does_not_read_ends_all_the_same() {
    let server = start();
    let mut client = Socket::open(server.addr());
    let data = vec![7u8; 1_000_000];
    let big = (Op::Create, create_body("/big", Some(&data), &[WORLD], 0));
    assert_eq!(client.call(&big).err, Code::OK);
    let conn = server.with_core(|core, _| core.connections()[0]);
    let (op, body) = read(Op::GetData, "/big", false);
    let requests: Vec<u8> = (0..200)
        .flat_map(|xid| request(xid, op.into(), &body))
        .collect();
    client.stream.write_all(&requests).expect("sent");
    wait_for(|| server.with_core(|core, _| !core.wants_read(conn)));
    assert!(server.with_core(|core, now| core.expire_session(client.session, now)));
    wait_for(|| server.with_core(|core, _| core.connections().is_empty()));
}

fn wait_for(condition: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !condition() {
        assert!(std::time::Instant::now() < deadline, "it never happens");
        std::thread::yield_now();
    }
}

#[test]
fn sessions_expire_when_the_clock_is_pushed() {
    let server = start();
    let mut owner = Socket::open(server.addr());
    assert_eq!(owner.call(&create("/e", 1)).err, Code::OK);
    server.advance(14_000);
    assert_eq!(owner.receive(), None);
    assert!(server.with_core(|core, _| core.node("/e").is_none()));
    assert!(Socket::try_open(server.addr(), owner.session, owner.password).is_none());
}

#[test]
fn a_session_moves_to_a_new_connection() {
    let server = start();
    let mut old = Socket::open(server.addr());
    let mut new = Socket::try_open(server.addr(), old.session, old.password).expect("resumed");
    assert_eq!(old.receive(), None);
    assert_eq!(new.call(&read(Op::Exists, "/", false)).err, Code::OK);
}

#[test]
fn events_reach_other_connections() {
    let server = start();
    let (mut writer, mut watcher) = (Socket::open(server.addr()), Socket::open(server.addr()));
    assert_eq!(
        watcher.call(&read(Op::GetChildren, "/", true)).err,
        Code::OK
    );
    assert_eq!(writer.call(&create("/a", 0)).err, Code::OK);
    assert_eq!(
        watcher.receive().expect("an event").event(),
        (4, "/".to_owned())
    );
}

#[test]
fn malformed_input_closes_its_connection_only() {
    let server = start();
    let mut witness = Socket::open(server.addr());
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0xff; 64],
        &frame(&[1; 30]),
    ] {
        let mut stream = dial(server.addr());
        stream.write_all(bytes).expect("sent");
        assert_eq!(read_frame(&mut stream), None);
    }
    assert_eq!(witness.call(&read(Op::Exists, "/", false)).err, Code::OK);
}

#[test]
fn refused_connects_are_refused_until_the_port_opens_again() {
    let server = start();
    let mut client = Socket::open(server.addr());
    server.faults(|faults| faults.refuse = true);
    let error = TcpStream::connect(server.addr()).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(client.call(&read(Op::Exists, "/", false)).err, Code::OK);
    server.faults(|faults| faults.refuse = false);
    Socket::open(server.addr());
}

#[test]
fn faults_reach_the_sockets() {
    let server = start();
    let mut client = Socket::open(server.addr());
    server.faults(|faults| faults.add(When::next(Op::GetData), Action::CutAfter(9, Close::Fin)));
    client.send(&read(Op::GetData, "/", false));
    let mut rest = Vec::new();
    client
        .stream
        .read_to_end(&mut rest)
        .expect("the end of the stream");
    assert_eq!(rest.len(), 9);

    let mut client = Socket::open(server.addr());
    let reset = Action::LoseReplyAndClose(Close::Reset);
    server.faults(|faults| faults.add(When::next(Op::Create), reset));
    client.send(&create("/a", 0));
    let error = client.stream.read(&mut [0; 9]).expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(server.with_core(|core, _| core.node("/a").is_some()));

    server.faults(|faults| faults.on_accept = OnAccept::Close);
    assert!(Socket::try_open(server.addr(), 0, [0; 16]).is_none());
}

#[test]
fn a_stopped_connection_is_read_when_it_is_resumed() {
    let server = start();
    let mut client = Socket::open(server.addr());
    let stop = |on| {
        server.with_core(|core, now| {
            let conn = core.connections()[0];
            assert!(core.set_reading(conn, on, now));
        });
    };
    stop(false);
    client.send(&create("/a", 0));
    assert!(server.with_core(|core, _| core.node("/a").is_none()));
    stop(true);
    assert_eq!(client.receive().expect("a reply").err, Code::OK);
}

#[test]
fn s280_four_letter_words_are_answered_and_the_connection_closes() {
    let server = start();
    let addr = server.addr();
    let mut client = Socket::open(addr);
    client.call(&create("/e", 1));
    client.call(&read(Op::GetData, "/e", true));
    assert_eq!(word(addr, "ruok"), "imok");
    assert_eq!(word(addr, "isro"), "rw");
    for line in [
        "Mode: standalone\n",
        "Node count: 6\n",
        "Zxid: 0x2\n",
        "Connections: 2\n",
    ] {
        assert!(word(addr, "srvr").contains(line), "{line}");
    }
    let session = format!("0x{:x}", client.session);
    assert!(word(addr, "stat").contains(&format!(" /{}[1](", client.stream.local_addr().unwrap())));
    assert!(word(addr, "cons").contains(&format!("sid={session},lop=GETD")));
    assert!(word(addr, "dump").contains(&format!("{session}:\n\t/e\n")));
    assert_eq!(
        word(addr, "wchs"),
        "1 connections watching 1 paths\nTotal watches:1\n"
    );
    assert!(word(addr, "wchc").contains(&format!("{session}\n\t/e\n")));
    assert!(word(addr, "wchp").contains(&format!("/e\n\t{session}\n")));
    assert!(word(addr, "conf").contains(&format!("clientPort={}\n", server.port())));
    assert!(word(addr, "envi").starts_with("Environment:\nzookeeper.version="));
    for line in [
        "zk_watch_count\t1\n",
        "zk_ephemerals_count\t1\n",
        "zk_server_state\tstandalone\n",
    ] {
        assert!(word(addr, "mntr").contains(line), "{line}");
    }
    assert!(word(addr, "hash").contains("not in the whitelist"));
    let mut split = dial(addr);
    split.write_all(b"ru").expect("sent");
    split.write_all(b"ok\n").expect("sent");
    assert_eq!(read_text(&mut split), "imok");
}

#[test]
fn a_server_frees_its_port_when_it_is_dropped() {
    let server = start();
    let addr = server.addr();
    drop(server);
    let again = TestServer::start(Options {
        port: addr.port(),
        ..Options::default()
    });
    assert_eq!(again.expect("the same port").addr(), addr);
}
