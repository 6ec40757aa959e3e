//! What callers have asked for and the connection has not yet taken.

use zk_proto::records::{AuthPacket, RequestHeader};
use zk_proto::{Code, Jute, Op, Xid, frame};

use super::chunks::Chunks;
use super::deadlines::Deadline;
use super::encode;
use super::paths;
use super::reply::ReplyKind;
use super::request::Request;
use super::timers::Millis;
use super::watch::Table;
use super::xid;

/// A request whose reply is awaited.
#[derive(Debug)]
pub(crate) struct Pending<C, W> {
    pub(crate) xid: i32,
    pub(crate) kind: ReplyKind,
    /// `None`: it has timed out, and nobody waits for the reply any more.
    pub(crate) cookie: Option<C>,
    /// Boxed, so that requests without watches stay small.
    pub(crate) effect: Option<Box<Effect<W>>>,
}

/// What a reply does to the watch tables before anyone hears of it.
#[derive(Debug)]
pub(crate) enum Effect<W> {
    /// Registers a watch (C-471).
    Register {
        path: Box<[u8]>,
        watcher: W,
        found: Table,
        missing: Option<Table>,
    },
    /// Forgets watches (C-488).
    Remove {
        path: Box<[u8]>,
        watcher: Option<W>,
        kind: i32,
        /// The server forgets more than the one watch that is meant: what has been asked for
        /// meanwhile has to be set again.
        rearm: bool,
    },
}

/// Requests in call order, encoded, with who waits for them.
#[derive(Debug)]
pub(crate) struct Queue<C, W> {
    /// Auth packets: they go in front of everything that is still queued (C-562).
    pub(crate) front: Vec<u8>,
    /// Frames of `entries`, in the same order.
    pub(crate) bytes: Chunks,
    pub(crate) entries: Vec<Pending<C, W>>,
    /// Of those entries that have a limit.
    pub(crate) deadlines: Vec<Deadline>,
}

impl<C, W> Default for Queue<C, W> {
    fn default() -> Self {
        Self {
            front: Vec::new(),
            bytes: Chunks::default(),
            entries: Vec::new(),
            deadlines: Vec::new(),
        }
    }
}

/// Whether new requests are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Yes, in every state of the connection (C-261).
    Open,
    /// No: the session is over (C-260).
    Terminal,
    /// No: the handle is being closed (C-262).
    Closing,
}

/// The queue that callers append to.
///
/// It has a lock of its own, so a caller never waits for the connection's work. The gate is
/// inside: a request is either refused or seen by whoever shuts the gate, never forgotten.
#[derive(Debug)]
pub(crate) struct Outbox<C, W> {
    queue: Queue<C, W>,
    gate: Gate,
    /// Paths of multi operations under a chroot are put together here.
    scratch: Vec<u8>,
}

impl<C, W> Default for Outbox<C, W> {
    fn default() -> Self {
        Self {
            queue: Queue::default(),
            gate: Gate::Open,
            scratch: Vec::new(),
        }
    }
}

impl<C, W> Outbox<C, W> {
    /// Queues a request that [`encode::check`] has passed.
    pub(crate) fn submit(
        &mut self,
        request: &Request<'_>,
        chroot: &[u8],
        cookie: C,
        watcher: Option<W>,
    ) -> Result<(), Code> {
        self.admit(matches!(request, Request::Multi([_, ..])))?;
        let xid = xid::next();
        let watch = watcher.is_some();
        let room = self.queue.bytes.make_room(encode::payload(request));
        let out = room.ok_or(Code::MARSHALLING_ERROR)?;
        encode::append(request, chroot, xid, watch, &mut self.scratch, out)?;
        let effect = watcher.and_then(|watcher| {
            let of = encode::watch_of(request)?;
            let path = if of.chrooted {
                server_path(chroot, of.path)
            } else {
                of.path.into()
            };
            Some(Box::new(Effect::Register {
                path,
                watcher,
                found: of.found,
                missing: of.missing,
            }))
        });
        self.queue.entries.push(Pending {
            xid,
            kind: encode::reply_kind(request),
            cookie: Some(cookie),
            effect,
        });
        Ok(())
    }

    /// Says when the request that was queued last has to be finished.
    pub(crate) fn limit_last(&mut self, due: Millis) {
        if let Some(&Pending { xid, .. }) = self.queue.entries.last() {
            self.queue.deadlines.push(Deadline { due, xid });
        }
    }

    /// Queues a checkWatches or removeWatches request (C-245, C-246) for a server path.
    pub(crate) fn submit_removal(
        &mut self,
        path: Box<[u8]>,
        kind: i32,
        all: bool,
        cookie: C,
        watcher: Option<W>,
    ) -> Result<(), Code> {
        self.admit(false)?;
        let xid = xid::next();
        let op = if all {
            Op::RemoveWatches
        } else {
            Op::CheckWatches
        };
        frame::append(self.queue.bytes.tail(path.len()), |out| {
            RequestHeader { xid, op: op.into() }.encode(out);
            Some(&path[..]).encode(out);
            kind.encode(out);
        });
        let rearm = all && watcher.is_some();
        let effect = Some(Box::new(Effect::Remove {
            path,
            watcher,
            kind,
            rearm,
        }));
        self.queue.entries.push(Pending {
            xid,
            kind: ReplyKind::Void,
            cookie: Some(cookie),
            effect,
        });
        Ok(())
    }

    /// Queues an auth packet in front of the requests that are still here.
    pub(crate) fn submit_auth(&mut self, scheme: &[u8], credential: &[u8]) {
        append_auth(scheme, credential, &mut self.queue.front);
    }

    /// A transaction reports every refusal as a marshalling error, an empty one does not (C-623,
    /// C-624).
    fn admit(&self, multi: bool) -> Result<(), Code> {
        match self.gate {
            Gate::Open => Ok(()),
            Gate::Terminal if !multi => Err(Code::INVALID_STATE),
            Gate::Terminal | Gate::Closing => Err(Code::MARSHALLING_ERROR),
        }
    }

    /// Shuts the gate; a closing gate stays closing.
    pub(crate) fn shut(&mut self, gate: Gate) {
        if self.gate != Gate::Closing {
            self.gate = gate;
        }
    }

    /// How many requests are queued.
    pub(crate) fn len(&self) -> usize {
        self.queue.entries.len()
    }

    /// Swaps what is queued with `spare`, which must be empty and lends its memory.
    pub(crate) fn take(&mut self, spare: &mut Queue<C, W>) {
        std::mem::swap(&mut self.queue, spare);
    }
}

/// The server's path as a table key.
pub(crate) fn server_path(chroot: &[u8], path: &[u8]) -> Box<[u8]> {
    let mut full = Vec::with_capacity(chroot.len() + path.len());
    paths::append_chrooted(chroot, path, &mut full);
    full.into()
}

/// Appends an auth packet (C-221).
pub(crate) fn append_auth(scheme: &[u8], credential: &[u8], out: &mut Vec<u8>) {
    frame::append(out, |out| {
        RequestHeader {
            xid: Xid::AUTH,
            op: Op::Auth.into(),
        }
        .encode(out);
        AuthPacket {
            kind: 0,
            scheme: Some(scheme),
            auth: Some(credential),
        }
        .encode(out);
    });
}

#[cfg(test)]
mod tests;
