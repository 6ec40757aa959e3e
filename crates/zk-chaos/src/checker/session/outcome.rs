//! Checks what a request gave: against what its session had seen and written, and against what
//! everyone wrote.

use zk_proto::Code;

use super::super::Shared;
use super::super::report::Kind;
use super::{Pending, SessionCheck, nodes};
use crate::history::{FIRST_EPHEMERAL, Id, Node, Op, Outcome, SLOTS, Stat};

impl SessionCheck {
    /// Checks what a request gave. The session had seen transaction `seen` before. Gives the
    /// newest transaction of the result.
    pub(super) fn check_outcome(
        &mut self,
        pending: &Pending,
        outcome: &Outcome,
        seen: i64,
        shared: &mut Shared,
    ) -> Option<i64> {
        let (op, id) = (pending.op, self.request(pending.index));
        if let Outcome::Failed(code) = outcome {
            self.check_failure(op, id, *code, shared);
            return None;
        }
        let Some(written) = self.check_form(op, outcome) else {
            let text = format!("{op:?} gave {outcome:?}");
            self.add(shared, Kind::WrongMoment, text);
            return None;
        };
        if let Some(zxid) = written {
            self.check_write(id, op, zxid, seen, pending.acknowledged, shared);
        }
        if let Some(slot) = slot_of(op)
            && !self.slots.settle(slot, op, id, outcome)
        {
            self.wrong_state(slot, op, outcome, shared);
        }
        match (op, outcome) {
            (Op::Get(Node::Register(number), _), Outcome::Data(data, stat)) => {
                let view = seen.max(stat.newest());
                shared.registers.show(
                    number,
                    Some(*data),
                    stat,
                    view,
                    Some(self.id),
                    &mut shared.report,
                );
            }
            (Op::Exists(Node::Register(number), _), Outcome::Stat(stat)) => {
                let view = seen.max(stat.newest());
                shared
                    .registers
                    .show(number, None, stat, view, Some(self.id), &mut shared.report);
            }
            (Op::Set(Node::Register(number), wanted), Outcome::Stat(stat)) => {
                self.check_version(wanted, stat, shared);
                shared
                    .registers
                    .acknowledge(number, id, stat, &mut shared.report);
            }
            (Op::SetBoth(first, second, wanted), Outcome::Both([one, other])) => {
                self.check_version(wanted, one, shared);
                if one.mzxid != other.mzxid {
                    let text = format!("one transaction: {one:?}, {other:?}");
                    self.add(shared, Kind::NotLinear, text);
                }
                let report = &mut shared.report;
                shared.registers.acknowledge(first, id, one, report);
                shared.registers.acknowledge(second, id, other, report);
            }
            (Op::Sequence, Outcome::Created(path, stat)) => {
                shared
                    .sequence
                    .acknowledge(path.clone(), id, stat, &mut shared.report);
            }
            (Op::Children(_), Outcome::Children(slots, _)) => {
                for slot in 0..SLOTS {
                    if !self.slots.seen(slot, slots.contains(&slot)) {
                        self.wrong_state(slot, op, outcome, shared);
                    }
                }
            }
            (Op::Ghost(session, slot), Outcome::Stat(stat)) => {
                let text = format!("slot {slot} of {session}: {stat:?}");
                self.add(shared, Kind::EphemeralOutlived, text);
            }
            _ => {}
        }
        newest(outcome)
    }

    /// The transaction of a write, if this is one; `None` if the result has the wrong form.
    fn check_form(&self, op: Op, outcome: &Outcome) -> Option<Option<i64>> {
        match (op, outcome) {
            (Op::Get(..), Outcome::Data(..))
            | (Op::Exists(..) | Op::Ghost(..), Outcome::Stat(_))
            | (Op::Children(_), Outcome::Children(..))
            | (Op::Delete(..) | Op::Sync, Outcome::Done) => Some(None),
            (Op::Set(..), Outcome::Stat(stat)) => Some(Some(stat.mzxid)),
            (Op::Create(_) | Op::Folder, Outcome::Stat(stat))
            | (Op::Sequence, Outcome::Created(_, stat)) => Some(Some(stat.czxid)),
            (Op::SetBoth(..), Outcome::Both([first, _])) => Some(Some(first.mzxid)),
            _ => None,
        }
    }

    fn check_write(
        &self,
        id: Id,
        op: Op,
        zxid: i64,
        seen: i64,
        acknowledged: i64,
        shared: &mut Shared,
    ) {
        if zxid <= seen {
            let text = format!("{op:?} {id} was written by {zxid:#x} after {seen:#x} was seen");
            self.add(shared, Kind::ZxidWentBack, text);
        } else if zxid <= acknowledged {
            let text = format!(
                "{op:?} {id} was written by {zxid:#x}, and {acknowledged:#x} had been acknowledged"
            );
            self.add(shared, Kind::NotLinear, text);
        }
        shared.acknowledged = shared.acknowledged.max(zxid);
    }

