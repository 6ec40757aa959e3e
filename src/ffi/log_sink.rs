//! Where the log lines of one handle go, and which of them.

use std::ffi::{c_char, c_int, c_void};
use std::hash::{BuildHasher, RandomState};
use std::mem::ManuallyDrop;
use std::time::{Duration, Instant};

use super::ext_log::{ZOOX_LOG_NOTHING, zoox_log_fn};
use super::pointer::{AtomicLogCallback, UserPtr};
use super::types::{ZooLogLevel, log_callback_fn};
use super::{log, mute};
use crate::log::{Level, Line, Threshold};
use crate::runtime::locks::Mutex;

/// A message that comes again within this time is held back.
const WINDOW: Duration = Duration::from_secs(60);

/// So many different messages are told apart. Servers that are down make one each.
const REMEMBERED: usize = 32;

/// The program's function, which was not NULL.
type Function = unsafe extern "C-unwind" fn(*mut c_void, ZooLogLevel, *const c_char);

/// Takes the lines of one handle.
#[derive(Debug)]
pub(super) struct Sink {
    /// Of zookeeper_init2() and zoo_set_log_callback(); for lines if there is no `own`.
    pub(super) callback: AtomicLogCallback,
    own: Option<(Function, UserPtr)>,
    pub(super) threshold: Threshold,
    repeats: Option<Mutex<Repeats>>,
}

impl Sink {
    /// For a plain handle.
    pub(super) fn new(callback: log_callback_fn) -> Self {
        Self {
            callback: AtomicLogCallback::new(callback),
            own: None,
            threshold: Threshold::new(Threshold::PROCESS),
            repeats: None,
        }
    }

    /// Gives lines to a function with context, if there is one; sets the level, a
    /// [`valid`](is_level) one; and holds back what comes again and again, if that is wanted.
    pub(super) fn extended(
        mut self,
        function: zoox_log_fn,
        context: *mut c_void,
        level: c_int,
        limit_repeats: bool,
    ) -> Self {
        self.own = function.map(|function| (function, UserPtr(context)));
        self.set_level(level);
        self.repeats = limit_repeats.then(Mutex::default);
        self
    }

    /// Changes which lines are wanted; the level is a [`valid`](is_level) one.
    pub(super) fn set_level(&self, level: c_int) {
        self.threshold.set(match level {
            ZOOX_LOG_NOTHING => 0,
            0 => Threshold::PROCESS,
            level => level,
        });
    }

    /// True if lines of this level are wanted.
    pub(super) fn wants(&self, level: Level) -> bool {
        self.threshold.allows(level)
    }

    /// Writes a line. May not return: the program's function may end the thread, so nothing
    /// here needs dropping then.
    pub(super) fn write(&self, line: &Line) {
        let held_back = match &self.repeats {
            None => 0,
            Some(repeats) => match repeats.lock().admit(line, Instant::now()) {
                Some(held_back) => held_back,
                None => return,
            },
        };
        if self.own.is_none() && held_back == 0 {
            return log::write(self.callback.get(), line);
        }
        // Lost if the program ends the thread.
        let text = ManuallyDrop::new(text(line, held_back));
        match self.own {
            // SAFETY: the text is terminated; the program gave function and context for this
            // purpose.
            Some((function, context)) => mute::unless_muted(|| unsafe {
                function(context.0, line.level as ZooLogLevel, text.as_ptr().cast());
            }),
            None => {
                let end = text.len().saturating_sub(1);
                let text = text.get(..end).unwrap_or_default();
                log::write_text(self.callback.get(), line, text);
            }
        }
        drop(ManuallyDrop::into_inner(text));
    }
}

/// True for the levels that a handle can have: that of the process, none, or one of its own.
pub(super) fn is_level(level: c_int) -> bool {
    (ZOOX_LOG_NOTHING..=Level::Debug as c_int).contains(&level)
}

