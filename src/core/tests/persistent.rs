//! Watches that stay, against a real server's events (S-144, S-200, S-207, S-208, S-220, S-222).

use std::collections::HashSet;

use zk_proto::records::{SetWatches, SetWatches2};
use zk_proto::{AddWatchMode, Code, Op};
use zk_test_server::{Action, Close, When};

use super::pair::{Pair, Setup};
use super::program::{create, delete, set};
use super::watches::{registered, with_nodes};
use crate::core::Request;

use AddWatchMode::{Persistent, PersistentRecursive};

/// A client that watches `/a`, on a server with the nodes `/a` and `/a/b`.
fn watching(mode: AddWatchMode) -> Pair {
    let mut pair = with_nodes();
    let asked = pair.add_watch("/a", mode, 7);
    pair.settle();
    assert!(pair.result(asked).is_ok());
    pair.forget();
    pair
}

/// What the client is told when somebody does this.
fn after(pair: &mut Pair, changes: &[Request<'_>]) -> Vec<String> {
    pair.rival(changes);
    pair.settle();
    pair.take_log()
}

#[test]
fn a_persistent_watch_tells_every_change_of_its_node_and_its_children() {
    let mut pair = watching(Persistent);
    for _ in 0..2 {
        let changes = [
            set("/a", b"x"),
            set("/a/b", b"x"),
            create("/a/c", b"", 0),
            delete("/a/c"),
            delete("/a/b"),
            delete("/a"),
            create("/a", b"", 0),
            create("/a/b", b"", 0),
        ];
        assert_eq!(
            after(&mut pair, &changes),
            [
                "event 3 /a to [7]",
                "event 4 /a to [7]",
                "event 4 /a to [7]",
                "event 4 /a to [7]",
                "event 2 /a to [7]",
                "event 1 /a to [7]",
                "event 4 /a to [7]",
            ]
        );
    }
}

#[test]
fn a_recursive_watch_tells_every_change_of_its_node_and_of_all_below_it() {
    let mut pair = watching(PersistentRecursive);
    for _ in 0..2 {
        let changes = [
            set("/a", b"x"),
            set("/a/b", b"x"),
            create("/a/b/c", b"", 0),
            delete("/a/b/c"),
            delete("/a/b"),
            create("/ab", b"", 0),
            delete("/ab"),
            create("/a/b", b"", 0),
        ];
        assert_eq!(
            after(&mut pair, &changes),
            [
                "event 3 /a to [7]",
                "event 3 /a/b to [7]",
                "event 1 /a/b/c to [7]",
                "event 2 /a/b/c to [7]",
                "event 2 /a/b to [7]",
                "event 1 /a/b to [7]",
            ]
        );
    }
}

#[test]
fn a_recursive_watch_on_the_root_tells_everything() {
    let mut pair = with_nodes();
    pair.add_watch("/", PersistentRecursive, 7);
    pair.settle();
    pair.forget();
    let changes = [set("/a/b", b"x"), create("/n", b"", 0)];
    assert_eq!(
        after(&mut pair, &changes),
        ["event 3 /a/b to [7]", "event 1 /n to [7]"]
    );
}

#[test]
fn under_a_chroot_watches_that_stay_speak_of_the_clients_paths() {
    for (path, expected) in [
        (
            "/",
            &["event 3 / to [7]", "event 1 /n to [7]", "event 3 /n to [7]"][..],
        ),
        ("/n", &["event 1 /n to [7]", "event 3 /n to [7]"]),
    ] {
        let mut pair = Pair::connected(Setup {
            chroot: "/ch",
            ..Setup::default()
        });
        pair.rival(&[create("/ch", b"", 0)]);
        pair.add_watch(path, PersistentRecursive, 7);
        pair.settle();
        pair.forget();
        let changes = [
            set("/ch", b"x"),
            create("/ch/n", b"", 0),
            set("/ch/n", b"x"),
            create("/other", b"", 0),
        ];
        assert_eq!(after(&mut pair, &changes), expected, "{path}");
    }
}

#[test]
fn a_watch_that_was_not_set_is_not_registered() {
    for action in [
        Action::Fail(Code::MARSHALLING_ERROR),
        Action::DropAndClose(Close::Fin),
    ] {
        let mut pair = with_nodes();
        pair.server()
            .faults_mut()
            .add(When::next(Op::AddWatch), action);
        let asked = pair.add_watch("/a", Persistent, 7);
        pair.settle();
        assert!(pair.result(asked).is_err());
        assert!(registered(&mut pair).is_empty());
    }
}

#[test]
fn after_a_reconnect_watches_that_stay_are_set_again_and_told_on() {
    let mut pair = watching(Persistent);
    pair.add_watch("/r", PersistentRecursive, 8);
    pair.get("/a/b", Some(9));
    pair.settle();
    pair.cut();
    pair.settle();
    let packet = pair
        .sent
        .iter()
        .find(|s| s.op() == Op::SetWatches2)
        .unwrap();
    let record: SetWatches2<'_> = packet.record();
    let first = |list: zk_proto::List<'_, zk_proto::Text<'_>>| {
        list.iter()
            .flatten()
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
    };
    assert_eq!(packet.header().xid, -8);
    assert_eq!(first(record.data), [b"/a/b"]);
    assert_eq!(first(record.persistent), [b"/a"]);
    assert_eq!(first(record.persistent_recursive), [b"/r"]);
    assert!(record.exist.is_empty() && record.child.is_empty());
    pair.forget();
    let changes = [
        set("/a", b"x"),
        create("/r", b"", 0),
        create("/r/s", b"", 0),
        set("/a", b"y"),
    ];
    assert_eq!(
        after(&mut pair, &changes),
        [
            "event 3 /a to [7]",
            "event 1 /r to [8]",
            "event 1 /r/s to [8]",
            "event 3 /a to [7]",
        ]
    );
}

#[test]
fn without_watches_that_stay_the_older_packet_is_sent() {
    let mut pair = watching(Persistent);
    pair.get("/a/b", Some(9));
    pair.settle();
    pair.remove_watches("/a", 4, None, true).unwrap();
    pair.settle();
    pair.forget();
    pair.cut();
    pair.settle();
    let packet = pair.sent.iter().find(|s| s.op() == Op::SetWatches).unwrap();
    let record: SetWatches<'_> = packet.record();
    assert_eq!(record.data.len(), 1);
    assert!(pair.sent.iter().all(|s| s.op() != Op::SetWatches2));
}

#[test]
fn a_removed_watch_is_told_and_the_server_forgets_it_with_the_last_one() {
    for (kind, mode) in [
        (4, Persistent),
        (5, PersistentRecursive),
        (3, Persistent),
        (3, PersistentRecursive),
    ] {
        let mut pair = watching(mode);
        pair.add_watch("/a", mode, 8);
        pair.settle();
        pair.forget();
        pair.remove_watches("/a", kind, Some(8), false).unwrap();
        pair.settle();
        assert_eq!(pair.ops(), [Op::CheckWatches]);
        assert_eq!(pair.take_log(), ["removed /a to [8]", "done 3: 0"]);
        pair.forget();
        assert_eq!(after(&mut pair, &[set("/a", b"x")]), ["event 3 /a to [7]"]);
        pair.remove_watches("/a", kind, Some(7), false).unwrap();
        pair.settle();
        assert_eq!(pair.ops(), [Op::RemoveWatches]);
        assert_eq!(pair.take_log(), ["removed /a to [7]", "done 4: 0"]);
        assert_eq!(pair.server().watch_count(), 0);
        assert!(registered(&mut pair).is_empty());
    }
}

#[test]
fn what_is_asked_for_while_the_last_watch_is_removed_is_set_again() {
    let mut pair = watching(Persistent);
    pair.add_watch("/a", Persistent, 8);
    pair.get("/a", Some(9));
    let asked = pair.remove_watches("/a", 3, Some(7), false).unwrap();
    pair.settle();
    assert!(pair.result(asked).is_ok());
    assert_eq!(pair.ops()[2..], [Op::RemoveWatches, Op::SetWatches2]);
    pair.forget();
    let changes = [set("/a", b"x"), set("/a", b"y")];
    assert_eq!(
        after(&mut pair, &changes),
        ["event 3 /a to [9, 8]", "event 3 /a to [8]"]
    );
}

#[test]
fn removing_the_kinds_that_fire_once_leaves_those_that_stay() {
    let mut pair = watching(Persistent);
    pair.get("/a", Some(9));
    pair.settle();
    pair.remove_watches("/a", 2, None, true).unwrap();
    pair.settle();
    pair.forget();
    assert_eq!(after(&mut pair, &[set("/a", b"x")]), ["event 3 /a to [7]"]);
}

#[test]
fn kinds_that_stay_are_not_asked_for_unless_there_are_some() {
    let mut pair = with_nodes();
    pair.get("/a", Some(7));
    pair.settle();
    pair.forget();
    for (kind, watcher) in [(4, None), (5, None), (4, Some(7)), (5, Some(7))] {
        let refused = pair.remove_watches("/a", kind, watcher, true);
        assert_eq!(refused, Err(Code::NO_WATCHER), "{kind} {watcher:?}");
    }
    assert!(pair.sent.is_empty());
}

#[test]
fn a_watch_forgotten_without_the_server_is_told_as_well() {
    let mut pair = watching(PersistentRecursive);
    pair.add_watch("/a", Persistent, 7);
    pair.settle();
    pair.forget();
    pair.forget_watch(3, "/a", None);
    assert_eq!(pair.take_log(), ["removed /a to [7]"]);
    assert!(after(&mut pair, &[set("/a", b"x")]).is_empty());
}

#[test]
fn session_events_reach_watchers_that_stay_once() {
    let mut pair = watching(PersistentRecursive);
    pair.add_watch("/b", Persistent, 7);
    pair.add_watch("/c", Persistent, 8);
    pair.settle();
    assert_eq!(registered(&mut pair), HashSet::from([7, 8]));
}
