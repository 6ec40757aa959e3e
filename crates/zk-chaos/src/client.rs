//! One client: it opens sessions one after the other and makes the requests of their scripts.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use zk_proto::{Code, SessionState};

use crate::ffi::{Api, ClientId, Handle};
use crate::history::{FIRST_EPHEMERAL, Node, Op, REGISTERS, SLOTS, Session, What};
use crate::plan::{KINDS, Script};
use crate::recorder::{Progress, Recorder};
use crate::token::{MOST_REQUESTS, MOST_SESSIONS};

/// What all clients share.
#[derive(Debug)]
pub struct Stage {
    /// The library.
    pub api: &'static Api,
    /// Where callbacks report.
    pub recorder: &'static Recorder,
    /// The list of servers.
    pub hosts: String,
    /// The session timeout that clients ask for, in ms.
    pub timeout_ms: i32,
    /// The run's seed.
    pub seed: u64,
    /// Requests of all clients so far.
    pub requests: AtomicU64,
    /// Set when clients shall make no more of their script's requests.
    pub stop: AtomicBool,
    /// How often each kind of fault has come.
    pub injected: [AtomicU64; KINDS],
    /// For each client its session and the credentials, if it is connected.
    pub ids: Vec<Mutex<Option<(Session, ClientId)>>>,
}

impl Stage {
    /// How often each kind of fault has come.
    pub fn injected(&self) -> [u64; KINDS] {
        self.injected
            .each_ref()
            .map(|count| count.load(Ordering::Relaxed))
    }
}

/// Longest wait for an outcome. Every request is answered or fails within the session timeout and
/// a few attempts to connect, so this one only ends a run that hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Time between requests while there is no connection.
const PAUSE: Duration = Duration::from_millis(20);

/// A client's session that is open.
#[derive(Debug)]
pub struct Open<'a> {
    stage: &'a Stage,
    session: Session,
    handle: Handle,
    next: u32,
}

/// Makes requests until the stage says stop. Gives the session that is open then, with nothing in
/// flight.
///
/// # Errors
/// A request is not answered, or the library makes no handle.
pub fn run(stage: &Stage, client: u16) -> Result<Option<Open<'_>>> {
    let mut expired = None;
    for number in 0..MOST_SESSIONS {
        let session = Session { client, number };
        let mut open = Open::new(stage, session)?;
        let over = open.play(&Script::new(stage.seed, session), expired)?;
        expired = over.then_some(session);
        if stage.stop.load(Ordering::Relaxed) {
            if !over {
                open.drain()?;
            }
            if !stage.recorder.progress(client).is_over() {
                return Ok(Some(open));
            }
            open.close();
            return Ok(None);
        }
        open.close();
    }
    anyhow::bail!("client {client} has had all the sessions that there are numbers for")
}

impl<'a> Open<'a> {
    fn new(stage: &'a Stage, session: Session) -> Result<Self> {
        stage.recorder.open(session);
        let handle = Handle::open(stage.api, &stage.hosts, stage.timeout_ms, session)?;
        Ok(Self {
            stage,
            session,
            handle,
            next: 0,
        })
    }

    /// Makes the script's requests. True if the session expired.
    fn play(&mut self, script: &Script, expired: Option<Session>) -> Result<bool> {
        let mut script = script.clone();
        let (recorder, client) = (self.stage.recorder, self.session.client);
        if !self.make_folder()? {
            return Ok(true);
        }
        self.publish(true);
        if let Some(earlier) = expired {
            for slot in FIRST_EPHEMERAL..SLOTS {
                self.issue(Op::Ghost(earlier, slot))?;
            }
        }
        let end = self.next.saturating_add(script.length).min(MOST_REQUESTS);
        while self.next < end && !self.stage.stop.load(Ordering::Relaxed) {
            let progress = self.wait(|progress| progress.outstanding < script.window)?;
            if progress.is_over() {
                self.publish(false);
                return Ok(true);
            }
            if progress.outstanding == 0 && progress.state != SessionState::CONNECTED {
                // Without connection requests fail at once: some shall, but not all the script.
                recorder.wait(client, PAUSE, |progress| {
                    progress.state == SessionState::CONNECTED || progress.is_over()
                });
            }
            let (op, synchronous) = script.draw(|node| recorder.version(client, node));
            self.stage.requests.fetch_add(1, Ordering::Relaxed);
            if synchronous {
                self.call(op)?;
            } else {
                self.issue(op)?;
            }
        }
        self.publish(false);
        Ok(false)
    }

