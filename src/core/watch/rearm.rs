//! Setting the watches again after a reconnect (C-222, C-223, S-220).

use std::hash::Hash;

use zk_proto::records::{RequestHeader, SetWatches, SetWatches2};
use zk_proto::{Jute, List, Op, Text, Xid, frame};

use super::{Table, Watches};

/// Bytes per packet, the Java client's figure; one packet for all would pass the server's frame
/// limit with some ten thousand watches (C-223, F-39).
const PACKET: usize = 128 * 1024;

/// Bytes of a packet that are not paths: its header, the zxid and the lengths of the lists.
const FIXED: usize = 8 + 8 + 5 * 4;

/// Bytes of a path's length.
const LENGTH: usize = 4;

const ORDER: [Table; 5] = [
    Table::Data,
    Table::Exist,
    Table::Child,
    Table::Persistent,
    Table::Recursive,
];

impl<W: Clone + Eq + Hash> Watches<W> {
    /// Appends the packets that re-arm everything after a reconnect; none if there are no
    /// watches (C-222).
    pub(crate) fn append_set_watches(&self, relative_zxid: i64, out: &mut Vec<u8>) {
        let mut packet = Packet::default();
        for table in ORDER {
            for path in self.table(table).keys() {
                if packet.bytes > 0 && FIXED + packet.bytes + LENGTH + path.len() > PACKET {
                    packet.flush(relative_zxid, out);
                }
                packet.push(table, path);
            }
        }
        if packet.bytes > 0 {
            packet.flush(relative_zxid, out);
        }
    }

    /// Appends the packet that re-arms what there is on one path, if there is anything.
    pub(crate) fn append_set_watches_of(&self, path: &[u8], relative_zxid: i64, out: &mut Vec<u8>) {
        let mut packet = Packet::default();
        for table in ORDER {
            if let Some((path, _)) = self.table(table).get_key_value(path) {
                packet.push(table, path);
            }
        }
        if packet.bytes > 0 {
            packet.flush(relative_zxid, out);
        }
    }
}

/// The content of one packet.
#[derive(Default)]
struct Packet<'a> {
    data: Vec<Text<'a>>,
    exist: Vec<Text<'a>>,
    child: Vec<Text<'a>>,
    persistent: Vec<Text<'a>>,
    recursive: Vec<Text<'a>>,
    bytes: usize,
}

impl<'a> Packet<'a> {
    fn push(&mut self, table: Table, path: &'a [u8]) {
        self.bytes += LENGTH + path.len();
        match table {
            Table::Data => &mut self.data,
            Table::Exist => &mut self.exist,
            Table::Child => &mut self.child,
            Table::Persistent => &mut self.persistent,
            Table::Recursive => &mut self.recursive,
        }
        .push(Some(path));
    }

    /// As setWatches if that says it all: servers before 3.6 know no other.
    fn flush(&mut self, relative_zxid: i64, out: &mut Vec<u8>) {
        let (data, exist, child) = (
            List::new(&self.data),
            List::new(&self.exist),
            List::new(&self.child),
        );
        let xid = Xid::SET_WATCHES;
        let header = |op: Op| RequestHeader { xid, op: op.into() };
        frame::append(out, |out| {
            if self.persistent.is_empty() && self.recursive.is_empty() {
                header(Op::SetWatches).encode(out);
                SetWatches {
                    relative_zxid,
                    data,
                    exist,
                    child,
                }
                .encode(out);
            } else {
                header(Op::SetWatches2).encode(out);
                SetWatches2 {
                    relative_zxid,
                    data,
                    exist,
                    child,
                    persistent: List::new(&self.persistent),
                    persistent_recursive: List::new(&self.recursive),
                }
                .encode(out);
            }
        });
        *self = Self::default();
    }
}
