//! Calls that the C library has not: limits of time, and what requests and attempts to connect
//! do meanwhile. All of it is off until a program asks for it.
#![allow(
    clippy::missing_safety_doc,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::c_int;
use std::num::NonZeroU32;
use std::ptr;
use std::time::Duration;

use zk_proto::Code;

use super::caller::{LONGEST, Limit};
use super::guard;
use super::types::zhandle_t;
use crate::core::{Backoff, ConnectLimit, SessionLimit};

/// Limits the time that each request of the handle may take.
///
/// Holds for every request that is made from then on, synchronous or not, with or without a
/// connection. When the time is over, a synchronous call returns ZOPERATIONTIMEOUT, and the
/// completion of an asynchronous one is called with it, on the completion thread and once, as
/// ever. A request that was still waiting for a connection then is not sent any more. One that
/// was sent may be carried out or not; its answer, should it come, is dropped, and the watch
/// that it was to leave is not left. The connection and the session are not touched, and other
/// requests keep their order.
///
/// Not for zoo_add_auth(), which is no request.
///
/// \param zh the handle.
/// \param timeout_ms the limit in ms, 0 for none, as at the start.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or a negative limit.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_set_request_timeout(
    zh: *mut zhandle_t,
    timeout_ms: c_int,
) -> c_int {
    guard::code(zh, |handle| {
        handle.set_request_limit(u32::try_from(timeout_ms).map_err(|_| Code::BAD_ARGUMENTS)?);
        Ok(())
    })
}

/// The limit that zoox_set_request_timeout() has set.
///
/// \param zh the handle.
/// \return the limit in ms, 0 for none; -1 for a NULL or closed handle.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_get_request_timeout(zh: *mut zhandle_t) -> c_int {
    guard::with(zh, -1, |handle| {
        c_int::try_from(handle.request_limit()).unwrap_or(c_int::MAX)
    })
}

/// The handle with a limit of time for one call.
///
/// For the handle's place in a call: `zoo_get(zoox_with_timeout(zh, 500), "/a", 0, ...)`.
///
/// The call's requests then have this limit instead of that of the handle, see
/// zoox_set_request_timeout() for what that means. It works with each call of this API that
/// makes a request. The result is another name of the same handle, which lives as long: nothing
/// is made, and nothing has to be freed. It may be kept and used often, by any thread. Other
/// calls take it for the handle; watchers are told the handle without it.
///
/// \param zh the handle, NULL allowed.
/// \param timeout_ms the limit in ms, from 1 to 3600000; above 32767 it is rounded up to at most
///     127 ms more. 0 for no limit, whatever that of the handle is.
/// \return the handle's other name; NULL, which every call refuses with ZBADARGUMENTS, for a NULL
///     handle and for other limits.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_with_timeout(
    zh: *mut zhandle_t,
    timeout_ms: c_int,
) -> *mut zhandle_t {
    let limit = match u32::try_from(timeout_ms) {
        Ok(ms @ 0..=LONGEST) => NonZeroU32::new(ms).map_or(Limit::None, Limit::Millis),
        _ => return ptr::null_mut(),
    };
    if Limit::without(zh).is_null() {
        return ptr::null_mut();
    }
    limit.put_on(zh)
}

/// Lets the client take a session for expired that it cannot reach.
///
/// Without this a client tries for ever, and says nothing: only a server can tell it that the
/// session has expired. With it, a session that was on and has not been heard of for the limit
/// ends as if a server had said so: the watcher is told ZOO_EXPIRED_SESSION_STATE once, everything
/// outstanding completes with ZSESSIONEXPIRED, all later calls return ZINVALIDSTATE at once, and
/// the handle has to be closed. The time counts from the last word of a server while the session
/// was on. A handle whose session has never been on does not expire.
///
/// \param zh the handle.
/// \param limit_ms the limit in ms; 0 for four thirds of the session timeout (by then the server
///     has given the session up too, if it is alive); -1 for none, as at the start.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or a limit below -1.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_set_session_limit(
    zh: *mut zhandle_t,
    limit_ms: c_int,
) -> c_int {
    guard::code(zh, |handle| {
        handle.set_session_limit(limit(
            limit_ms,
            SessionLimit::OfTimeout,
            SessionLimit::Fixed,
        )?);
        Ok(())
    })
}

/// Limits the time that one attempt to connect may take.
///
/// Without this, a server that does not answer at all is given two thirds of the session timeout,
/// each server the whole of it, so that two such servers cost the session although a third one is
/// well. Holds for the attempt that is under way, too. An attempt ends when the session is on.
///
/// \param zh the handle.
/// \param limit_ms the limit in ms, if that is less than two thirds of the session timeout; 0 for
///     the session timeout divided by the number of servers, with which all are tried before the
///     session is lost; -1 for none, as at the start.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or a limit below -1.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_set_connect_limit(
    zh: *mut zhandle_t,
    limit_ms: c_int,
) -> c_int {
    guard::code(zh, |handle| {
        handle.set_connect_limit(limit(limit_ms, ConnectLimit::Shared, ConnectLimit::Fixed)?);
        Ok(())
    })
}

