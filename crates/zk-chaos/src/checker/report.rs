//! What the checker found.

use std::collections::BTreeMap;
use std::fmt;

use crate::history::Session;

/// The promises that can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A completion ran again, or for a request that was never accepted.
    CompletedTwice,
    /// A handle was closed and a request had no completion.
    NeverCompleted,
    /// Completions came in another order than their requests.
    OutOfOrder,
    /// A callback ran after the close of its handle.
    AfterClose,
    /// A request failed with a code that nothing explains.
    UnexpectedCode,
    /// A reply came without connection, or a loss with it, or a result of the wrong form.
    WrongMoment,
    /// Session events in an order that no session has, or not to everyone who waits for them.
    SessionEvent,
    /// A client saw something older than what it had seen, or than what it had written.
    ZxidWentBack,
    /// A write was put before another one that was acknowledged before it was asked for.
    NotLinear,
    /// An acknowledged write is not there.
    LostWrite,
    /// One write was applied twice.
    AppliedTwice,
    /// A write is there that was reported as failed.
    FailedButApplied,
    /// Data that nobody wrote there.
    UnknownData,
    /// A node of one writer is in a state that no outcome of its writes gives.
    WrongState,
    /// A watch was called twice.
    WatchTwice,
    /// A watch was called that was not set.
    WatchUnasked,
    /// A change was seen and the watch set before it was not called.
    WatchMissed,
    /// A watch was called for a change that had not happened, or with a wrong path or type.
    WatchWrong,
    /// An ephemeral node vanished before its session, or belongs to another one.
    EphemeralLost,
    /// An ephemeral node is there after its session ended.
    EphemeralOutlived,
    /// A numbered name was given twice, or numbers do not follow the order of the writes.
    SequenceOrder,
}

/// One broken promise.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which promise.
    pub kind: Kind,
    /// To whom; `None` if it concerns the tree.
    pub session: Option<Session>,
    /// Where in the history: how many events came before.
    pub at: u64,
    /// The circumstances.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at event {}", self.kind, self.at)?;
        if let Some(session) = self.session {
            write!(f, ", session {session}")?;
        }
        write!(f, ": {}", self.text)
    }
}

/// All that was found: a fault may break a promise thousands of times, so only the first cases of
/// each kind are kept.
#[derive(Debug, Default)]
pub struct Report {
    /// The first cases.
    pub violations: Vec<Violation>,
    /// How often each promise was broken.
    pub counts: BTreeMap<Kind, u64>,
    pub(crate) events: u64,
}

/// Cases of one kind that are kept.
const KEPT: u64 = 10;

impl Report {
    pub(crate) fn add(&mut self, kind: Kind, session: Option<Session>, text: String) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= KEPT {
            self.violations.push(Violation {
                kind,
                session,
                at: self.events,
                text,
            });
        }
    }
}
