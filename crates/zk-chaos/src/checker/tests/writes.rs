//! What was written, and what is read of it.

use super::*;

#[test]
fn a_register_that_gets_older_within_a_session_is_found() {
    let mut h = History::connected();
    let first = h.set(B, R, 1, 10);
    let second = h.set(B, R, 2, 11);
    h.get(A, R, Some(second), 2, 11);
    h.get(A, R, Some(first), 1, 10);
    h.has(Kind::ZxidWentBack);
}

#[test]
fn a_reply_older_than_what_was_seen_of_another_node_is_found_in_the_end() {
    let mut h = History::connected();
    let first = h.set(B, R, 1, 10);
    let second = h.set(B, R, 2, 11);
    let other = h.set(B, Node::Register(2), 1, 12);
    h.get(A, Node::Register(2), Some(other), 1, 12);
    h.get(A, R, Some(first), 1, 10);
    h.is_sound();
    let content = (Some(second), stat(2, 11));
    h.checker.check_tree(
        &Tree {
            registers: vec![(1, content)],
            ..Tree::default()
        },
        false,
    );
    h.has(Kind::ZxidWentBack);
}

#[test]
fn a_reply_older_than_an_earlier_synchronous_call_is_found_in_the_end() {
    let mut h = History::connected();
    let first = h.set(B, R, 1, 10);
    let second = h.set(B, R, 2, 11);
    h.call(
        A,
        Op::Get(R, false),
        Outcome::Data(Some(second), stat(2, 11)),
    );
    h.get(A, R, Some(first), 1, 10);
    let content = (Some(second), stat(2, 11));
    h.checker.check_tree(
        &Tree {
            registers: vec![(1, content)],
            ..Tree::default()
        },
        false,
    );
    h.has(Kind::ZxidWentBack);
}

#[test]
fn a_synchronous_call_may_overtake_requests_made_before_it() {
    let mut h = History::connected();
    let first = h.set(B, R, 1, 10);
    let read = h.issue(A, Op::Get(R, false));
    let second = h.set(B, R, 2, 11);
    h.call(
        A,
        Op::Get(R, false),
        Outcome::Data(Some(second), stat(2, 11)),
    );
    h.complete(read, Outcome::Data(Some(first), stat(1, 10)));
    let content = (Some(second), stat(2, 11));
    h.checker.check_tree(
        &Tree {
            registers: vec![(1, content)],
            ..Tree::default()
        },
        false,
    );
    h.is_sound();
}

#[test]
fn a_write_older_than_what_its_session_had_seen_is_found() {
    let mut h = History::connected();
    let other = h.set(B, Node::Register(2), 1, 20);
    h.get(A, Node::Register(2), Some(other), 1, 20);
    h.set(A, R, 1, 15);
    h.has(Kind::ZxidWentBack);
}

#[test]
fn a_write_older_than_one_acknowledged_before_it_was_asked_for_is_found() {
    let mut h = History::connected();
    h.set(B, Node::Register(2), 1, 20);
    h.set(A, R, 1, 15);
    h.has(Kind::NotLinear);
}

#[test]
fn a_write_in_flight_may_be_older_than_one_acknowledged_meanwhile() {
    let mut h = History::connected();
    let write = h.issue(A, Op::Set(R, -1));
    h.set(B, Node::Register(2), 1, 20);
    h.complete(write, Outcome::Stat(stat(1, 15)));
    h.is_sound();
}

#[test]
fn one_version_with_two_writers_is_found() {
    let mut h = History::connected();
    h.set(A, R, 1, 10);
    h.set(B, R, 1, 11);
    h.has(Kind::LostWrite);
}

#[test]
fn a_conditional_write_that_gives_another_version_is_found() {
    let mut h = History::connected();
    h.ask(A, Op::Set(R, 4), Outcome::Stat(stat(6, 10)));
    h.has(Kind::LostWrite);
}

#[test]
fn a_value_seen_as_two_versions_is_found() {
    let mut h = History::connected();
    let write = h.issue(A, Op::Set(R, -1));
    h.get(B, R, Some(write), 1, 10);
    h.get(B, R, Some(write), 2, 11);
    h.has(Kind::AppliedTwice);
}

#[test]
fn a_failed_write_that_is_read_is_found() {
    let mut h = History::connected();
    let failed = Outcome::Failed(Code::BAD_VERSION);
    let write = h.ask(A, Op::Set(R, 7), failed.clone());
    h.get(B, R, Some(write), 1, 10);
    h.has(Kind::FailedButApplied);

    let mut h = History::connected();
    let write = h.issue(A, Op::Set(R, 7));
    h.get(B, R, Some(write), 1, 10);
    h.complete(write, failed);
    h.has(Kind::FailedButApplied);
}

#[test]
fn both_parts_of_a_failed_transaction_count_as_failed() {
    let mut h = History::connected();
    let failed = Outcome::Failed(Code::BAD_VERSION);
    let write = h.ask(A, Op::SetBoth(1, 2, 7), failed);
    h.get(B, Node::Register(2), Some(write), 1, 10);
    h.has(Kind::FailedButApplied);
}

