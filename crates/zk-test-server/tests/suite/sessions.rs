//! Connecting, sessions, expiry, malformed input: the core in virtual time.

use crate::support::*;
use crate::virtual_time::World;
use zk_proto::{Code, Op};
use zk_test_server::{Close, Options};

fn expiry_options() -> Options {
    Options {
        tick_ms: 500,
        ..Options::default()
    }
}

#[test]
fn s412_the_connect_response_is_the_real_servers_to_the_byte() {
    let mut world = World::new();
    let conn = world.open();
    world.send(conn, &connect_request(0, &[0; 16], 10_000));
    let expected = hex(
        "00000025 00000000 00002710 0100002d0a740000 00000010 ae37058fa33a3c9a3c3598d824db94a9 00",
    );
    assert_eq!(world.bytes(conn), expected);
    assert_eq!(world.core.zxid(), 1);
}

#[test]
fn s011_a_client_without_the_read_only_byte_gets_none_back() {
    let mut world = World::new();
    let conn = world.open();
    let full = connect_request(0, &[0; 16], 10_000);
    world.send(conn, &frame(&full[4..full.len() - 1]));
    assert_eq!(world.frames(conn)[0].len(), 36);
}

#[test]
fn s013_a_client_that_has_seen_the_future_is_cut_without_a_frame() {
    let mut world = World::new();
    let conn = world.open();
    let mut bytes = connect_request(0, &[0; 16], 10_000);
    bytes[15] = 1;
    world.send(conn, &bytes);
    assert!(world.bytes(conn).is_empty());
    assert_eq!(world.closed_how(conn), Some(Close::Fin));
}

#[test]
fn s014_timeouts_are_clamped() {
    let mut world = World::new();
    for (asked, given) in [(-1, 6000), (0, 6000), (7000, 7000), (i32::MAX, 60_000)] {
        assert_eq!(world.client_with_timeout(asked).timeout, given);
    }
}

#[test]
fn s016_resuming_closes_the_old_connection_and_keeps_the_session() {
    let mut world = World::new();
    let old = world.client();
    world.ok(old, create("/e", 1));
    let zxid = world.core.zxid();
    let new = world
        .connect(old.session, old.password, 8000)
        .expect("resumed");
    assert_eq!((new.session, new.timeout), (old.session, 8000));
    assert!(world.is_closed(old.conn));
    assert_eq!(world.core.zxid(), zxid);
    assert_eq!(
        world.core.node("/e").unwrap().1.ephemeral_owner,
        old.session
    );
}

#[test]
fn s016_a_wrong_password_cuts_the_live_connection_and_leaves_the_session() {
    let mut world = World::new();
    let client = world.client();
    assert!(world.connect(client.session, [7; 16], 8000).is_none());
    assert!(world.is_closed(client.conn));
    assert!(
        world
            .connect(client.session, client.password, 8000)
            .is_some()
    );
}

#[test]
fn s017_an_unknown_session_is_answered_with_zeros_and_a_close() {
    let mut world = World::new();
    let conn = world.open();
    world.send(conn, &connect_request(77, &[0; 16], 10_000));
    assert_eq!(
        world.frames(conn),
        [[
            hex("00000000 00000000 0000000000000000 00000010"),
            vec![0; 17]
        ]
        .concat()]
    );
    assert!(world.is_closed(conn));
}

#[test]
fn s022_s024_a_silent_session_expires_at_the_end_of_its_bucket() {
    let mut world = World::with(expiry_options());
    let (dying, watcher) = (
        world.client_with_timeout(1000),
        world.client_with_timeout(10_000),
    );
    world.ok(dying, create("/e", 1));
    world.ok(watcher, read(Op::GetData, "/e", true));
    let deadline = world.core.next_deadline().expect("a bucket");
    let left = deadline - world.now.mono_ms;
    assert!((1000..=1500).contains(&left), "{left}");
    world.advance(left - 1);
    assert!(world.core.node("/e").is_some());
    let zxid = world.core.zxid();
    world.advance(1);
    assert!(world.core.node("/e").is_none());
    assert!(world.is_closed(dying.conn));
    assert!(world.bytes(dying.conn).is_empty());
    let events = world.replies(watcher);
    assert_eq!(events[0].event(), (2, "/e".into()));
    assert_eq!(events[0].zxid, zxid + 1);
    assert!(world.connect(dying.session, dying.password, 1000).is_none());
}

