//! What replies and events say to the watches of a session.

use zk_proto::{Code, EventType};

use super::super::Shared;
use super::super::report::Kind;
use super::super::watches::{Base, Seen, Target};
use super::{Connection, Pending, SessionCheck, nodes};
use crate::history::{Node, Op, Outcome};

impl SessionCheck {
    /// What the reply says to watches that were set before, then its own watch.
    pub(super) fn watch(&mut self, pending: &Pending, outcome: &Outcome, shared: &mut Shared) {
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

    pub(in super::super) fn fire(
        &mut self,
        index: u32,
        event: i32,
        path: bool,
        shared: &mut Shared,
    ) {
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

    pub(in super::super) fn tell(&mut self, index: u32, state: i32, shared: &mut Shared) {
        if self.closed {
            let text = format!("session event at the watch of request {index}");
            self.add(shared, Kind::AfterClose, text);
        }
        if !self.watches.tell(index) {
            let text = format!("watch of request {index} was told state {state} again or unset");
            self.add(shared, Kind::SessionEvent, text);
        }
    }
}
