//! Watch tables: who is told what when a node changes (S-200…S-224).

use crate::connection::ConnId;
use crate::path;
use crate::tree::Path;
use foldhash::fast::FixedState;
use std::collections::{BTreeMap, HashMap, HashSet};
use zk_proto::RemoveWatchType;

/// Modes of one table entry, a bit set.
pub(crate) mod mode {
    /// Fires once.
    pub(crate) const STANDARD: u8 = 1;
    /// Stays.
    pub(crate) const PERSISTENT: u8 = 2;
    /// Stays and covers all descendants.
    pub(crate) const RECURSIVE: u8 = 4;
    pub(crate) const ALL: u8 = 7;
}

/// One table: path → connections → modes.
#[derive(Debug, Default)]
pub(crate) struct Table {
    paths: HashMap<Path, BTreeMap<ConnId, u8>, FixedState>,
    by_conn: HashMap<ConnId, HashSet<Path, FixedState>, FixedState>,
    /// Entries with the recursive mode; while 0, no ancestor is looked at.
    recursive: usize,
}

impl Table {
    pub(crate) fn add(&mut self, path: &[u8], conn: ConnId, modes: u8) {
        if let Some(entry) = self.paths.get_mut(path)
            && let Some(old) = entry.get_mut(&conn)
        {
            self.recursive += usize::from(modes & !*old & mode::RECURSIVE != 0);
            *old |= modes;
            return;
        }
        let path: Path = path.into();
        self.recursive += usize::from(modes & mode::RECURSIVE != 0);
        self.by_conn
            .entry(conn)
            .or_default()
            .insert(Path::clone(&path));
        self.paths.entry(path).or_default().insert(conn, modes);
    }

    fn modes(&self, path: &[u8], conn: ConnId) -> u8 {
        let entry = self.paths.get(path).and_then(|e| e.get(&conn));
        entry.copied().unwrap_or(0)
    }

    /// Clears modes of one entry; true if it had any of them.
    fn remove(&mut self, path: &[u8], conn: ConnId, modes: u8) -> bool {
        let Some(entry) = self.paths.get_mut(path) else {
            return false;
        };
        let Some(old) = entry.get_mut(&conn) else {
            return false;
        };
        let hit = *old & modes;
        *old &= !modes;
        self.recursive -= usize::from(hit & mode::RECURSIVE != 0);
        if *old == 0 {
            entry.remove(&conn);
            if entry.is_empty() {
                self.paths.remove(path);
            }
            if let Some(paths) = self.by_conn.get_mut(&conn) {
                paths.remove(path);
                if paths.is_empty() {
                    self.by_conn.remove(&conn);
                }
            }
        }
        hit != 0
    }

    fn forget(&mut self, conn: ConnId) {
        for path in self.by_conn.remove(&conn).into_iter().flatten() {
            if let Some(entry) = self.paths.get_mut(&path) {
                let modes = entry.remove(&conn).unwrap_or(0);
                self.recursive -= usize::from(modes & mode::RECURSIVE != 0);
                if entry.is_empty() {
                    self.paths.remove(&path);
                }
            }
        }
    }

    /// Collects the connections to be told of a change at `path`, each once; uses up one-shot
    /// watches there (S-206, S-207).
    pub(crate) fn fire(&mut self, path: &[u8], hit: &mut Vec<ConnId>) {
        if let Some(entry) = self.paths.get(path) {
            hit.extend(entry.keys());
            for &conn in hit.iter() {
                self.remove(path, conn, mode::STANDARD);
            }
        }
        if self.recursive == 0 {
            return;
        }
        for ancestor in path::self_and_ancestors(path).skip(1) {
            for (&conn, &modes) in self.paths.get(ancestor).into_iter().flatten() {
                if modes & mode::RECURSIVE != 0 && !hit.contains(&conn) {
                    hit.push(conn);
                }
            }
        }
    }

    /// Watches of all connections and paths.
    pub(crate) fn total(&self) -> usize {
        self.paths.values().map(BTreeMap::len).sum()
    }

    /// Connections that watch anything here.
    pub(crate) fn watchers(&self) -> usize {
        self.by_conn.len()
    }

    pub(crate) fn paths(&self) -> impl ExactSizeIterator<Item = (&Path, &BTreeMap<ConnId, u8>)> {
        self.paths.iter()
    }
}

/// The two tables (S-200).
#[derive(Debug, Default)]
pub(crate) struct Watches {
    pub(crate) data: Table,
    pub(crate) child: Table,
}

impl Watches {
    /// Watches die with their connection (S-201).
    pub(crate) fn forget(&mut self, conn: ConnId) {
        self.data.forget(conn);
        self.child.forget(conn);
    }

    pub(crate) fn add_persistent(&mut self, path: &[u8], conn: ConnId) {
        self.data.add(path, conn, mode::PERSISTENT);
        self.child.add(path, conn, mode::PERSISTENT);
    }

    pub(crate) fn add_recursive(&mut self, path: &[u8], conn: ConnId) {
        self.data.add(path, conn, mode::RECURSIVE);
    }

    /// Modes of the data and the child table that a type speaks of (S-222).
    fn scope(kind: RemoveWatchType) -> (u8, u8) {
        match kind {
            RemoveWatchType::Children => (0, mode::STANDARD),
            RemoveWatchType::Data => (mode::STANDARD, 0),
            RemoveWatchType::Any => (mode::ALL, mode::ALL),
            RemoveWatchType::Persistent => (mode::PERSISTENT, mode::PERSISTENT),
            RemoveWatchType::PersistentRecursive => (mode::RECURSIVE, mode::RECURSIVE),
        }
    }

    /// S-223.
    pub(crate) fn contains(&self, path: &[u8], kind: RemoveWatchType, conn: ConnId) -> bool {
        let (data, child) = Self::scope(kind);
        self.data.modes(path, conn) & data != 0 || self.child.modes(path, conn) & child != 0
    }

    /// S-222; true if anything was removed.
    pub(crate) fn remove(&mut self, path: &[u8], kind: RemoveWatchType, conn: ConnId) -> bool {
        let (data, child) = Self::scope(kind);
        let data = self.data.remove(path, conn, data);
        let child = self.child.remove(path, conn, child);
        data || child
    }
}