/// The message as a C string.
fn text(line: &Line, held_back: u32) -> Vec<u8> {
    let mut text = line.text.clone();
    if held_back > 0 {
        text += &format!(" (came {held_back} more times, held back)");
    }
    let mut text = text.into_bytes();
    text.retain(|&byte| byte != 0);
    text.push(0);
    text
}

/// The messages of late.
#[derive(Debug, Default)]
struct Repeats {
    hasher: RandomState,
    seen: Vec<Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    hash: u64,
    /// When it was written.
    at: Instant,
    /// How often it came since.
    held_back: u32,
}

impl Repeats {
    /// `None` for a line that is to be held back, else how many were since it was written last.
    fn admit(&mut self, line: &Line, now: Instant) -> Option<u32> {
        let hash = self
            .hasher
            .hash_one((line.level as u32, line.function, &line.text));
        if let Some(seen) = self.seen.iter_mut().find(|seen| seen.hash == hash) {
            if now < seen.at + WINDOW {
                seen.held_back = seen.held_back.saturating_add(1);
                return None;
            }
            let held_back = seen.held_back;
            (seen.at, seen.held_back) = (now, 0);
            return Some(held_back);
        }
        if self.seen.len() == REMEMBERED {
            self.forget_oldest();
        }
        self.seen.push(Seen {
            hash,
            at: now,
            held_back: 0,
        });
        Some(0)
    }

    fn forget_oldest(&mut self) {
        let ages = self.seen.iter().enumerate();
        if let Some((oldest, _)) = ages.min_by_key(|(_, seen)| seen.at) {
            self.seen.swap_remove(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line {
            level: Level::Error,
            function: "test",
            line: 1,
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_repeated_message_is_held_back_until_its_time_is_over_and_then_counted() {
        let mut repeats = Repeats::default();
        let (start, ms) = (Instant::now(), Duration::from_millis(1));
        assert_eq!(repeats.admit(&line("a"), start), Some(0));
        assert_eq!(repeats.admit(&line("b"), start), Some(0));
        for later in 2..10 {
            assert_eq!(repeats.admit(&line("a"), start + later * ms), None);
        }
        assert_eq!(repeats.admit(&line("a"), start + WINDOW), Some(8));
        assert_eq!(repeats.admit(&line("a"), start + WINDOW + ms), None);
        assert_eq!(repeats.admit(&line("a"), start + 3 * WINDOW), Some(1));
    }

    #[test]
    fn the_messages_remembered_are_few() {
        let mut repeats = Repeats::default();
        let (start, ms) = (Instant::now(), Duration::from_millis(1));
        for number in 0..1000 {
            let (text, now) = (number.to_string(), start + number * ms);
            assert_eq!(repeats.admit(&line(&text), now), Some(0));
        }
        assert_eq!(repeats.seen.len(), REMEMBERED);
        let end = start + 1000 * ms;
        assert_eq!(repeats.admit(&line("999"), end), None);
        assert_eq!(repeats.admit(&line("0"), end), Some(0));
    }

    #[test]
    fn a_message_is_a_c_string_with_what_was_held_back() {
        assert_eq!(text(&line("a\0b"), 0), b"ab\0");
        assert_eq!(text(&line("a"), 3), b"a (came 3 more times, held back)\0");
    }

    #[test]
    fn the_level_is_the_processes_or_an_own_one_or_none() {
        let sink = Sink::new(None);
        sink.set_level(1);
        assert!(sink.wants(Level::Error) && !sink.wants(Level::Warn));
        sink.set_level(ZOOX_LOG_NOTHING);
        assert!(!sink.wants(Level::Error));
        sink.set_level(4);
        assert!(sink.wants(Level::Debug));
        let valid = (-5..10).filter(|&level| is_level(level));
        assert_eq!(valid.collect::<Vec<_>>(), [-1, 0, 1, 2, 3, 4]);
    }
}
