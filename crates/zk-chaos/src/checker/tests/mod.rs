//! Histories as a sound service and client make them, and with each kind of fault.

mod replies;
mod tree;
mod watches;
mod writes;

use zk_proto::{Code, SessionState};

use super::{Checker, Kind};
use crate::history::{Event, FIRST_EPHEMERAL, Id, Node, Op, Outcome, Session, Stat, Tree, What};

const A: Session = Session {
    client: 0,
    number: 0,
};
const B: Session = Session {
    client: 1,
    number: 0,
};
const R: Node = Node::Register(1);
const S: Node = Node::Slot(1);
/// A slot that is an ephemeral node.
const E: u16 = FIRST_EPHEMERAL;
/// What a lost request says.
const LOST: Outcome = Outcome::Failed(Code::CONNECTION_LOSS);

/// A history as it is written. Session numbers are 100 for [`A`] and 101 for [`B`].
#[derive(Default)]
struct History {
    checker: Checker,
    next: u32,
}

impl History {
    /// Sessions A and B are connected.
    fn connected() -> Self {
        let mut history = Self::default();
        for session in [A, B] {
            history.note(session, What::Opened);
            history.connect(session);
        }
        history
    }

    fn note(&mut self, session: Session, what: What) {
        self.checker.feed(Event { session, what });
    }

    fn state(&mut self, session: Session, state: i32) {
        let number = 100 + i64::from(session.client);
        self.note(session, What::State(state, number));
    }

    fn connect(&mut self, session: Session) {
        self.state(session, SessionState::CONNECTED);
    }

    fn disconnect(&mut self, session: Session) {
        self.state(session, SessionState::CONNECTING);
    }

    fn issue(&mut self, session: Session, op: Op) -> Id {
        let index = self.next;
        self.next += 1;
        self.note(session, What::Issued(index, op));
        Id { session, index }
    }

    fn complete(&mut self, id: Id, outcome: Outcome) {
        self.note(id.session, What::Completed(id.index, outcome));
    }

    /// A request and its outcome.
    fn ask(&mut self, session: Session, op: Op, outcome: Outcome) -> Id {
        let id = self.issue(session, op);
        self.complete(id, outcome);
        id
    }

    /// A synchronous call and its outcome.
    fn call(&mut self, session: Session, op: Op, outcome: Outcome) -> Id {
        let index = self.next;
        self.next += 1;
        self.note(session, What::Called(index, op));
        self.note(session, What::Returned(index, outcome));
        Id { session, index }
    }

    /// A set of a register that gives this version in this transaction.
    fn set(&mut self, session: Session, node: Node, version: i32, mzxid: i64) -> Id {
        let outcome = Outcome::Stat(stat(version, mzxid));
        self.ask(session, Op::Set(node, -1), outcome)
    }

    fn get(&mut self, session: Session, node: Node, writer: Option<Id>, version: i32, mzxid: i64) {
        let outcome = Outcome::Data(writer, stat(version, mzxid));
        self.ask(session, Op::Get(node, false), outcome);
    }

    fn close(&mut self, session: Session) {
        self.note(session, What::Closing);
        self.note(session, What::Closed);
    }

    /// The kinds of faults that were found.
    fn found(&self) -> Vec<Kind> {
        self.checker.report().counts.keys().copied().collect()
    }

    #[track_caller]
    fn has(&self, kind: Kind) {
        let report = self.checker.report();
        assert_eq!(self.found(), [kind], "{:#?}", report.violations);
    }

    #[track_caller]
    fn is_sound(&self) {
        let report = self.checker.report();
        assert_eq!(self.found(), [], "{:#?}", report.violations);
    }
}

/// Statistics of a register, created in transaction 1, or a slot.
fn stat(version: i32, mzxid: i64) -> Stat {
    Stat {
        czxid: 1,
        mzxid,
        pzxid: 1,
        version,
        owner: 0,
    }
}

/// Statistics of a slot that was just created.
fn fresh(zxid: i64, owner: i64) -> Stat {
    Stat {
        czxid: zxid,
        mzxid: zxid,
        pzxid: zxid,
        version: 0,
        owner,
    }
}

#[test]
fn a_sound_history_has_no_violations() {
    let mut h = History::connected();
    h.ask(A, Op::Folder, Outcome::Stat(fresh(10, 0)));
    let first = h.set(A, R, 1, 11);
    h.get(B, R, Some(first), 1, 11);
    let slot = h.ask(A, Op::Create(1), Outcome::Stat(fresh(12, 0)));
    let watch = h.ask(A, Op::Get(S, true), Outcome::Data(Some(slot), fresh(12, 0)));
    h.note(A, What::Fired(watch.index, 2, true));
    h.ask(A, Op::Delete(1, 0), Outcome::Done);
    let none = h.ask(A, Op::Exists(S, true), Outcome::Failed(Code::NO_NODE));
    h.note(A, What::Told(none.index, SessionState::CONNECTING));
    let open = h.issue(A, Op::Set(R, -1));
    h.disconnect(A);
    h.complete(open, LOST);
    h.note(A, What::Told(none.index, SessionState::CONNECTED));
    h.connect(A);
    h.get(B, R, Some(open), 2, 14);
    let sequence = Outcome::Created("/q/n-0000000000".to_owned(), fresh(15, 0));
    let numbered = h.ask(A, Op::Sequence, sequence);
    h.call(B, Op::Get(R, false), Outcome::Data(Some(open), stat(2, 14)));
    let tree = Tree {
        registers: vec![(1, (Some(open), stat(2, 14)))],
        slots: Vec::new(),
        sequence: vec![("/q/n-0000000000".to_owned(), (Some(numbered), fresh(15, 0)))],
    };
    h.checker.check_tree(&tree, false);
    h.close(A);
    h.close(B);
    h.checker.check_tree(&tree, true);
    h.is_sound();
}
