//! Memory that the program frees: everything comes from libc's allocator (C-011).

use std::ffi::c_char;
use std::ptr;

use zk_proto::records::{self, Acl, MultiReadResult};
use zk_proto::{Code, List, Text};

use super::convert;
use super::ext_multi::{free_read_result, zoox_read_result};
use super::types::{ACL, ACL_vector, ClientInfo, ClientInfo_vector, Id, String_vector};
use crate::core::MultiReadOutcome;

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
pub(super) fn strings<'a>(
    names: impl ExactSizeIterator<Item = Text<'a>>,
) -> Result<String_vector, NoMemory> {
    let count = names.len();
    let data: *mut *mut c_char = array(count)?;
    for (i, text) in names.enumerate() {
        match terminated(text) {
            // SAFETY: the array has a place for each name.
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
        count: convert::length(count),
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

/// A vector for `deallocate_ClientInfo_vector`.
pub(super) fn identities<'a>(
    list: List<'a, records::ClientInfo<'a>>,
) -> Result<ClientInfo_vector, NoMemory> {
    let data: *mut ClientInfo = array(list.len())?;
    for (i, identity) in list.iter().enumerate() {
        let (scheme, user) = (terminated(identity.scheme), terminated(identity.user));
        let failed = scheme.is_err() || user.is_err();
        let entry = ClientInfo {
            authScheme: scheme.unwrap_or(ptr::null_mut()),
            user: user.unwrap_or(ptr::null_mut()),
        };
        // SAFETY: the array has `list.len()` places.
        unsafe { data.add(i).write(entry) };
        if failed {
            // SAFETY: `i + 1` of the array's places are filled.
            let filled = (0..=i).map(|i| unsafe { data.add(i).read() });
            free(filled.flat_map(|entry| [entry.authScheme, entry.user]));
            free(std::iter::once(data.cast()));
            return Err(NoMemory);
        }
    }
    Ok(ClientInfo_vector {
        count: convert::length(list.len()),
        data,
    })
}

/// Results of reads for `zoox_free_read_results`, of which there must be `count`.
pub(super) fn reads(
    results: MultiReadOutcome<'_>,
    count: usize,
) -> Result<Vec<zoox_read_result>, Code> {
    let mut made = Vec::with_capacity(results.count().min(count));
    let mut failure = None;
    for result in results {
        match result.map_err(|_| Code::MARSHALLING_ERROR).and_then(read) {
            Ok(read) => made.push(read),
            Err(code) => failure = Some(code),
        }
    }
    if failure.is_none() && made.len() == count {
        return Ok(made);
    }
    for mut result in made {
        // SAFETY: made by `read` just now and handed to nobody.
        unsafe { free_read_result(&raw mut result) };
    }
    Err(failure.unwrap_or(Code::MARSHALLING_ERROR))
}

fn read(result: MultiReadResult<'_>) -> Result<zoox_read_result, Code> {
    let no_memory = |NoMemory| Code::SYSTEM_ERROR;
    Ok(match result {
        MultiReadResult::GetData(r) => {
            zoox_read_result::data(terminated(r.data).map_err(no_memory)?, r.data, &r.stat)
        }
        MultiReadResult::GetChildren(r) => {
            zoox_read_result::children(strings(r.children.iter()).map_err(no_memory)?)
        }
        MultiReadResult::Error(code) => zoox_read_result::failed(code),
    })
}
