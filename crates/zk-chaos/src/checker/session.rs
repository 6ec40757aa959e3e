//! What one session was promised: one completion for each request, in order; never an older state
//! than before; its own writes; its watches.

mod outcome;
mod watching;

use std::collections::{HashMap, VecDeque};

use zk_proto::{Code, SessionState};

use super::Shared;
use super::report::Kind;
use super::slots::Slots;
use super::watches::Watches;
use crate::history::{Id, Node, Op, Outcome, Session, Stat};

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
    /// A request was refused as the session has ended.
    refused: bool,
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
            refused: false,
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
        // Requests of a session that has ended are refused, and nothing else. The event that tells
        // so may still be on its way.
        if matches!(code, Code::INVALID_STATE | Code::MARSHALLING_ERROR) {
            self.refused = true;
        } else {
            let text = format!("request {index} was refused with {code:?}");
            self.add(shared, Kind::UnexpectedCode, text);
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
        // Of a call it cannot be told apart whether it was refused.
        if matches!(outcome, Outcome::Failed(Code::INVALID_STATE)) {
            shared.refuse(pending.op, self.request(index));
            self.refused = true;
            return;
        }
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
        // The handle is asked for its number, and has none any more once the session has expired.
        let known = connected && number != 0;
        let other = known && self.number != 0 && self.number != number;
        if next.is_none() || other {
            let text = format!("state {state} of {number:#x} after {:?}", self.connection);
            self.add(shared, Kind::SessionEvent, text);
        }
        self.connection = next.unwrap_or(self.connection);
        if known {
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
        if self.refused && self.connection != Connection::Expired {
            let text = format!("requests were refused while {:?}", self.connection);
            self.add(shared, Kind::UnexpectedCode, text);
        }
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

/// The nodes whose statistics a result has.
fn nodes(op: Op, outcome: &Outcome) -> Vec<(Node, &Stat)> {
    match (op, outcome) {
        (Op::Get(node, _), Outcome::Data(_, stat))
        | (Op::Exists(node, _) | Op::Set(node, _), Outcome::Stat(stat)) => vec![(node, stat)],
        (Op::Create(slot), Outcome::Stat(stat)) => vec![(Node::Slot(slot), stat)],
        (Op::SetBoth(first, second, _), Outcome::Both([one, other])) => {
            vec![
                (Node::Register(first), one),
                (Node::Register(second), other),
            ]
        }
        _ => Vec::new(),
    }
}