    /// Makes the folder of the slots. False if the session expired.
    fn make_folder(&mut self) -> Result<bool> {
        loop {
            self.issue(Op::Folder)?;
            let progress = self.wait(|progress| progress.outstanding == 0)?;
            if progress.folder || progress.is_over() {
                return Ok(progress.folder);
            }
        }
    }

    /// Lets the session be taken over, or not any more.
    fn publish(&self, open: bool) {
        if let Some(id) = self.stage.ids.get(usize::from(self.session.client)) {
            let id = &mut *id.lock().unwrap_or_else(PoisonError::into_inner);
            let present = open.then(|| self.handle.client_id()).flatten();
            *id = present.map(|id| (self.session, id));
        }
    }

    fn index(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    fn issue(&mut self, op: Op) -> Result<()> {
        let (recorder, session, index) = (self.stage.recorder, self.session, self.index());
        recorder.note(session, What::Issued(index, op));
        recorder.issued(session, true);
        let code = self.handle.issue(index, op)?;
        if code != Code::OK {
            recorder.issued(session, false);
            recorder.note(session, What::Refused(index, code));
        }
        Ok(())
    }

    fn call(&mut self, op: Op) -> Result<()> {
        let (recorder, session, index) = (self.stage.recorder, self.session, self.index());
        recorder.note(session, What::Called(index, op));
        let outcome = self.handle.call(index, op)?;
        recorder.note(session, What::Returned(index, outcome));
        Ok(())
    }

    /// Waits until the progress is as wanted, or the session is over.
    fn wait(&self, wanted: impl Fn(&Progress) -> bool) -> Result<Progress> {
        let client = self.session.client;
        let fulfilled = |progress: &Progress| {
            wanted(progress) || (progress.is_over() && progress.outstanding == 0)
        };
        let progress = self.stage.recorder.wait(client, PATIENCE, fulfilled);
        ensure!(
            fulfilled(&progress),
            "session {} waits for {} completions for {PATIENCE:?}",
            self.session,
            progress.outstanding
        );
        Ok(progress)
    }

    fn drain(&self) -> Result<()> {
        self.wait(|progress| progress.outstanding == 0)?;
        Ok(())
    }

    /// Looks at everything once more when nobody writes: events that have not come by now are
    /// missed. False if the session expired.
    ///
    /// # Errors
    /// A request is not answered, or the connection does not stay.
    pub fn look_again(&mut self) -> Result<bool> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let before = self.stage.recorder.progress(self.session.client).lost;
            self.issue(Op::Sync)?;
            for number in 0..REGISTERS {
                self.issue(Op::Get(Node::Register(number), false))?;
            }
            for slot in 0..SLOTS {
                self.issue(Op::Get(Node::Slot(slot), false))?;
            }
            self.issue(Op::Children(false))?;
            self.drain()?;
            let after = self.stage.recorder.progress(self.session.client);
            if after.is_over() {
                return Ok(false);
            }
            if before == after.lost {
                return Ok(true);
            }
            ensure!(Instant::now() < deadline, "the connection does not stay");
        }
    }

    /// Closes the handle, with what is in flight.
    pub fn close(self) {
        let (recorder, session) = (self.stage.recorder, self.session);
        self.publish(false);
        recorder.note(session, What::Closing);
        drop(self.handle);
        recorder.note(session, What::Closed);
    }
}
