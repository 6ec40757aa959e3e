//! Where callers leave work for the IO thread, and how it is woken: once per batch.
//!
//! The IO thread says under the inlet's lock that it goes to sleep. Whoever leaves work then
//! wakes it, and takes that word back in the same moment, so that the next ones need not. A
//! wake-up between the word and the sleep is not lost, because a [`Bell`] keeps ringing until
//! the sleeper has heard it.

use std::sync::Arc;

use super::primitives::Mutex;

/// What ends the IO thread's sleep: now, or at once when it falls asleep the next time.
pub(super) trait Bell {
    /// Wakes the IO thread.
    fn ring(&self);
}

impl Bell for Arc<mio::Waker> {
    fn ring(&self) {
        // An eventfd cannot be full in a way that loses a wake-up, so there is nothing to do.
        let _ = self.wake();
    }
}

/// A queue `Q` that many threads append to and the IO thread empties.
#[derive(Debug)]
pub(super) struct Inlet<Q, B> {
    state: Mutex<State<Q>>,
    bell: B,
}

#[derive(Debug)]
struct State<Q> {
    queue: Q,
    /// The IO thread sleeps, or is about to, without having seen the queue.
    asleep: bool,
    /// Something has changed since the IO thread last looked.
    woken: bool,
    /// The IO thread has been woken and is not up yet.
    waking: bool,
    /// The IO thread sleeps and leaves it to the completion thread to send what its callbacks
    /// append.
    trusting: bool,
}

impl<Q> State<Q> {
    /// Notes a change; true if the IO thread has to be woken for it.
    fn wake(&mut self) -> bool {
        self.woken = true;
        self.waking |= self.asleep;
        std::mem::take(&mut self.asleep)
    }
}

impl<Q, B: Bell> Inlet<Q, B> {
    pub(super) fn new(queue: Q, bell: B) -> Self {
        let state = State {
            queue,
            asleep: false,
            woken: false,
            waking: false,
            trusting: false,
        };
        Self {
            state: Mutex::new(state),
            bell,
        }
    }

    /// What wakes the IO thread, whether it was told to sleep or not.
    pub(super) fn bell(&self) -> &B {
        &self.bell
    }

