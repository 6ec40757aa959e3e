//! The watches of one session: each is called once at most, and before its session sees the change.

use std::collections::{HashMap, HashSet};

use zk_proto::EventType;

use super::report::Kind;
use crate::history::{Node, Stat};

/// What a watch is set on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// Data or existence of a node.
    Node(Node),
    /// The list of the session's slots.
    Folder,
}

/// What the session knew when it set the watch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Base {
    Present { mzxid: i64, czxid: i64 },
    Absent,
    Children { pzxid: i64 },
}

/// What a session learns about a target.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen<'a> {
    Absent,
    /// There, with these statistics if they are known.
    Present(Option<&'a Stat>),
    /// The list as this transaction left it.
    Children(i64),
    /// The list was changed, by a transaction that is not known.
    ChildrenChanged,
}

impl Base {
    /// True if what is seen is not what the watch was set on.
    fn is_outdated_by(self, seen: Seen<'_>) -> bool {
        match (self, seen) {
            (Self::Present { .. }, Seen::Absent) | (Self::Absent, Seen::Present(_)) => true,
            (Self::Present { mzxid, czxid }, Seen::Present(Some(stat))) => {
                stat.mzxid > mzxid || stat.czxid > czxid
            }
            (Self::Children { pzxid }, Seen::Children(seen)) => seen > pzxid,
            (Self::Children { .. }, Seen::ChildrenChanged) => true,
            _ => false,
        }
    }

    /// True if a watch on this may be called for an event of this type.
    fn admits(self, event: i32) -> bool {
        match self {
            Self::Present { .. } => matches!(event, EventType::CHANGED | EventType::DELETED),
            Self::Absent => event == EventType::CREATED,
            Self::Children { .. } => event == EventType::CHILD,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Watches {
    set: HashMap<u32, (Target, Base)>,
    on: HashMap<Target, Vec<u32>>,
    fired: HashSet<u32>,
    /// The newest state of a target that is known to have been left, by an event.
    left: HashMap<Target, Base>,
    /// Who was told of the session event that is being delivered.
    told: HashSet<u32>,
}

impl Watches {
    /// The reply to a request with a watch came.
    pub(crate) fn set(&mut self, index: u32, target: Target, base: Base) {
        self.set.insert(index, (target, base));
        self.on.entry(target).or_default().push(index);
    }

    /// A watch was called for a node event.
    pub(crate) fn fire(&mut self, index: u32, event: i32, path_is_right: bool) -> Option<Kind> {
        let Some((target, base)) = self.set.remove(&index) else {
            return Some(if self.fired.contains(&index) {
                Kind::WatchTwice
            } else {
                Kind::WatchUnasked
            });
        };
        self.fired.insert(index);
        if let Some(waiting) = self.on.get_mut(&target) {
            waiting.retain(|other| *other != index);
        }
        if !path_is_right || !base.admits(event) {
            return Some(Kind::WatchWrong);
        }
        self.leave(target, base);
        None
    }

    fn leave(&mut self, target: Target, base: Base) {
        let newest = |base: &Base| match base {
            Base::Present { mzxid, czxid } => *mzxid.max(czxid),
            Base::Children { pzxid } => *pzxid,
            Base::Absent => 0,
        };
        let left = self.left.entry(target).or_insert(base);
        if newest(&base) > newest(left) {
            *left = base;
        }
    }

    /// The session sees what became of a target: gives the watches that should have been called
    /// before, and whether an event told of a change that is not there.
    pub(crate) fn see(&mut self, target: Target, seen: Seen<'_>) -> (Vec<u32>, bool) {
        let mut missed = Vec::new();
        if let Some(waiting) = self.on.get_mut(&target) {
            waiting.retain(|index| {
                let outdated = self
                    .set
                    .get(index)
                    .is_some_and(|(_, base)| base.is_outdated_by(seen));
                if outdated {
                    self.set.remove(index);
                    missed.push(*index);
                }
                !outdated
            });
        }
        let unchanged = match (self.left.get(&target), seen) {
            (Some(base @ Base::Present { .. }), Seen::Present(Some(_)))
            | (Some(base @ Base::Children { .. }), Seen::Children(_)) => !base.is_outdated_by(seen),
            _ => false,
        };
        if unchanged {
            self.left.remove(&target);
        }
        (missed, unchanged)
    }

    /// A watch was called for a session event. `false` if it is not set or was told already.
    pub(crate) fn tell(&mut self, index: u32) -> bool {
        self.set.contains_key(&index) && self.told.insert(index)
    }

    /// The handle's own watcher, the last one, was called for a session event. Gives the number of
    /// those who were left out.
    pub(crate) fn all_told(&mut self) -> usize {
        let left_out = self.set.len().saturating_sub(self.told.len());
        self.told.clear();
        left_out
    }
}
