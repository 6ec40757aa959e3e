//! Watches of every kind: the core in virtual time.

use crate::support::*;
use crate::virtual_time::{Client, World};
use zk_proto::{Code, Op, Perms};
use zk_test_server::{Close, Options};

const CREATED: i32 = 1;
const DELETED: i32 = 2;
const CHANGED: i32 = 3;
const CHILD: i32 = 4;

fn event(kind: i32, path: &str) -> (i32, String) {
    (kind, path.to_owned())
}

/// A world with a writer and a watcher.
fn pair() -> (World, Client, Client) {
    let mut world = World::new();
    let (writer, watcher) = (world.client(), world.client());
    (world, writer, watcher)
}

#[test]
fn s414_a_writer_gets_its_own_event_before_its_reply() {
    let mut world = World::new();
    let client = world.client();
    world.ok(client, create("/a", 0));
    world.ok(client, create("/pad", 0));
    world.ok(client, read(Op::GetData, "/a", true));
    let (op, body) = set("/a", b"xy", -1);
    world.send(client.conn, &request(4, op.into(), &body));
    let frames = world.frames(client.conn);
    let event = hex("ffffffff 0000000000000004 00000000 00000003 00000003 00000002 2f61");
    assert_eq!(frames[0], event);
    let reply = Reply::parse(&frames[1]);
    assert_eq!((reply.xid, reply.zxid), (4, 4));
    let stat = reply.stat();
    assert_eq!(
        (
            stat.czxid,
            stat.mzxid,
            stat.version,
            stat.data_length,
            stat.pzxid
        ),
        (2, 4, 1, 2, 2)
    );
}

#[test]
fn s205_s206_one_shot_watches_fire_once_for_their_kind_of_change() {
    let (mut world, writer, watcher) = pair();
    world.call(watcher, read(Op::Exists, "/a", true));
    world.ok(watcher, read(Op::GetChildren, "/", true));
    world.ok(writer, create("/a", 0));
    assert_eq!(
        world.events(watcher),
        [event(CREATED, "/a"), event(CHILD, "/")]
    );
    world.ok(writer, set("/a", b"", -1));
    assert!(world.events(watcher).is_empty());
    world.ok(watcher, read(Op::GetData, "/a", true));
    world.ok(watcher, read(Op::GetData, "/a", true));
    world.ok(watcher, read(Op::GetChildren2, "/a", true));
    world.ok(writer, set_acl("/a", &[WORLD], -1));
    assert!(world.events(watcher).is_empty());
    world.ok(writer, create("/a/b", 0));
    assert_eq!(world.events(watcher), [event(CHILD, "/a")]);
    world.ok(writer, set("/a", b"", -1));
    assert_eq!(world.events(watcher), [event(CHANGED, "/a")]);
    assert_eq!(world.core.watch_count(), 0);
}

#[test]
fn s209_data_and_child_watch_on_one_node_see_one_delete() {
    let (mut world, writer, watcher) = pair();
    world.ok(writer, create("/a", 0));
    world.ok(watcher, read(Op::GetData, "/a", true));
    world.ok(watcher, read(Op::GetChildren, "/a", true));
    world.ok(watcher, read(Op::GetChildren, "/", true));
    world.ok(writer, delete("/a"));
    assert_eq!(
        world.events(watcher),
        [event(DELETED, "/a"), event(CHILD, "/")]
    );
    assert_eq!(world.core.watch_count(), 0);
}

#[test]
fn s208_persistent_watches_stay_and_see_data_and_children() {
    let (mut world, writer, watcher) = pair();
    world.ok(watcher, numbered(Op::AddWatch, "/a", 0));
    for request in [
        create("/a", 0),
        set("/a", b"", -1),
        create("/a/b", 0),
        set("/a/b", b"", -1),
        delete("/a/b"),
        delete("/a"),
    ] {
        world.ok(writer, request);
    }
    let expected = [
        event(CREATED, "/a"),
        event(CHANGED, "/a"),
        event(CHILD, "/a"),
        event(CHILD, "/a"),
        event(DELETED, "/a"),
    ];
    assert_eq!(world.events(watcher), expected);
    assert_eq!(world.core.watch_count(), 2);
}

