//! Texts of result codes.
#![allow(
    clippy::missing_safety_doc,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{CStr, c_char, c_int};

/// A text for a result code.
///
/// \param c a result code, or a positive errno.
/// \return a string that must not be freed, "unknown error" for unknown codes; never NULL. For
///     an errno it is what strerror() returns. Codes of the Java client that the C library
///     calls unknown have a text too, see zookeeper_ext.h.
///
/// (C-122, C-290)
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zerror(c: c_int) -> *const c_char {
    if c > 0 {
        // SAFETY: any number will do.
        return unsafe { libc::strerror(c) };
    }
    describe(c).as_ptr()
}

/// The wording is the original's to the letter, because programs compare it, except for codes
/// of servers that the original calls unknown.
fn describe(code: c_int) -> &'static CStr {
    match code {
        0 => c"ok",
        -1 => c"system error",
        -2 => c"run time inconsistency",
        -3 => c"data inconsistency",
        -4 => c"connection loss",
        -5 => c"marshalling error",
        -6 => c"unimplemented",
        -7 => c"operation timeout",
        -8 => c"bad arguments",
        -9 => c"invalid zhandle state",
        -12 => c"unknown session",
        -13 => {
            c"no quorum of new config is connected and up-to-date with the leader \
                of last committed config - try invoking reconfiguration after new \
                servers are connected and synced"
        }
        -14 => {
            c"Another reconfiguration is in progress -- concurrent reconfigs not \
                supported (yet)"
        }
        -15 => c"ssl connection error",
        -100 => c"api error",
        -101 => c"no node",
        -102 => c"not authenticated",
        -103 => c"bad version",
        -108 => c"no children for ephemerals",
        -110 => c"node exists",
        -111 => c"not empty",
        -112 => c"session expired",
        -113 => c"invalid callback",
        -114 => c"invalid acl",
        -115 => c"authentication failed",
        -116 => c"zookeeper is closing",
        -117 => c"(not error) no server responses to process",
        -118 => c"session moved to another server, so operation is ignored",
        -119 => c"state-changing request is passed to read-only server",
        -120 => c"attempt to create ephemeral node on a local session",
        -121 => c"the watcher couldn't be found",
        -122 => c"request timeout",
        -123 => {
            c"attempts to perform a reconfiguration operation when reconfiguration \
                feature is disable"
        }
        -124 => c"session closed by server because client is required to do SASL authentication",
        -125 => c"quota has been exceeded",
        -127 => c"Operation was throttled due to high load",
        _ => c"unknown error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zk_proto::Code;

    fn text(code: c_int) -> String {
        // SAFETY: the function takes any number and gives a C string.
        let text = unsafe { CStr::from_ptr(zerror(code)) };
        text.to_str().unwrap().to_owned()
    }

    #[test]
    fn codes_have_the_texts_that_programs_compare() {
        assert_eq!(text(0), "ok");
        assert_eq!(text(-4), "connection loss");
        assert_eq!(text(-9), "invalid zhandle state");
        assert_eq!(
            text(-13),
            "no quorum of new config is connected and up-to-date with the leader of last \
             committed config - try invoking reconfiguration after new servers are connected \
             and synced"
        );
        assert_eq!(text(-117), "(not error) no server responses to process");
        assert_eq!(
            text(-123),
            "attempts to perform a reconfiguration operation when reconfiguration feature is \
             disable"
        );
        assert_eq!(text(-127), "Operation was throttled due to high load");
    }

    // F-44
    #[test]
    fn every_code_that_servers_have_names_for_has_a_text() {
        for code in Code::ALL {
            assert_ne!(text(code.0), "unknown error", "{code:?}");
        }
        assert_eq!(text(-12), "unknown session");
        assert_eq!(text(-15), "ssl connection error");
        assert_eq!(text(-122), "request timeout");
        assert_eq!(text(-125), "quota has been exceeded");
    }

    #[test]
    fn codes_without_a_text_are_unknown_errors() {
        for code in [-10, -11, -16, -99, -104, -126, -128, c_int::MIN] {
            assert_eq!(text(code), "unknown error");
        }
    }

    #[test]
    fn positive_codes_are_system_errors() {
        assert_eq!(text(libc::ENOENT), "No such file or directory");
    }
}
