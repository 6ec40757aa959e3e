//! What a handle has done so far, and how long its requests take.
#![allow(
    clippy::missing_safety_doc,
    non_camel_case_types,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::c_int;
use std::ptr;

use zk_proto::Code;

use super::guard;
use super::types::zhandle_t;
use crate::runtime::Stats;

/// What a handle has done since it was made, and what is queued in it now.
///
/// Always, requests = replies + lost + outstanding + to_send.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zoox_stats {
    /// Before the call sizeof(struct zoox_stats); after it the bytes that were filled, which are
    /// fewer if the library is older than the program.
    pub size: usize,
    /// Requests made by calls that were accepted; not pings, and not what the client sends to
    /// connect, to authenticate and to set watches again.
    pub requests: u64,
    /// Replies received.
    pub replies: u64,
    /// Requests that ended without a reply, because a connection failed, the session ended, or
    /// their time was over before there was a connection.
    pub lost: u64,
    /// Watch events received from servers.
    pub events: u64,
    /// Pings sent.
    pub pings: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// How often a server let the session begin or go on.
    pub connects: u64,
    /// How often it let it go on: connects without the first.
    pub reconnects: u64,
    /// Attempts to connect that have failed; zoox_connect_attempts() counts those in a row.
    pub failed_attempts: u64,
    /// Requests that are on their way and not answered, now; also those whose time is over.
    pub outstanding: u64,
    /// Requests that wait for a connection, now.
    pub to_send: u64,
    /// Results and events that wait for the completion thread, now; those that it has taken at
    /// once count until it has done the last. 0 for a handle with a completion queue.
    pub to_deliver: u64,
    /// Requests whose time was measured, since zoox_measure_latency() switched that on. The time
    /// runs from the moment at which a request is given to the connection until its reply has
    /// been read; all following fields are in microseconds, with an error of 1 % at most, and 0
    /// as long as nothing was measured.
    pub latency_count: u64,
    /// Half of the requests took no longer.
    pub latency_p50: u64,
    /// Nine in ten took no longer.
    pub latency_p90: u64,
    /// 99 in 100 took no longer.
    pub latency_p99: u64,
    /// 999 in 1000 took no longer.
    pub latency_p999: u64,
    /// None took longer.
    pub latency_max: u64,
}

/// Tells what a handle has done so far.
///
/// Counting costs requests nothing; this call takes the handle's lock for a moment, so call it
/// every second rather than every millisecond.
///
/// \param zh the handle.
/// \param stats where the figures go; its size must be set.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, no place, or a size that has no room for
///     the first figure.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_get_stats(
    zh: *mut zhandle_t,
    stats: *mut zoox_stats,
) -> c_int {
    guard::code(zh, |handle| {
        if stats.is_null() {
            return Err(Code::BAD_ARGUMENTS);
        }
        // SAFETY: the documentation asks for a place with its size in it.
        let room = unsafe { (&raw const (*stats).size).read() };
        let size = room.min(size_of::<zoox_stats>());
        if size < 2 * size_of::<u64>() {
            return Err(Code::BAD_ARGUMENTS);
        }
        let told = told(&handle.stats(), size);
        // SAFETY: the program says that it has `room` bytes, and `size` is no more.
        unsafe { ptr::copy_nonoverlapping((&raw const told).cast::<u8>(), stats.cast(), size) };
        Ok(())
    })
}

/// Starts or stops to measure how long requests take.
///
/// Off at first. While it is on, the client reads the clock once for each batch of requests that
/// it sends and once for each batch of replies, and the handle takes 30 KiB more.
///
/// \param zh the handle.
/// \param on not 0 to measure the requests from now on, with nothing measured yet; 0 to stop and
///     to forget what was measured.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_measure_latency(zh: *mut zhandle_t, on: c_int) -> c_int {
    guard::code(zh, |handle| {
        handle.measure_latencies(on != 0);
        Ok(())
    })
}

fn told(stats: &Stats, size: usize) -> zoox_stats {
    let latencies = stats.latencies;
    zoox_stats {
        size,
        requests: stats.requests,
        replies: stats.replies,
        lost: stats.lost,
        events: stats.events,
        pings: stats.pings,
        bytes_in: stats.bytes_in,
        bytes_out: stats.bytes_out,
        connects: stats.connects,
        reconnects: stats.connects.saturating_sub(1),
        failed_attempts: stats.failed_attempts,
        outstanding: stats.outstanding,
        to_send: stats.to_send,
        to_deliver: stats.to_deliver,
        latency_count: latencies.count,
        latency_p50: latencies.p50,
        latency_p90: latencies.p90,
        latency_p99: latencies.p99,
        latency_p999: latencies.p999,
        latency_max: latencies.max,
    }
}
