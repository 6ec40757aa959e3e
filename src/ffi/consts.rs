//! The exported data objects (C-020 to C-032).
//!
//! A program that is not position-independent gets copies of these into its own memory, and
//! the dynamic linker makes both sides use the copy. So sizes must be exact, and the library
//! itself must not assume the place of its own objects (C-009).

use super::types::{ACL, ACL_vector, Id, ZooLogLevel, ZooLogLevels};
use libc::{c_char, c_int};
use std::cell::UnsafeCell;
use std::ffi::CStr;

/// An object that C programs may read and write, with the layout of `T` alone.
#[repr(transparent)]
pub struct Exported<T>(UnsafeCell<T>);

// SAFETY: this library only hands out the address. Programs that write these objects order that
// themselves, as with any C global.
unsafe impl<T> Sync for Exported<T> {}

impl<T> Exported<T> {
    const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// The object's address.
    pub const fn as_ptr(&self) -> *mut T {
        self.0.get()
    }
}

/// Which messages are logged: those of this level and more severe ones.
///
/// zoo_set_debug_level() sets it; programs may also write it. The macros below read it.
#[unsafe(no_mangle)]
pub static mut logLevel: ZooLogLevel = ZooLogLevels::ZOO_LOG_LEVEL_INFO as ZooLogLevel;

/// Permission: may read the data and the children's names.
#[unsafe(no_mangle)]
pub static ZOO_PERM_READ: c_int = 1;

/// Permission: may set the data.
#[unsafe(no_mangle)]
pub static ZOO_PERM_WRITE: c_int = 2;

/// Permission: may create children.
#[unsafe(no_mangle)]
pub static ZOO_PERM_CREATE: c_int = 4;

/// Permission: may delete children.
#[unsafe(no_mangle)]
pub static ZOO_PERM_DELETE: c_int = 8;

/// Permission: may set the ACL.
#[unsafe(no_mangle)]
pub static ZOO_PERM_ADMIN: c_int = 16;

/// Permission: may do everything.
#[unsafe(no_mangle)]
pub static ZOO_PERM_ALL: c_int = 31;

/// Interest of zookeeper_interest() and event of zookeeper_process(): writable.
#[unsafe(no_mangle)]
pub static ZOOKEEPER_WRITE: c_int = 1;

/// Interest of zookeeper_interest() and event of zookeeper_process(): readable.
#[unsafe(no_mangle)]
pub static ZOOKEEPER_READ: c_int = 2;

/// Mode of a new node: stays until it is deleted.
#[unsafe(no_mangle)]
pub static ZOO_PERSISTENT: c_int = 0;

/// Mode of a new node: is deleted when the session that created it ends.
#[unsafe(no_mangle)]
pub static ZOO_EPHEMERAL: c_int = 1;

/// Mode of a new node: stays, and its name gets a number of ten digits that its parent counts
/// up.
#[unsafe(no_mangle)]
pub static ZOO_PERSISTENT_SEQUENTIAL: c_int = 2;

/// Mode of a new node: ends with the session and has a number.
#[unsafe(no_mangle)]
pub static ZOO_EPHEMERAL_SEQUENTIAL: c_int = 3;

/// Mode of a new node: is deleted by the server some time after its last child.
#[unsafe(no_mangle)]
pub static ZOO_CONTAINER: c_int = 4;

/// Mode of a new node: is deleted when it has no children and was not changed for its time to
/// live.
#[unsafe(no_mangle)]
pub static ZOO_PERSISTENT_WITH_TTL: c_int = 5;

/// Mode of a new node: has a time to live and a number.
#[unsafe(no_mangle)]
pub static ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL: c_int = 6;

/// The bit that gives a node a number; `ZOO_EPHEMERAL | ZOO_SEQUENCE` is a valid mode.
#[unsafe(no_mangle)]
pub static ZOO_SEQUENCE: c_int = 2;

/// State of a session: the session ran out: its ephemeral nodes are gone and the handle is of
/// no more use.
#[unsafe(no_mangle)]
pub static ZOO_EXPIRED_SESSION_STATE: c_int = -112;

