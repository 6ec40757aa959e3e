//! Records that servers exchange among each other.

use super::data::Id;
use super::recordio::buffer;
use super::release::{allocate, record, release, release_vector, vector};
use libc::c_int;

/// Introduces a follower or observer to the leader.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct LearnerInfo {
    pub serverid: i64,
    pub protocolVersion: i32,
    pub configVersion: i64,
}
record!(LearnerInfo {
    serverid,
    protocolVersion,
    configVersion
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_LearnerInfo(v: *mut LearnerInfo) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Identities.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Id_vector {
    /// Number of elements.
    pub count: i32,
    /// The elements, in memory of `malloc`; NULL when there are none.
    pub data: *mut Id,
}
vector!(Id_vector of Id);

/// Makes room for `len` zeroed elements. The former ones are forgotten, not freed.
///
/// Returns 0; without memory the vector is empty.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn allocate_Id_vector(v: *mut Id_vector, len: i32) -> c_int {
    // SAFETY: the caller passes a vector of its own.
    unsafe { allocate(v, len) }
}

/// Frees the elements and the array; `count` stays as it is. Returns 0.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_Id_vector(v: *mut Id_vector) -> c_int {
    // SAFETY: the caller passes a vector that it owns, made of malloc's memory.
    unsafe { release_vector(v) }
}

/// A message between leader and followers.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct QuorumPacket {
    pub r#type: i32,
    pub zxid: i64,
    pub data: buffer,
    pub authinfo: Id_vector,
}
record!(QuorumPacket {
    r#type,
    zxid,
    data,
    authinfo
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_QuorumPacket(v: *mut QuorumPacket) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A step of the authentication among servers.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct QuorumAuthPacket {
    pub magic: i64,
    pub status: i32,
    pub token: buffer,
}
record!(QuorumAuthPacket {
    magic,
    status,
    token
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_QuorumAuthPacket(v: *mut QuorumAuthPacket) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

const _: () = {
    assert!(size_of::<LearnerInfo>() == 24);
    assert!(size_of::<Id_vector>() == 16);
    assert!(size_of::<QuorumPacket>() == 48);
    assert!(size_of::<QuorumAuthPacket>() == 32);
};
