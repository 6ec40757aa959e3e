//! Checks a history against what ZooKeeper and its client promise.
//!
//! The checker reads a history while it grows: [`Checker::feed`] takes the next event,
//! [`Checker::check_tree`] what is there when nobody writes any more. It knows no clock, no seed
//! and no library, and keeps what later events can contradict: all writes, but not the reads.

mod registers;
mod report;
mod sequence;
mod session;
mod slots;
mod watches;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use report::{Kind, Report, Violation};

use crate::history::{Content, Event, FIRST_EPHEMERAL, Id, Op, SLOTS, Session, Tree, What};
use registers::Registers;
use sequence::Sequence;
use session::SessionCheck;

/// What concerns all sessions.
#[derive(Debug, Default)]
struct Shared {
    registers: Registers,
    sequence: Sequence,
    /// The newest write that was acknowledged to anyone.
    acknowledged: i64,
    report: Report,
}

impl Shared {
    fn ask(&mut self, op: Op, id: Id) {
        match op {
            Op::Sequence => self.sequence.ask(id),
            _ => registers(op).for_each(|number| self.registers.ask(number, id)),
        }
    }

    fn refuse(&mut self, op: Op, id: Id) {
        match op {
            Op::Sequence => self.sequence.fail(id),
            _ => registers(op).for_each(|number| self.registers.refuse(number, id)),
        }
    }

    fn fail(&mut self, op: Op, id: Id) {
        let report = &mut self.report;
        match op {
            Op::Sequence => self.sequence.fail(id),
            _ => registers(op).for_each(|number| self.registers.fail(number, id, report)),
        }
    }

    fn leave_open(&mut self, op: Op) {
        registers(op).for_each(|number| self.registers.leave_open(number));
    }
}

/// The registers that a request writes.
fn registers(op: Op) -> impl Iterator<Item = u16> {
    use crate::history::Node::Register;
    let (first, second) = match op {
        Op::Set(Register(number), _) => (Some(number), None),
        Op::SetBoth(first, second, _) => (Some(first), Some(second)),
        _ => (None, None),
    };
    first.into_iter().chain(second)
}

/// Reads a history and says what is wrong with it.
#[derive(Debug, Default)]
pub struct Checker {
    sessions: HashMap<Session, SessionCheck>,
    shared: Shared,
}

impl Checker {
    /// The next event of the history.
    pub fn feed(&mut self, event: Event) {
        let shared = &mut self.shared;
        shared.report.events += 1;
        let session = self
            .sessions
            .entry(event.session)
            .or_insert_with(|| SessionCheck::new(event.session));
        match event.what {
            What::Opened => {}
            What::Issued(index, op) => session.issue(index, op, shared),
            What::Refused(index, code) => session.refuse(index, code, shared),
            What::Completed(index, outcome) => session.complete(index, outcome, shared),
            What::Called(index, op) => session.call(index, op, shared),
            What::Returned(index, outcome) => session.give_back(index, &outcome, shared),
            What::Fired(index, event, path) => session.fire(index, event, path, shared),
            What::Told(index, state) => session.tell(index, state, shared),
            What::State(state, number) => session.change_state(state, number, shared),
            What::TakenOver => session.take_over(),
            What::Closing => session.close(),
            What::Closed => session.closed(shared),
        }
    }

    /// What is there when no request is in flight. Sessions that are open must have their
    /// ephemeral nodes; those of the others must be gone only if `expired`, that is, when enough
    /// time has passed for the servers to notice.
    pub fn check_tree(&mut self, tree: &Tree, expired: bool) {
        let report = &mut self.shared.report;
        for (number, content) in &tree.registers {
            self.shared.registers.close(*number, content, report);
        }
        self.shared.sequence.close(&tree.sequence, report);
        let mut present: HashMap<(Session, u16), &Content> = tree
            .slots
            .iter()
            .map(|(session, slot, content)| ((*session, *slot), content))
            .collect();
        for (id, session) in &self.sessions {
            for slot in 0..SLOTS {
                let content = present.remove(&(*id, slot));
                let ephemeral = slot >= FIRST_EPHEMERAL;
                if ephemeral && !session.is_open() {
                    if let Some((_, stat)) = content.filter(|_| expired) {
                        let text = format!("slot {slot}: {stat:x?}");
                        report.add(Kind::EphemeralOutlived, Some(*id), text);
                    }
                    continue;
                }
                let state = content.map(|(data, stat)| (*data, stat.version));
                let possible = session.slots.possible(slot);
                let explained = possible.iter().any(|possible| {
                    possible.map(|(writer, version)| (Some(writer), version)) == state
                });
                if !explained {
                    let kind = match (ephemeral, state) {
                        (true, None) => Kind::EphemeralLost,
                        (false, None) => Kind::LostWrite,
                        _ => Kind::WrongState,
                    };
                    let text = format!("slot {slot} is {state:?}, possible are {possible:?}");
                    report.add(kind, Some(*id), text);
                }
            }
        }
        for (session, slot) in present.into_keys() {
            let text = format!("slot {slot} of a session that never was");
            report.add(Kind::UnknownData, Some(session), text);
        }
    }

    /// What was found so far.
    pub fn report(&self) -> &Report {
        &self.shared.report
    }

    /// What was found.
    pub fn into_report(self) -> Report {
        self.shared.report
    }
}