#[test]
fn s023_pings_keep_a_session_alive_and_auth_does_not() {
    let mut world = World::with(expiry_options());
    let (pinging, talking) = (
        world.client_with_timeout(1000),
        world.client_with_timeout(1000),
    );
    for _ in 0..5 {
        world.advance(400);
        world.ask(pinging, (Op::Ping, vec![]));
        world.ask(talking, auth("digest", "a:b"));
    }
    assert_eq!(world.core.sessions(), [pinging.session]);
}

#[test]
fn s025_a_lost_connection_leaves_the_session_until_it_expires() {
    let mut world = World::with(expiry_options());
    let client = world.client_with_timeout(1000);
    world.ok(client, create("/e", 1));
    world.core.disconnect(client.conn, world.now);
    world.advance(900);
    assert!(world.core.node("/e").is_some());
    world.advance(700);
    assert!(world.core.node("/e").is_none());
}

#[test]
fn s026_a_connection_without_a_session_is_reaped() {
    let mut world = World::new();
    let conn = world.open();
    let deadline = world.core.next_deadline().expect("its bucket");
    let left = deadline - world.now.mono_ms;
    assert!((10_000..=20_000).contains(&left), "{left}");
    world.advance(left);
    assert!(world.is_closed(conn));
}

#[test]
fn s030_pings_are_answered_with_their_own_xid_whatever_was_asked() {
    let mut world = World::new();
    let client = world.client();
    world.send(client.conn, &request(77, 11, &[]));
    assert_eq!(
        world.frames(client.conn),
        [hex("fffffffe 0000000000000001 00000000")]
    );
}

#[test]
fn s031_closing_a_session_sends_own_events_then_the_reply_then_closes() {
    let mut world = World::new();
    let client = world.client();
    world.ok(client, create("/e", 1));
    world.ok(client, read(Op::GetData, "/e", true));
    let close = request(50, -11, &[]);
    let ignored = request(51, 11, &[]);
    world.send(client.conn, &[close, ignored].concat());
    let replies = world.replies(client);
    assert_eq!(replies.len(), 2);
    assert_eq!(replies[0].event(), (2, "/e".into()));
    assert_eq!(
        (replies[1].xid, replies[1].zxid, replies[1].err),
        (50, 3, Code::OK)
    );
    assert!(world.is_closed(client.conn));
    assert!(world.core.sessions().is_empty());
}

#[test]
fn s036_xids_are_echoed_unseen() {
    let mut world = World::new();
    let client = world.client();
    for xid in [0, -77, i32::MAX, i32::MIN] {
        let (op, body) = read(Op::Exists, "/", false);
        world.send(client.conn, &request(xid, op.into(), &body));
        assert_eq!(world.replies(client)[0].xid, xid);
    }
}

#[test]
fn s043_s044_s045_senseless_lengths_close_the_connection_without_a_frame() {
    let mut world = World::new();
    let witness = world.client();
    for bytes in [
        (-1i32).to_be_bytes().to_vec(),
        1_048_576i32.to_be_bytes().to_vec(),
        frame(&[0; 7]),
        frame(&[]),
    ] {
        let client = world.client();
        world.send(client.conn, &bytes);
        assert!(world.is_closed(client.conn), "{bytes:?}");
        assert!(world.bytes(client.conn).is_empty());
    }
    for first in [&b"abcd"[..], b"GET ", &frame(&[0; 20])] {
        let conn = world.open();
        world.send(conn, first);
        assert!(world.is_closed(conn), "{first:?}");
        assert!(world.bytes(conn).is_empty());
    }
    world.ok(witness, read(Op::Exists, "/", false));
}

