//! Where callbacks leave what they were told: the history, and the little that a client has to
//! know to go on.

use std::collections::HashMap;
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use zk_proto::{Code, SessionState};

use crate::history::{Event, Line, Node, Outcome, Session, What};
use crate::token::{Target, Token};

/// One for the process, as callbacks get nothing but a number.
static RECORDER: OnceLock<Recorder> = OnceLock::new();

/// Writes the history down.
#[derive(Debug)]
pub struct Recorder {
    lines: Sender<Line>,
    clients: Vec<Client>,
}

#[derive(Debug, Default)]
struct Client {
    notes: Mutex<Notes>,
    changed: Condvar,
}

/// How a client's present session stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    number: u16,
    /// Requests that wait for their completion.
    pub outstanding: u32,
    /// Requests that ended in doubt: the connection or the session was lost.
    pub lost: u64,
    /// True if the last reply said that the session's folder is there.
    pub folder: bool,
    /// The state of the last session event, 0 before the first.
    pub state: i32,
}

impl Progress {
    /// True if the session is over.
    pub fn is_over(&self) -> bool {
        self.state == SessionState::EXPIRED || self.state == SessionState::AUTH_FAILED
    }
}

/// What callbacks have said of a client's session.
#[derive(Debug, Default)]
struct Notes {
    progress: Progress,
    /// The version that a node was last seen with.
    versions: HashMap<Node, i32>,
}

impl Recorder {
    /// Makes the recorder of this process; at most once.
    pub fn install(clients: u16, lines: Sender<Line>) -> Option<&'static Self> {
        let clients = (0..clients).map(|_| Client::default()).collect();
        RECORDER.set(Self { lines, clients }).ok()?;
        RECORDER.get()
    }

    /// Writes a line down.
    pub fn write(&self, line: Line) {
        // Nobody reads on only when the checker has failed, and then the run fails.
        let _ = self.lines.send(line);
    }

    /// Writes down what happened.
    pub fn note(&self, session: Session, what: What) {
        self.write(Line::Event(Event { session, what }));
    }

    fn notes(&self, client: u16) -> Option<(&Client, MutexGuard<'_, Notes>)> {
        let client = self.clients.get(usize::from(client))?;
        let notes = client.notes.lock();
        Some((client, notes.unwrap_or_else(PoisonError::into_inner)))
    }

    fn update(&self, session: Session, change: impl FnOnce(&mut Notes)) {
        if let Some((client, mut notes)) = self.notes(session.client) {
            // A callback of an earlier session says nothing about this one.
            if notes.progress.number == session.number {
                change(&mut notes);
                client.changed.notify_all();
            }
        }
    }

    /// A new session begins.
    pub fn open(&self, session: Session) {
        self.note(session, What::Opened);
        if let Some((_, mut notes)) = self.notes(session.client) {
            *notes = Notes::default();
            notes.progress.number = session.number;
        }
    }

    /// One more request is on its way, or one less as it was refused.
    pub fn issued(&self, session: Session, taken: bool) {
        self.update(session, |notes| {
            let outstanding = &mut notes.progress.outstanding;
            *outstanding = if taken {
                *outstanding + 1
            } else {
                outstanding.saturating_sub(1)
            };
        });
    }

    /// Waits until the progress is as wanted, or at most this long. Gives what it is then.
    pub fn wait(
        &self,
        client: u16,
        limit: Duration,
        wanted: impl Fn(&Progress) -> bool,
    ) -> Progress {
        let Some((client, notes)) = self.notes(client) else {
            return Progress::default();
        };
        let waited = client
            .changed
            .wait_timeout_while(notes, limit, |notes| !wanted(&notes.progress));
        let (notes, _) = waited.unwrap_or_else(PoisonError::into_inner);
        notes.progress
    }

    /// How the client's session stands.
    pub fn progress(&self, client: u16) -> Progress {
        self.notes(client)
            .map_or_else(Progress::default, |(_, notes)| notes.progress)
    }

    /// The version that the client's session last saw a node with, 0 if it has not seen it.
    pub fn version(&self, client: u16, node: Node) -> i32 {
        self.notes(client)
            .and_then(|(_, notes)| notes.versions.get(&node).copied())
            .unwrap_or_default()
    }
}

/// A completion ran.
pub(crate) fn completed(token: Token, outcome: Outcome) {
    let (Some(recorder), Some(index)) = (RECORDER.get(), token.index) else {
        return;
    };
    let lost = matches!(
        outcome,
        Outcome::Failed(
            Code::CONNECTION_LOSS
                | Code::OPERATION_TIMEOUT
                | Code::SESSION_EXPIRED
                | Code::SESSION_MOVED
                | Code::RUNTIME_INCONSISTENCY
        )
    );
    let folder = token.target == Target::Folder
        && matches!(
            outcome,
            Outcome::Stat(_) | Outcome::Failed(Code::NODE_EXISTS)
        );
    let version = match (&outcome, token.target) {
        (Outcome::Stat(stat) | Outcome::Data(_, stat), Target::Node(node)) => {
            Some((node, stat.version))
        }
        (Outcome::Both([first, _]), Target::Node(node)) => Some((node, first.version)),
        _ => None,
    };
    recorder.note(token.session, What::Completed(index, outcome));
    recorder.update(token.session, |notes| {
        let progress = &mut notes.progress;
        progress.outstanding = progress.outstanding.saturating_sub(1);
        progress.lost += u64::from(lost);
        progress.folder |= folder;
        notes.versions.extend(version);
    });
}

/// A watch was called for a node event.
pub(crate) fn fired(token: Token, event: i32, path_is_right: bool) {
    if let (Some(recorder), Some(index)) = (RECORDER.get(), token.index) {
        recorder.note(token.session, What::Fired(index, event, path_is_right));
    }
}

/// A watcher was called for a session event.
pub(crate) fn told(token: Token, state: i32, number: i64) {
    let Some(recorder) = RECORDER.get() else {
        return;
    };
    match token.index {
        Some(index) => recorder.note(token.session, What::Told(index, state)),
        None => {
            recorder.note(token.session, What::State(state, number));
            recorder.update(token.session, |notes| notes.progress.state = state);
        }
    }
}
