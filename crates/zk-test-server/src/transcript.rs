//! A record of every frame, to be looked at by tests.

use crate::connection::ConnId;
use crate::time::Now;

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Request, or connect request.
    FromClient,
    /// Reply, event, or connect response.
    ToClient,
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The connection it travelled on.
    pub conn: ConnId,
    /// Which way.
    pub direction: Direction,
    /// The frame without its length word, as the server meant it: before any fault.
    pub frame: Vec<u8>,
    /// When the server read or made it.
    pub at: Now,
}

/// Every frame of every connection, in the order the server read and made them.
#[derive(Debug, Default)]
pub struct Transcript {
    enabled: bool,
    records: Vec<Record>,
}

impl Transcript {
    pub(crate) fn new(enabled: bool) -> Self {
        Self {
            enabled,
            records: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled
    }

    pub(crate) fn record(&mut self, conn: ConnId, direction: Direction, frame: &[u8], at: Now) {
        self.records.push(Record {
            conn,
            direction,
            frame: frame.to_vec(),
            at,
        });
    }

    /// All records; empty unless [`crate::Options::transcript`] is set.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Takes the records out.
    pub fn take(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.records)
    }
}
