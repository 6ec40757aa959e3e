//! What clients did, in figures.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use zk_proto::{Code, SessionState};

use crate::history::{Event, Id, Op, Outcome, What};

/// The name of requests for what has to be gone, which always fail.
pub const GHOST: &str = "ghost";

/// How requests of one kind ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ends {
    /// With success.
    pub good: u64,
    /// With a code of the server.
    pub failed: u64,
    /// In doubt, as connection, session or handle ended.
    pub lost: u64,
}

/// Figures of a run.
#[derive(Debug, Default)]
pub struct Summary {
    /// How requests ended, by the name of what was asked.
    pub requests: BTreeMap<&'static str, Ends>,
    /// Events at watches of nodes.
    pub events: u64,
    /// Handles that were opened.
    pub sessions: u64,
    /// Sessions that expired.
    pub expired: u64,
    /// Connections that were established.
    pub connections: u64,
    /// Requests in flight: those are the only ones whose kind has to be known.
    asked: HashMap<Id, &'static str>,
}

impl Summary {
    /// Counts an event of the history.
    pub fn count(&mut self, event: &Event) {
        let id = |index| Id {
            session: event.session,
            index,
        };
        match &event.what {
            What::Issued(index, op) => {
                self.asked.insert(id(*index), name(*op));
            }
            What::Called(index, _) => {
                self.asked.insert(id(*index), "synchronous");
            }
            What::Refused(index, _) => {
                self.asked.remove(&id(*index));
            }
            What::Completed(index, outcome) | What::Returned(index, outcome) => {
                if let Some(name) = self.asked.remove(&id(*index)) {
                    let ends = self.requests.entry(name).or_default();
                    let end = match outcome {
                        Outcome::Failed(
                            Code::CONNECTION_LOSS
                            | Code::OPERATION_TIMEOUT
                            | Code::SESSION_EXPIRED
                            | Code::RUNTIME_INCONSISTENCY
                            | Code::CLOSING,
                        ) => &mut ends.lost,
                        Outcome::Failed(_) => &mut ends.failed,
                        _ => &mut ends.good,
                    };
                    *end += 1;
                }
            }
            What::Fired(..) => self.events += 1,
            What::Opened => self.sessions += 1,
            What::State(SessionState::CONNECTED, _) => self.connections += 1,
            What::State(SessionState::EXPIRED, _) => self.expired += 1,
            _ => {}
        }
    }

    /// All requests.
    pub fn total(&self) -> Ends {
        let mut total = Ends::default();
        for ends in self.requests.values() {
            total.good += ends.good;
            total.failed += ends.failed;
            total.lost += ends.lost;
        }
        total
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<12}{:>10}{:>10}{:>10}", "", "good", "failed", "lost")?;
        let total = ("all", self.total());
        for (name, ends) in self.requests.iter().map(|(n, e)| (*n, *e)).chain([total]) {
            let Ends { good, failed, lost } = ends;
            writeln!(f, "{name:<12}{good:>10}{failed:>10}{lost:>10}")?;
        }
        write!(
            f,
            "{} sessions, {} expired, {} connections, {} watch events",
            self.sessions, self.expired, self.connections, self.events
        )
    }
}

fn name(op: Op) -> &'static str {
    match op {
        Op::Folder => "folder",
        Op::Get(..) => "get",
        Op::Exists(..) => "exists",
        Op::Children(_) => "children",
        Op::Set(..) => "set",
        Op::SetBoth(..) => "multi",
        Op::Create(_) => "create",
        Op::Delete(..) => "delete",
        Op::Sequence => "sequence",
        Op::Sync => "sync",
        Op::Ghost(..) => GHOST,
    }
}