#[test]
fn s207_recursive_watches_see_the_whole_subtree_and_no_child_events() {
    let (mut world, writer, watcher) = pair();
    world.ok(watcher, numbered(Op::AddWatch, "/a", 1));
    for request in [
        create("/a", 0),
        create("/a/b", 0),
        set("/a/b", b"", -1),
        create("/ab", 0),
        delete("/a/b"),
        delete("/a"),
    ] {
        world.ok(writer, request);
    }
    let expected = [
        event(CREATED, "/a"),
        event(CREATED, "/a/b"),
        event(CHANGED, "/a/b"),
        event(DELETED, "/a/b"),
        event(DELETED, "/a"),
    ];
    assert_eq!(world.events(watcher), expected);
}

#[test]
fn s206_one_connection_gets_one_event_whatever_modes_it_holds() {
    let (mut world, writer, watcher) = pair();
    world.ok(writer, create("/a", 0));
    world.ok(watcher, numbered(Op::AddWatch, "/", 1));
    world.ok(watcher, numbered(Op::AddWatch, "/a", 0));
    world.ok(watcher, numbered(Op::AddWatch, "/a", 1));
    world.ok(watcher, read(Op::GetData, "/a", true));
    world.ok(writer, set("/a", b"", -1));
    world.ok(writer, set("/a", b"", -1));
    assert_eq!(
        world.events(watcher),
        [event(CHANGED, "/a"), event(CHANGED, "/a")]
    );
}

#[test]
fn s210_the_end_of_a_session_tells_of_each_ephemeral() {
    let (mut world, owner, watcher) = pair();
    world.ok(watcher, create("/p", 0));
    for path in ["/p/1", "/p/2"] {
        world.ok(owner, create(path, 1));
        world.ok(watcher, read(Op::Exists, path, true));
    }
    world.ok(watcher, numbered(Op::AddWatch, "/p", 0));
    world.ask(owner, (Op::CloseSession, vec![]));
    let replies = world.replies(watcher);
    assert!(replies.iter().all(|r| r.zxid == world.core.zxid()));
    let events: Vec<_> = replies.iter().map(Reply::event).collect();
    let expected = [
        event(DELETED, "/p/1"),
        event(CHILD, "/p"),
        event(DELETED, "/p/2"),
        event(CHILD, "/p"),
    ];
    assert_eq!(events, expected);
}

#[test]
fn s211_who_may_not_read_is_not_told_and_loses_the_watch() {
    let (mut world, writer, watcher) = pair();
    world.ok(writer, auth("digest", "bob:pw"));
    world.call(watcher, read(Op::Exists, "/secret", true));
    let own = [acl(Perms::ALL, "auth", "")];
    world.ok(writer, (Op::Create, create_body("/secret", None, &own, 0)));
    assert!(world.events(watcher).is_empty());
    assert_eq!(world.core.watch_count(), 0);
    world.ok(watcher, numbered(Op::AddWatch, "/secret", 0));
    world.ok(writer, set("/secret", b"", -1));
    world.ok(writer, create("/secret/child", 0));
    assert!(world.events(watcher).is_empty());
    world.ok(watcher, auth("digest", "bob:pw"));
    world.ok(writer, set("/secret", b"", -1));
    assert_eq!(world.events(watcher), [event(CHANGED, "/secret")]);
}

#[test]
fn s201_watches_die_with_their_connection() {
    let (mut world, writer, watcher) = pair();
    world.ok(watcher, read(Op::GetData, "/", true));
    world.ok(watcher, numbered(Op::AddWatch, "/", 1));
    let again = world
        .connect(watcher.session, watcher.password, 10_000)
        .expect("resumed");
    assert_eq!(world.core.watch_count(), 0);
    world.ok(writer, create("/a", 0));
    assert!(world.events(again).is_empty());
}

