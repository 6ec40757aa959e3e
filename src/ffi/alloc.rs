//! Memory that the program frees: everything comes from libc's allocator (C-011).

use std::ffi::c_char;
use std::ptr;

use zk_proto::records::Acl;
use zk_proto::{List, Text};

use super::convert;
use super::types::{ACL, ACL_vector, Id, String_vector};

/// libc had no memory.
#[derive(Debug)]
pub(super) struct NoMemory;

/// A zeroed array. Empty ones are distinct from NULL where libc has it so (C-308).
fn array<T>(count: usize) -> Result<*mut T, NoMemory> {
    // SAFETY: calloc takes any numbers; it checks their product.
    let memory = unsafe { libc::calloc(count, size_of::<T>()) };
    if memory.is_null() && count > 0 {
        Err(NoMemory)
    } else {
        Ok(memory.cast())
    }
}

/// A copy with a NUL behind it, so that text is a C string; NULL for null.
pub(super) fn terminated(text: Text<'_>) -> Result<*mut c_char, NoMemory> {
    let Some(text) = text else {
        return Ok(ptr::null_mut());
    };
    let memory: *mut c_char = array(text.len() + 1)?;
    // SAFETY: the array has one byte more than the text, and is new, so they don't overlap.
    unsafe { ptr::copy_nonoverlapping(text.as_ptr().cast(), memory, text.len()) };
    Ok(memory)
}

/// Frees strings made by [`terminated`], when a later one failed.
fn free(strings: impl Iterator<Item = *mut c_char>) {
    for string in strings {
        // SAFETY: made by `terminated` (or NULL) and handed to nobody.
        unsafe { libc::free(string.cast()) };
    }
}

/// A vector for `deallocate_String_vector`.
pub(super) fn strings<'a>(list: List<'a, Text<'a>>) -> Result<String_vector, NoMemory> {
    let data: *mut *mut c_char = array(list.len())?;
    for (i, text) in list.iter().enumerate() {
        match terminated(text) {
            // SAFETY: the array has `list.len()` places.
            Ok(copy) => unsafe { data.add(i).write(copy) },
            Err(error) => {
                // SAFETY: the array is zeroed, and `i` of its places are filled.
                free((0..i).map(|i| unsafe { data.add(i).read() }));
                free(std::iter::once(data.cast()));
                return Err(error);
            }
        }
    }
    Ok(String_vector {
        count: convert::length(list.len()),
        data,
    })
}

/// A vector for `deallocate_ACL_vector`.
pub(super) fn acl<'a>(list: List<'a, Acl<'a>>) -> Result<ACL_vector, NoMemory> {
    let data: *mut ACL = array(list.len())?;
    for (i, acl) in list.iter().enumerate() {
        let (scheme, id) = (terminated(acl.id.scheme), terminated(acl.id.id));
        let failed = scheme.is_err() || id.is_err();
        let entry = ACL {
            perms: acl.perms,
            id: Id {
                scheme: scheme.unwrap_or(ptr::null_mut()),
                id: id.unwrap_or(ptr::null_mut()),
            },
        };
        // SAFETY: the array has `list.len()` places.
        unsafe { data.add(i).write(entry) };
        if failed {
            // SAFETY: the array is zeroed, and `i + 1` of its places are filled.
            let filled = (0..=i).map(|i| unsafe { data.add(i).read() });
            free(filled.flat_map(|acl| [acl.id.scheme, acl.id.id]));
            free(std::iter::once(data.cast()));
            return Err(NoMemory);
        }
    }
    Ok(ACL_vector {
        count: convert::length(list.len()),
        data,
    })
}
