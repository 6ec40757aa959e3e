//! The monotonic clock.

/// Milliseconds since some fixed moment; neither set nor slewed by anyone (C-412).
pub fn now() -> u64 {
    let time = read();
    time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000
}

/// The same in microseconds.
pub fn micros() -> u64 {
    let time = read();
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000
}

fn read() -> libc::timespec {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a live, writable timespec for the duration of the call.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_RAW, &raw mut time) };
    debug_assert_eq!(result, 0, "Linux has had this clock since 2.6.28");
    time
}
