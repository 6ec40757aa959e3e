//! The head of the servers' files.

use super::release::{record, release};

/// Head of a transaction log or snapshot.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FileHeader {
    pub magic: i32,
    pub version: i32,
    pub dbid: i64,
}
record!(FileHeader {
    magic,
    version,
    dbid
});

/// Frees what the record's fields own, but not the record.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_FileHeader(v: *mut FileHeader) {
    // SAFETY: the caller passes a record that it owns, made of malloc's memory.
    unsafe { release(v) }
}

const _: () = {
    assert!(size_of::<FileHeader>() == 16);
};