/// State of a session: the server refused an identity of zoo_add_auth(); the handle is of no
/// more use.
#[unsafe(no_mangle)]
pub static ZOO_AUTH_FAILED_STATE: c_int = -113;

/// State of a session: a connection is being made.
#[unsafe(no_mangle)]
pub static ZOO_CONNECTING_STATE: c_int = 1;

/// State of a session: connected, and waiting for the server to answer about the session.
#[unsafe(no_mangle)]
pub static ZOO_ASSOCIATING_STATE: c_int = 2;

/// State of a session: the session is on and serves requests.
#[unsafe(no_mangle)]
pub static ZOO_CONNECTED_STATE: c_int = 3;

/// State of a session: the session is on at a server without quorum, which serves reads only.
#[unsafe(no_mangle)]
pub static ZOO_READONLY_STATE: c_int = 5;

/// State of a session: the TLS handshake is under way.
#[unsafe(no_mangle)]
pub static ZOO_SSL_CONNECTING_STATE: c_int = 7;

/// State of a session: there is no connection, and none is being made at this moment.
#[unsafe(no_mangle)]
pub static ZOO_NOTCONNECTED_STATE: c_int = 999;

/// Event: the node was created; a watch of exists.
#[unsafe(no_mangle)]
pub static ZOO_CREATED_EVENT: c_int = 1;

/// Event: the node was deleted; any watch.
#[unsafe(no_mangle)]
pub static ZOO_DELETED_EVENT: c_int = 2;

/// Event: the node's data was set; a watch of get or exists.
#[unsafe(no_mangle)]
pub static ZOO_CHANGED_EVENT: c_int = 3;

/// Event: children came or went; a watch of get_children.
#[unsafe(no_mangle)]
pub static ZOO_CHILD_EVENT: c_int = 4;

/// Event: the state of the session changed; every watcher is told, and stays set.
#[unsafe(no_mangle)]
pub static ZOO_SESSION_EVENT: c_int = -1;

/// Event: the watch was removed, and no more events will come.
#[unsafe(no_mangle)]
pub static ZOO_NOTWATCHING_EVENT: c_int = -2;

/// Everybody, for an ACL entry.
#[unsafe(no_mangle)]
pub static ZOO_ANYONE_ID_UNSAFE: Exported<Id> = Exported::new(ANYONE);

/// The session's own identities, for an ACL entry; the server puts them in.
#[unsafe(no_mangle)]
pub static ZOO_AUTH_IDS: Exported<Id> = Exported::new(CREATOR);

/// Everybody may do everything.
#[unsafe(no_mangle)]
pub static ZOO_OPEN_ACL_UNSAFE: Exported<ACL_vector> = Exported::new(one(&OPEN_ACL));

/// Everybody may read.
#[unsafe(no_mangle)]
pub static ZOO_READ_ACL_UNSAFE: Exported<ACL_vector> = Exported::new(one(&READ_ACL));

/// The session's own identities may do everything; needs zoo_add_auth() before.
#[unsafe(no_mangle)]
pub static ZOO_CREATOR_ALL_ACL: Exported<ACL_vector> = Exported::new(one(&CREATOR_ALL_ACL));

static OPEN_ACL: Exported<ACL> = Exported::new(entry(31, ANYONE));
static READ_ACL: Exported<ACL> = Exported::new(entry(1, ANYONE));
static CREATOR_ALL_ACL: Exported<ACL> = Exported::new(entry(31, CREATOR));

const ANYONE: Id = Id {
    scheme: text(c"world"),
    id: text(c"anyone"),
};

const CREATOR: Id = Id {
    scheme: text(c"auth"),
    id: text(c""),
};

const fn text(text: &'static CStr) -> *mut c_char {
    text.as_ptr().cast_mut()
}

const fn entry(perms: i32, id: Id) -> ACL {
    ACL { perms, id }
}

const fn one(entry: &'static Exported<ACL>) -> ACL_vector {
    ACL_vector {
        count: 1,
        data: entry.as_ptr(),
    }
}
