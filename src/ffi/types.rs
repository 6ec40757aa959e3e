//! The types of `zookeeper.h` under their C names.
//!
//! The documentation here is the documentation of the header. Layouts are those of C-040 to
//! C-050; a wrong size or offset does not compile.

#![expect(
    non_camel_case_types,
    non_snake_case,
    reason = "the names that C programs see are part of the ABI"
)]

use libc::{c_char, c_int, c_uint, c_void};
use std::mem::offset_of;

pub use super::jute::data::{ACL, ClientInfo, Id, Stat, StatPersisted};
pub use super::jute::quorum::Id_vector;
pub use super::jute::recordio::{buffer, iarchive, oarchive};
pub use super::jute::request::ACL_vector;
pub use super::jute::response::ClientInfo_vector;
pub use super::jute::session::String_vector;
pub use super::jute::txn::Txn_vector;

/// The level of the C API that this library and its headers provide.
pub const ZOO_VERSION: &str = "3.8.0";

/// Flag of zookeeper_init(): a server without quorum, which serves reads only, is good enough.
pub const ZOO_READONLY: c_int = 1;

/// Flag of zookeeper_init(): do not log the client's environment when the handle is made.
pub const ZOO_NO_LOG_CLIENTENV: c_int = 2;

/// The node that holds the ensemble's configuration.
pub const ZOO_CONFIG_NODE: &str = "/zookeeper/config";

/// What lies behind a `zhandle_t`; opaque to programs.
#[repr(C)]
pub struct _zhandle {
    _opaque: [u8; 0],
}

/// A session of this process with a ZooKeeper ensemble.
///
/// zookeeper_init() makes it, zookeeper_close() frees it. Every call takes it, from any thread.
pub type zhandle_t = _zhandle;

/// What names a session to the servers and proves that it is ours.
///
/// Keep a copy to go on with the session from a new handle: zoo_client_id() gives it, and
/// zookeeper_init() takes it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct clientid_t {
    /// The number of the session, 0 for none.
    pub client_id: i64,
    /// The password of the session.
    pub passwd: [c_char; 16],
}

/// Files and password of a TLS client, for builds with TLS.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct _zcert {
    /// The string that the other fields were cut from.
    pub certstr: *mut c_char,
    /// File of the certificates of the authorities that are trusted.
    pub ca: *mut c_char,
    /// File of the client's certificate.
    pub cert: *mut c_char,
    /// File of the client's private key.
    pub key: *mut c_char,
    /// Password of the private key.
    pub passwd: *mut c_char,
}

/// Files and password of a TLS client, for builds with TLS.
pub type zcert_t = _zcert;

/// A connection to a server; no exported function takes or returns one.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct _zsock {
    /// File descriptor, -1 when not connected.
    pub sock: c_int,
    /// TLS files and password, NULL for a plain connection.
    pub cert: *mut zcert_t,
}

/// A connection to a server; no exported function takes or returns one.
pub type zsock_t = _zsock;

/// One operation of zoo_multi() and zoo_amulti().
///
/// zoo_create_op_init(), zoo_delete_op_init(), zoo_set_op_init() and zoo_check_op_init() fill
/// it. It copies no memory: paths, values and result places stay the caller's and must live
/// until the transaction is done.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zoo_op {
    /// `ZOO_CREATE_OP`, `ZOO_DELETE_OP`, `ZOO_SETDATA_OP`, `ZOO_CHECK_OP`… of `proto.h`.
    pub r#type: c_int,
    /// The arguments; `type` says which member counts.
    pub op: zoo_op_args,
}

/// One operation of zoo_multi() and zoo_amulti().
pub type zoo_op_t = zoo_op;

/// The union inside [`zoo_op`], which has no name in C.
#[repr(C)]
#[derive(Clone, Copy)]
pub union zoo_op_args {
    /// Creates a node.
    pub create_op: zoo_create_op,
    /// Deletes a node.
    pub delete_op: zoo_delete_op,
    /// Sets a node's data.
    pub set_op: zoo_set_op,
    /// Checks a node's version.
    pub check_op: zoo_check_op,
}

/// Arguments of a create within a transaction.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zoo_create_op {
    /// Path of the new node.
    pub path: *const c_char,
    /// The node's data, NULL for none.
    pub data: *const c_char,
    /// Length of the data in bytes, -1 for a node without data.
    pub datalen: c_int,
    /// Where the created node's path goes, or NULL.
    pub buf: *mut c_char,
    /// Size of `buf` in bytes.
    pub buflen: c_int,
    /// The node's ACL.
    pub acl: *const ACL_vector,
    /// The mode: `ZOO_PERSISTENT`, `ZOO_EPHEMERAL`…
    pub flags: c_int,
    /// Time to live in ms for the modes that have one.
    pub ttl: i64,
}

/// Arguments of a delete within a transaction.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zoo_delete_op {
    /// Path of the node.
    pub path: *const c_char,
    /// The version that the node must have, -1 for any.
    pub version: c_int,
}

