//! Borrowed Rust views of C arguments, and checks of what C can get wrong.

use std::ffi::{CStr, c_char, c_int};

use zk_proto::records::{self, Acl};
use zk_proto::{Buffer, Code, CreateMode, List, Text};

use super::types::{ACL_vector, Stat};

/// The longest time to live that the server's encoding has room for, ms (C-286).
const MAX_TTL: i64 = 0xFF_FFFF_FFFF;

/// The bytes of a C string, `None` for NULL.
///
/// # Safety
/// `string` is NULL or a NUL-terminated string that outlives `'a`.
pub(super) unsafe fn text<'a>(string: *const c_char) -> Text<'a> {
    if string.is_null() {
        return None;
    }
    // SAFETY: promised by our caller.
    Some(unsafe { CStr::from_ptr(string) }.to_bytes())
}

/// Data with a length: −1 stands for null data whatever the pointer; a shorter length, or a
/// length without a pointer, is a bad argument (C-302).
///
/// # Safety
/// `data` is NULL or has `length` bytes that outlive `'a`.
pub(super) unsafe fn data<'a>(data: *const c_char, length: c_int) -> Result<Buffer<'a>, Code> {
    match usize::try_from(length) {
        Ok(0) => Ok(Some(&[])),
        // SAFETY: promised by our caller.
        Ok(n) if !data.is_null() => Ok(Some(unsafe { std::slice::from_raw_parts(data.cast(), n) })),
        Err(_) if length == -1 => Ok(None),
        _ => Err(Code::BAD_ARGUMENTS),
    }
}

/// Modes with a time to live need one in range, the others must have none (C-286).
pub(super) fn check_ttl(mode: c_int, ttl: i64) -> Result<(), Code> {
    let wants_ttl = CreateMode::from_i32(mode).is_some_and(CreateMode::has_ttl);
    let fits = if wants_ttl {
        (1..=MAX_TTL).contains(&ttl)
    } else {
        ttl < 0
    };
    if fits {
        Ok(())
    } else {
        Err(Code::BAD_ARGUMENTS)
    }
}

/// An ACL vector's entries; short ones need no memory of their own.
#[derive(Debug)]
pub(super) enum AclView<'a> {
    /// NULL.
    Null,
    /// The usual handful, and how many they are.
    Few([Acl<'a>; 4], usize),
    /// More than that.
    Many(Vec<Acl<'a>>),
}

impl<'a> AclView<'a> {
    /// Entries of `vector`. One without memory for its entries is a bad argument.
    ///
    /// # Safety
    /// `vector` is NULL or a vector whose entries and their strings outlive `'a`.
    pub(super) unsafe fn new(vector: *const ACL_vector) -> Result<Self, Code> {
        // SAFETY: promised by our caller.
        let Some(vector) = (unsafe { vector.as_ref() }) else {
            return Ok(Self::Null);
        };
        let count = usize::try_from(vector.count).unwrap_or(0);
        if count > 0 && vector.data.is_null() {
            return Err(Code::BAD_ARGUMENTS);
        }
        let entry = |i: usize| {
            // SAFETY: our caller promises `count` entries, and `i` is below it.
            let acl = unsafe { &*vector.data.add(i) };
            Acl {
                perms: acl.perms,
                id: records::Id {
                    // SAFETY: our caller promises strings.
                    scheme: unsafe { text(acl.id.scheme) },
                    // SAFETY: our caller promises strings.
                    id: unsafe { text(acl.id.id) },
                },
            }
        };
        let none = Acl {
            perms: 0,
            id: records::Id {
                scheme: None,
                id: None,
            },
        };
        if count <= 4 {
            let few = std::array::from_fn(|i| if i < count { entry(i) } else { none });
            return Ok(Self::Few(few, count));
        }
        Ok(Self::Many((0..count).map(entry).collect()))
    }

    /// The entries as the runtime takes them.
    pub(super) fn list(&self) -> List<'_, Acl<'a>> {
        match self {
            Self::Null => List::NULL,
            Self::Few(few, count) => List::new(few.get(..*count).unwrap_or_default()),
            Self::Many(many) => List::new(many),
        }
    }
}

/// A stat as C sees it.
pub(super) fn stat(stat: &records::Stat) -> Stat {
    Stat {
        czxid: stat.czxid,
        mzxid: stat.mzxid,
        ctime: stat.ctime,
        mtime: stat.mtime,
        version: stat.version,
        cversion: stat.cversion,
        aversion: stat.aversion,
        ephemeralOwner: stat.ephemeral_owner,
        dataLength: stat.data_length,
        numChildren: stat.num_children,
        pzxid: stat.pzxid,
    }
}

/// The length of something received; frames are shorter than `c_int` can count.
pub(super) fn length(n: usize) -> c_int {
    c_int::try_from(n).unwrap_or(c_int::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_to_live_and_mode_must_match() {
        for mode in [0, 1, 2, 3, 4, 7, -1] {
            assert!(check_ttl(mode, -1).is_ok());
            assert!(check_ttl(mode, 0).is_err());
            assert!(check_ttl(mode, 5).is_err());
        }
        for mode in [5, 6] {
            assert!(check_ttl(mode, -1).is_err());
            assert!(check_ttl(mode, 0).is_err());
            assert!(check_ttl(mode, 1).is_ok());
            assert!(check_ttl(mode, MAX_TTL).is_ok());
            assert!(check_ttl(mode, MAX_TTL + 1).is_err());
        }
    }

    #[test]
    fn minus_one_is_null_data_and_other_odd_lengths_are_refused() {
        let bytes = c"abc".as_ptr();
        let null = std::ptr::null();
        // SAFETY: the string has three bytes and lives for ever.
        let view = |pointer, length| unsafe { data(pointer, length) };
        assert_eq!(view(bytes, 3), Ok(Some(&b"abc"[..])));
        assert_eq!(view(bytes, -1), Ok(None));
        assert_eq!(view(null, -1), Ok(None));
        assert_eq!(view(null, 0), Ok(Some(&b""[..])));
        assert_eq!(view(null, 1), Err(Code::BAD_ARGUMENTS));
        assert_eq!(view(bytes, -2), Err(Code::BAD_ARGUMENTS));
    }
}
