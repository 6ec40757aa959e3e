//! Log levels and lines. Where a line ends up is decided by whoever installs the level source
//! and receives the lines; this layer neither writes nor knows about C.
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, OnceLock};

/// Severity, as numbered by the C API (C-034).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Level {
    /// Something failed that the caller will notice.
    Error = 1,
    /// Something is odd but handled.
    Warn = 2,
    /// Session life: connects, losses, closes.
    Info = 3,
    /// Every step.
    Debug = 4,
}

/// One message, before any prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Severity.
    pub level: Level,
    /// Name of the function it comes from.
    pub function: &'static str,
    /// Source line it comes from.
    pub line: u32,
    /// The text, without a line end.
    pub text: String,
}

static THRESHOLD: OnceLock<fn() -> u32> = OnceLock::new();

/// Installs where the current threshold is read; the first call wins.
///
/// The C API shares its threshold with the program as a writable global, so it must be read
/// anew each time (C-009, C-600).
pub fn install_threshold(read: fn() -> u32) {
    // Later calls come from later handles and install the same function.
    let _ = THRESHOLD.set(read);
}

/// Which lines of one handle are wanted: those that the process wants, unless the handle has a
/// level of its own. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Threshold(Option<Arc<AtomicI32>>);

impl Threshold {
    /// The handle wants what the process wants.
    pub const PROCESS: i32 = -1;

    /// Starts with `level`: [`PROCESS`](Self::PROCESS), 0 for no lines at all, or the number of
    /// the least severe [`Level`] that is wanted.
    pub fn new(level: i32) -> Self {
        Self(Some(Arc::new(AtomicI32::new(level))))
    }

    /// Changes the level, for all clones.
    pub fn set(&self, level: i32) {
        if let Some(own) = &self.0 {
            own.store(level, Ordering::Relaxed);
        }
    }

    /// True if lines of this level are wanted.
    #[inline]
    pub fn allows(&self, level: Level) -> bool {
        match self.0.as_ref().map(|own| own.load(Ordering::Relaxed)) {
            None | Some(Self::PROCESS) => enabled(level),
            Some(own) => own >= level as i32,
        }
    }
}

/// True if the process wants lines of this level. Info and above until a threshold is
/// installed.
#[inline]
pub fn enabled(level: Level) -> bool {
    let threshold = THRESHOLD.get().map_or(Level::Info as u32, |read| read());
    // Debug asks for equality, as the macros in the C header do (C-088).
    if level == Level::Debug {
        threshold == Level::Debug as u32
    } else {
        threshold >= level as u32
    }
}

/// Lines held back while a lock is held; whoever releases the lock passes them on.
#[derive(Debug, Default)]
pub struct Buffer {
    lines: Vec<Line>,
    threshold: Threshold,
}

impl Buffer {
    /// A buffer for lines that `threshold` allows.
    pub fn new(threshold: Threshold) -> Self {
        Self {
            lines: Vec::new(),
            threshold,
        }
    }

    /// True if lines of this level are wanted.
    #[inline]
    pub fn wants(&self, level: Level) -> bool {
        self.threshold.allows(level)
    }

    /// Keeps a line. Use the [`log!`](crate::log!) macro, which asks [`wants`](Self::wants).
    pub fn push(
        &mut self,
        level: Level,
        function: &'static str,
        line: u32,
        text: fmt::Arguments<'_>,
    ) {
        self.lines.push(Line {
            level,
            function,
            line,
            text: text.to_string(),
        });
    }

    /// Takes the lines kept so far, oldest first.
    pub fn take(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.lines)
    }

    /// Adds what another buffer has kept.
    pub fn append(&mut self, mut other: Self) {
        self.lines.append(&mut other.lines);
    }

    /// True if nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// `log!(buffer, Level::Info, "function", "text {}", x)`: formats only if the level is wanted.
#[macro_export]
macro_rules! log {
    ($buffer:expr, $level:expr, $function:literal, $($text:tt)+) => {
        if $buffer.wants($level) {
            $buffer.push($level, $function, line!(), format_args!($($text)+));
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handles_own_level_decides_instead_of_the_processes() {
        let own = Threshold::new(Threshold::PROCESS);
        let shared = own.clone();
        let allowed = |t: &Threshold| {
            [Level::Error, Level::Warn, Level::Info, Level::Debug].map(|level| t.allows(level))
        };
        assert_eq!(allowed(&shared), allowed(&Threshold::default()));
        own.set(0);
        assert_eq!(allowed(&shared), [false; 4]);
        own.set(2);
        assert_eq!(allowed(&shared), [true, true, false, false]);
        own.set(4);
        assert_eq!(allowed(&shared), [true; 4]);
    }
}
