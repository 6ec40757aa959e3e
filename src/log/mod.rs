//! Log levels and lines. Where a line ends up is decided by whoever installs the level source
//! and receives the lines; this layer neither writes nor knows about C.
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::OnceLock;

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

/// True if lines of this level are wanted. Info and above until a threshold is installed.
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
}

impl Buffer {
    /// Keeps a line if its level is enabled. Use the [`log!`](crate::log!) macro.
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

/// `log!(buffer, Level::Info, "function", "text {}", x)`: formats only if the level is enabled.
#[macro_export]
macro_rules! log {
    ($buffer:expr, $level:expr, $function:literal, $($text:tt)+) => {
        if $crate::log::enabled($level) {
            $buffer.push($level, $function, line!(), format_args!($($text)+));
        }
    };
}