/// Arguments of a set within a transaction.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zoo_set_op {
    /// Path of the node.
    pub path: *const c_char,
    /// The new data.
    pub data: *const c_char,
    /// Length of the data in bytes, -1 for none.
    pub datalen: c_int,
    /// The version that the node must have, -1 for any.
    pub version: c_int,
    /// Where the node's new statistics go, or NULL.
    pub stat: *mut Stat,
}

/// Arguments of a version check within a transaction.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zoo_check_op {
    /// Path of the node.
    pub path: *const c_char,
    /// The version that the node must have.
    pub version: c_int,
}

/// What came of one operation of a transaction.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zoo_op_result {
    /// ZOK or the operation's error. `ZRUNTIMEINCONSISTENCY`: not tried, an earlier one failed.
    pub err: c_int,
    /// The created node's path, in the buffer of the operation; NULL for other operations.
    pub value: *mut c_char,
    /// Room in `value`, as the operation named it.
    pub valuelen: c_int,
    /// The node's new statistics, in the place that the operation named, or NULL.
    pub stat: *mut Stat,
}

/// What came of one operation of a transaction.
pub type zoo_op_result_t = zoo_op_result;

/// Which messages are logged: `ZOO_LOG_LEVEL_ERROR` to `ZOO_LOG_LEVEL_DEBUG`.
///
/// An integer and not a Rust enum, because C may pass any value.
pub type ZooLogLevel = c_uint;

/// Which messages are logged; each level includes those above it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZooLogLevels {
    /// Errors only.
    ZOO_LOG_LEVEL_ERROR = 1,
    /// Also what may need attention.
    ZOO_LOG_LEVEL_WARN = 2,
    /// Also the life of the session; the level at start.
    ZOO_LOG_LEVEL_INFO = 3,
    /// Everything.
    ZOO_LOG_LEVEL_DEBUG = 4,
}

/// Which watches a removal means: `ZWATCHTYPE_CHILD`, `ZWATCHTYPE_DATA` or `ZWATCHTYPE_ANY`.
///
/// An integer and not a Rust enum, because C may pass any value.
pub type ZooWatcherType = c_uint;

/// Which watches a removal means.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZooWatcherTypes {
    /// Watches set by listing children.
    ZWATCHTYPE_CHILD = 1,
    /// Watches set by get and exists.
    ZWATCHTYPE_DATA = 2,
    /// Both.
    ZWATCHTYPE_ANY = 3,
}

/// Result codes of all calls and completions.
///
/// -1 to -99 come from this library, or from an inconsistent system; -101 and below come from
/// the server.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZOO_ERRORS {
    /// Everything is well.
    ZOK = 0,

    /// Start of the system's and the library's errors; no call returns it without `errno`.
    ZSYSTEMERROR = -1,
    /// The library's state contradicts itself, or an operation of a failed transaction that
    /// was not tried.
    ZRUNTIMEINCONSISTENCY = -2,
    /// The server's data contradicts itself.
    ZDATAINCONSISTENCY = -3,
    /// The connection broke; a request that was on its way may have been done or not.
    ZCONNECTIONLOSS = -4,
    /// A request could not be encoded or a reply could not be decoded.
    ZMARSHALLINGERROR = -5,
    /// The server does not know the operation.
    ZUNIMPLEMENTED = -6,
    /// The server did not answer in time.
    ZOPERATIONTIMEOUT = -7,
    /// An argument is not acceptable.
    ZBADARGUMENTS = -8,
    /// The handle is in a state that rules the call out, for example after expiry.
    ZINVALIDSTATE = -9,
    /// Reconfiguration: no quorum of the new configuration is connected and up to date.
    ZNEWCONFIGNOQUORUM = -13,
    /// Reconfiguration: another one is under way.
    ZRECONFIGINPROGRESS = -14,
    /// The TLS connection could not be made.
    ZSSLCONNECTIONERROR = -15,

    /// Start of the server's errors; no call returns it.
    ZAPIERROR = -100,
    /// The node does not exist.
    ZNONODE = -101,
    /// The node's ACL does not allow it.
    ZNOAUTH = -102,
    /// The node has another version than the one asked for.
    ZBADVERSION = -103,
    /// Ephemeral nodes cannot have children.
    ZNOCHILDRENFOREPHEMERALS = -108,
    /// The node exists already.
    ZNODEEXISTS = -110,
    /// The node has children.
    ZNOTEMPTY = -111,
    /// The session ran out; the handle is of no more use and wants zookeeper_close().
    ZSESSIONEXPIRED = -112,
    /// The callback is not valid.
    ZINVALIDCALLBACK = -113,
    /// The ACL is empty or not valid.
    ZINVALIDACL = -114,
    /// Authentication failed.
    ZAUTHFAILED = -115,
    /// The handle is being closed.
    ZCLOSING = -116,
    /// Nothing: there is no reply of the server to work on.
    ZNOTHING = -117,
    /// The session went on at another server, and the request was not done here.
    ZSESSIONMOVED = -118,
    /// The server is read-only, and the request is not.
    ZNOTREADONLY = -119,
    /// A session known to one server only cannot have ephemeral nodes.
    ZEPHEMERALONLOCALSESSION = -120,
    /// There is no such watch to remove.
    ZNOWATCHER = -121,
    /// Reconfiguration is turned off at the server.
    ZRECONFIGDISABLED = -123,
    /// The server closed the session, since it wants SASL authentication.
    ZSESSIONCLOSEDREQUIRESASLAUTH = -124,
    /// The server dropped the request, since it has too much to do.
    ZTHROTTLEDOP = -127,
}

