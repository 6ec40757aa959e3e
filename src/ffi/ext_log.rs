//! Log messages of one handle: a function with context and level.
#![allow(
    clippy::missing_safety_doc,
    non_camel_case_types,
    reason = "C prototypes; the documentation as a whole says what callers must keep to"
)]

use std::ffi::{c_char, c_int, c_void};

use zk_proto::Code;

use super::guard;
use super::log_sink::is_level;
use super::types::{ZooLogLevel, zhandle_t};

/// Takes the log messages of a handle, see struct zoox_config.
///
/// Called on whichever thread logs, also on several at a time, and must not call back into the
/// library.
///
/// \param context what struct zoox_config has in log_context.
/// \param level ZOO_LOG_LEVEL_ERROR to ZOO_LOG_LEVEL_DEBUG.
/// \param message the message alone, without time, thread and place, however long it is; it
///     lives until the function returns.
pub type zoox_log_fn = Option<
    unsafe extern "C-unwind" fn(context: *mut c_void, level: ZooLogLevel, message: *const c_char),
>;

/// The log level of a handle that logs nothing.
pub const ZOOX_LOG_NOTHING: c_int = -1;

/// Sets which messages one handle logs, whatever the process has set.
///
/// Holds for the messages of the library about this handle; what the program itself logs with
/// the macros of zookeeper_log.h follows zoo_set_debug_level() as ever.
///
/// \param zh the handle.
/// \param level ZOO_LOG_LEVEL_ERROR to ZOO_LOG_LEVEL_DEBUG: messages of this level and of more
///     severe ones; ZOOX_LOG_NOTHING for none; 0 for what zoo_set_debug_level() has set, as at
///     the start unless struct zoox_config says otherwise.
/// \return ZOK; ZBADARGUMENTS: a NULL or closed handle, or another level.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zoox_set_log_level(zh: *mut zhandle_t, level: c_int) -> c_int {
    guard::code(zh, |handle| {
        if !is_level(level) {
            return Err(Code::BAD_ARGUMENTS);
        }
        handle.client().log.set_level(level);
        Ok(())
    })
}
