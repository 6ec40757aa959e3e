//! Which paths are valid, and how the chroot is put on and taken off.

use zk_proto::CreateMode;

/// Checks a path the way the C library does (C-275…C-277).
///
/// `mode` is the create mode, 0 for other calls. Sequential creates may end in `/`, `/.` or
/// `/..`, because the server appends digits to it.
pub(crate) fn is_valid(path: &[u8], mode: i32) -> bool {
    if path == b"/" {
        return true;
    }
    let Some(rest) = path.strip_prefix(b"/") else {
        return false;
    };
    let suffix_follows = CreateMode::from_i32(mode).is_some_and(CreateMode::is_sequential);
    let mut segments = rest.split(|&b| b == b'/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        let empty_or_dots = matches!(segment, b"" | b"." | b"..");
        if empty_or_dots && !(last && suffix_follows) {
            return false;
        }
        if segment.iter().any(|b| (0x01..=0x1e).contains(b)) {
            return false;
        }
    }
    true
}

/// Appends the server's path for a client's path: a path of length 1 means the chroot itself
/// (C-279). Validity is judged on the result.
pub(crate) fn append_chrooted(chroot: &[u8], path: &[u8], out: &mut Vec<u8>) {
    if chroot.is_empty() {
        out.extend_from_slice(path);
    } else {
        out.extend_from_slice(chroot);
        if path.len() != 1 {
            out.extend_from_slice(path);
        }
    }
}

/// The client's path for a server's path. Without the chroot in front it is passed on as it is
/// (C-280); the test is bytewise.
pub fn strip_chroot<'a>(chroot: &[u8], path: &'a [u8]) -> &'a [u8] {
    match path.strip_prefix(chroot) {
        Some(b"") if !chroot.is_empty() => b"/",
        Some(rest) => rest,
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_follow_the_rules_of_the_contract() {
        for good in [
            "/", "/a", "/a/b", "/.f", "/f.", "/..f", "/f/..f", "/...", "/\x1f", "/\x7f", "/é",
        ] {
            assert!(is_valid(good.as_bytes(), 0), "{good:?}");
        }
        for bad in [
            "", "a", "/a/", "//", "/a//b", "/.", "/..", "/a/./b", "/a/..", "/a\x01", "/a\x1e",
        ] {
            assert!(!is_valid(bad.as_bytes(), 0), "{bad:?}");
        }
    }

    #[test]
    fn sequential_modes_relax_the_last_segment_only() {
        for mode in [2, 3, 6] {
            for good in ["/a/", "/a/.", "/a/..", "/."] {
                assert!(is_valid(good.as_bytes(), mode), "{good:?} mode {mode}");
            }
            for bad in ["/a//", "//b", "/./b", "/../b"] {
                assert!(!is_valid(bad.as_bytes(), mode), "{bad:?} mode {mode}");
            }
        }
        for mode in [1, 4, 5, 7, -1] {
            assert!(!is_valid(b"/a/", mode), "mode {mode}");
        }
    }

    #[test]
    fn a_path_of_one_byte_stands_for_the_chroot() {
        let put = |chroot: &str, path: &str| {
            let mut out = Vec::new();
            append_chrooted(chroot.as_bytes(), path.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(put("", "/a"), "/a");
        assert_eq!(put("/ch", "/"), "/ch");
        assert_eq!(put("/ch", "x"), "/ch");
        assert_eq!(put("/ch", "/a"), "/ch/a");
        assert_eq!(put("/ch", "rel"), "/chrel");
        assert_eq!(put("/ch", ""), "/ch");
    }

    #[test]
    fn stripping_is_bytewise_and_leaves_foreign_paths_alone() {
        assert_eq!(strip_chroot(b"/ch", b"/ch/a"), b"/a");
        assert_eq!(strip_chroot(b"/ch", b"/ch"), b"/");
        assert_eq!(strip_chroot(b"/ch", b"/chx"), b"x");
        assert_eq!(strip_chroot(b"/ch", b"/other"), b"/other");
        assert_eq!(strip_chroot(b"", b"/a"), b"/a");
    }
}
