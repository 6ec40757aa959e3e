//! The application's own loop: the same two halves that the IO thread calls (C-525…C-527).
//!
//! The threads of the handle run all the same. Both drivers take the engine's lock, so they
//! take turns instead of racing as they do in the C library.

use zk_proto::Code;

use super::engine::{Aftermath, Engine, Ready};
use super::primitives::MutexGuard;
use super::{Client, Handle, Interest};
use crate::core::State;

impl<C: Client> Handle<C> {
    /// One step of an application-driven loop (C-525). The interest is there unless the handle
    /// is unusable; the code is the step's own result.
    pub fn interest(&self) -> (Option<Interest>, Code) {
        let mut engine = self.engine.lock();
        if self.unusable(&engine) {
            return (None, Code::INVALID_STATE);
        }
        let woken = self.inlet.take_woken();
        let code = engine.prepare(self, woken);
        let interest = Interest {
            fd: engine.connection.as_ref().map_or(-1, |c| c.fd()),
            read: engine.connection.is_some(),
            write: engine.connection.is_some()
                && (engine.blocked || engine.core.state() == State::Connecting),
            timeout: engine.timeout().unwrap_or(0),
        };
        self.run_aftermath(std::mem::take(&mut engine.aftermath), engine);
        // The IO thread may be asleep for longer than the new state of affairs allows.
        self.nudge();
        (Some(interest), code)
    }

    /// The other step (C-526).
    pub fn process(&self, readable: bool, writable: bool) -> Code {
        let mut engine = self.engine.lock();
        if self.unusable(&engine) || engine.connection.is_none() {
            return Code::INVALID_STATE;
        }
        let mut code = engine.process(
            self,
            Ready {
                readable,
                writable,
                ..Ready::default()
            },
        );
        // What ended the session matters more than how.
        code = match engine.core.state() {
            State::Expired => Code::SESSION_EXPIRED,
            State::AuthFailed => Code::AUTH_FAILED,
            _ if !readable && code == Code::NOTHING => Code::OK,
            _ => code,
        };
        self.run_aftermath(std::mem::take(&mut engine.aftermath), engine);
        self.nudge();
        code
    }

    fn unusable(&self, engine: &Engine<C>) -> bool {
        self.life.is_closing() || engine.core.state().is_terminal()
    }

    /// Runs the program's code once the lock is released.
    pub(super) fn run_aftermath(
        &self,
        mut aftermath: Aftermath<C>,
        engine: MutexGuard<'_, Engine<C>>,
    ) {
        drop(engine);
        for line in aftermath.lines.drain(..) {
            self.client.log(&line);
        }
        while let Some((auth, code)) = aftermath.auth.pop_front() {
            self.client.complete_auth(auth, code);
        }
        if let Some(batch) = aftermath.last_batch {
            self.dispatch(batch);
        }
    }
}
