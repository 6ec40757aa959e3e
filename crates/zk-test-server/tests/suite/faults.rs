//! Faults on demand: the core in virtual time.

use crate::support::*;
use crate::virtual_time::{World, peer};
use zk_proto::{Code, Op};
use zk_test_server::{Action, Close, OnAccept, Options, When};

fn get() -> (Op, Vec<u8>) {
    read(Op::GetData, "/", false)
}

#[test]
fn the_next_replies_of_an_operation_fail_without_being_executed() {
    let mut world = World::new();
    let client = world.client();
    let when = When {
        op: Some(Op::Create),
        path: Some(b"/a".to_vec()),
        skip: 1,
        times: Some(2),
        ..When::default()
    };
    let rule = world
        .core
        .faults_mut()
        .add(when, Action::Fail(Code::CONNECTION_LOSS));
    assert_eq!(world.code(client, create("/b", 0)), Code::OK);
    assert_eq!(world.code(client, create("/a", 0)), Code::OK);
    assert_eq!(world.code(client, create("/a", 0)), Code::CONNECTION_LOSS);
    assert_eq!(world.code(client, create("/a", 0)), Code::CONNECTION_LOSS);
    assert_eq!(world.code(client, create("/a", 0)), Code::NODE_EXISTS);
    assert_eq!(world.core.faults().hits(rule), 2);
}

#[test]
fn a_lost_reply_follows_a_commit_and_a_dropped_request_does_not() {
    let mut world = World::new();
    for (action, committed, closes) in [
        (Action::LoseReply, true, None),
        (
            Action::LoseReplyAndClose(Close::Reset),
            true,
            Some(Close::Reset),
        ),
        (Action::Drop, false, None),
        (Action::DropAndClose(Close::Fin), false, Some(Close::Fin)),
    ] {
        let client = world.client();
        world.core.faults_mut().add(When::next(Op::Create), action);
        world.ask(client, create("/a", 0));
        assert_eq!(world.core.node("/a").is_some(), committed, "{action:?}");
        assert!(world.frames(client.conn).is_empty());
        assert_eq!(world.closed_how(client.conn), closes, "{action:?}");
        let next = world.client();
        world.call(next, delete("/a"));
    }
}

#[test]
fn a_held_reply_holds_all_that_follows_until_it_is_released() {
    let mut world = World::new();
    let (client, other) = (world.client(), world.client());
    world
        .core
        .faults_mut()
        .add(When::next(Op::GetData), Action::Hold);
    let held = world.ask(client, get());
    let behind = world.ask(client, get());
    assert!(world.frames(client.conn).is_empty());
    world.ok(other, get());
    assert_eq!(world.core.release(), 1);
    world.drain();
    let xids: Vec<i32> = world.replies(client).iter().map(|r| r.xid).collect();
    assert_eq!(xids, [held, behind]);
}

#[test]
fn a_delayed_reply_leaves_when_its_time_comes() {
    let mut world = World::new();
    let client = world.client();
    world
        .core
        .faults_mut()
        .add(When::next(Op::GetData), Action::Delay(250));
    let xid = world.ask(client, get());
    assert!(world.frames(client.conn).is_empty());
    assert_eq!(world.core.next_deadline(), Some(world.now.mono_ms + 250));
    world.advance(249);
    assert!(world.frames(client.conn).is_empty());
    world.advance(1);
    assert_eq!(world.replies(client)[0].xid, xid);
}

#[test]
fn a_reply_is_cut_after_any_number_of_bytes() {
    let mut world = World::new();
    for bytes in [0u32, 1, 3, 4, 10, 19, 20, 91] {
        let client = world.client();
        let action = Action::CutAfter(bytes, Close::Fin);
        world.core.faults_mut().add(When::next(Op::GetData), action);
        world.ask(client, get());
        assert_eq!(world.bytes(client.conn).len(), bytes as usize);
        assert!(world.is_closed(client.conn));
    }
}

#[test]
fn headers_and_length_words_can_lie() {
    let mut world = World::new();
    let client = world.client();
    for (action, at, bytes) in [
        (Action::Xid(99), 4, hex("00000063")),
        (Action::Zxid(-1), 8, hex("ffffffffffffffff")),
        (Action::LengthWord(i32::MIN), 0, hex("80000000")),
    ] {
        world.core.faults_mut().add(When::next(Op::GetData), action);
        world.ask(client, get());
        let reply = world.bytes(client.conn);
        assert_eq!(reply.len(), 92);
        assert_eq!(reply[at..at + bytes.len()], bytes);
    }
}

#[test]
fn watch_events_can_be_dropped_and_held() {
    let mut world = World::new();
    let (writer, watcher) = (world.client(), world.client());
    world.ok(watcher, numbered(Op::AddWatch, "/", 1));
    world
        .core
        .faults_mut()
        .add(When::next(Op::Notification), Action::Drop);
    world
        .core
        .faults_mut()
        .add(When::next(Op::Notification), Action::Hold);
    world.ok(writer, create("/a", 0));
    world.ok(writer, create("/b", 0));
    assert!(world.frames(watcher.conn).is_empty());
    assert_eq!(world.core.release(), 1);
    world.drain();
    assert_eq!(world.events(watcher), [(1, "/b".to_owned())]);
}