    /// Access to the queue that nobody has to be woken for: the driver's, or a caller's who
    /// nudges afterwards.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Q) -> R) -> R {
        f(&mut self.state.lock().queue)
    }

    /// Appends, and wakes the IO thread if it sleeps. On an error nothing has happened.
    pub(super) fn append<E>(&self, append: impl FnOnce(&mut Q) -> Result<(), E>) -> Result<(), E> {
        let wake = {
            let mut state = self.state.lock();
            append(&mut state.queue)?;
            state.wake()
        };
        if wake {
            self.bell.ring();
        }
        Ok(())
    }

    /// As [`append`](Self::append), for a caller who may have promised to
    /// [`overtake`](Self::overtake) before long. An IO thread that trusts in that sleeps on.
    pub(super) fn append_promising<E>(
        &self,
        append: impl FnOnce(&mut Q) -> Result<(), E>,
        promised: impl FnOnce() -> bool,
    ) -> Result<(), E> {
        let wake = {
            let mut state = self.state.lock();
            append(&mut state.queue)?;
            if state.trusting && promised() {
                state.woken = true;
                false
            } else {
                state.wake()
            }
        };
        if wake {
            self.bell.ring();
        }
        Ok(())
    }

    /// As [`append`](Self::append), for a caller who is going to wait: if the IO thread sleeps,
    /// it may go on sleeping, because the caller empties the queue itself with `send`. That says
    /// false if only the IO thread can help.
    pub(super) fn append_and_send<E>(
        &self,
        append: impl FnOnce(&mut Q) -> Result<(), E>,
        send: impl FnOnce() -> bool,
    ) -> Result<(), E> {
        let asleep = {
            let mut state = self.state.lock();
            append(&mut state.queue)?;
            // An IO thread that is awake looks into the queue before it sleeps.
            state.woken |= !state.asleep;
            state.asleep
        };
        if asleep && !send() {
            self.nudge();
        }
        Ok(())
    }

    /// Makes the IO thread look around. True if it was asleep.
    pub(super) fn nudge(&self) -> bool {
        let wake = self.state.lock().wake();
        if wake {
            self.bell.ring();
        }
        wake
    }

    /// Empties the queue with `send` if the IO thread trusts in that, or has been woken for it
    /// and is not up yet: getting up takes it far longer than this takes a thread that is
    /// running. `send` says false if only the IO thread can help.
    pub(super) fn overtake(&self, send: impl FnOnce() -> bool) {
        let (waking, trusted) = {
            let state = self.state.lock();
            (state.waking, state.trusting && state.woken)
        };
        if (waking || trusted) && !send() {
            self.nudge();
        }
    }

    /// The IO thread's sleep. `wait` is told whether it may block; it must not if something has
    /// changed since the last sleep, or if `stay_awake` says so. With `trusting`, callers who
    /// have promised to send do not end the sleep, so it must be a short one: the program may
    /// keep a callback from coming to its end. The result is that of `wait`, and whether the
    /// queue or anything else has changed.
    pub(super) fn sleep<R>(
        &self,
        trusting: bool,
        stay_awake: impl FnOnce() -> bool,
        wait: impl FnOnce(bool) -> R,
    ) -> (R, bool) {
        let may_block = {
            let mut state = self.state.lock();
            state.asleep = !state.woken && !stay_awake();
            state.trusting = state.asleep && trusting;
            state.asleep
        };
        let result = wait(may_block);
        let mut state = self.state.lock();
        state.asleep = false;
        state.waking = false;
        state.trusting = false;
        (result, std::mem::take(&mut state.woken))
    }

    /// Whether something has changed, for a driver that does not sleep here.
    pub(super) fn take_woken(&self) -> bool {
        std::mem::take(&mut self.state.lock().woken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Bell for () {
        fn ring(&self) {}
    }

    fn append(inlet: &Inlet<i32, ()>, promised: bool) {
        assert_eq!(
            inlet.append_promising(|_| Ok::<_, ()>(()), || promised),
            Ok(())
        );
    }

    fn overtaken(inlet: &Inlet<i32, ()>) -> bool {
        let mut sent = false;
        inlet.overtake(|| {
            sent = true;
            true
        });
        sent
    }

    #[test]
    fn work_is_overtaken_only_while_the_io_thread_gets_up_for_it() {
        let inlet = Inlet::new(0, ());
        // Awake: it will look by itself.
        append(&inlet, true);
        assert!(!overtaken(&inlet));
        inlet.sleep(false, || false, |_| ());
        inlet.sleep(
            false,
            || false,
            |_| {
                assert!(!overtaken(&inlet));
                append(&inlet, true);
                assert!(overtaken(&inlet));
            },
        );
        assert!(!overtaken(&inlet));
    }

    #[test]
    fn an_io_thread_that_trusts_sleeps_on_while_promised_work_is_sent() {
        let inlet = Inlet::new(0, ());
        inlet.sleep(
            true,
            || false,
            |_| {
                assert!(!overtaken(&inlet), "there is nothing to send");
                append(&inlet, true);
                assert!(overtaken(&inlet));
                assert!(inlet.nudge(), "it was asleep until now");
            },
        );
    }

    #[test]
    fn an_io_thread_that_trusts_is_woken_for_all_other_work() {
        let inlet = Inlet::new(0, ());
        inlet.sleep(
            true,
            || false,
            |_| {
                append(&inlet, false);
                assert!(!inlet.nudge(), "it was woken already");
            },
        );
        inlet.sleep(
            true,
            || false,
            |_| {
                append(&inlet, true);
                inlet.overtake(|| false);
                assert!(!inlet.nudge(), "nobody but the IO thread could help");
            },
        );
    }
}
