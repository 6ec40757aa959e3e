//! What is there in the end.

use super::*;
use crate::history::Content;

fn register(content: Content) -> Tree {
    Tree {
        registers: vec![(1, content)],
        ..Tree::default()
    }
}

fn slot(session: Session, slot: u16, content: Content) -> Tree {
    Tree {
        slots: vec![(session, slot, content)],
        ..Tree::default()
    }
}

fn numbered(nodes: &[(&str, Option<Id>)]) -> Tree {
    Tree {
        sequence: nodes
            .iter()
            .map(|(path, id)| ((*path).to_owned(), (*id, fresh(10, 0))))
            .collect(),
        ..Tree::default()
    }
}

#[test]
fn a_register_without_its_last_acknowledged_write_is_found() {
    let mut h = History::connected();
    let first = h.set(A, R, 1, 10);
    h.set(A, R, 2, 11);
    let tree = register((Some(first), stat(1, 10)));
    h.checker.check_tree(&tree, false);
    h.has(Kind::LostWrite);
}

#[test]
fn a_register_with_more_versions_than_writes_is_found() {
    let mut h = History::connected();
    h.set(A, R, 1, 10);
    let open = h.issue(A, Op::Set(R, -1));
    h.disconnect(A);
    h.complete(open, LOST);
    // The write in doubt was applied twice, and only its last version is there to be seen.
    let tree = register((Some(open), stat(3, 12)));
    h.checker.check_tree(&tree, false);
    h.has(Kind::AppliedTwice);
}

#[test]
fn versions_against_the_order_of_transactions_are_found() {
    let mut h = History::connected();
    let one = h.issue(A, Op::Set(R, -1));
    let two = h.issue(B, Op::Set(R, -1));
    h.complete(one, Outcome::Stat(stat(1, 11)));
    h.complete(two, Outcome::Stat(stat(2, 10)));
    let tree = register((Some(two), stat(2, 10)));
    h.checker.check_tree(&tree, false);
    h.has(Kind::NotLinear);
}

#[test]
fn an_acknowledged_slot_that_is_not_there_is_found() {
    let mut h = History::connected();
    h.ask(A, Op::Create(1), Outcome::Stat(fresh(10, 0)));
    h.checker.check_tree(&Tree::default(), false);
    h.has(Kind::LostWrite);
}

#[test]
fn a_slot_with_other_data_is_found() {
    let mut h = History::connected();
    h.ask(A, Op::Create(1), Outcome::Stat(fresh(10, 0)));
    let tree = slot(A, 1, (None, fresh(10, 0)));
    h.checker.check_tree(&tree, false);
    h.has(Kind::WrongState);
}

#[test]
fn a_slot_of_a_session_that_never_was_is_found() {
    let mut h = History::connected();
    let nobody = Session {
        client: 9,
        number: 9,
    };
    let tree = slot(nobody, 1, (None, fresh(10, 0)));
    h.checker.check_tree(&tree, false);
    h.has(Kind::UnknownData);
}

#[test]
fn an_ephemeral_node_is_there_as_long_as_its_session() {
    let mut h = History::connected();
    let id = h.ask(A, Op::Create(E), Outcome::Stat(fresh(10, 100)));
    let there = slot(A, E, (Some(id), fresh(10, 100)));
    h.checker.check_tree(&there, false);
    h.close(A);
    // The servers may need some time to notice.
    h.checker.check_tree(&there, false);
    h.checker.check_tree(&Tree::default(), true);
    h.is_sound();
    h.checker.check_tree(&there, true);
    h.has(Kind::EphemeralOutlived);
}

#[test]
fn an_ephemeral_node_missing_before_its_session_ends_is_found() {
    let mut h = History::connected();
    h.ask(A, Op::Create(E), Outcome::Stat(fresh(10, 100)));
    h.checker.check_tree(&Tree::default(), false);
    h.has(Kind::EphemeralLost);
}

#[test]
fn a_numbered_node_that_is_not_there_is_found() {
    let mut h = History::connected();
    let created = Outcome::Created("/q/n-0000000001".to_owned(), fresh(10, 0));
    h.ask(A, Op::Sequence, created);
    h.checker.check_tree(&Tree::default(), false);
    h.has(Kind::LostWrite);
}

#[test]
fn a_numbered_node_made_twice_is_found() {
    let mut h = History::connected();
    let open = h.issue(A, Op::Sequence);
    h.disconnect(A);
    h.complete(open, LOST);
    let nodes = [
        ("/q/n-0000000001", Some(open)),
        ("/q/n-0000000002", Some(open)),
    ];
    h.checker.check_tree(&numbered(&nodes), false);
    h.has(Kind::AppliedTwice);
}

#[test]
fn a_numbered_node_that_nobody_made_is_found() {
    let mut h = History::connected();
    h.checker
        .check_tree(&numbered(&[("/q/n-0000000001", None)]), false);
    h.has(Kind::FailedButApplied);
}

#[test]
fn numbers_against_the_order_of_transactions_are_found() {
    let mut h = History::connected();
    let (early, late) = ("/q/n-0000000001", "/q/n-0000000002");
    let one = h.issue(A, Op::Sequence);
    let two = h.issue(B, Op::Sequence);
    h.complete(one, Outcome::Created(early.to_owned(), fresh(11, 0)));
    h.complete(two, Outcome::Created(late.to_owned(), fresh(10, 0)));
    let tree = numbered(&[(early, Some(one)), (late, Some(two))]);
    h.checker.check_tree(&tree, false);
    h.has(Kind::SequenceOrder);
}