#[test]
fn the_connect_response_can_lie_fail_or_stay_away() {
    let mut world = World::new();
    world.core.faults_mut().answer_timeout = Some(123);
    world.core.faults_mut().answer_session = Some(-5);
    let client = world.client();
    assert_eq!((client.timeout, client.session), (123, -5));
    world.core.clear_faults(world.now);
    let connect = When {
        op: Some(Op::CreateSession),
        ..When::default()
    };
    let rule = world
        .core
        .faults_mut()
        .add(connect.clone(), Action::Fail(Code::NOT_READ_ONLY));
    let conn = world.open();
    world.send(conn, &connect_request(0, &[0; 16], 10_000));
    assert_eq!(
        world.frames(conn),
        [hex("00000000 0000000000000001 ffffff89")]
    );
    assert!(world.core.faults_mut().remove(rule));
    world.core.faults_mut().add(connect, Action::Drop);
    let conn = world.open();
    world.send(conn, &connect_request(0, &[0; 16], 10_000));
    assert!(world.bytes(conn).is_empty() && !world.is_closed(conn));
}

#[test]
fn new_connections_can_be_closed_ignored_or_left_unread() {
    let mut world = World::new();
    let request = connect_request(0, &[0; 16], 10_000);
    world.core.faults_mut().on_accept = OnAccept::Close;
    world.core.faults_mut().on_accept_times = Some(1);
    let closed = world.open();
    assert!(world.is_closed(closed));
    world.client();
    world.core.faults_mut().on_accept_times = None;
    world.core.faults_mut().on_accept = OnAccept::Silent;
    let silent = world.open();
    world.send(silent, &request);
    world.core.faults_mut().on_accept = OnAccept::Stop;
    let stopped = world.core.connect(peer(), world.now);
    assert!(!world.core.wants_read(stopped));
    world.send(stopped, &request);
    for conn in [silent, stopped] {
        assert!(world.bytes(conn).is_empty() && !world.is_closed(conn));
    }
    world.core.clear_faults(world.now);
    world.drain();
    assert_eq!(world.frames(stopped).len(), 1);
}

#[test]
fn output_ends_after_so_many_bytes() {
    let mut world = World::new();
    world.core.faults_mut().output_limit = Some(10);
    let conn = world.open();
    world.send(conn, &connect_request(0, &[0; 16], 10_000));
    assert_eq!(world.bytes(conn).len(), 10);
    assert!(world.is_closed(conn));
    world.core.faults_mut().output_limit = None;
    let client = world.client();
    assert!(world.core.cut_output_after(client.conn, 5, Close::Fin));
    world.ask(client, get());
    assert_eq!(world.bytes(client.conn).len(), 5);
    assert!(world.is_closed(client.conn));
}

#[test]
fn sessions_expire_and_connections_close_on_command() {
    let mut world = World::new();
    let (gone, cut, witness) = (world.client(), world.client(), world.client());
    world.ok(gone, create("/e", 1));
    assert!(world.core.expire_session(gone.session, world.now));
    assert!(!world.core.expire_session(gone.session, world.now));
    assert!(world.core.close_connection(cut.conn, Close::Reset));
    world.drain();
    assert!(world.is_closed(gone.conn));
    assert_eq!(world.closed_how(cut.conn), Some(Close::Reset));
    assert!(world.core.node("/e").is_none());
    assert!(world.connect(gone.session, gone.password, 1000).is_none());
    assert!(world.connect(cut.session, cut.password, 1000).is_some());
    world.ok(witness, get());
}

#[test]
fn a_reply_held_when_its_session_expires_is_lost() {
    let mut world = World::new();
    let client = world.client();
    world
        .core
        .faults_mut()
        .add(When::next(Op::Create), Action::Hold);
    world.ask(client, create("/a", 0));
    world.core.expire_session(client.session, world.now);
    world.drain();
    assert!(world.is_closed(client.conn));
    assert!(world.frames(client.conn).is_empty());
    assert!(world.core.node("/a").is_some());
}

#[test]
fn the_transcript_holds_every_frame_in_both_directions() {
    use zk_test_server::Direction::{FromClient, ToClient};
    let mut world = World::with(Options {
        transcript: true,
        ..Options::default()
    });
    let client = world.client();
    world.ok(client, read(Op::GetData, "/", true));
    world.ok(client, create("/a", 0));
    world.call(client, (Op::CloseSession, vec![]));
    let directions: Vec<_> = world
        .core
        .transcript()
        .records()
        .iter()
        .map(|r| r.direction)
        .collect();
    let each = [FromClient, ToClient].repeat(4);
    assert_eq!(directions, each);
    let create_reply = &world.core.transcript_mut().take()[5];
    assert_eq!(Reply::parse(&create_reply.frame).text(), "/a");
    assert!(world.core.transcript().records().is_empty());
}