#[test]
fn s220_s221_set_watches_replays_what_was_missed_and_arms_the_rest() {
    let (mut world, writer, watcher) = pair();
    for path in ["/same", "/changed", "/parent", "/calm"] {
        world.ok(writer, create(path, 0));
    }
    let seen = world.core.zxid();
    world.ok(writer, set("/changed", b"", -1));
    world.ok(writer, create("/parent/c", 0));
    let lists: &[&[&str]] = &[
        &["/same", "/changed", "/gone"],
        &["/same", "/later"],
        &["/parent", "/calm", "/gone"],
    ];
    let (op, body) = set_watches(Op::SetWatches, seen, lists);
    world.send(watcher.conn, &request(-8, op.into(), &body));
    let mut replies = world.replies(watcher);
    let last = replies.pop().expect("a reply");
    assert_eq!((last.xid, last.err, last.body.len()), (-8, Code::OK, 0));
    assert!(replies.iter().all(|r| r.zxid == -1));
    let events: Vec<_> = replies.iter().map(Reply::event).collect();
    let expected = [
        event(CHANGED, "/changed"),
        event(DELETED, "/gone"),
        event(CREATED, "/same"),
        event(CHILD, "/parent"),
        event(DELETED, "/gone"),
    ];
    assert_eq!(events, expected);
    world.ok(writer, set("/same", b"", -1));
    world.ok(writer, create("/later", 0));
    world.ok(writer, create("/calm/c", 0));
    let expected = [
        event(CHANGED, "/same"),
        event(CREATED, "/later"),
        event(CHILD, "/calm"),
    ];
    assert_eq!(world.events(watcher), expected);
}

#[test]
fn s220_set_watches2_arms_persistent_watches_without_replay() {
    let (mut world, writer, watcher) = pair();
    world.ok(writer, create("/p", 0));
    let lists: &[&[&str]] = &[&[], &[], &[], &["/p"], &["/r"]];
    world.ok(watcher, set_watches(Op::SetWatches2, 0, lists));
    world.ok(writer, set("/p", b"", -1));
    world.ok(writer, create("/r", 0));
    world.ok(writer, create("/r/x", 0));
    let expected = [
        event(CHANGED, "/p"),
        event(CREATED, "/r"),
        event(CREATED, "/r/x"),
    ];
    assert_eq!(world.events(watcher), expected);
}

#[test]
fn s222_s223_watches_are_checked_and_removed_by_kind() {
    let (mut world, _, watcher) = pair();
    let arm = |world: &mut World| {
        world.ok(watcher, read(Op::GetData, "/", true));
        world.ok(watcher, read(Op::GetChildren, "/", true));
        world.ok(watcher, numbered(Op::AddWatch, "/", 0));
        world.ok(watcher, numbered(Op::AddWatch, "/", 1));
    };
    for kind in 1..=5 {
        arm(&mut world);
        assert_eq!(
            world.code(watcher, numbered(Op::CheckWatches, "/", kind)),
            Code::OK
        );
        assert_eq!(
            world.code(watcher, numbered(Op::RemoveWatches, "/", kind)),
            Code::OK
        );
        for other in 1..=5 {
            let left = match kind {
                3 => false,
                _ => other != kind,
            };
            let code = if left { Code::OK } else { Code::NO_WATCHER };
            let check = numbered(Op::CheckWatches, "/", other);
            assert_eq!(
                world.code(watcher, check),
                code,
                "{kind} removed, {other} checked"
            );
        }
        assert_eq!(
            world.code(watcher, numbered(Op::RemoveWatches, "/", kind)),
            Code::NO_WATCHER
        );
    }
    for op in [Op::CheckWatches, Op::RemoveWatches] {
        assert_eq!(
            world.code(watcher, numbered(op, "/", 6)),
            Code::MARSHALLING_ERROR
        );
    }
    assert_eq!(
        world.code(watcher, numbered(Op::AddWatch, "/", 2)),
        Code::MARSHALLING_ERROR
    );
}

#[test]
fn a_watcher_that_never_reads_is_cut_off() {
    let mut world = World::with(Options {
        event_limit: 1000,
        ..Options::default()
    });
    let (writer, watcher) = (world.client(), world.client());
    world.ok(watcher, numbered(Op::AddWatch, "/", 0));
    let (op, body) = set("/", b"", -1);
    for xid in 0..100 {
        // Without draining: nothing leaves.
        let bytes = request(xid, op.into(), &body);
        world.core.handle_bytes(writer.conn, &bytes, world.now);
    }
    assert!(world.core.output(watcher.conn).is_empty());
    assert_eq!(world.core.closing(watcher.conn), Some(Close::Reset));
    assert_eq!(world.core.watch_count(), 0);
}
