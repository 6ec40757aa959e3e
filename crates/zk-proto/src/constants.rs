//! Small enumerations and reserved numbers of the protocol.

/// Reserved transaction ids of requests (C-206, S-036).
#[derive(Debug)]
pub struct Xid;

impl Xid {
    /// A watch event from the server.
    pub const NOTIFICATION: i32 = -1;
    /// A ping and its reply.
    pub const PING: i32 = -2;
    /// An auth packet and its reply.
    pub const AUTH: i32 = -4;
    /// A SetWatches packet and its reply.
    pub const SET_WATCHES: i32 = -8;
}

/// Permission bits of an ACL entry (C-020).
#[derive(Debug)]
pub struct Perms;

#[allow(missing_docs, reason = "the names say it")]
impl Perms {
    pub const READ: i32 = 1;
    pub const WRITE: i32 = 2;
    pub const CREATE: i32 = 4;
    pub const DELETE: i32 = 8;
    pub const ADMIN: i32 = 16;
    pub const ALL: i32 = 31;
}

/// The states a watch event can carry; 0 and below are made by clients only (C-400…C-406).
#[derive(Debug)]
pub struct SessionState;

#[allow(missing_docs, reason = "C-400…C-406 tell their meaning")]
impl SessionState {
    pub const EXPIRED: i32 = -112;
    pub const AUTH_FAILED: i32 = -113;
    pub const CLOSED: i32 = 0;
    pub const CONNECTING: i32 = 1;
    pub const ASSOCIATING: i32 = 2;
    pub const CONNECTED: i32 = 3;
    pub const READ_ONLY: i32 = 5;
    pub const SSL_CONNECTING: i32 = 7;
    pub const NOT_CONNECTED: i32 = 999;
}

/// Watch event types (C-031, S-202).
#[derive(Debug)]
pub struct EventType;

#[allow(missing_docs, reason = "the names say it")]
impl EventType {
    pub const CREATED: i32 = 1;
    pub const DELETED: i32 = 2;
    pub const CHANGED: i32 = 3;
    pub const CHILD: i32 = 4;
    pub const SESSION: i32 = -1;
    pub const NOT_WATCHING: i32 = -2;
    /// Made by clients only.
    pub const PERSISTENT_WATCH_REMOVED: i32 = 7;
}

macro_rules! numbered {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $value:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum $name { $($(#[$vmeta])* $variant = $value),* }

        impl $name {
            /// The value with this number, if there is one.
            #[inline]
            pub fn from_i32(value: i32) -> Option<Self> {
                match value { $($value => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

numbered! {
    /// Create flags (C-027, S-070).
    CreateMode {
        /// Lives until deleted.
        Persistent = 0,
        /// Deleted with its session.
        Ephemeral = 1,
        /// Persistent, with a sequence number appended to its name.
        PersistentSequential = 2,
        /// Ephemeral, with a sequence number.
        EphemeralSequential = 3,
        /// Deleted by the server some time after its last child.
        Container = 4,
        /// Deleted by the server when unmodified and childless for its time to live.
        PersistentWithTtl = 5,
        /// The same with a sequence number.
        PersistentSequentialWithTtl = 6,
    }
}

impl CreateMode {
    /// True if the server appends a sequence number to the name.
    #[inline]
    pub fn is_sequential(self) -> bool {
        matches!(
            self,
            Self::PersistentSequential
                | Self::EphemeralSequential
                | Self::PersistentSequentialWithTtl
        )
    }

    /// True for ephemeral nodes.
    #[inline]
    pub fn is_ephemeral(self) -> bool {
        matches!(self, Self::Ephemeral | Self::EphemeralSequential)
    }

    /// True for the modes that take a time to live.
    #[inline]
    pub fn has_ttl(self) -> bool {
        matches!(
            self,
            Self::PersistentWithTtl | Self::PersistentSequentialWithTtl
        )
    }
}

numbered! {
    /// What checkWatches and removeWatches look at (S-145).
    RemoveWatchType {
        /// Child watches.
        Children = 1,
        /// Data watches.
        Data = 2,
        /// Every watch.
        Any = 3,
        /// Persistent watches.
        Persistent = 4,
        /// Persistent recursive watches.
        PersistentRecursive = 5,
    }
}

numbered! {
    /// Modes of addWatch (S-144).
    AddWatchMode {
        /// Stays after it fires.
        Persistent = 0,
        /// Stays, and covers all descendants.
        PersistentRecursive = 1,
    }
}
