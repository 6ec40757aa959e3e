//! Which paths are valid, and how the chroot is put on and taken off.

use zk_proto::CreateMode;

/// Checks a path the way the C library does (C-275…C-277).
///
/// `mode` is the create mode, 0 for other calls. Sequential creates may end in `/`, `/.` or
/// `/..`, because the server appends digits to it.
pub(crate) fn is_valid(path: &[u8], mode: i32) -> bool {
    is_plain(path) || is_valid_segmentwise(path, mode)
}

/// Bytes of a path that are looked at together, and the one behind them.
const STEP: usize = 8;

/// True for paths that are valid without a second look, which are nearly all: no segment is
/// empty or starts with a dot, and no byte is below the space.
#[inline]
fn is_plain(path: &[u8]) -> bool {
    if path.first() != Some(&b'/') || path.last() == Some(&b'/') {
        return false;
    }
    let Some(last) = path.last_chunk::<{ STEP + 1 }>() else {
        return path
            .array_windows()
            .all(|&[a, b]| b >= b' ' && (a != b'/' || b != b'/' && b != b'.'));
    };
    // The last window may overlap the one before it.
    let windows = path.array_windows().step_by(STEP);
    windows.fold(dubious(last), |found, window| found | dubious(window)) == 0
}

/// Not 0 if one of the bytes behind the first is below the space, or is a slash or dot that
/// follows a slash.
#[inline]
fn dubious(window: &[u8; STEP + 1]) -> u64 {
    let ([before @ .., _], [_, bytes @ ..]) = (window, window);
    let (before, bytes) = (u64::from_ne_bytes(*before), u64::from_ne_bytes(*bytes));
    let slash = zeros(before ^ all(b'/'));
    // The two differ in the lowest bit.
    let slash_or_dot = zeros((bytes | all(1)) ^ all(b'/'));
    let below_space = zeros(bytes & all(0xe0));
    slash & slash_or_dot | below_space
}

/// A word of equal bytes.
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; STEP])
}

/// The highest bit of each byte that is 0.
#[inline]
const fn zeros(word: u64) -> u64 {
    !(((word & all(0x7f)) + all(0x7f)) | word) & all(0x80)
}

/// The rule as the contract has it.
fn is_valid_segmentwise(path: &[u8], mode: i32) -> bool {
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

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_000))]
        #[test]
        fn looking_at_many_bytes_at_once_finds_what_looking_at_segments_finds(
            bytes in proptest::collection::vec(
                proptest::prop_oneof![
                    4 => proptest::sample::select(&b"/.ab\x00\x01\x1e\x1f \x7f\x80\xaf\xae"[..]),
                    4 => proptest::prelude::Just(b'x'),
                    1 => proptest::prelude::any::<u8>(),
                ],
                0..40,
            ),
            mode in -1..8,
        ) {
            for path in [&bytes[..], &[b"/", &bytes[..]].concat()] {
                proptest::prop_assert_eq!(is_valid(path, mode), is_valid_segmentwise(path, mode));
            }
        }
    }

    #[test]
    fn a_dubious_byte_is_found_at_every_place() {
        for len in 2..40 {
            let plain: Vec<u8> = std::iter::once(b'/')
                .chain((1..len).map(|_| b'x'))
                .collect();
            assert!(is_plain(&plain), "{len}");
            for at in 1..len {
                for byte in [0, 1, 0x1f, b'/'] {
                    let mut path = plain.clone();
                    path[at] = byte;
                    // A lone slash inside is as plain as anything.
                    let expected = byte == b'/' && at > 1 && at + 1 < len;
                    assert_eq!(is_plain(&path), expected, "{byte} at {at} of {len}");
                }
                let mut path = plain.clone();
                path[at] = b'.';
                assert_eq!(is_plain(&path), at > 1, "a dot at {at} of {len}");
                path[at - 1] = b'/';
                assert!(!is_plain(&path), "a dot behind a slash at {at} of {len}");
            }
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
