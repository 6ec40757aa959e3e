//! What one session was promised: one completion for each request, in order; never an older state
//! than before; its own writes; its watches.

use std::collections::{HashMap, VecDeque};

use zk_proto::{Code, EventType, SessionState};

use super::Shared;
use super::report::Kind;
use super::slots::Slots;
use super::watches::{Base, Seen, Target, Watches};
use crate::history::{FIRST_EPHEMERAL, Id, Node, Op, Outcome, Session, Stat};

/// A request whose outcome is awaited.
#[derive(Clone, Copy, Debug)]
struct Pending {
    index: u32,
    op: Op,
    /// What a synchronous call of this session had seen before the request was made.
    floor: i64,
    /// The newest write of anyone that was acknowledged before the request was made.
    acknowledged: i64,
}

/// The session as its events tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    Never,
    Connected,
    Lost,
    Expired,
}

#[derive(Debug)]
pub(super) struct SessionCheck {
    id: Session,
    number: i64,
    connection: Connection,
    taken_over: bool,
    closing: bool,
    closed: bool,
    issued: u32,
    pending: VecDeque<Pending>,
    calls: HashMap<u32, Pending>,
    /// The newest transaction that completions have shown.
    view: i64,
    /// The newest transaction that synchronous calls have shown: they overtake completions.
    call_view: i64,
    /// For each node the transaction that it was last seen with.
    nodes: HashMap<Node, i64>,
    pub(super) slots: Slots,
    watches: Watches,
}

impl SessionCheck {
    pub(super) fn new(id: Session) -> Self {
        Self {
            id,
            number: 0,
            connection: Connection::Never,
            taken_over: false,
            closing: false,
            closed: false,
            issued: 0,
            pending: VecDeque::new(),
            calls: HashMap::new(),
            view: 0,
            call_view: 0,
            nodes: HashMap::new(),
            slots: Slots::default(),
            watches: Watches::default(),
        }
    }

    /// True while its ephemeral nodes have to be there.
    pub(super) fn is_open(&self) -> bool {
        !self.closing && self.connection != Connection::Expired
    }

    /// Watches that wait for their event.
    pub(super) fn waiting_watches(&self) -> usize {
        self.watches.len()
    }

    fn add(&self, shared: &mut Shared, kind: Kind, text: String) {
        shared.report.add(kind, Some(self.id), text);
    }

    fn request(&self, index: u32) -> Id {
        Id {
            session: self.id,
            index,
        }
    }

    pub(super) fn issue(&mut self, index: u32, op: Op, shared: &mut Shared) {
        self.issued = self.issued.max(index + 1);
        let pending = self.pend(index, op, shared);
        self.pending.push_back(pending);
    }

    pub(super) fn call(&mut self, index: u32, op: Op, shared: &mut Shared) {
        self.issued = self.issued.max(index + 1);
        let pending = self.pend(index, op, shared);
        self.calls.insert(index, pending);
    }

    fn pend(&self, index: u32, op: Op, shared: &mut Shared) -> Pending {
        shared.ask(op, self.request(index));
        Pending {
            index,
            op,
            floor: self.call_view,
            acknowledged: shared.acknowledged,
        }
    }

    pub(super) fn refuse(&mut self, index: u32, code: Code, shared: &mut Shared) {
        let Some(at) = self.pending.iter().position(|p| p.index == index) else {
            let text = format!("request {index} was refused with {code:?} after its completion");
            return self.add(shared, Kind::CompletedTwice, text);
        };
        if let Some(pending) = self.pending.remove(at) {
            shared.refuse(pending.op, self.request(index));
        }
        // Requests of a session that has ended are refused, and nothing else.
        let expected = code == Code::INVALID_STATE || code == Code::MARSHALLING_ERROR;
        if !expected || self.connection == Connection::Connected {
            self.add(
                shared,
                Kind::UnexpectedCode,
                format!("request {index} was refused with {code:?}"),
            );
        }
    }

    pub(super) fn complete(&mut self, index: u32, outcome: Outcome, shared: &mut Shared) {
        if self.closed {
            let text = format!("completion of request {index}");
            self.add(shared, Kind::AfterClose, text);
        }
        let Some(at) = self.pending.iter().position(|p| p.index == index) else {
            let text = format!("request {index} of {}: {outcome:?}", self.issued);
            return self.add(shared, Kind::CompletedTwice, text);
        };
        if at > 0 {
            let text = format!("request {index} completed before {at} earlier ones");
            self.add(shared, Kind::OutOfOrder, text);
        }
        let Some(pending) = self.pending.remove(at) else {
            return;
        };
        self.check_moment(&pending, &outcome, shared);
        let seen = self.view.max(pending.floor);
        if let Some(newest) = self.check_outcome(&pending, &outcome, seen, shared) {
            self.view = self.view.max(newest);
        }
        self.check_nodes(pending.op, &outcome, shared);
        self.watch(&pending, &outcome, shared);
    }

