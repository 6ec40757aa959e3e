//! One connection as the core sees it: buffers, identities, counters. No socket.

use crate::acl::AuthId;
use std::collections::VecDeque;
use std::net::SocketAddr;
use zk_proto::Op;

/// Names a connection for as long as the server lives; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId(pub(crate) u64);

impl std::fmt::Display for ConnId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How a connection is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// In order: the peer sees end of file behind the last byte.
    Fin,
    /// Hard: the peer sees a reset.
    Reset,
}

/// When bytes held back may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// At this monotonic time, ms.
    At(u64),
    /// When a test says so.
    Manual,
}

/// Bytes on their way to the peer, addressed by their position in the whole stream.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    buf: Vec<u8>,
    /// Bytes at the front of `buf` that have left.
    sent: usize,
    /// Stream position of `buf[0]`.
    base: u64,
    /// Nothing from these positions on may leave yet; in stream order.
    barriers: VecDeque<(u64, Release)>,
    /// The stream ends here, whatever is written behind.
    cut: Option<(u64, Close)>,
}

impl Outbox {
    /// Where replies are encoded.
    #[inline]
    pub(crate) fn buf(&mut self) -> &mut Vec<u8> {
        &mut self.buf
    }

    /// Stream position of the next byte written.
    #[inline]
    pub(crate) fn end(&self) -> u64 {
        self.base + self.buf.len() as u64
    }

    /// The bytes from a stream position on that have not left yet.
    pub(crate) fn since(&mut self, position: u64) -> &mut [u8] {
        let from = usize::try_from(position.saturating_sub(self.base)).unwrap_or(usize::MAX);
        self.buf.get_mut(from..).unwrap_or_default()
    }

    /// Forgets what was written from a stream position on.
    pub(crate) fn truncate(&mut self, position: u64) {
        let len = usize::try_from(position.saturating_sub(self.base)).unwrap_or(usize::MAX);
        self.buf.truncate(len.max(self.sent));
    }

    /// Bytes that wait, held back or not.
    #[inline]
    pub(crate) fn waiting(&self) -> usize {
        self.buf.len() - self.sent
    }

    /// Bytes that may leave now.
    #[inline]
    pub(crate) fn visible(&self) -> &[u8] {
        let mut end = self.buf.len();
        let limits = [
            self.barriers.front().map(|b| b.0),
            self.cut.map(|(position, _)| position),
        ];
        for position in limits.into_iter().flatten() {
            let limit = usize::try_from(position.saturating_sub(self.base)).unwrap_or(usize::MAX);
            end = end.min(limit);
        }
        self.buf.get(self.sent..end).unwrap_or_default()
    }

    pub(crate) fn consume(&mut self, n: usize) {
        self.sent += n.min(self.waiting());
        if self.sent == self.buf.len() {
            self.base += self.sent as u64;
            self.sent = 0;
            self.buf.clear();
        } else if self.sent > 1 << 16 && self.sent > self.buf.len() / 2 {
            self.buf.drain(..self.sent);
            self.base += self.sent as u64;
            self.sent = 0;
        }
    }

    /// Set if the stream was cut and everything before the cut has left.
    pub(crate) fn cut_reached(&self) -> Option<Close> {
        let (position, close) = self.cut?;
        (self.base + self.sent as u64 >= position).then_some(close)
    }

    pub(crate) fn cut_at(&mut self, position: u64, close: Close) {
        if self.cut.is_none_or(|(earlier, _)| position < earlier) {
            self.cut = Some((position, close));
        }
    }

    /// Ends the stream behind what may leave now; what is held back is lost.
    pub(crate) fn cut_now(&mut self, close: Close) {
        let position = self.base + (self.sent + self.visible().len()) as u64;
        self.cut_at(position, close);
    }

    /// Ends the stream behind what has left; what waits is lost.
    pub(crate) fn abandon(&mut self, close: Close) {
        self.cut_at(self.base + self.sent as u64, close);
    }

    /// How the stream ends, if it was cut.
    pub(crate) fn cut(&self) -> Option<Close> {
        self.cut.map(|(_, close)| close)
    }

    /// Holds back everything from a stream position on.
    pub(crate) fn hold_from(&mut self, position: u64, release: Release) {
        self.barriers.push_back((position, release));
    }

    /// Removes the barriers that `is_due`; true if there were any.
    pub(crate) fn release(&mut self, is_due: impl Fn(Release) -> bool) -> bool {
        let before = self.barriers.len();
        self.barriers.retain(|&(_, release)| !is_due(release));
        before != self.barriers.len()
    }

    /// When the next timed barrier falls, monotonic ms.
    pub(crate) fn next_release(&self) -> Option<u64> {
        let times = self
            .barriers
            .iter()
            .filter_map(|&(_, release)| match release {
                Release::At(ms) => Some(ms),
                Release::Manual => None,
            });
        times.min()
    }
}

/// Counters that cons shows (S-286).
#[derive(Debug)]
pub(crate) struct ConnStats {
    pub(crate) received: u64,
    pub(crate) sent: u64,
    pub(crate) established_ms: i64,
    pub(crate) last_op: Option<Op>,
    pub(crate) last_xid: i32,
    pub(crate) last_zxid: i64,
    pub(crate) last_response_ms: i64,
}

#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) peer: SocketAddr,
    /// The session, once there is one.
    pub(crate) session: Option<i64>,
    pub(crate) ids: Vec<AuthId>,
    /// Bytes received and not yet processed: a partial frame, or all of a stopped connection.
    pub(crate) input: Vec<u8>,
    pub(crate) out: Outbox,
    /// Set when nothing more is to be read; output still leaves first.
    pub(crate) close: Option<Close>,
    /// It is in the core's list of connections to be looked at.
    pub(crate) ready: bool,
    /// What it sends is thrown away.
    pub(crate) silent: bool,
    /// What it sends is not read until a test says so.
    pub(crate) stopped: bool,
    /// A connection without a session is closed then, monotonic ms (S-026).
    pub(crate) sessionless_deadline: u64,
    /// Stream position of the last reply.
    pub(crate) last_reply: u64,
    pub(crate) stats: ConnStats,
}

impl Conn {
    /// When something is to happen to it: a delayed reply leaves, or it has waited too long for
    /// its session; monotonic ms.
    pub(crate) fn next_timer(&self) -> Option<u64> {
        let has_no_session = self.session.is_none() && self.close.is_none();
        let reaped = has_no_session.then_some(self.sessionless_deadline);
        [self.out.next_release(), reaped]
            .into_iter()
            .flatten()
            .min()
    }
}
