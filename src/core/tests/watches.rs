//! Watches against a real server's events (C-222, C-223, C-470…C-482).

use std::collections::HashSet;

use zk_proto::records::{ReplyHeader, SetWatches, WatcherEvent};
use zk_proto::{Code, Jute, Op, Text, frame};
use zk_test_server::{Action, Close, When};

use super::pair::{Pair, Setup};
use super::program::{create, delete, set};
use super::record::What;
use crate::core::Request;

/// A connected client and a server with the nodes `/a` and `/a/b`.
pub(super) fn with_nodes() -> Pair {
    let mut pair = Pair::connected(Setup::default());
    pair.rival(&[create("/a", b"", 0), create("/a/b", b"", 0)]);
    pair
}

/// Asks for a watch; the server answers `code` and knows nothing of it.
fn watch_with_code(pair: &mut Pair, op: Op, path: &str, watcher: u32, code: Code) {
    pair.server()
        .faults_mut()
        .add(When::next(op), Action::Fail(code));
    match op {
        Op::Exists => pair.exists(path, Some(watcher)),
        Op::GetData => pair.get(path, Some(watcher)),
        _ => pair.children(path, Some(watcher)),
    };
    pair.settle();
}

fn event(kind: i32, state: i32, path: &str) -> Vec<u8> {
    let header = ReplyHeader {
        xid: -1,
        zxid: -1,
        err: Code::OK,
    };
    let path = Some(path.as_bytes());
    [
        header.to_bytes(),
        WatcherEvent { kind, state, path }.to_bytes(),
    ]
    .concat()
}

/// Everybody who is registered, as the next session event tells.
pub(super) fn registered(pair: &mut Pair) -> HashSet<u32> {
    pair.forget();
    pair.cut();
    pair.settle();
    let What::Session { watchers, .. } = &pair.told[0].what else {
        panic!("{:?}", pair.log());
    };
    watchers.iter().copied().filter(|&w| w != 0).collect()
}