#[test]
fn a_transaction_in_two_transactions_is_found() {
    let mut h = History::connected();
    let stats = [stat(1, 10), stat(1, 11)];
    h.ask(A, Op::SetBoth(1, 2, -1), Outcome::Both(stats));
    h.has(Kind::NotLinear);
}

#[test]
fn data_that_nobody_wrote_there_is_found() {
    for writer in [
        None,
        Some(Id {
            session: A,
            index: 77,
        }),
    ] {
        let mut h = History::connected();
        h.get(B, R, writer, 3, 10);
        h.has(Kind::UnknownData);
    }
}

#[test]
fn a_refused_write_that_is_read_is_found() {
    let mut h = History::connected();
    h.disconnect(A);
    let write = h.issue(A, Op::Set(R, -1));
    h.note(A, What::Refused(write.index, Code::INVALID_STATE));
    h.get(B, R, Some(write), 1, 10);
    h.has(Kind::UnknownData);
}

#[test]
fn replies_that_no_order_of_a_slots_writes_explains_are_found() {
    let created = |h: &mut History| h.ask(A, Op::Create(1), Outcome::Stat(fresh(10, 0)));
    let wrong: [(Op, Outcome); 8] = [
        // An acknowledged write is not there.
        (Op::Get(S, false), Outcome::Failed(Code::NO_NODE)),
        (Op::Exists(S, false), Outcome::Failed(Code::NO_NODE)),
        (Op::Create(1), Outcome::Stat(fresh(11, 0))),
        // Another version or another writer.
        (Op::Exists(S, false), Outcome::Stat(stat(1, 11))),
        (Op::Get(S, false), Outcome::Data(None, fresh(10, 0))),
        // Conditions that are not kept.
        (Op::Set(S, 5), Outcome::Stat(stat(1, 11))),
        (Op::Set(S, 0), Outcome::Failed(Code::BAD_VERSION)),
        (Op::Delete(1, 5), Outcome::Done),
    ];
    for (op, outcome) in wrong {
        let mut h = History::connected();
        created(&mut h);
        h.ask(A, op, outcome);
        h.has(Kind::WrongState);
    }
}

#[test]
fn a_list_without_an_acknowledged_slot_is_found() {
    let mut h = History::connected();
    h.ask(A, Op::Create(1), Outcome::Stat(fresh(10, 0)));
    let list = Outcome::Children(Vec::new(), fresh(10, 0));
    h.ask(A, Op::Children(false), list);
    h.has(Kind::WrongState);
}

#[test]
fn a_write_in_doubt_may_be_there_or_not_but_once() {
    for applied in [false, true] {
        let mut h = History::connected();
        let first = h.ask(A, Op::Create(1), Outcome::Stat(fresh(10, 0)));
        let open = h.issue(A, Op::Set(S, 0));
        h.disconnect(A);
        h.complete(open, LOST);
        h.connect(A);
        let (writer, version) = if applied { (open, 1) } else { (first, 0) };
        h.get(A, S, Some(writer), version, 11);
        h.is_sound();
        h.get(A, S, Some(open), 2, 12);
        h.has(Kind::WrongState);
    }
}

#[test]
fn an_ephemeral_node_that_vanishes_in_its_session_is_found() {
    let mut h = History::connected();
    h.ask(A, Op::Create(E), Outcome::Stat(fresh(10, 100)));
    let get = Op::Get(Node::Slot(E), false);
    h.ask(A, get, Outcome::Failed(Code::NO_NODE));
    h.has(Kind::EphemeralLost);
}

#[test]
fn an_ephemeral_node_of_another_session_is_found() {
    let mut h = History::connected();
    h.ask(A, Op::Create(E), Outcome::Stat(fresh(10, 101)));
    h.has(Kind::EphemeralLost);
}

#[test]
fn an_ephemeral_node_seen_after_its_session_expired_is_found() {
    let mut h = History::connected();
    h.ask(A, Op::Create(E), Outcome::Stat(fresh(10, 100)));
    h.disconnect(A);
    h.state(A, SessionState::EXPIRED);
    h.ask(B, Op::Ghost(A, E), Outcome::Stat(fresh(10, 100)));
    h.has(Kind::EphemeralOutlived);
}

#[test]
fn a_numbered_name_given_twice_is_found() {
    let mut h = History::connected();
    for zxid in [10, 11] {
        let created = Outcome::Created("/q/n-0000000001".to_owned(), fresh(zxid, 0));
        h.ask(A, Op::Sequence, created);
    }
    h.has(Kind::SequenceOrder);
}

#[test]
fn a_numbered_name_without_number_is_found() {
    let mut h = History::connected();
    let created = Outcome::Created("/q/n-".to_owned(), fresh(10, 0));
    h.ask(A, Op::Sequence, created);
    h.has(Kind::SequenceOrder);
}
