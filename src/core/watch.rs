//! The client's watch tables: who is told about which node (C-470…C-490).
//!
//! Besides the C library's three tables, whose watches fire once, there are two whose watches
//! stay until they are removed: persistent and persistent recursive ones (S-144, S-200).

mod rearm;

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use zk_proto::{AddWatchMode, EventType, RemoveWatchType};

/// The tables a watch can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// Left by get, getconfig, and exists on a node that is there.
    Data,
    /// Left by exists on a missing node.
    Exist,
    /// Left by get_children.
    Child,
    /// Left by addWatch: every event of the node, again and again.
    Persistent,
    /// Left by addWatch: the same of all descendants, but no events about lists of children.
    Recursive,
}

impl Table {
    /// Where addWatch leaves a watch.
    pub(crate) fn of_mode(mode: AddWatchMode) -> Self {
        match mode {
            AddWatchMode::Persistent => Self::Persistent,
            AddWatchMode::PersistentRecursive => Self::Recursive,
        }
    }

    fn stays(self) -> bool {
        matches!(self, Self::Persistent | Self::Recursive)
    }
}

/// Order of delivery within one event (C-477, C-480).
const DELIVERY_ORDER: [Table; 5] = [
    Table::Child,
    Table::Exist,
    Table::Data,
    Table::Persistent,
    Table::Recursive,
];

type Paths<W> = HashMap<Box<[u8]>, Vec<W>>;

/// All registered watches, by server path.
#[derive(Debug)]
pub(crate) struct Watches<W> {
    data: Paths<W>,
    exist: Paths<W>,
    child: Paths<W>,
    persistent: Paths<W>,
    recursive: Paths<W>,
    /// Length of the longest path that ever was in `recursive`: the prefixes of a path are not
    /// looked up beyond it, however long a path the server names.
    longest_recursive: usize,
}

impl<W> Default for Watches<W> {
    fn default() -> Self {
        Self {
            data: HashMap::new(),
            exist: HashMap::new(),
            child: HashMap::new(),
            persistent: HashMap::new(),
            recursive: HashMap::new(),
            longest_recursive: 0,
        }
    }
}

impl<W: Clone + Eq + Hash> Watches<W> {
    fn table(&self, table: Table) -> &Paths<W> {
        match table {
            Table::Data => &self.data,
            Table::Exist => &self.exist,
            Table::Child => &self.child,
            Table::Persistent => &self.persistent,
            Table::Recursive => &self.recursive,
        }
    }

    fn table_mut(&mut self, table: Table) -> &mut Paths<W> {
        match table {
            Table::Data => &mut self.data,
            Table::Exist => &mut self.exist,
            Table::Child => &mut self.child,
            Table::Persistent => &mut self.persistent,
            Table::Recursive => &mut self.recursive,
        }
    }

    /// Registers a watch; an equal one on the same path is the same watch (C-470).
    pub(crate) fn add(&mut self, table: Table, path: Box<[u8]>, watcher: W) {
        if table == Table::Recursive {
            self.longest_recursive = self.longest_recursive.max(path.len());
        }
        let watchers = self.table_mut(table).entry(path).or_default();
        if !watchers.contains(&watcher) {
            watchers.push(watcher);
        }
    }

    /// Who is told about a node event, each once; watches that fire once are taken out (C-475,
    /// C-477).
    pub(crate) fn fire(&mut self, kind: i32, path: &[u8]) -> Vec<W> {
        let tables: &[Table] = match kind {
            EventType::CREATED | EventType::CHANGED => &[Table::Exist, Table::Data],
            EventType::DELETED => &[Table::Child, Table::Exist, Table::Data],
            EventType::CHILD => &[Table::Child],
            _ => return Vec::new(),
        };
        let mut told: Vec<W> = Vec::new();
        for &table in tables {
            let watchers = self.table_mut(table).remove(path);
            tell(watchers.iter().flatten(), &mut told);
        }
        if !(self.persistent.is_empty() && self.recursive.is_empty()) {
            self.tell_those_who_stay(kind, path, &mut told);
        }
        told
    }

    /// Persistent watchers hear of every event of their node; recursive ones of their node's and
    /// of all descendants', except that a list of children has changed (S-207, S-208).
    fn tell_those_who_stay(&self, kind: i32, path: &[u8], told: &mut Vec<W>) {
        tell(self.persistent.get(path).into_iter().flatten(), told);
        if kind == EventType::CHILD || self.recursive.is_empty() {
            return;
        }
        for prefix in self_and_ancestors(path, self.longest_recursive) {
            tell(self.recursive.get(prefix).into_iter().flatten(), told);
        }
    }