/// Lets requests wait until there is a connection.
///
/// Without this, requests that are made while there is none fail when the next attempt to
/// connect fails, with ZCONNECTIONLOSS or ZOPERATIONTIMEOUT, though another server might have
/// answered. With it they stay queued, in order, until the session is on and they are sent, or
/// until their time is over (see zoox_set_request_timeout(); without a limit that may be never),
/// the session ends, or the handle is closed. Completions of zoo_add_auth() wait too.
///
/// The loss of an established connection fails everything that is outstanding in that moment, as
/// ever, sent or not: later requests must not overtake earlier ones of which nobody knows whether
/// they were carried out.
///
/// \param zh the handle.
/// \param yes 0 for requests that fail with the next attempt, as at the start; anything else for
///     requests that wait. Holds from the next failed attempt on.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_set_queue_until_connected(
    zh: *mut zhandle_t,
    yes: c_int,
) -> c_int {
    guard::code(zh, |handle| {
        handle.keep_requests(yes != 0);
        Ok(())
    })
}

/// Sets growing pauses between the attempts to connect, which requests do not end.
///
/// Without this, the client pauses for a fixed time when it has tried every server of its list in
/// vain (see zoox_set_retry_delay()), and each request ends the pause: a program that repeats
/// failing calls makes attempts as fast as it calls. With it, the first pause is first_ms long,
/// each further one twice as long, up to longest_ms, until a session is on; of each, a random part
/// of up to a half is left out, so that many clients do not come back in the same moment. Requests
/// wait until the pause is over.
///
/// \param zh the handle.
/// \param first_ms the first pause in ms, at least 1; 0 for pauses as at the start.
/// \param longest_ms the longest pause in ms, not below first_ms; ignored if that is 0.
/// \return ZOK, and the next pause follows the rule; ZBADARGUMENTS: a NULL or closed handle, or
///     other pauses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_set_retry_backoff(
    zh: *mut zhandle_t,
    first_ms: c_int,
    longest_ms: c_int,
) -> c_int {
    guard::code(zh, |handle| {
        let ms = |ms: c_int| u64::try_from(ms).map_err(|_| Code::BAD_ARGUMENTS);
        let backoff = match first_ms {
            0 => None,
            first if first > longest_ms => return Err(Code::BAD_ARGUMENTS),
            first => Some(Backoff {
                first: ms(first)?,
                longest: ms(longest_ms)?,
            }),
        };
        handle.set_backoff(backoff);
        Ok(())
    })
}

/// Closes the session and frees the handle, and spends little time on telling the server.
///
/// Like zookeeper_close(), which sends what is still queued and the close request for up to 3 s
/// and then waits up to 1.5 s for the answer, but all of this takes the limit at most. When it is
/// over, the server may not have been told, and keeps the session with its ephemeral nodes until
/// the session timeout. Without a connection there is nobody to tell and nothing to wait for, also
/// while names are resolved and while the client connects.
///
/// As there, outstanding completions run exactly once, with ZCLOSING, before the call returns, or,
/// if it is called from a callback, when that has returned. The limit does not count the time that
/// callbacks of the program take.
///
/// \param zh the handle; must not be used after the call, unless that returns ZBADARGUMENTS.
/// \param limit_ms the limit in ms; 0 to send what the system takes at once and not to wait.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or a negative limit.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_close(zh: *mut zhandle_t, limit_ms: c_int) -> c_int {
    guard::end(zh, |handle| {
        let ms = u64::try_from(limit_ms).map_err(|_| Code::BAD_ARGUMENTS)?;
        handle.close_within(Duration::from_millis(ms));
        Ok(())
    })
}

/// A limit as programs write it: -1 for none, 0 for the rule that the library has, or ms.
fn limit<L>(ms: c_int, rule: L, fixed: impl FnOnce(u64) -> L) -> Result<Option<L>, Code> {
    match ms {
        -1 => Ok(None),
        0 => Ok(Some(rule)),
        ms => match u64::try_from(ms) {
            Ok(ms) => Ok(Some(fixed(ms))),
            Err(_) => Err(Code::BAD_ARGUMENTS),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_handle_gives_each_call_its_failure_value() {
        let zh = ptr::null_mut();
        // SAFETY: NULL is allowed everywhere here.
        unsafe {
            let bad = Code::BAD_ARGUMENTS.0;
            assert_eq!(zoox_set_request_timeout(zh, 5), bad);
            assert_eq!(zoox_get_request_timeout(zh), -1);
            assert!(zoox_with_timeout(zh, 5).is_null());
            assert_eq!(zoox_set_session_limit(zh, 5), bad);
            assert_eq!(zoox_set_queue_until_connected(zh, 1), bad);
            assert_eq!(zoox_set_retry_backoff(zh, 1, 1), bad);
            assert_eq!(zoox_close(zh, 5), bad);
        }
    }

    #[test]
    fn only_limits_up_to_an_hour_can_be_put_on_a_handle() {
        let zh = ptr::without_provenance_mut(64);
        let refused = |ms| {
            // SAFETY: the handle is only looked at as a number.
            unsafe { zoox_with_timeout(zh, ms) }.is_null()
        };
        assert!(!refused(0) && !refused(1) && !refused(3_600_000));
        assert!(refused(-1) && refused(3_600_001) && refused(c_int::MIN) && refused(c_int::MAX));
    }
}