    /// A synchronous call is one on a register: only those can be checked without knowing how it
    /// stands to the requests in flight.
    pub(super) fn give_back(&mut self, index: u32, outcome: &Outcome, shared: &mut Shared) {
        let Some(pending) = self.calls.remove(&index) else {
            let text = format!("call {index} came back: {outcome:?}");
            return self.add(shared, Kind::CompletedTwice, text);
        };
        if let Some(newest) = self.check_outcome(&pending, outcome, pending.floor, shared) {
            self.call_view = self.call_view.max(newest);
        }
    }

    /// Does the outcome fit what the session events said?
    fn check_moment(&self, pending: &Pending, outcome: &Outcome, shared: &mut Shared) {
        let fits = match outcome {
            Outcome::Failed(Code::CONNECTION_LOSS | Code::OPERATION_TIMEOUT) => {
                matches!(self.connection, Connection::Never | Connection::Lost)
            }
            Outcome::Failed(Code::RUNTIME_INCONSISTENCY) => self.connection == Connection::Lost,
            Outcome::Failed(Code::SESSION_EXPIRED) => {
                matches!(self.connection, Connection::Connected | Connection::Expired)
            }
            Outcome::Failed(Code::CLOSING) => self.closing,
            _ => self.connection == Connection::Connected,
        };
        if !fits {
            let text = format!(
                "request {} {:?}: {outcome:?} while {:?}",
                pending.index, pending.op, self.connection
            );
            self.add(shared, Kind::WrongMoment, text);
        }
    }