    /// Who is told about a session event: everyone once, `global` last (C-480).
    pub(crate) fn everyone(&self, global: &W) -> Vec<W> {
        let mut seen = HashSet::from([global]);
        let mut told = Vec::new();
        for table in DELIVERY_ORDER {
            for watcher in self.table(table).values().flatten() {
                if seen.insert(watcher) {
                    told.push(watcher.clone());
                }
            }
        }
        told.push(global.clone());
        told
    }

    /// True if there is such a watch. No watcher given matches always, even if nothing is
    /// registered, so that the server is asked (C-486); but among watches that stay only if
    /// there is one, as programs without any must not reach servers with types they ignore.
    pub(crate) fn has(&self, kind: i32, path: &[u8], watcher: Option<W>) -> bool {
        let tables = removal_tables(kind);
        match watcher {
            None if tables.iter().all(|table| table.stays()) => {
                tables.iter().any(|&t| self.table(t).contains_key(path))
            }
            None => true,
            Some(w) => tables.iter().any(|&t| self.is_in(t, path, &w)),
        }
    }

    fn is_in(&self, table: Table, path: &[u8], watcher: &W) -> bool {
        let watchers = self.table(table).get(path);
        watchers.is_some_and(|list| list.contains(watcher))
    }

    /// True if such a removal takes a watch that stays, and leaves no watch of its kind on the
    /// path: then the server has nothing more to tell, but would go on for ever.
    pub(crate) fn is_last_that_stays(&self, kind: i32, path: &[u8], watcher: Option<W>) -> bool {
        let tables = removal_tables(kind);
        let is_there = |t: Table| match &watcher {
            None => self.table(t).contains_key(path),
            Some(w) => self.is_in(t, path, w),
        };
        let takes_one = tables.iter().any(|&t| t.stays() && is_there(t));
        let mut all = tables.iter().flat_map(|&t| self.table(t).get(path));
        takes_one
            && all.all(|list| {
                list.iter()
                    .all(|w| watcher.as_ref().is_none_or(|gone| gone == w))
            })
    }

    /// Forgets the watch, or without a watcher all watches of the kind on the path (C-488).
    /// Returns, each once, those that would have stayed.
    pub(crate) fn remove(&mut self, kind: i32, path: &[u8], watcher: Option<W>) -> Vec<W> {
        let mut ended = Vec::new();
        for &table in removal_tables(kind) {
            let paths = self.table_mut(table);
            let Some(watchers) = paths.get_mut(path) else {
                continue;
            };
            let gone = watchers.extract_if(.., |w| watcher.as_ref().is_none_or(|gone| gone == w));
            if table.stays() {
                let gone: Vec<W> = gone.collect();
                tell(gone.iter(), &mut ended);
            } else {
                gone.for_each(drop);
            }
            if watchers.is_empty() {
                paths.remove(path);
            }
        }
        ended
    }
}

/// Adds those who are not yet among the told.
fn tell<'a, W: Clone + Eq + 'a>(watchers: impl Iterator<Item = &'a W>, told: &mut Vec<W>) {
    for watcher in watchers {
        if !told.contains(watcher) {
            told.push(watcher.clone());
        }
    }
}

/// A path and those of the nodes above it, the root first, as far as they are not longer than
/// `longest`.
fn self_and_ancestors(path: &[u8], longest: usize) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().take(longest.saturating_add(1)).enumerate();
    let ancestors = slashes
        .skip(1)
        .filter(|(_, byte)| **byte == b'/')
        .filter_map(|(at, _)| path.get(..at));
    let whole = Some(path).filter(|path| path.len() > 1 && path.len() <= longest);
    path.get(..1).into_iter().chain(ancestors).chain(whole)
}

/// The tables that a removal of this type looks at (C-486, S-222).
fn removal_tables(kind: i32) -> &'static [Table] {
    match RemoveWatchType::from_i32(kind) {
        Some(RemoveWatchType::Children) => &[Table::Child],
        Some(RemoveWatchType::Data) => &[Table::Data, Table::Exist],
        Some(RemoveWatchType::Any) => &DELIVERY_ORDER,
        Some(RemoveWatchType::Persistent) => &[Table::Persistent],
        Some(RemoveWatchType::PersistentRecursive) => &[Table::Recursive],
        None => &[],
    }
}

#[cfg(test)]
mod tests;
