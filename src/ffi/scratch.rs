//! Memory for what callbacks point at, kept by the completion thread from call to call.

use std::ffi::c_char;
use std::ptr;

use zk_proto::records::{self, Acl, MultiReadResult};
use zk_proto::{List, Text};

use super::convert;
use super::ext_multi::zoox_read_result;
use super::types::{ACL, ACL_vector, ClientInfo, ClientInfo_vector, Id, Stat, String_vector};
use crate::core::MultiReadOutcome;

/// Buffers above this many bytes are given back after use, so that one huge reply is not paid
/// for as long as the handle lives.
const KEEP: usize = 1 << 20;

/// Copies that live until the next callback.
pub(crate) struct Scratch {
    bytes: Vec<u8>,
    pointers: Vec<*mut c_char>,
    acls: Vec<ACL>,
    identities: Vec<ClientInfo>,
    reads: Vec<zoox_read_result>,
    strings: String_vector,
    acl: ACL_vector,
    infos: ClientInfo_vector,
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
            identities: Vec::new(),
            reads: Vec::new(),
            strings: String_vector {
                count: 0,
                data: ptr::null_mut(),
            },
            acl: ACL_vector {
                count: 0,
                data: ptr::null_mut(),
            },
            infos: ClientInfo_vector {
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
        self.identities.clear();
        self.reads.clear();
        if self.bytes.capacity() > KEEP {
            self.bytes = Vec::new();
            self.pointers = Vec::new();
            self.acls = Vec::new();
            self.identities = Vec::new();
            self.reads = Vec::new();
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
    pub(super) fn strings<'a>(
        &mut self,
        names: impl ExactSizeIterator<Item = Text<'a>> + Clone,
    ) -> *const String_vector {
        self.start(names.clone().map(room).sum());
        self.pointers.reserve(names.len());
        self.strings = self.keep_all(names);
        &raw const self.strings
    }

    /// Appends copies; there must be room for all pointers of the call, so that none moves.
    fn keep_all<'a>(&mut self, names: impl Iterator<Item = Text<'a>>) -> String_vector {
        let start = self.pointers.len();
        for name in names {
            let copy = self.keep(name);
            debug_assert!(self.pointers.len() < self.pointers.capacity());
            self.pointers.push(copy);
        }
        String_vector {
            count: convert::length(self.pointers.len() - start),
            data: self.pointers.as_mut_ptr().wrapping_add(start),
        }
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

    /// Identities of a connection.
    pub(super) fn identities<'a>(
        &mut self,
        list: List<'a, records::ClientInfo<'a>>,
    ) -> *const ClientInfo_vector {
        self.start(list.iter().map(|i| room(i.scheme) + room(i.user)).sum());
        self.identities.reserve(list.len());
        for identity in list {
            let identity = ClientInfo {
                authScheme: self.keep(identity.scheme),
                user: self.keep(identity.user),
            };
            self.identities.push(identity);
        }
        self.infos = ClientInfo_vector {
            count: convert::length(self.identities.len()),
            data: self.identities.as_mut_ptr(),
        };
        &raw const self.infos
    }

    /// Results of several reads; data stays where it was received. Ends at one that does not
    /// decode, of which there is none, as all were tried when they came.
    pub(super) fn reads(&mut self, results: MultiReadOutcome<'_>) -> *const zoox_read_result {
        let results = results.map_while(Result::ok);
        let children = || {
            results.clone().filter_map(|result| match result {
                MultiReadResult::GetChildren(r) => Some(r.children),
                _ => None,
            })
        };
        self.start(children().flatten().map(room).sum());
        self.pointers
            .reserve(children().map(|list| list.len()).sum());
        self.reads.reserve(results.clone().count());
        for result in results {
            let read = match result {
                MultiReadResult::GetData(r) => {
                    let data = r.data.map_or(ptr::null(), <[u8]>::as_ptr);
                    zoox_read_result::data(data.cast_mut().cast(), r.data, &r.stat)
                }
                MultiReadResult::GetChildren(r) => {
                    zoox_read_result::children(self.keep_all(r.children.iter()))
                }
                MultiReadResult::Error(code) => zoox_read_result::failed(code),
            };
            self.reads.push(read);
        }
        self.reads.as_ptr()
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
        let vector = scratch.strings(List::new(&names).iter());
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