    fn check_version(&self, wanted: i32, stat: &Stat, shared: &mut Shared) {
        if wanted >= 0 && stat.version != wanted + 1 {
            let text = format!("set of version {wanted} gave version {}", stat.version);
            self.add(shared, Kind::LostWrite, text);
        }
    }

    pub(super) fn check_failure(&mut self, op: Op, id: Id, code: Code, shared: &mut Shared) {
        let open = matches!(
            code,
            Code::CONNECTION_LOSS | Code::OPERATION_TIMEOUT | Code::SESSION_EXPIRED | Code::CLOSING
        ) || (self.taken_over && code == Code::RUNTIME_INCONSISTENCY);
        let expected = match op {
            Op::Get(Node::Slot(_), _) | Op::Exists(Node::Slot(_), _) | Op::Ghost(..) => {
                code == Code::NO_NODE
            }
            Op::Set(Node::Slot(_), _) | Op::Delete(..) => {
                matches!(code, Code::NO_NODE | Code::BAD_VERSION)
            }
            Op::Set(Node::Register(_), wanted) | Op::SetBoth(_, _, wanted) => {
                code == Code::BAD_VERSION && wanted >= 0
            }
            Op::Create(_) | Op::Folder => code == Code::NODE_EXISTS,
            _ => false,
        };
        // The session was taken over by another handle: the write did not happen.
        let moved = code == Code::SESSION_MOVED;
        if !(open || expected || moved) {
            let text = format!("{op:?} failed with {code:?}");
            self.add(shared, Kind::UnexpectedCode, text);
        }
        if let Some(slot) = slot_of(op) {
            if expected {
                let outcome = Outcome::Failed(code);
                if !self.slots.settle(slot, op, id, &outcome) {
                    self.wrong_state(slot, op, &outcome, shared);
                }
            } else if !moved {
                self.slots.leave_open(slot, op, id);
            }
        } else if expected || moved {
            shared.fail(op, id);
        } else {
            shared.leave_open(op);
        }
    }

    fn wrong_state(&self, slot: u16, op: Op, outcome: &Outcome, shared: &mut Shared) {
        let gone = matches!(
            outcome,
            Outcome::Failed(Code::NO_NODE) | Outcome::Children(..)
        );
        if gone && slot >= FIRST_EPHEMERAL && self.taken_over {
            // Closed by the other handle; that the session has expired is not known here yet.
            return;
        }
        let kind = if gone && slot >= FIRST_EPHEMERAL {
            Kind::EphemeralLost
        } else {
            Kind::WrongState
        };
        let possible = self.slots.possible(slot);
        let text = format!("slot {slot}: {op:?} gave {outcome:?}; now taken to be {possible:?}");
        self.add(shared, kind, text);
    }

    /// No node may be older than before, and ephemeral ones have to be ours.
    pub(super) fn check_nodes(&mut self, op: Op, outcome: &Outcome, shared: &mut Shared) {
        for (node, stat) in nodes(op, outcome) {
            let before = self.nodes.entry(node).or_default();
            if stat.mzxid < *before {
                let text = format!("{node:?} was seen at {before:#x} and then at {stat:?}");
                self.add(shared, Kind::ZxidWentBack, text);
            } else {
                *before = stat.mzxid;
            }
            let owner = match node {
                Node::Slot(slot) if slot >= FIRST_EPHEMERAL => self.number,
                _ => 0,
            };
            if stat.owner != owner {
                let text = format!("{node:?} of {owner:#x} has {stat:x?}");
                self.add(shared, Kind::EphemeralLost, text);
            }
        }
    }
}

/// The slot that a request is about.
fn slot_of(op: Op) -> Option<u16> {
    match op {
        Op::Get(Node::Slot(slot), _)
        | Op::Exists(Node::Slot(slot), _)
        | Op::Set(Node::Slot(slot), _)
        | Op::Create(slot)
        | Op::Delete(slot, _) => Some(slot),
        _ => None,
    }
}

/// The newest transaction that a result shows.
fn newest(outcome: &Outcome) -> Option<i64> {
    match outcome {
        Outcome::Stat(stat)
        | Outcome::Data(_, stat)
        | Outcome::Children(_, stat)
        | Outcome::Created(_, stat) => Some(stat.newest()),
        Outcome::Both([one, other]) => Some(one.newest().max(other.newest())),
        Outcome::Failed(_) | Outcome::Done => None,
    }
}