/// Called for events of the session and of watched nodes, on the completion thread.
///
/// `type` is one of `ZOO_CREATED_EVENT` to `ZOO_NOTWATCHING_EVENT`; `state` one of
/// `ZOO_EXPIRED_SESSION_STATE` to `ZOO_NOTCONNECTED_STATE`. `path` is the node's path without
/// the chroot, "" for events of the session; it lives until the function returns. `watcherCtx`
/// is what was given with the watcher: the handle's context for the handle's watcher.
pub type watcher_fn = Option<
    unsafe extern "C-unwind" fn(
        zh: *mut zhandle_t,
        r#type: c_int,
        state: c_int,
        path: *const c_char,
        watcherCtx: *mut c_void,
    ),
>;

/// Takes a log message: one line without its end, valid until the function returns.
///
/// Called on the thread that logs, which may be one of the library's; must not call the
/// library.
pub type log_callback_fn = Option<unsafe extern "C-unwind" fn(message: *const c_char)>;

/// Called when a request without a result ended, with its code and the caller's `data`.
///
/// Completions run on the completion thread, those of zoo_add_auth() on the IO thread. Each runs
/// exactly once, also when the connection is lost or the handle closed. What their pointers
/// lead to belongs to the library and lives until they return; after an error all but `data`
/// may be NULL.
pub type void_completion_t = Option<unsafe extern "C-unwind" fn(rc: c_int, data: *const c_void)>;

/// Called when a request ended whose result is a node's statistics.
pub type stat_completion_t =
    Option<unsafe extern "C-unwind" fn(rc: c_int, stat: *const Stat, data: *const c_void)>;

/// Called when a request ended whose result is a node's data and statistics.
///
/// `value` is not terminated; `value_len` is its length in bytes, -1 for a node without data.
pub type data_completion_t = Option<
    unsafe extern "C-unwind" fn(
        rc: c_int,
        value: *const c_char,
        value_len: c_int,
        stat: *const Stat,
        data: *const c_void,
    ),
>;

/// Called when a request ended whose result is the names of a node's children.
pub type strings_completion_t = Option<
    unsafe extern "C-unwind" fn(rc: c_int, strings: *const String_vector, data: *const c_void),
>;

/// Called when a request ended whose result is a node's statistics and its children's names.
pub type strings_stat_completion_t = Option<
    unsafe extern "C-unwind" fn(
        rc: c_int,
        strings: *const String_vector,
        stat: *const Stat,
        data: *const c_void,
    ),
>;

/// Called when a request ended whose result is a path.
pub type string_completion_t =
    Option<unsafe extern "C-unwind" fn(rc: c_int, value: *const c_char, data: *const c_void)>;

/// Called when a request ended whose result is a path and the node's statistics.
pub type string_stat_completion_t = Option<
    unsafe extern "C-unwind" fn(
        rc: c_int,
        string: *const c_char,
        stat: *const Stat,
        data: *const c_void,
    ),
>;

/// Called when a request ended whose result is a node's ACL and statistics.
pub type acl_completion_t = Option<
    unsafe extern "C-unwind" fn(
        rc: c_int,
        acl: *mut ACL_vector,
        stat: *mut Stat,
        data: *const c_void,
    ),
>;

const _: () = {
    assert!(size_of::<clientid_t>() == 24 && offset_of!(clientid_t, passwd) == 8);
    assert!(size_of::<zcert_t>() == 40 && offset_of!(zcert_t, passwd) == 32);
    assert!(size_of::<zsock_t>() == 16 && offset_of!(zsock_t, cert) == 8);
    assert!(size_of::<zoo_op>() == 72 && offset_of!(zoo_op, op) == 8);
    // Offsets in the contract count from the start of `zoo_op`, these from its union.
    assert!(offset_of!(zoo_create_op, datalen) == 16 && offset_of!(zoo_create_op, buf) == 24);
    assert!(offset_of!(zoo_create_op, buflen) == 32 && offset_of!(zoo_create_op, acl) == 40);
    assert!(offset_of!(zoo_create_op, flags) == 48 && offset_of!(zoo_create_op, ttl) == 56);
    assert!(offset_of!(zoo_delete_op, version) == 8 && offset_of!(zoo_check_op, version) == 8);
    assert!(offset_of!(zoo_set_op, datalen) == 16 && offset_of!(zoo_set_op, version) == 20);
    assert!(offset_of!(zoo_set_op, stat) == 24);
    assert!(size_of::<zoo_op_result>() == 32 && offset_of!(zoo_op_result, stat) == 24);
    assert!(size_of::<ZooLogLevels>() == size_of::<ZooLogLevel>());
    assert!(size_of::<ZooWatcherTypes>() == size_of::<ZooWatcherType>());
    assert!(size_of::<watcher_fn>() == size_of::<*const c_void>());
};