    /// Checks what a request gave. The session had seen transaction `seen` before. Gives the
    /// newest transaction of the result.
    fn check_outcome(
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
        if let Some(slot) = slot_of(op) {
            if !self.slots.settle(slot, op, id, outcome) {
                self.wrong_state(slot, op, outcome, shared);
            }
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
                for slot in 0..crate::history::SLOTS {
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

    fn check_failure(&mut self, op: Op, id: Id, code: Code, shared: &mut Shared) {
        let open = matches!(
            code,
            Code::CONNECTION_LOSS
                | Code::OPERATION_TIMEOUT
                | Code::SESSION_EXPIRED
                | Code::CLOSING
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
        let gone = matches!(outcome, Outcome::Failed(Code::NO_NODE) | Outcome::Children(..));
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
    fn check_nodes(&mut self, op: Op, outcome: &Outcome, shared: &mut Shared) {
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

    /// What the reply says to watches that were set before, then its own watch.
    fn watch(&mut self, pending: &Pending, outcome: &Outcome, shared: &mut Shared) {
        let op = pending.op;
        for (node, stat) in nodes(op, outcome) {
            self.see(Target::Node(node), Seen::Present(Some(stat)), shared);
        }
        match (op, outcome) {
            (
                Op::Get(node, _) | Op::Exists(node, _) | Op::Set(node, _),
                Outcome::Failed(Code::NO_NODE),
            ) => self.see(Target::Node(node), Seen::Absent, shared),
            (Op::Delete(slot, _), Outcome::Failed(Code::NO_NODE)) => {
                self.see(Target::Node(Node::Slot(slot)), Seen::Absent, shared);
            }
            (Op::Delete(slot, _), Outcome::Done) => {
                self.see(Target::Node(Node::Slot(slot)), Seen::Absent, shared);
                self.see(Target::Folder, Seen::ChildrenChanged, shared);
            }
            (Op::Create(slot), Outcome::Failed(Code::NODE_EXISTS)) => {
                self.see(Target::Node(Node::Slot(slot)), Seen::Present(None), shared);
            }
            (Op::Create(_), Outcome::Stat(_)) => {
                self.see(Target::Folder, Seen::ChildrenChanged, shared);
            }
            (Op::Children(_), Outcome::Children(_, stat)) => {
                self.see(Target::Folder, Seen::Children(stat.pzxid), shared);
            }
            _ => {}
        }
        let set = match (op, outcome) {
            (Op::Get(node, true), Outcome::Data(_, stat))
            | (Op::Exists(node, true), Outcome::Stat(stat)) => {
                let (mzxid, czxid) = (stat.mzxid, stat.czxid);
                Some((Target::Node(node), Base::Present { mzxid, czxid }))
            }
            (Op::Exists(node, true), Outcome::Failed(Code::NO_NODE)) => {
                Some((Target::Node(node), Base::Absent))
            }
            (Op::Children(true), Outcome::Children(_, stat)) => {
                let pzxid = stat.pzxid;
                Some((Target::Folder, Base::Children { pzxid }))
            }
            _ => None,
        };
        if let Some((target, base)) = set {
            self.watches.set(pending.index, target, base);
        }
    }

    fn see(&mut self, target: Target, seen: Seen<'_>, shared: &mut Shared) {
        let (missed, unchanged) = self.watches.see(target, seen);
        for index in missed {
            let text = format!("the watch of request {index} on {target:?}, then {seen:?}");
            self.add(shared, Kind::WatchMissed, text);
        }
        if unchanged {
            let text = format!("an event told of a change of {target:?}, then {seen:?}");
            self.add(shared, Kind::WatchWrong, text);
        }
    }

    pub(super) fn fire(&mut self, index: u32, event: i32, path: bool, shared: &mut Shared) {
        if self.closed {
            let text = format!("node event at the watch of request {index}");
            self.add(shared, Kind::AfterClose, text);
        }
        if let Some(kind) = self.watches.fire(index, event, path) {
            let text = format!("watch of request {index}: event {event}, right path: {path}");
            self.add(shared, kind, text);
        }
        if self.connection != Connection::Connected || event == EventType::SESSION {
            let text = format!("node event {event} while {:?}", self.connection);
            self.add(shared, Kind::WrongMoment, text);
        }
    }

    pub(super) fn tell(&mut self, index: u32, state: i32, shared: &mut Shared) {
        if self.closed {
            let text = format!("session event at the watch of request {index}");
            self.add(shared, Kind::AfterClose, text);
        }
        if !self.watches.tell(index) {
            let text = format!("watch of request {index} was told state {state} again or unset");
            self.add(shared, Kind::SessionEvent, text);
        }
    }

    pub(super) fn change_state(&mut self, state: i32, number: i64, shared: &mut Shared) {
        if self.closed {
            self.add(shared, Kind::AfterClose, format!("session event {state}"));
        }
        let next = match (self.connection, state) {
            (Connection::Never | Connection::Lost, SessionState::CONNECTED) => {
                Some(Connection::Connected)
            }
            (Connection::Connected, SessionState::CONNECTING) => Some(Connection::Lost),
            (Connection::Lost, SessionState::EXPIRED) => Some(Connection::Expired),
            _ => None,
        };
        let connected = next == Some(Connection::Connected);
        let other = connected && self.number != 0 && self.number != number;
        if next.is_none() || other {
            let text = format!("state {state} of {number:#x} after {:?}", self.connection);
            self.add(shared, Kind::SessionEvent, text);
        }
        self.connection = next.unwrap_or(self.connection);
        if connected {
            self.number = number;
        }
        let left_out = self.watches.all_told();
        if left_out > 0 {
            let text = format!("{left_out} watches were not told state {state}");
            self.add(shared, Kind::SessionEvent, text);
        }
    }

    pub(super) fn take_over(&mut self) {
        self.taken_over = true;
    }

    pub(super) fn close(&mut self) {
        self.closing = true;
    }

    pub(super) fn closed(&mut self, shared: &mut Shared) {
        self.closed = true;
        for pending in std::mem::take(&mut self.pending) {
            let text = format!("request {} {:?}", pending.index, pending.op);
            self.add(shared, Kind::NeverCompleted, text);
            self.check_failure(
                pending.op,
                self.request(pending.index),
                Code::CLOSING,
                shared,
            );
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

/// The nodes whose statistics a result has.
fn nodes(op: Op, outcome: &Outcome) -> Vec<(Node, &Stat)> {
    match (op, outcome) {
        (Op::Get(node, _), Outcome::Data(_, stat))
        | (Op::Exists(node, _) | Op::Set(node, _), Outcome::Stat(stat)) => vec![(node, stat)],
        (Op::Create(slot), Outcome::Stat(stat)) => vec![(Node::Slot(slot), stat)],
        (Op::SetBoth(first, second, _), Outcome::Both([one, other])) => {
            vec![(Node::Register(first), one), (Node::Register(second), other)]
        }
        _ => Vec::new(),
    }
}
