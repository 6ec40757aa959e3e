//! The types of `recordio.h`: byte buffers, and the interface of jute's archives.

use super::release::{Release, free, release};
use libc::{c_char, c_int, c_void};

/// Bytes of a known length.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct buffer {
    /// Number of bytes; -1 stands for no buffer at all.
    pub len: i32,
    /// The bytes, in memory of `malloc`.
    pub buff: *mut c_char,
}

impl Release for buffer {
    unsafe fn release(&mut self) {
        // SAFETY: the bytes are one allocation; where it came from is the caller's promise.
        unsafe { free(&mut self.buff) }
    }
}

/// Frees the string and puts NULL in its place.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_String(s: *mut *mut c_char) {
    // SAFETY: the caller passes the place of a string of malloc's memory that it owns.
    unsafe { release(s) }
}

/// Frees the bytes and puts NULL in their place; `len` stays as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn deallocate_Buffer(b: *mut buffer) {
    // SAFETY: the caller passes a buffer of malloc's memory that it owns.
    unsafe { release(b) }
}

/// Turns a number of 64 bits from the machine's byte order into the network's, and back.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn zoo_htonll(v: i64) -> i64 {
    v.to_be()
}

/// Reads the parts of a record from somewhere. Every function returns 0 or a negative errno.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct iarchive {
    /// Opens a record.
    pub start_record:
        Option<unsafe extern "C-unwind" fn(ia: *mut Self, tag: *const c_char) -> c_int>,
    /// Closes a record.
    pub end_record: Option<unsafe extern "C-unwind" fn(ia: *mut Self, tag: *const c_char) -> c_int>,
    /// Opens a vector and reads the number of its elements.
    pub start_vector: Option<
        unsafe extern "C-unwind" fn(ia: *mut Self, tag: *const c_char, count: *mut i32) -> c_int,
    >,
    /// Closes a vector.
    pub end_vector: Option<unsafe extern "C-unwind" fn(ia: *mut Self, tag: *const c_char) -> c_int>,
    /// Reads a boolean: 0 or 1.
    pub deserialize_Bool: Option<
        unsafe extern "C-unwind" fn(ia: *mut Self, name: *const c_char, value: *mut i32) -> c_int,
    >,
    /// Reads a number of 32 bits.
    pub deserialize_Int: Option<
        unsafe extern "C-unwind" fn(ia: *mut Self, name: *const c_char, value: *mut i32) -> c_int,
    >,
    /// Reads a number of 64 bits.
    pub deserialize_Long: Option<
        unsafe extern "C-unwind" fn(ia: *mut Self, name: *const c_char, value: *mut i64) -> c_int,
    >,
    /// Reads bytes into memory of `malloc`.
    pub deserialize_Buffer: Option<
        unsafe extern "C-unwind" fn(
            ia: *mut Self,
            name: *const c_char,
            value: *mut buffer,
        ) -> c_int,
    >,
    /// Reads a string into memory of `malloc`.
    pub deserialize_String: Option<
        unsafe extern "C-unwind" fn(
            ia: *mut Self,
            name: *const c_char,
            value: *mut *mut c_char,
        ) -> c_int,
    >,
    /// Belongs to the archive's maker.
    pub r#priv: *mut c_void,
}

/// Writes the parts of a record somewhere. Every function returns 0 or a negative errno.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct oarchive {
    /// Opens a record.
    pub start_record:
        Option<unsafe extern "C-unwind" fn(oa: *mut Self, tag: *const c_char) -> c_int>,
    /// Closes a record.
    pub end_record: Option<unsafe extern "C-unwind" fn(oa: *mut Self, tag: *const c_char) -> c_int>,
    /// Opens a vector and writes the number of its elements.
    pub start_vector: Option<
        unsafe extern "C-unwind" fn(oa: *mut Self, tag: *const c_char, count: *const i32) -> c_int,
    >,
    /// Closes a vector.
    pub end_vector: Option<unsafe extern "C-unwind" fn(oa: *mut Self, tag: *const c_char) -> c_int>,
    /// Writes a boolean: 0 or 1.
    pub serialize_Bool: Option<
        unsafe extern "C-unwind" fn(oa: *mut Self, name: *const c_char, value: *const i32) -> c_int,
    >,
    /// Writes a number of 32 bits.
    pub serialize_Int: Option<
        unsafe extern "C-unwind" fn(oa: *mut Self, name: *const c_char, value: *const i32) -> c_int,
    >,
    /// Writes a number of 64 bits.
    pub serialize_Long: Option<
        unsafe extern "C-unwind" fn(oa: *mut Self, name: *const c_char, value: *const i64) -> c_int,
    >,
    /// Writes bytes.
    pub serialize_Buffer: Option<
        unsafe extern "C-unwind" fn(
            oa: *mut Self,
            name: *const c_char,
            value: *const buffer,
        ) -> c_int,
    >,
    /// Writes a string.
    pub serialize_String: Option<
        unsafe extern "C-unwind" fn(
            oa: *mut Self,
            name: *const c_char,
            value: *mut *mut c_char,
        ) -> c_int,
    >,
    /// Belongs to the archive's maker.
    pub r#priv: *mut c_void,
}

const _: () = {
    assert!(size_of::<buffer>() == 16);
    assert!(size_of::<iarchive>() == 80 && size_of::<oarchive>() == 80);
};
