//! Records of the protocol: the event and the replies.

use super::data::{ClientInfo, Stat};
use super::recordio::buffer;
use super::release::{allocate, record, release, release_vector, vector};
use super::request::ACL_vector;
use super::session::String_vector;
use libc::{c_char, c_int};

/// Tells of a change that was watched for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct WatcherEvent {
    pub r#type: i32,
    pub state: i32,
    pub path: *mut c_char,
}
record!(WatcherEvent {
    r#type,
    state,
    path
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_WatcherEvent(v: *mut WatcherEvent) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Stands for the result of an operation of a failed transaction.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ErrorResponse {
    pub err: i32,
}
record!(ErrorResponse { err });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_ErrorResponse(v: *mut ErrorResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Answer to [`CreateRequest`](super::request::CreateRequest).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CreateResponse {
    pub path: *mut c_char,
}
record!(CreateResponse { path });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_CreateResponse(v: *mut CreateResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// The path and statistics of a created node.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Create2Response {
    pub path: *mut c_char,
    pub stat: Stat,
}
record!(Create2Response { path, stat });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_Create2Response(v: *mut Create2Response) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Asks for the statistics of a node.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ExistsRequest {
    pub path: *mut c_char,
    pub watch: i32,
}
record!(ExistsRequest { path, watch });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_ExistsRequest(v: *mut ExistsRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Answer to [`ExistsRequest`].
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ExistsResponse {
    pub stat: Stat,
}
record!(ExistsResponse { stat });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_ExistsResponse(v: *mut ExistsResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A node's data and statistics.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetDataResponse {
    pub data: buffer,
    pub stat: Stat,
}
record!(GetDataResponse { data, stat });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetDataResponse(v: *mut GetDataResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// The names of a node's children.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetChildrenResponse {
    pub children: String_vector,
}
record!(GetChildrenResponse { children });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetChildrenResponse(v: *mut GetChildrenResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// The number of all nodes below a node.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetAllChildrenNumberResponse {
    pub totalNumber: i32,
}
record!(GetAllChildrenNumberResponse { totalNumber });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetAllChildrenNumberResponse(
    v: *mut GetAllChildrenNumberResponse,
) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// The names of a node's children and its statistics.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetChildren2Response {
    pub children: String_vector,
    pub stat: Stat,
}
record!(GetChildren2Response { children, stat });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetChildren2Response(v: *mut GetChildren2Response) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A node's ACL and statistics.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetACLResponse {
    pub acl: ACL_vector,
    pub stat: Stat,
}
record!(GetACLResponse { acl, stat });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetACLResponse(v: *mut GetACLResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Asks whether a watch is set.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CheckWatchesRequest {
    pub path: *mut c_char,
    pub r#type: i32,
}
record!(CheckWatchesRequest { path, r#type });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_CheckWatchesRequest(v: *mut CheckWatchesRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Removes watches.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RemoveWatchesRequest {
    pub path: *mut c_char,
    pub r#type: i32,
}
record!(RemoveWatchesRequest { path, r#type });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_RemoveWatchesRequest(v: *mut RemoveWatchesRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Asks for the session's ephemeral nodes below a path.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetEphemeralsRequest {
    pub prefixPath: *mut c_char,
}
record!(GetEphemeralsRequest { prefixPath });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetEphemeralsRequest(v: *mut GetEphemeralsRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Answer to [`GetEphemeralsRequest`].
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GetEphemeralsResponse {
    pub ephemerals: String_vector,
}
record!(GetEphemeralsResponse { ephemerals });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_GetEphemeralsResponse(v: *mut GetEphemeralsResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Identities of a connection.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ClientInfo_vector {
    /// Number of elements.
    pub count: i32,
    /// The elements, in memory of `malloc`; NULL when there are none.
    pub data: *mut ClientInfo,
}
vector!(ClientInfo_vector of ClientInfo);

/// Makes room for `len` zeroed elements. The former ones are forgotten, not freed.
///
/// Returns 0; without memory the vector is empty.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn allocate_ClientInfo_vector(
    v: *mut ClientInfo_vector,
    len: i32,
) -> c_int {
    // SAFETY: the caller passes a vector of its own.
    unsafe { allocate(v, len) }
}

/// Frees the elements and the array; `count` stays as it is. Returns 0.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_ClientInfo_vector(v: *mut ClientInfo_vector) -> c_int {
    // SAFETY: the caller passes a vector that it owns, made of malloc's memory.
    unsafe { release_vector(v) }
}

/// The identities of the connection.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct WhoAmIResponse {
    pub clientInfo: ClientInfo_vector,
}
record!(WhoAmIResponse { clientInfo });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_WhoAmIResponse(v: *mut WhoAmIResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

const _: () = {
    assert!(size_of::<WatcherEvent>() == 16);
    assert!(size_of::<ErrorResponse>() == 4);
    assert!(size_of::<CreateResponse>() == 8);
    assert!(size_of::<Create2Response>() == 80);
    assert!(size_of::<ExistsRequest>() == 16);
    assert!(size_of::<ExistsResponse>() == 72);
    assert!(size_of::<GetDataResponse>() == 88);
    assert!(size_of::<GetChildrenResponse>() == 16);
    assert!(size_of::<GetAllChildrenNumberResponse>() == 4);
    assert!(size_of::<GetChildren2Response>() == 88);
    assert!(size_of::<GetACLResponse>() == 88);
    assert!(size_of::<CheckWatchesRequest>() == 16);
    assert!(size_of::<RemoveWatchesRequest>() == 16);
    assert!(size_of::<GetEphemeralsRequest>() == 8);
    assert!(size_of::<GetEphemeralsResponse>() == 16);
    assert!(size_of::<ClientInfo_vector>() == 16);
    assert!(size_of::<WhoAmIResponse>() == 16);
};
