//! Records of the protocol: requests.

use super::data::{ACL, Stat};
use super::recordio::buffer;
use super::release::{allocate, record, release, release_vector, vector};
use libc::{c_char, c_int};

/// Asks for the data of a node.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetDataRequest {
    pub path: *mut c_char,
    pub watch: i32,
}
record!(GetDataRequest { path, watch });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetDataRequest(v: *mut GetDataRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Sets the data of a node.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetDataRequest {
    pub path: *mut c_char,
    pub data: buffer,
    pub version: i32,
}
record!(SetDataRequest {
    path,
    data,
    version
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SetDataRequest(v: *mut SetDataRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Changes the ensemble's configuration.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ReconfigRequest {
    pub joiningServers: *mut c_char,
    pub leavingServers: *mut c_char,
    pub newMembers: *mut c_char,
    pub curConfigId: i64,
}
record!(ReconfigRequest {
    joiningServers,
    leavingServers,
    newMembers,
    curConfigId
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_ReconfigRequest(v: *mut ReconfigRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Answer to [`SetDataRequest`].
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetDataResponse {
    pub stat: Stat,
}
record!(SetDataResponse { stat });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SetDataResponse(v: *mut SetDataResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A step of a SASL dialogue.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetSASLRequest {
    pub token: buffer,
}
record!(GetSASLRequest { token });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetSASLRequest(v: *mut GetSASLRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A step of a SASL dialogue.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetSASLRequest {
    pub token: buffer,
}
record!(SetSASLRequest { token });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SetSASLRequest(v: *mut SetSASLRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A step of a SASL dialogue.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetSASLResponse {
    pub token: buffer,
}
record!(SetSASLResponse { token });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SetSASLResponse(v: *mut SetSASLResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// An ACL: entries, of which any one is enough.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ACL_vector {
    /// Number of elements.
    pub count: i32,
    /// The elements, in memory of `malloc`; NULL when there are none.
    pub data: *mut ACL,
}
vector!(ACL_vector of ACL);

/// Makes room for `len` zeroed elements. The former ones are forgotten, not freed.
///
/// Returns 0; without memory the vector is empty.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn allocate_ACL_vector(v: *mut ACL_vector, len: i32) -> c_int {
    // SAFETY: the caller passes a vector of its own.
    unsafe { allocate(v, len) }
}

/// Frees the elements and the array; `count` stays as it is. Returns 0.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_ACL_vector(v: *mut ACL_vector) -> c_int {
    // SAFETY: the caller passes a vector that it owns, made of malloc's memory.
    unsafe { release_vector(v) }
}

/// Creates a node.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CreateRequest {
    pub path: *mut c_char,
    pub data: buffer,
    pub acl: ACL_vector,
    pub flags: i32,
}
record!(CreateRequest {
    path,
    data,
    acl,
    flags
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_CreateRequest(v: *mut CreateRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Creates a node that goes away when unused for a time.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CreateTTLRequest {
    pub path: *mut c_char,
    pub data: buffer,
    pub acl: ACL_vector,
    pub flags: i32,
    pub ttl: i64,
}
record!(CreateTTLRequest {
    path,
    data,
    acl,
    flags,
    ttl
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_CreateTTLRequest(v: *mut CreateTTLRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Deletes a node.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DeleteRequest {
    pub path: *mut c_char,
    pub version: i32,
}
record!(DeleteRequest { path, version });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_DeleteRequest(v: *mut DeleteRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Asks for the names of a node's children.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetChildrenRequest {
    pub path: *mut c_char,
    pub watch: i32,
}
record!(GetChildrenRequest { path, watch });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetChildrenRequest(v: *mut GetChildrenRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Asks for the number of all nodes below a node.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetAllChildrenNumberRequest {
    pub path: *mut c_char,
}
record!(GetAllChildrenNumberRequest { path });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetAllChildrenNumberRequest(
    v: *mut GetAllChildrenNumberRequest,
) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Asks for the names of a node's children and its statistics.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetChildren2Request {
    pub path: *mut c_char,
    pub watch: i32,
}
record!(GetChildren2Request { path, watch });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetChildren2Request(v: *mut GetChildren2Request) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Checks the version of a node within a transaction.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CheckVersionRequest {
    pub path: *mut c_char,
    pub version: i32,
}
record!(CheckVersionRequest { path, version });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_CheckVersionRequest(v: *mut CheckVersionRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Asks how many children a node may have.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetMaxChildrenRequest {
    pub path: *mut c_char,
}
record!(GetMaxChildrenRequest { path });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetMaxChildrenRequest(v: *mut GetMaxChildrenRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Answer to [`GetMaxChildrenRequest`].
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetMaxChildrenResponse {
    pub max: i32,
}
record!(GetMaxChildrenResponse { max });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetMaxChildrenResponse(v: *mut GetMaxChildrenResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Sets how many children a node may have.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetMaxChildrenRequest {
    pub path: *mut c_char,
    pub max: i32,
}
record!(SetMaxChildrenRequest { path, max });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SetMaxChildrenRequest(v: *mut SetMaxChildrenRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Waits until the server has caught up with the leader.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SyncRequest {
    pub path: *mut c_char,
}
record!(SyncRequest { path });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SyncRequest(v: *mut SyncRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Answer to [`SyncRequest`].
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SyncResponse {
    pub path: *mut c_char,
}
record!(SyncResponse { path });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SyncResponse(v: *mut SyncResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Asks for the ACL of a node.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetACLRequest {
    pub path: *mut c_char,
}
record!(GetACLRequest { path });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetACLRequest(v: *mut GetACLRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Sets the ACL of a node.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetACLRequest {
    pub path: *mut c_char,
    pub acl: ACL_vector,
    pub version: i32,
}
record!(SetACLRequest { path, acl, version });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SetACLRequest(v: *mut SetACLRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Answer to [`SetACLRequest`].
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetACLResponse {
    pub stat: Stat,
}
record!(SetACLResponse { stat });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SetACLResponse(v: *mut SetACLResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Sets a watch that stays after events.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AddWatchRequest {
    pub path: *mut c_char,
    pub mode: i32,
}
record!(AddWatchRequest { path, mode });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_AddWatchRequest(v: *mut AddWatchRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

const _: () = {
    assert!(size_of::<GetDataRequest>() == 16);
    assert!(size_of::<SetDataRequest>() == 32);
    assert!(size_of::<ReconfigRequest>() == 32);
    assert!(size_of::<SetDataResponse>() == 72);
    assert!(size_of::<GetSASLRequest>() == 16);
    assert!(size_of::<SetSASLRequest>() == 16);
    assert!(size_of::<SetSASLResponse>() == 16);
    assert!(size_of::<ACL_vector>() == 16);
    assert!(size_of::<CreateRequest>() == 48);
    assert!(size_of::<CreateTTLRequest>() == 56);
    assert!(size_of::<DeleteRequest>() == 16);
    assert!(size_of::<GetChildrenRequest>() == 16);
    assert!(size_of::<GetAllChildrenNumberRequest>() == 8);
    assert!(size_of::<GetChildren2Request>() == 16);
    assert!(size_of::<CheckVersionRequest>() == 16);
    assert!(size_of::<GetMaxChildrenRequest>() == 8);
    assert!(size_of::<GetMaxChildrenResponse>() == 4);
    assert!(size_of::<SetMaxChildrenRequest>() == 16);
    assert!(size_of::<SyncRequest>() == 8);
    assert!(size_of::<SyncResponse>() == 8);
    assert!(size_of::<GetACLRequest>() == 8);
    assert!(size_of::<SetACLRequest>() == 32);
    assert!(size_of::<SetACLResponse>() == 72);
    assert!(size_of::<AddWatchRequest>() == 16);
};
