//! Where log lines go: level, stream, callback, and the line's form (C-600…C-604).
#![allow(
    clippy::missing_safety_doc,
    non_snake_case,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::arch::{global_asm, naked_asm};
use std::ffi::{CStr, c_char, c_int};
use std::io::{Cursor, Write};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use libc::FILE;

use super::consts;
use super::guard;
use super::mute;
use super::types::{ZooLogLevel, log_callback_fn, zhandle_t};
use crate::log::{Level, Line};

/// A line's bytes with its NUL or line end (C-602).
const LINE_MAX: usize = 4096;

/// The stream that programs have set; NULL stands for stderr.
static STREAM: AtomicPtr<FILE> = AtomicPtr::new(ptr::null_mut());

unsafe extern "C" {
    #[link_name = "stderr"]
    static mut STDERR: *mut FILE;
}

/// Sets which messages are logged, by all handles of the process.
///
/// \param logLevel ZOO_LOG_LEVEL_ERROR, ZOO_LOG_LEVEL_WARN, ZOO_LOG_LEVEL_INFO (at the start)
///     or ZOO_LOG_LEVEL_DEBUG: messages of this level and of more severe ones; 0 for none. More
///     means ZOO_LOG_LEVEL_DEBUG.
///
/// (C-173, C-600)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_set_debug_level(logLevel: ZooLogLevel) {
    // Compared without a sign: negative levels are high ones.
    threshold().store(logLevel.min(Level::Debug as u32), Ordering::Relaxed);
}

/// Sets where the messages of handles without a log callback go, for the whole process.
///
/// \param logStream an open stream, which must stay open; NULL for stderr, as at the start.
///
/// (C-174, C-601)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_set_log_stream(logStream: *mut FILE) {
    STREAM.store(logStream, Ordering::Release);
}

/// Where the messages of handles without a log callback go.
///
/// \return the stream that was set, or stderr.
///
/// (C-175, C-601)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_get_log_stream() -> *mut FILE {
    stream()
}

/// The log callback of a handle.
///
/// \param zh the handle.
/// \return the callback, NULL if the handle has none, for a NULL or closed handle.
///
/// (C-176, C-268)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_get_log_callback(zh: *const zhandle_t) -> log_callback_fn {
    guard::with(zh, None, |handle| handle.client().log.callback.get())
}

/// Sets where the messages of a handle go.
///
/// \param zh the handle; with NULL nothing happens.
/// \param callback called with each message, one line without a line end, which lives until it
///     returns. It is called on whichever thread logs, also on several at a time, and must not
///     call back into the library. NULL for the stream of zoo_set_log_stream().
///
/// (C-177, C-601, C-604)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoo_set_log_callback(
    zh: *mut zhandle_t,
    callback: log_callback_fn,
) {
    guard::with(zh, (), |handle| {
        handle.client().log.callback.set(callback);
    });
}

/// Logs a message of the program the way the library logs its own.
///
/// Does not look at the level: the macros LOG_ERROR, LOG_WARN, LOG_INFO and LOG_DEBUG do, and
/// are what programs should use. The line is cut at 4095 bytes.
///
/// \param callback where the message goes; NULL for the stream of zoo_set_log_stream().
/// \param curLevel the message's level.
/// \param line the source line that it comes from.
/// \param funcName the function that it comes from.
/// \param format a format as for printf(), followed by its arguments.
///
/// (C-178, C-603)
//
// A tail jump passes on the variable arguments, of which Rust knows nothing; a C function linked
// into the library would not be exported itself.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn log_message(
    callback: log_callback_fn,
    curLevel: ZooLogLevel,
    line: c_int,
    funcName: *const c_char,
    format: *const c_char,
) {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("jmp {}", sym zookeeper_mt_log_message);
    #[cfg(target_arch = "aarch64")]
    naked_asm!("b {}", sym zookeeper_mt_log_message);
}

unsafe extern "C-unwind" {
    /// In `log_shim.c`.
    fn zookeeper_mt_log_message(
        callback: log_callback_fn,
        level: ZooLogLevel,
        line: c_int,
        function: *const c_char,
        format: *const c_char,
        ...
    );
}

// What the C file calls. A `no_mangle` function would be exported; this name is hidden.
#[cfg(target_arch = "x86_64")]
global_asm!(
    ".globl zookeeper_mt_log_text",
    ".hidden zookeeper_mt_log_text",
    ".type zookeeper_mt_log_text, @function",
    "zookeeper_mt_log_text: jmp {}",
    sym log_text,
);
#[cfg(target_arch = "aarch64")]
global_asm!(
    ".globl zookeeper_mt_log_text",
    ".hidden zookeeper_mt_log_text",
    ".type zookeeper_mt_log_text, @function",
    "zookeeper_mt_log_text: b {}",
    sym log_text,
);

