//! Records of the protocol: session, watches and headers.

use super::recordio::buffer;
use super::release::{allocate, record, release, release_vector, vector};
use libc::{c_char, c_int};

/// First record of a connection: asks for a session.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ConnectRequest {
    pub protocolVersion: i32,
    pub lastZxidSeen: i64,
    pub timeOut: i32,
    pub sessionId: i64,
    pub passwd: buffer,
}
record!(ConnectRequest {
    protocolVersion,
    lastZxidSeen,
    timeOut,
    sessionId,
    passwd
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_ConnectRequest(v: *mut ConnectRequest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Answer to [`ConnectRequest`]; a timeout of 0 says that the session is gone.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ConnectResponse {
    pub protocolVersion: i32,
    pub timeOut: i32,
    pub sessionId: i64,
    pub passwd: buffer,
}
record!(ConnectResponse {
    protocolVersion,
    timeOut,
    sessionId,
    passwd
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_ConnectResponse(v: *mut ConnectResponse) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Strings.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct String_vector {
    /// Number of elements.
    pub count: i32,
    /// The elements, in memory of `malloc`; NULL when there are none.
    pub data: *mut *mut c_char,
}
vector!(String_vector of *mut c_char);

/// Makes room for `len` zeroed elements. The former ones are forgotten, not freed.
///
/// Returns 0; without memory the vector is empty.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn allocate_String_vector(v: *mut String_vector, len: i32) -> c_int {
    // SAFETY: the caller passes a vector of its own.
    unsafe { allocate(v, len) }
}

/// Frees the elements and the array; `count` stays as it is. Returns 0.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_String_vector(v: *mut String_vector) -> c_int {
    // SAFETY: the caller passes a vector that it owns, made of malloc's memory.
    unsafe { release_vector(v) }
}

/// Sets watches again after a reconnection.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetWatches {
    pub relativeZxid: i64,
    pub dataWatches: String_vector,
    pub existWatches: String_vector,
    pub childWatches: String_vector,
}
record!(SetWatches {
    relativeZxid,
    dataWatches,
    existWatches,
    childWatches
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SetWatches(v: *mut SetWatches) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// [`SetWatches`] with the watches that stay after events.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetWatches2 {
    pub relativeZxid: i64,
    pub dataWatches: String_vector,
    pub existWatches: String_vector,
    pub childWatches: String_vector,
    pub persistentWatches: String_vector,
    pub persistentRecursiveWatches: String_vector,
}
record!(SetWatches2 {
    relativeZxid,
    dataWatches,
    existWatches,
    childWatches,
    persistentWatches,
    persistentRecursiveWatches
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SetWatches2(v: *mut SetWatches2) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Head of every request.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RequestHeader {
    pub xid: i32,
    pub r#type: i32,
}
record!(RequestHeader { xid, r#type });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_RequestHeader(v: *mut RequestHeader) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Head of every operation within a transaction, and its end.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MultiHeader {
    pub r#type: i32,
    pub done: i32,
    pub err: i32,
}
record!(MultiHeader { r#type, done, err });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_MultiHeader(v: *mut MultiHeader) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Adds an identity to the connection.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AuthPacket {
    pub r#type: i32,
    pub scheme: *mut c_char,
    pub auth: buffer,
}
record!(AuthPacket {
    r#type,
    scheme,
    auth
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_AuthPacket(v: *mut AuthPacket) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Head of every reply.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ReplyHeader {
    pub xid: i32,
    pub zxid: i64,
    pub err: i32,
}
record!(ReplyHeader { xid, zxid, err });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_ReplyHeader(v: *mut ReplyHeader) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

const _: () = {
    assert!(size_of::<ConnectRequest>() == 48);
    assert!(size_of::<ConnectResponse>() == 32);
    assert!(size_of::<String_vector>() == 16);
    assert!(size_of::<SetWatches>() == 56);
    assert!(size_of::<SetWatches2>() == 88);
    assert!(size_of::<RequestHeader>() == 8);
    assert!(size_of::<MultiHeader>() == 12);
    assert!(size_of::<AuthPacket>() == 32);
    assert!(size_of::<ReplyHeader>() == 24);
};
