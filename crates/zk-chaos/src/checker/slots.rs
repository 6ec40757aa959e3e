//! The nodes of one session, which has no other writer: what may be in them is known exactly, but
//! for the writes whose outcome is not.

use zk_proto::Code;

use crate::history::{Id, Node, Op, Outcome, SLOTS};

/// The data's writer and the version; `None` for no node.
pub(crate) type State = Option<(Id, i32)>;

/// For each slot the states that are possible; never empty.
#[derive(Debug)]
pub(crate) struct Slots {
    possible: Vec<Vec<State>>,
}

impl Default for Slots {
    fn default() -> Self {
        Self {
            possible: vec![vec![None]; usize::from(SLOTS)],
        }
    }
}

impl Slots {
    /// What may be there.
    pub(crate) fn possible(&self, slot: u16) -> &[State] {
        self.possible
            .get(usize::from(slot))
            .map_or(&[], Vec::as_slice)
    }

    /// A request had this outcome. `false` if no possible state explains it; the state is then
    /// what the outcome says, so that one fault is found once.
    pub(crate) fn settle(&mut self, slot: u16, op: Op, id: Id, outcome: &Outcome) -> bool {
        let Some(possible) = self.possible.get_mut(usize::from(slot)) else {
            return false;
        };
        let next: Vec<State> = possible
            .iter()
            .filter_map(|&state| after(op, id, outcome, state))
            .collect();
        let explained = !next.is_empty();
        if explained {
            *possible = next;
            unique(possible);
        } else if let Some(state) = told(op, id, outcome) {
            *possible = vec![state];
        }
        explained
    }

    /// A request may have been served or not.
    pub(crate) fn leave_open(&mut self, slot: u16, op: Op, id: Id) {
        if let Some(possible) = self.possible.get_mut(usize::from(slot)) {
            let served: Vec<State> = possible.iter().map(|&s| served(op, id, s)).collect();
            possible.extend(served);
            unique(possible);
        }
    }

    /// The node was seen, or its absence. `false` if that cannot be.
    pub(crate) fn seen(&mut self, slot: u16, exists: bool) -> bool {
        let Some(possible) = self.possible.get_mut(usize::from(slot)) else {
            return false;
        };
        let next: Vec<State> = possible
            .iter()
            .copied()
            .filter(|state| state.is_some() == exists)
            .collect();
        let explained = !next.is_empty();
        if explained {
            *possible = next;
        } else if !exists {
            *possible = vec![None];
        }
        explained
    }
}

fn unique(states: &mut Vec<State>) {
    states.sort_unstable();
    states.dedup();
}

/// True if the version of a condition, -1 for none, is this one.
fn meets(wanted: i32, version: i32) -> bool {
    wanted == -1 || wanted == version
}

/// The state after a request that found this state; `None` if it would have ended otherwise.
fn after(op: Op, id: Id, outcome: &Outcome, state: State) -> Option<State> {
    let next = served(op, id, state);
    let explained = match (op, state, outcome) {
        (Op::Get(..) | Op::Exists(..) | Op::Set(..) | Op::Delete(..), None, outcome) => {
            *outcome == Outcome::Failed(Code::NO_NODE)
        }
        (Op::Get(..), Some((writer, version)), Outcome::Data(data, stat)) => {
            *data == Some(writer) && stat.version == version
        }
        (Op::Exists(..), Some((_, version)), Outcome::Stat(stat)) => stat.version == version,
        (Op::Set(_, wanted) | Op::Delete(_, wanted), Some((_, version)), outcome) => {
            match (meets(wanted, version), op, outcome) {
                (false, _, outcome) => *outcome == Outcome::Failed(Code::BAD_VERSION),
                (true, Op::Set(..), Outcome::Stat(stat)) => stat.version == version + 1,
                (true, Op::Delete(..), outcome) => *outcome == Outcome::Done,
                _ => false,
            }
        }
        (Op::Create(_), None, Outcome::Stat(stat)) => stat.version == 0,
        (Op::Create(_), Some(_), outcome) => *outcome == Outcome::Failed(Code::NODE_EXISTS),
        _ => false,
    };
    explained.then_some(next)
}

/// The state that a request makes of this one.
fn served(op: Op, id: Id, state: State) -> State {
    match (op, state) {
        (Op::Create(_), None) => Some((id, 0)),
        (Op::Set(_, wanted), Some((_, version))) if meets(wanted, version) => {
            Some((id, version + 1))
        }
        (Op::Delete(_, wanted), Some((_, version))) if meets(wanted, version) => None,
        (_, state) => state,
    }
}

/// The state that an outcome tells by itself.
fn told(op: Op, id: Id, outcome: &Outcome) -> Option<State> {
    match (op, outcome) {
        (_, Outcome::Failed(Code::NO_NODE)) | (Op::Delete(..), Outcome::Done) => Some(None),
        (Op::Get(..), Outcome::Data(Some(writer), stat)) => Some(Some((*writer, stat.version))),
        (Op::Set(Node::Slot(_), _) | Op::Create(_), Outcome::Stat(stat)) => {
            Some(Some((id, stat.version)))
        }
        _ => None,
    }
}
