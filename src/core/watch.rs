//! The client's watch tables: who is told about which node (C-470…C-490).

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use zk_proto::records::{RequestHeader, SetWatches};
use zk_proto::{EventType, Jute, List, Op, Text, Xid, frame};

/// Bytes of paths per SetWatches packet, the Java client's figure; one packet for all would
/// pass the server's frame limit with some ten thousand watches (C-223).
const SET_WATCHES_CHUNK: usize = 128 * 1024;

/// The tables a watch can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// Left by get, getconfig, and exists on a node that is there.
    Data,
    /// Left by exists on a missing node.
    Exist,
    /// Left by get_children.
    Child,
}

/// Order of delivery within one event (C-477, C-480).
const DELIVERY_ORDER: [Table; 3] = [Table::Child, Table::Exist, Table::Data];

type Paths<W> = HashMap<Box<[u8]>, Vec<W>>;

/// All registered watches, by server path.
#[derive(Debug)]
pub(crate) struct Watches<W> {
    data: Paths<W>,
    exist: Paths<W>,
    child: Paths<W>,
}

impl<W> Default for Watches<W> {
    fn default() -> Self {
        Self {
            data: HashMap::new(),
            exist: HashMap::new(),
            child: HashMap::new(),
        }
    }
}

impl<W: Clone + Eq + Hash> Watches<W> {
    fn table(&self, table: Table) -> &Paths<W> {
        match table {
            Table::Data => &self.data,
            Table::Exist => &self.exist,
            Table::Child => &self.child,
        }
    }

    fn table_mut(&mut self, table: Table) -> &mut Paths<W> {
        match table {
            Table::Data => &mut self.data,
            Table::Exist => &mut self.exist,
            Table::Child => &mut self.child,
        }
    }

    /// Registers a watch; an equal one on the same path is the same watch (C-470).
    pub(crate) fn add(&mut self, table: Table, path: Box<[u8]>, watcher: W) {
        let watchers = self.table_mut(table).entry(path).or_default();
        if !watchers.contains(&watcher) {
            watchers.push(watcher);
        }
    }

    /// Takes out who is told about a node event, each once (C-475, C-477).
    pub(crate) fn fire(&mut self, kind: i32, path: &[u8]) -> Vec<W> {
        let tables: &[Table] = match kind {
            EventType::CREATED | EventType::CHANGED => &[Table::Exist, Table::Data],
            EventType::DELETED => &DELIVERY_ORDER,
            EventType::CHILD => &[Table::Child],
            _ => &[],
        };
        let mut told: Vec<W> = Vec::new();
        for &table in tables {
            for watcher in self.table_mut(table).remove(path).unwrap_or_default() {
                if !told.contains(&watcher) {
                    told.push(watcher);
                }
            }
        }
        told
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
    /// registered, so that the server is asked (C-486).
    pub(crate) fn has(&self, kind: i32, path: &[u8], watcher: Option<W>) -> bool {
        let tables = removal_tables(kind);
        match watcher {
            None => !tables.is_empty(),
            Some(w) => tables.iter().any(|&t| {
                self.table(t)
                    .get(path)
                    .is_some_and(|list| list.contains(&w))
            }),
        }
    }

    /// Forgets the watch, or without a watcher all watches of the kind on the path (C-488).
    pub(crate) fn remove(&mut self, kind: i32, path: &[u8], watcher: Option<W>) {
        for &table in removal_tables(kind) {
            let paths = self.table_mut(table);
            let Some(watchers) = paths.get_mut(path) else {
                continue;
            };
            watchers.retain(|w| watcher.as_ref().is_some_and(|gone| gone != w));
            if watchers.is_empty() {
                paths.remove(path);
            }
        }
    }

    /// Appends the SetWatches packets that re-arm everything after a reconnect; none if there
    /// are no watches (C-222).
    pub(crate) fn append_set_watches(&self, relative_zxid: i64, out: &mut Vec<u8>) {
        let mut chunk = Chunk::default();
        for table in [Table::Data, Table::Exist, Table::Child] {
            for path in self.table(table).keys() {
                if chunk.bytes + path.len() > SET_WATCHES_CHUNK && chunk.bytes > 0 {
                    chunk.flush(relative_zxid, out);
                }
                chunk.push(table, path);
            }
        }
        if chunk.bytes > 0 {
            chunk.flush(relative_zxid, out);
        }
    }
}

fn removal_tables(kind: i32) -> &'static [Table] {
    match kind {
        1 => &[Table::Child],
        2 => &[Table::Data, Table::Exist],
        3 => &DELIVERY_ORDER,
        _ => &[],
    }
}

/// The content of one SetWatches packet.
#[derive(Default)]
struct Chunk<'a> {
    data: Vec<Text<'a>>,
    exist: Vec<Text<'a>>,
    child: Vec<Text<'a>>,
    bytes: usize,
}

impl<'a> Chunk<'a> {
    fn push(&mut self, table: Table, path: &'a [u8]) {
        self.bytes += path.len();
        match table {
            Table::Data => self.data.push(Some(path)),
            Table::Exist => self.exist.push(Some(path)),
            Table::Child => self.child.push(Some(path)),
        }
    }

    fn flush(&mut self, relative_zxid: i64, out: &mut Vec<u8>) {
        frame::append(out, |out| {
            RequestHeader {
                xid: Xid::SET_WATCHES,
                op: Op::SetWatches.into(),
            }
            .encode(out);
            SetWatches {
                relative_zxid,
                data: List::new(&self.data),
                exist: List::new(&self.exist),
                child: List::new(&self.child),
            }
            .encode(out);
        });
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests;