/// The formatted message of [`log_message`].
unsafe extern "C-unwind" fn log_text(
    callback: log_callback_fn,
    level: ZooLogLevel,
    line: c_int,
    function: *const c_char,
    text: *const c_char,
) {
    let bytes = |string: *const c_char| {
        if string.is_null() {
            &b"(null)"[..]
        } else {
            // SAFETY: the program's macros pass the name of a function; the text is the shim's.
            unsafe { CStr::from_ptr(string) }.to_bytes()
        }
    };
    emit(callback, level, bytes(function), line.into(), bytes(text));
}

/// Writes a line of the library.
pub(super) fn write(callback: log_callback_fn, line: &Line) {
    write_text(callback, line, line.text.as_bytes());
}

/// Writes a line of the library with another text.
pub(super) fn write_text(callback: log_callback_fn, line: &Line, text: &[u8]) {
    emit(
        callback,
        line.level as u32,
        line.function.as_bytes(),
        line.line.into(),
        text,
    );
}

/// Reads the level that is shared with the program, for [`crate::log::install_threshold`].
pub(super) fn read_threshold() -> u32 {
    threshold().load(Ordering::Relaxed)
}

/// The exported `logLevel`. Programs that were linked to a fixed address have it copied there;
/// its address comes from the GOT, so that both see the same (C-009).
fn threshold() -> &'static AtomicU32 {
    // SAFETY: `logLevel` is static, aligned, and of this size. The library uses it by this way
    // only; programs that write it themselves do so as with the original.
    unsafe { AtomicU32::from_ptr((&raw mut consts::logLevel).cast()) }
}

fn stream() -> *mut FILE {
    let stream = STREAM.load(Ordering::Acquire);
    if stream.is_null() {
        // SAFETY: libc sets it before main and programs do not change it while threads run.
        unsafe { STDERR }
    } else {
        stream
    }
}

/// Formats a line and hands it to the callback or the stream. Nothing here needs dropping when
/// the callback ends the thread.
fn emit(callback: log_callback_fn, level: u32, function: &[u8], line: i64, text: &[u8]) {
    let mut buffer = [0; LINE_MAX];
    let (seconds, millis) = now();
    let prefix = Prefix {
        time: local_time(seconds),
        millis,
        pid: std::process::id(),
        // SAFETY: always succeeds.
        thread: unsafe { libc::pthread_self() },
        level,
        function,
        line,
    };
    let length = format(&mut buffer, &prefix, text);
    match callback {
        // SAFETY: the buffer is terminated; the program gave the function for this purpose.
        Some(callback) => mute::unless_muted(|| unsafe { callback(buffer.as_ptr().cast()) }),
        None => {
            // One write of line and line end, so that lines of several threads do not mix.
            if let Some(end) = buffer.get_mut(length) {
                *end = b'\n';
            }
            let stream = stream();
            // SAFETY: the buffer is that long; the program keeps its stream open.
            unsafe {
                libc::fwrite(buffer.as_ptr().cast(), 1, length + 1, stream);
                libc::fflush(stream);
            }
        }
    }
}

/// What stands before a message.
struct Prefix<'a> {
    time: libc::tm,
    millis: u32,
    pid: u32,
    thread: libc::pthread_t,
    level: u32,
    function: &'a [u8],
    line: i64,
}

/// Fills `buffer` as far as it goes, with a NUL behind; returns the length without it.
fn format(buffer: &mut [u8; LINE_MAX], prefix: &Prefix<'_>, text: &[u8]) -> usize {
    let Some((_, room)) = buffer.split_last_mut() else {
        return 0;
    };
    let mut out = Cursor::new(room);
    let level = match prefix.level {
        1 => "ZOO_ERROR",
        2 => "ZOO_WARN",
        3 => "ZOO_INFO",
        4 => "ZOO_DEBUG",
        _ => "ZOO_UNKNOWN",
    };
    let time = &prefix.time;
    // An error means that the buffer is full, and the line is cut there.
    let _ = write!(
        out,
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02},{:03}:{}({:#x}):{level}@",
        i64::from(time.tm_year) + 1900,
        time.tm_mon + 1,
        time.tm_mday,
        time.tm_hour,
        time.tm_min,
        time.tm_sec,
        prefix.millis,
        prefix.pid,
        prefix.thread,
    )
    .and_then(|()| out.write_all(prefix.function))
    .and_then(|()| write!(out, "@{}: ", prefix.line))
    .and_then(|()| out.write_all(text));
    let length = out.position() as usize;
    if let Some(end) = buffer.get_mut(length) {
        *end = 0;
    }
    length
}

/// Seconds and milliseconds since the epoch.
fn now() -> (u64, u32) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let since = since.unwrap_or_default();
    (since.as_secs(), since.subsec_millis())
}

fn local_time(seconds: u64) -> libc::tm {
    let seconds = libc::time_t::try_from(seconds).unwrap_or(libc::time_t::MAX);
    let mut time = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both point to what the function takes; it leaves zeros, which are a valid tm, if
    // it fails.
    unsafe {
        libc::localtime_r(&raw const seconds, time.as_mut_ptr());
        time.assume_init()
    }
}

#[cfg(test)]
mod tests;
