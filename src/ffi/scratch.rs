//! Memory for what callbacks point at, kept by the completion thread from call to call.

use std::ffi::c_char;
use std::ptr;

use zk_proto::records::{self, Acl};
use zk_proto::{List, Text};

use super::convert;
use super::types::{ACL, ACL_vector, Id, Stat, String_vector};

/// Buffers above this many bytes are given back after use, so that one huge reply is not paid
/// for as long as the handle lives.
const KEEP: usize = 1 << 20;

/// Copies that live until the next callback.
pub(crate) struct Scratch {
    bytes: Vec<u8>,
    pointers: Vec<*mut c_char>,
    acls: Vec<ACL>,
    strings: String_vector,
    acl: ACL_vector,
    stat: Stat,
    /// Entries for the queue of the handle, if it has one.
    pub(super) entries: Vec<u8>,
}

// SAFETY: its pointers lead to its own buffers, and move along with it.
unsafe impl Send for Scratch {}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            pointers: Vec::new(),
            acls: Vec::new(),
            strings: String_vector {
                count: 0,
                data: ptr::null_mut(),
            },
            acl: ACL_vector {
                count: 0,
                data: ptr::null_mut(),
            },
            stat: convert::stat(&records::Stat::default()),
            entries: Vec::new(),
        }
    }
}

impl Scratch {
    /// Forgets the last call's copies and makes room for `bytes`.
    fn start(&mut self, bytes: usize) {
        self.bytes.clear();
        self.pointers.clear();
        self.acls.clear();
        if self.bytes.capacity() > KEEP {
            self.bytes = Vec::new();
            self.pointers = Vec::new();
            self.acls = Vec::new();
        }
        self.bytes.reserve(bytes);
    }

    /// Appends a NUL-terminated copy; NULL for the null string. [`start`](Self::start) has made
    /// room for all copies of a call, so none of them moves.
    fn keep(&mut self, text: Text<'_>) -> *mut c_char {
        let Some(text) = text else {
            return ptr::null_mut();
        };
        let start = self.bytes.len();
        debug_assert!(start + text.len() < self.bytes.capacity());
        self.bytes.extend_from_slice(text);
        self.bytes.push(0);
        self.bytes.as_mut_ptr().wrapping_add(start).cast::<c_char>()
    }

    /// A C string.
    pub(super) fn string(&mut self, text: &[u8]) -> *const c_char {
        self.start(text.len() + 1);
        self.keep(Some(text))
    }

    /// A stat; does not touch the other copies.
    pub(super) fn stat(&mut self, stat: &records::Stat) -> *mut Stat {
        self.stat = convert::stat(stat);
        &raw mut self.stat
    }

    /// A vector of C strings.
    pub(super) fn strings<'a>(&mut self, list: List<'a, Text<'a>>) -> *const String_vector {
        self.start(list.iter().map(room).sum());
        self.pointers.reserve(list.len());
        for text in list {
            let copy = self.keep(text);
            self.pointers.push(copy);
        }
        self.strings = String_vector {
            count: convert::length(self.pointers.len()),
            data: self.pointers.as_mut_ptr(),
        };
        &raw const self.strings
    }

    /// An ACL.
    pub(super) fn acl<'a>(&mut self, list: List<'a, Acl<'a>>) -> *mut ACL_vector {
        let text_room = |acl: Acl<'_>| room(acl.id.scheme) + room(acl.id.id);
        self.start(list.iter().map(text_room).sum());
        self.acls.reserve(list.len());
        for acl in list {
            let entry = ACL {
                perms: acl.perms,
                id: Id {
                    scheme: self.keep(acl.id.scheme),
                    id: self.keep(acl.id.id),
                },
            };
            self.acls.push(entry);
        }
        self.acl = ACL_vector {
            count: convert::length(self.acls.len()),
            data: self.acls.as_mut_ptr(),
        };
        &raw mut self.acl
    }
}

/// Bytes that a copy needs.
fn room(text: Text<'_>) -> usize {
    text.map_or(0, |text| text.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    #[test]
    fn strings_are_terminated_and_null_stays_null() {
        let mut scratch = Scratch::default();
        let names = [Some(&b"one"[..]), None, Some(b""), Some(b"three")];
        let vector = scratch.strings(List::new(&names));
        // SAFETY: the vector and its strings live in `scratch`.
        let strings: Vec<Option<&[u8]>> = unsafe {
            let vector = &*vector;
            (0..vector.count as usize)
                .map(|i| *vector.data.add(i))
                .map(|p| (!p.is_null()).then(|| CStr::from_ptr(p).to_bytes()))
                .collect()
        };
        assert_eq!(strings, names);
    }

    #[test]
    fn an_acl_keeps_permissions_and_names() {
        let mut scratch = Scratch::default();
        let acls = [Acl {
            perms: 31,
            id: records::Id {
                scheme: Some(b"world"),
                id: Some(b"anyone"),
            },
        }];
        let vector = scratch.acl(List::new(&acls));
        // SAFETY: the vector and its strings live in `scratch`.
        unsafe {
            assert_eq!((*vector).count, 1);
            let acl = *(*vector).data;
            assert_eq!(acl.perms, 31);
            assert_eq!(CStr::from_ptr(acl.id.scheme), c"world");
            assert_eq!(CStr::from_ptr(acl.id.id), c"anyone");
        }
    }
}
