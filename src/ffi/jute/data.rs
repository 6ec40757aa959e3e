//! What programs get from the API: node statistics, ACLs and identities.

use super::release::{record, release};
use libc::c_char;
use std::mem::offset_of;

/// Whom an ACL entry is about: a scheme and a name within it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Id {
    /// The scheme: "world", "auth", "digest", "ip"…
    pub scheme: *mut c_char,
    /// The name, in the form of the scheme.
    pub id: *mut c_char,
}
record!(Id { scheme, id });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_Id(v: *mut Id) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// One entry of an ACL: what someone may do.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ACL {
    /// Bits of `ZOO_PERM_READ` to `ZOO_PERM_ADMIN`.
    pub perms: i32,
    /// Who may.
    pub id: Id,
}
record!(ACL { perms, id });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_ACL(v: *mut ACL) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// The statistics of a node.
///
/// Transaction ids (zxid) count the changes of the whole ensemble.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    /// Transaction that created the node.
    pub czxid: i64,
    /// Transaction that last set the node's data.
    pub mzxid: i64,
    /// When the node was created, in ms since 1970, by the server's clock.
    pub ctime: i64,
    /// When its data was last set, in the same unit.
    pub mtime: i64,
    /// How often the data was set.
    pub version: i32,
    /// How often children came or went.
    pub cversion: i32,
    /// How often the ACL was set.
    pub aversion: i32,
    /// Session that an ephemeral node belongs to; 0 for other nodes. Container and TTL
    /// nodes mark themselves here with the highest bits.
    pub ephemeralOwner: i64,
    /// Length of the data in bytes.
    pub dataLength: i32,
    /// Number of children.
    pub numChildren: i32,
    /// Transaction that last added or removed a child.
    pub pzxid: i64,
}
record!(Stat {
    czxid,
    mzxid,
    ctime,
    mtime,
    version,
    cversion,
    aversion,
    ephemeralOwner,
    dataLength,
    numChildren,
    pzxid
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_Stat(v: *mut Stat) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A node's statistics as servers store them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct StatPersisted {
    pub czxid: i64,
    pub mzxid: i64,
    pub ctime: i64,
    pub mtime: i64,
    pub version: i32,
    pub cversion: i32,
    pub aversion: i32,
    pub ephemeralOwner: i64,
    pub pzxid: i64,
}
record!(StatPersisted {
    czxid,
    mzxid,
    ctime,
    mtime,
    version,
    cversion,
    aversion,
    ephemeralOwner,
    pzxid
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_StatPersisted(v: *mut StatPersisted) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// An identity that a connection has.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ClientInfo {
    /// The scheme.
    pub authScheme: *mut c_char,
    /// The name.
    pub user: *mut c_char,
}
record!(ClientInfo { authScheme, user });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_ClientInfo(v: *mut ClientInfo) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

const _: () = {
    assert!(offset_of!(ACL, id) == 8);
    assert!(offset_of!(Stat, version) == 32 && offset_of!(Stat, ephemeralOwner) == 48);
    assert!(offset_of!(Stat, dataLength) == 56 && offset_of!(Stat, pzxid) == 64);
    assert!(size_of::<Id>() == 16);
    assert!(size_of::<ACL>() == 24);
    assert!(size_of::<Stat>() == 72);
    assert!(size_of::<StatPersisted>() == 64);
    assert!(size_of::<ClientInfo>() == 16);
};
