//! Result codes that servers may answer and `enum ZOO_ERRORS` has not.

use std::ffi::c_int;

/// A code of servers: the session is not known.
pub const ZOOX_UNKNOWNSESSION: c_int = -12;

/// A code of servers: the request took too long.
pub const ZOOX_REQUESTTIMEOUT: c_int = -122;

/// A code of servers: a quota on the node or above it does not allow the change.
pub const ZOOX_QUOTAEXCEEDED: c_int = -125;