#[test]
fn s046_unknown_operations_are_answered_and_the_connection_closes() {
    let mut world = World::new();
    for op in [0, 10, 13, 999, -1, i32::MIN] {
        let client = world.client();
        world.send(client.conn, &request(7, op, &[]));
        assert_eq!(
            world.frames(client.conn),
            [hex("00000007 ffffffffffffffff fffffffa")],
            "{op}"
        );
        assert!(world.is_closed(client.conn));
        assert!(world.core.sessions().contains(&client.session));
    }
}

#[test]
fn s047_bodies_that_do_not_decode_leave_the_connection_usable() {
    let mut world = World::new();
    let client = world.client();
    let zxid = world.core.zxid();
    for op in [
        1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 17, 18, 19, 20, 21, 22, 101, 104, 105, 106,
    ] {
        world.send(client.conn, &request(1, op, &[0, 0, 0, 9, b'/']));
        assert_eq!(
            world.replies(client)[0].err,
            Code::MARSHALLING_ERROR,
            "{op}"
        );
        assert_eq!(world.core.zxid(), zxid, "{op}");
    }
    let null_path = [0xff; 4];
    world.send(
        client.conn,
        &request(1, 4, &[&null_path[..], &[0]].concat()),
    );
    assert_eq!(world.replies(client)[0].err, Code::MARSHALLING_ERROR);
    world.send(client.conn, &request(1, 14, &[1]));
    assert_eq!(world.replies(client)[0].err, Code::MARSHALLING_ERROR);
    assert_eq!(world.core.zxid(), zxid + 1);
}

#[test]
fn s048_auth_that_does_not_decode_closes_the_connection() {
    let mut world = World::new();
    for op in [100, 102] {
        let client = world.client();
        world.send(client.conn, &request(1, op, &[0]));
        assert!(world.is_closed(client.conn));
        assert!(world.bytes(client.conn).is_empty());
    }
}

#[test]
fn s007_s008_any_split_of_the_stream_gives_the_same_replies() {
    let stream = {
        let (create_op, create_body) = create("/a", 0);
        let (get_op, get_body) = read(Op::GetData, "/a", false);
        [
            connect_request(0, &[0; 16], 10_000),
            request(1, create_op.into(), &create_body),
            request(2, get_op.into(), &get_body),
            request(3, -11, &[]),
        ]
        .concat()
    };
    let run = |step: usize| {
        let mut world = World::new();
        let conn = world.open();
        for piece in stream.chunks(step) {
            world.send(conn, piece);
        }
        assert!(world.is_closed(conn));
        world.bytes(conn)
    };
    let whole = run(stream.len());
    assert_eq!(whole.len(), 41 + 26 + 92 + 20);
    for step in 1..stream.len() {
        assert_eq!(run(step), whole, "pieces of {step}");
    }
}

#[test]
fn s060_connections_beyond_the_limit_are_closed_unread() {
    let mut world = World::with(Options {
        max_client_cnxns: 2,
        ..Options::default()
    });
    let (first, _second) = (world.client(), world.client());
    let third = world.open();
    assert!(world.is_closed(third));
    world.core.disconnect(first.conn, world.now);
    world.client();
}

#[test]
fn requests_wait_while_too_many_replies_are_not_taken() {
    let mut world = World::with(Options {
        output_limit: 1000,
        ..Options::default()
    });
    let client = world.client();
    let (op, body) = read(Op::GetData, "/", false);
    let requests: Vec<u8> = (0..1000)
        .flat_map(|xid| request(xid, op.into(), &body))
        .collect();
    world.core.handle_bytes(client.conn, &requests, world.now);
    assert!(!world.core.wants_read(client.conn));
    assert!(world.core.output(client.conn).len() < 1200);
    world.drain();
    let xids: Vec<i32> = world.replies(client).iter().map(|r| r.xid).collect();
    assert_eq!(xids, (0..1000).collect::<Vec<_>>());
    assert!(world.core.wants_read(client.conn));
}
