//! Removing watches, with and without the server (C-245, C-246, C-485…C-488).

use std::collections::HashSet;

use zk_proto::{Code, Op};
use zk_test_server::{Action, Close, When};

use super::program::set;
use super::watches::{registered, with_nodes};

// C-485, C-486, C-488
#[test]
fn removing_asks_the_server_only_if_something_matches() {
    let mut pair = with_nodes();
    pair.get("/a", Some(7));
    pair.settle();
    pair.forget();
    for (kind, watcher) in [
        (1, Some(7)),
        (2, Some(8)),
        (0, Some(7)),
        (4, Some(7)),
        (9, None),
    ] {
        let refused = pair.remove_watches("/a", kind, watcher, true);
        assert_eq!(refused, Err(Code::NO_WATCHER), "{kind} {watcher:?}");
    }
    pair.settle();
    assert!(pair.sent.is_empty());
    // No watcher matches always: the server decides.
    let asked = pair.remove_watches("/nothing", 3, None, true).unwrap();
    pair.settle();
    assert_eq!(pair.result(asked), Err(Code::NO_WATCHER));
    assert_eq!(pair.ops(), [Op::RemoveWatches]);
}

// C-245, C-246, C-488
#[test]
fn removed_watches_are_forgotten_here_and_for_17_still_armed_there() {
    for (all, on_server) in [(false, 1), (true, 0)] {
        let mut pair = with_nodes();
        pair.get("/a", Some(7));
        pair.settle();
        let asked = pair.remove_watches("/a", 2, Some(7), all).unwrap();
        pair.settle();
        assert!(pair.result(asked).is_ok());
        assert_eq!(pair.server().watch_count(), on_server);
        pair.forget();
        pair.rival(&[set("/a", b"x")]);
        pair.settle();
        assert!(pair.log().is_empty(), "all: {all}");
        assert!(registered(&mut pair).is_empty());
    }
}

// C-488
#[test]
fn a_removal_without_a_watcher_forgets_every_watcher_of_its_kind_on_the_path() {
    let mut pair = with_nodes();
    for watcher in 1..=3 {
        pair.get("/a", Some(watcher));
    }
    pair.children("/a", Some(4));
    pair.get("/a/b", Some(5));
    pair.settle();
    pair.remove_watches("/a", 2, None, true).unwrap();
    pair.settle();
    assert_eq!(registered(&mut pair), HashSet::from([4, 5]));
}

// C-488
#[test]
fn a_failed_removal_removes_nothing() {
    for action in [
        Action::Fail(Code::NO_WATCHER),
        Action::DropAndClose(Close::Fin),
    ] {
        let mut pair = with_nodes();
        pair.get("/a", Some(7));
        pair.settle();
        pair.server()
            .faults_mut()
            .add(When::next(Op::RemoveWatches), action);
        let asked = pair.remove_watches("/a", 2, Some(7), true).unwrap();
        pair.settle();
        assert!(pair.result(asked).is_err());
        assert_eq!(registered(&mut pair), HashSet::from([7]));
    }
}

// C-487
#[test]
fn watches_can_be_forgotten_without_asking_the_server_in_any_state() {
    let mut pair = with_nodes();
    pair.get("/a", Some(7));
    pair.get("/a", Some(8));
    pair.settle();
    pair.forget();
    pair.forget_watch(3, "/a", Some(7));
    pair.settle();
    assert!(pair.sent.is_empty());
    pair.cut();
    pair.forget_watch(2, "/a", None);
    pair.settle();
    assert_eq!(pair.log(), ["session 1 to [0]", "session 3 to [0]"]);
}