// C-471, C-473, C-475, C-476
#[test]
fn each_read_leaves_the_watch_of_its_kind() {
    type Ask = fn(&mut Pair) -> u32;
    let get: Ask = |pair| pair.get("/a", Some(7));
    let exists: Ask = |pair| pair.exists("/a", Some(7));
    let children: Ask = |pair| pair.children("/a", Some(7));
    let children2: Ask = |pair| {
        let path = Some(&b"/a"[..]);
        pair.try_ask(&Request::GetChildren2 { path }, Some(7))
            .unwrap()
    };
    let missing: Ask = |pair| pair.exists("/new", Some(7));
    let cases: [(Ask, &[Request<'_>], &str); 10] = [
        (get, &[set("/a", b"x")], "event 3 /a to [7]"),
        (get, &[delete("/a/b"), delete("/a")], "event 2 /a to [7]"),
        (get, &[create("/a/c", b"", 0)], ""),
        (exists, &[set("/a", b"x")], "event 3 /a to [7]"),
        (exists, &[delete("/a/b"), delete("/a")], "event 2 /a to [7]"),
        (missing, &[create("/new", b"", 0)], "event 1 /new to [7]"),
        (children, &[create("/a/c", b"", 0)], "event 4 /a to [7]"),
        (children, &[set("/a", b"x")], ""),
        (children2, &[delete("/a/b")], "event 4 /a to [7]"),
        (children2, &[set("/a/b", b"x")], ""),
    ];
    for (index, (ask, change, expected)) in cases.into_iter().enumerate() {
        let mut pair = with_nodes();
        ask(&mut pair);
        pair.settle();
        assert_eq!(*pair.sent[0].body.last().unwrap(), 1, "the watch byte");
        pair.forget();
        pair.rival(change);
        pair.settle();
        assert_eq!(pair.take_log().join(", "), expected, "case {index}");
    }
}

// C-473
#[test]
fn without_a_watcher_no_watch_is_left() {
    let mut pair = with_nodes();
    pair.get("/a", None);
    pair.exists("/a", None);
    pair.children("/a", None);
    pair.settle();
    assert!(pair.sent.iter().all(|sent| sent.body.last() == Some(&0)));
    assert_eq!(pair.server().watch_count(), 0);
    assert!(registered(&mut pair).is_empty());
}

// C-471, C-441
#[test]
fn other_result_codes_leave_nothing() {
    for code in [Code::NO_NODE, Code::NO_AUTH, Code::SESSION_MOVED, Code(-4)] {
        for op in [Op::GetData, Op::Exists, Op::GetChildren] {
            let mut pair = with_nodes();
            watch_with_code(&mut pair, op, "/a", 7, code);
            let expected = op == Op::Exists && code == Code::NO_NODE;
            assert_eq!(
                registered(&mut pair).contains(&7),
                expected,
                "{op:?} {code:?}"
            );
        }
    }
}

// C-472, C-281
#[test]
fn a_getconfig_watch_is_a_data_watch_of_the_config_node() {
    let mut pair = Pair::connected(Setup {
        chroot: "/ch",
        ..Setup::default()
    });
    pair.try_ask(&Request::GetConfig, Some(7)).unwrap();
    pair.settle();
    let path: Text<'_> = pair.sent[0].record();
    assert_eq!(path, Some(&b"/zookeeper/config"[..]));
    pair.forget();
    pair.inject_frame(&event(3, 3, "/zookeeper/config"));
    pair.settle();
    assert_eq!(pair.log(), ["event 3 /zookeeper/config to [7]"]);
}

// C-471, C-416: the event comes right behind the reply, in one read.
#[test]
fn a_watch_is_in_force_before_the_frame_behind_its_reply() {
    let mut pair = with_nodes();
    pair.server()
        .faults_mut()
        .add(When::next(Op::GetData), Action::Hold);
    pair.get("/a", Some(7));
    pair.settle();
    pair.rival(&[set("/a", b"x")]);
    pair.settle();
    assert!(pair.log().is_empty());
    pair.server().release();
    pair.settle();
    assert_eq!(pair.log(), ["done 1: 0", "event 3 /a to [7]"]);
}

// C-475
#[test]
fn an_event_uses_up_the_watches_it_took() {
    let mut pair = with_nodes();
    pair.get("/a", Some(7));
    pair.get("/a/b", Some(8));
    pair.settle();
    pair.rival(&[set("/a", b"x"), set("/a", b"y")]);
    pair.settle();
    assert_eq!(pair.log()[2..], ["event 3 /a to [7]"]);
    assert_eq!(registered(&mut pair), HashSet::from([8]));
}

// C-475, C-477
#[test]
fn a_deletion_takes_all_tables_in_order_and_tells_each_watcher_once() {
    let mut pair = with_nodes();
    pair.get("/a/b", Some(1));
    pair.get("/a/b", Some(2));
    pair.settle();
    watch_with_code(&mut pair, Op::Exists, "/a/b", 3, Code::NO_NODE);
    watch_with_code(&mut pair, Op::Exists, "/a/b", 2, Code::NO_NODE);
    pair.children("/a/b", Some(4));
    pair.children("/a/b", Some(1));
    pair.get("/a/b", Some(5));
    pair.settle();
    pair.forget();
    pair.rival(&[delete("/a/b")]);
    pair.settle();
    assert_eq!(pair.log(), ["event 2 /a/b to [4, 1, 3, 2, 5]"]);
}

// C-475: both lists of the path are taken, the child list stays.
#[test]
fn a_change_takes_data_and_exist_watches_and_leaves_child_watches() {
    let mut pair = with_nodes();
    pair.get("/a", Some(1));
    pair.settle();
    watch_with_code(&mut pair, Op::Exists, "/a", 2, Code::NO_NODE);
    pair.children("/a", Some(3));
    pair.settle();
    pair.forget();
    pair.rival(&[set("/a", b"x"), create("/a/c", b"", 0)]);
    pair.settle();
    assert_eq!(pair.log(), ["event 3 /a to [2, 1]", "event 4 /a to [3]"]);
}

// C-475, C-476
#[test]
fn unknown_event_types_call_nobody_and_the_state_is_the_packets() {
    let mut pair = with_nodes();
    pair.get("/a", Some(7));
    pair.settle();
    pair.forget();
    for kind in [-2, -1, 0, 5, i32::MAX] {
        pair.inject_frame(&event(kind, 3, "/a"));
    }
    pair.inject_frame(&event(3, 3, "/b"));
    pair.settle();
    assert!(pair.log().is_empty());
    pair.inject_frame(&event(3, 42, "/a"));
    pair.settle();
    let expected = What::Node {
        watchers: vec![7],
        kind: 3,
        state: 42,
        path: "/a".into(),
    };
    assert_eq!(pair.told[0].what, expected);
}

// C-480
#[test]
fn session_events_reach_every_watcher_once_and_the_global_one_last() {
    let mut pair = with_nodes();
    for path in ["/a", "/a/b", "/"] {
        pair.get(path, Some(7));
        pair.children(path, Some(7));
        pair.exists(path, Some(0));
    }
    pair.settle();
    pair.forget();
    pair.cut();
    pair.settle();
    assert_eq!(pair.log(), ["session 1 to [7, 0]", "session 3 to [7, 0]"]);
}

// C-285, C-480
#[test]
fn a_new_global_watcher_hears_of_later_events_only() {
    let mut pair = with_nodes();
    pair.core.set_global_watcher(9);
    pair.cut();
    pair.settle();
    assert_eq!(pair.log(), ["session 1 to [9]", "session 3 to [9]"]);
}

// C-222, C-481
#[test]
fn after_a_reconnect_watchers_hear_what_happened_meanwhile_and_the_rest_is_re_armed() {
    let mut pair = with_nodes();
    pair.rival(&[
        create("/gone", b"", 0),
        create("/same", b"", 0),
        create("/parent", b"", 0),
    ]);
    pair.get("/a", Some(1));
    pair.get("/gone", Some(2));
    pair.exists("/new", Some(3));
    pair.children("/parent", Some(4));
    pair.children("/same", Some(5));
    pair.get("/same", Some(6));
    pair.settle();
    pair.forget();
    pair.cut();
    pair.rival(&[
        set("/a", b"x"),
        delete("/gone"),
        create("/new", b"", 0),
        create("/parent/x", b"", 0),
    ]);
    pair.settle();
    assert_eq!(pair.ops(), [Op::CreateSession, Op::SetWatches]);
    let mut log = pair.take_log();
    let session: Vec<_> = log.drain(..2).map(|line| line[..9].to_owned()).collect();
    assert_eq!(session, ["session 1", "session 3"]);
    log.sort();
    assert_eq!(
        log,
        [
            "event 1 /new to [3]",
            "event 2 /gone to [2]",
            "event 3 /a to [1]",
            "event 4 /parent to [4]"
        ]
    );
    pair.rival(&[
        set("/same", b"y"),
        create("/same/x", b"", 0),
        set("/a", b"z"),
    ]);
    pair.settle();
    assert_eq!(pair.log(), ["event 3 /same to [6]", "event 4 /same to [5]"]);
}

// C-222: the zxid is the last one of a reply, so nothing between it and the loss is forgotten.
#[test]
fn an_event_lost_on_the_way_is_told_after_the_reconnect() {
    let mut pair = with_nodes();
    pair.get("/a", Some(1));
    pair.settle();
    pair.forget();
    let lost = When::next(Op::Notification);
    pair.server()
        .faults_mut()
        .add(lost, Action::LoseReplyAndClose(Close::Reset));
    pair.rival(&[set("/a", b"x")]);
    pair.settle();
    assert_eq!(
        pair.log(),
        [
            "session 1 to [1, 0]",
            "session 3 to [1, 0]",
            "event 3 /a to [1]"
        ]
    );
}

// C-222
#[test]
fn no_watches_no_set_watches() {
    let mut pair = Pair::connected(Setup::default());
    pair.cut();
    pair.settle();
    assert_eq!(pair.ops(), [Op::CreateSession]);
}

// C-222, C-223, C-206
#[test]
fn many_watches_are_re_armed_in_several_packets() {
    let mut pair = Pair::connected(Setup::default());
    let mut paths = HashSet::new();
    for n in 0..3000 {
        let path = format!("/{n:0>99}");
        pair.exists(&path, Some(n));
        paths.insert(path);
    }
    pair.settle();
    assert_eq!(pair.server().watch_count(), 3000);
    let zxid = pair.server().zxid();
    pair.forget();
    pair.cut();
    pair.settle();
    assert_eq!(pair.server().watch_count(), 3000);
    let packets = &pair.sent[1..];
    assert_eq!(
        packets.len(),
        3,
        "300,000 bytes of paths in chunks of 128 KiB"
    );
    for packet in packets {
        assert_eq!((packet.header().xid, packet.op()), (-8, Op::SetWatches));
        assert!(packet.body.len() < frame::DEFAULT_MAX);
        let record: SetWatches<'_> = packet.record();
        assert_eq!(record.relative_zxid, zxid);
        for path in record.exist.iter() {
            assert!(paths.remove(std::str::from_utf8(path.unwrap()).unwrap()));
        }
    }
    assert!(paths.is_empty());
}

// C-222: whatever its code.
#[test]
fn the_answer_to_set_watches_is_ignored() {
    let mut pair = with_nodes();
    pair.get("/a", Some(7));
    pair.settle();
    let when = When::next(Op::SetWatches);
    pair.server()
        .faults_mut()
        .add(when, Action::Fail(Code::NO_AUTH));
    assert_eq!(registered(&mut pair), HashSet::from([7]));
    assert_eq!(pair.states, [3, 0, 1, 2, 3]);
    pair.run(100_000);
    assert_eq!(pair.states, [3, 0, 1, 2, 3], "and breaks nothing");
}

// C-470
#[test]
fn an_equal_watch_on_the_same_path_is_one_watch() {
    let mut pair = with_nodes();
    for watcher in [7, 8, 7] {
        pair.get("/a", Some(watcher));
    }
    pair.exists("/a", Some(7));
    pair.settle();
    pair.forget();
    pair.rival(&[set("/a", b"x")]);
    pair.settle();
    assert_eq!(pair.log(), ["event 3 /a to [7, 8]"]);
}

// C-478
#[test]
fn who_is_told_is_settled_when_the_event_is_read() {
    let mut pair = with_nodes();
    pair.get("/a", Some(7));
    pair.settle();
    pair.forget();
    pair.rival(&[set("/a", b"x")]);
    pair.settle();
    pair.forget_watch(3, "/a", Some(7));
    pair.get("/a", Some(8));
    pair.settle();
    assert_eq!(pair.log(), ["event 3 /a to [7]", "done 2: 0"]);
}
