//! Watches and their events.

use super::*;

const CREATED: i32 = 1;
const DELETED: i32 = 2;
const CHANGED: i32 = 3;
const CHILD: i32 = 4;

/// A watch on a register that has version 1 of transaction 10.
fn watched() -> (History, u32) {
    let mut h = History::connected();
    let first = h.set(B, R, 1, 10);
    let data = Outcome::Data(Some(first), stat(1, 10));
    let watch = h.ask(A, Op::Get(R, true), data);
    (h, watch.index)
}

#[test]
fn a_watch_that_is_called_twice_is_found() {
    let (mut h, watch) = watched();
    h.note(A, What::Fired(watch, CHANGED, true));
    h.is_sound();
    h.note(A, What::Fired(watch, CHANGED, true));
    h.has(Kind::WatchTwice);
}

#[test]
fn a_watch_of_a_failed_request_that_is_called_is_found() {
    let mut h = History::connected();
    let watch = h.issue(A, Op::Get(R, true));
    h.disconnect(A);
    h.complete(watch, LOST);
    h.connect(A);
    h.note(A, What::Fired(watch.index, CHANGED, true));
    h.has(Kind::WatchUnasked);
}

#[test]
fn a_change_of_data_that_is_seen_before_its_event_is_found() {
    let (mut h, _) = watched();
    let second = h.set(B, R, 2, 11);
    h.get(A, R, Some(second), 2, 11);
    h.has(Kind::WatchMissed);
}

#[test]
fn a_change_that_is_seen_after_a_reconnection_without_event_is_found() {
    let (mut h, watch) = watched();
    h.note(A, What::Told(watch, SessionState::CONNECTING));
    h.disconnect(A);
    let second = h.set(B, R, 2, 11);
    h.note(A, What::Told(watch, SessionState::CONNECTED));
    h.connect(A);
    h.get(A, R, Some(second), 2, 11);
    h.has(Kind::WatchMissed);
}

#[test]
fn a_creation_that_is_seen_without_event_is_found() {
    let mut h = History::connected();
    let missing = Outcome::Failed(Code::NO_NODE);
    h.ask(A, Op::Exists(S, true), missing);
    h.ask(A, Op::Create(1), Outcome::Stat(fresh(10, 0)));
    h.has(Kind::WatchMissed);
}

#[test]
fn a_deletion_that_is_seen_without_event_is_found() {
    let mut h = History::connected();
    h.ask(A, Op::Create(1), Outcome::Stat(fresh(10, 0)));
    h.ask(A, Op::Exists(S, true), Outcome::Stat(fresh(10, 0)));
    h.ask(A, Op::Delete(1, -1), Outcome::Done);
    h.has(Kind::WatchMissed);
}

#[test]
fn a_change_of_the_list_that_is_seen_without_event_is_found() {
    for seen_by in [
        (Op::Create(1), Outcome::Stat(fresh(12, 0))),
        (
            Op::Children(false),
            Outcome::Children(Vec::new(), fresh(12, 0)),
        ),
    ] {
        let mut h = History::connected();
        let list = Outcome::Children(Vec::new(), fresh(10, 0));
        h.ask(A, Op::Children(true), list);
        h.is_sound();
        h.ask(A, seen_by.0, seen_by.1);
        h.has(Kind::WatchMissed);
    }
}

#[test]
fn events_of_another_path_or_type_are_found() {
    for (event, right) in [(CHANGED, false), (CREATED, true), (CHILD, true)] {
        let (mut h, watch) = watched();
        h.note(A, What::Fired(watch, event, right));
        h.has(Kind::WatchWrong);
    }
    let mut h = History::connected();
    let missing = Outcome::Failed(Code::NO_NODE);
    let watch = h.ask(A, Op::Exists(S, true), missing);
    h.note(A, What::Fired(watch.index, DELETED, true));
    h.has(Kind::WatchWrong);
}

#[test]
fn an_event_without_change_is_found() {
    let (mut h, watch) = watched();
    h.note(A, What::Fired(watch, CHANGED, true));
    let read = Op::Exists(R, false);
    h.ask(A, read, Outcome::Stat(stat(1, 10)));
    h.has(Kind::WatchWrong);
}

#[test]
fn a_node_event_without_connection_is_found() {
    let (mut h, watch) = watched();
    h.note(A, What::Told(watch, SessionState::CONNECTING));
    h.disconnect(A);
    h.note(A, What::Fired(watch, CHANGED, true));
    h.has(Kind::WrongMoment);
}

#[test]
fn a_watch_left_out_of_a_session_event_is_found() {
    let (mut h, _) = watched();
    h.disconnect(A);
    h.has(Kind::SessionEvent);
}

#[test]
fn a_watch_told_twice_of_one_session_event_is_found() {
    let (mut h, watch) = watched();
    for _ in 0..2 {
        h.note(A, What::Told(watch, SessionState::CONNECTING));
    }
    h.disconnect(A);
    h.has(Kind::SessionEvent);
}

#[test]
fn a_watch_told_after_its_event_is_found() {
    let (mut h, watch) = watched();
    h.note(A, What::Fired(watch, CHANGED, true));
    h.note(A, What::Told(watch, SessionState::CONNECTING));
    h.disconnect(A);
    h.has(Kind::SessionEvent);
}
