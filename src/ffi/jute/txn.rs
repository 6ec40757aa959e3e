//! Records of the servers' transaction log.

use super::recordio::buffer;
use super::release::{allocate, record, release, release_vector, vector};
use super::request::ACL_vector;
use super::session::String_vector;
use libc::{c_char, c_int};

/// Digest of the tree after a transaction.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TxnDigest {
    pub version: i32,
    pub treeDigest: i64,
}
record!(TxnDigest {
    version,
    treeDigest
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_TxnDigest(v: *mut TxnDigest) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Head of every transaction.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TxnHeader {
    pub clientId: i64,
    pub cxid: i32,
    pub zxid: i64,
    pub time: i64,
    pub r#type: i32,
}
record!(TxnHeader {
    clientId,
    cxid,
    zxid,
    time,
    r#type
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_TxnHeader(v: *mut TxnHeader) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A node was created, in the form before 3.4.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CreateTxnV0 {
    pub path: *mut c_char,
    pub data: buffer,
    pub acl: ACL_vector,
    pub ephemeral: i32,
}
record!(CreateTxnV0 {
    path,
    data,
    acl,
    ephemeral
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_CreateTxnV0(v: *mut CreateTxnV0) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A node was created.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CreateTxn {
    pub path: *mut c_char,
    pub data: buffer,
    pub acl: ACL_vector,
    pub ephemeral: i32,
    pub parentCVersion: i32,
}
record!(CreateTxn {
    path,
    data,
    acl,
    ephemeral,
    parentCVersion
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_CreateTxn(v: *mut CreateTxn) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A node with a time to live was created.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CreateTTLTxn {
    pub path: *mut c_char,
    pub data: buffer,
    pub acl: ACL_vector,
    pub parentCVersion: i32,
    pub ttl: i64,
}
record!(CreateTTLTxn {
    path,
    data,
    acl,
    parentCVersion,
    ttl
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_CreateTTLTxn(v: *mut CreateTTLTxn) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A container node was created.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CreateContainerTxn {
    pub path: *mut c_char,
    pub data: buffer,
    pub acl: ACL_vector,
    pub parentCVersion: i32,
}
record!(CreateContainerTxn {
    path,
    data,
    acl,
    parentCVersion
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_CreateContainerTxn(v: *mut CreateContainerTxn) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A node was deleted.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DeleteTxn {
    pub path: *mut c_char,
}
record!(DeleteTxn { path });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_DeleteTxn(v: *mut DeleteTxn) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A node's data was set.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetDataTxn {
    pub path: *mut c_char,
    pub data: buffer,
    pub version: i32,
}
record!(SetDataTxn {
    path,
    data,
    version
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SetDataTxn(v: *mut SetDataTxn) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A node's version was checked.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CheckVersionTxn {
    pub path: *mut c_char,
    pub version: i32,
}
record!(CheckVersionTxn { path, version });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_CheckVersionTxn(v: *mut CheckVersionTxn) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A node's ACL was set.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetACLTxn {
    pub path: *mut c_char,
    pub acl: ACL_vector,
    pub version: i32,
}
record!(SetACLTxn { path, acl, version });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SetACLTxn(v: *mut SetACLTxn) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A node's number of children was limited.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetMaxChildrenTxn {
    pub path: *mut c_char,
    pub max: i32,
}
record!(SetMaxChildrenTxn { path, max });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_SetMaxChildrenTxn(v: *mut SetMaxChildrenTxn) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A session began.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CreateSessionTxn {
    pub timeOut: i32,
}
record!(CreateSessionTxn { timeOut });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_CreateSessionTxn(v: *mut CreateSessionTxn) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A session ended, and with it these ephemeral nodes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CloseSessionTxn {
    pub paths2Delete: String_vector,
}
record!(CloseSessionTxn { paths2Delete });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_CloseSessionTxn(v: *mut CloseSessionTxn) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// A request failed.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ErrorTxn {
    pub err: i32,
}
record!(ErrorTxn { err });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_ErrorTxn(v: *mut ErrorTxn) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// One transaction within a [`MultiTxn`].
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Txn {
    pub r#type: i32,
    pub data: buffer,
}
record!(Txn { r#type, data });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_Txn(v: *mut Txn) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

/// Transactions.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Txn_vector {
    /// Number of elements.
    pub count: i32,
    /// The elements, in memory of `malloc`; NULL when there are none.
    pub data: *mut Txn,
}
vector!(Txn_vector of Txn);

/// Makes room for `len` zeroed elements. The former ones are forgotten, not freed.
///
/// Returns 0; without memory the vector is empty.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn allocate_Txn_vector(v: *mut Txn_vector, len: i32) -> c_int {
    // SAFETY: the caller passes a vector of its own.
    unsafe { allocate(v, len) }
}

/// Frees the elements and the array; `count` stays as it is. Returns 0.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_Txn_vector(v: *mut Txn_vector) -> c_int {
    // SAFETY: the caller passes a vector that it owns, made of malloc's memory.
    unsafe { release_vector(v) }
}

/// Transactions that happened as one.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MultiTxn {
    pub txns: Txn_vector,
}
record!(MultiTxn { txns });

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_MultiTxn(v: *mut MultiTxn) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

const _: () = {
    assert!(size_of::<TxnDigest>() == 16);
    assert!(size_of::<TxnHeader>() == 40);
    assert!(size_of::<CreateTxnV0>() == 48);
    assert!(size_of::<CreateTxn>() == 48);
    assert!(size_of::<CreateTTLTxn>() == 56);
    assert!(size_of::<CreateContainerTxn>() == 48);
    assert!(size_of::<DeleteTxn>() == 8);
    assert!(size_of::<SetDataTxn>() == 32);
    assert!(size_of::<CheckVersionTxn>() == 16);
    assert!(size_of::<SetACLTxn>() == 32);
    assert!(size_of::<SetMaxChildrenTxn>() == 16);
    assert!(size_of::<CreateSessionTxn>() == 4);
    assert!(size_of::<CloseSessionTxn>() == 16);
    assert!(size_of::<ErrorTxn>() == 4);
    assert!(size_of::<Txn>() == 24);
    assert!(size_of::<Txn_vector>() == 16);
    assert!(size_of::<MultiTxn>() == 16);
};
