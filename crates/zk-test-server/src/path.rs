//! Path rules (S-090…S-092). Paths are bytes: names that are not UTF-8 never enter the tree.

/// Paths nobody may delete (S-081).
const SPECIAL: [&[u8]; 5] = [
    b"",
    b"/",
    b"/zookeeper",
    b"/zookeeper/quota",
    b"/zookeeper/config",
];

/// The empty path is an alias of the root (S-081).
#[inline]
pub(crate) fn normal(path: &[u8]) -> &[u8] {
    if path.is_empty() { b"/" } else { path }
}

/// Everything before the last `/`, and the name after it. `None` without any `/`.
///
/// The parent of `/a` is the empty path, as on the real server.
#[inline]
pub(crate) fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = path.iter().rposition(|&b| b == b'/')?;
    Some((path.get(..slash)?, path.get(slash + 1..)?))
}

/// Parent of a path that is in the tree; the root is its own parent.
#[inline]
pub(crate) fn parent(path: &[u8]) -> &[u8] {
    normal(split(path).map_or(b"" as &[u8], |(parent, _)| parent))
}

/// Where the names begin in the paths of this node's children.
#[inline]
pub(crate) fn name_below(path: &[u8]) -> usize {
    // The root's path is nothing but the slash that others need in between.
    path.len() + usize::from(path.len() > 1)
}

/// The path itself, then its ancestors up to the root.
pub(crate) fn self_and_ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let first = Some(normal(path)).filter(|p| p.first() == Some(&b'/'));
    std::iter::successors(first, |p| (p.len() > 1).then(|| parent(p)))
}

/// The little that delete asks of a path (S-091); returns the parent.
pub(crate) fn parent_for_write(path: &[u8]) -> Option<&[u8]> {
    split(path)
        .filter(|_| !path.contains(&0))
        .map(|(parent, _)| parent)
}

/// True for the paths that cannot be deleted.
pub(crate) fn is_special(path: &[u8]) -> bool {
    SPECIAL.contains(&path)
}

/// The full check of a path to be written (S-090).
pub(crate) fn is_valid(path: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(path) else {
        return false;
    };
    let Some(names) = text.strip_prefix('/') else {
        return false;
    };
    let names_ok = names.is_empty()
        || names
            .split('/')
            .all(|name| !matches!(name, "" | "." | ".."));
    names_ok && !text.chars().any(is_forbidden)
}

fn is_forbidden(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}'
        | '\u{fff0}'..='\u{ffff}' | '\u{10000}'..)
}

/// True if `path` is `ancestor` or lies below it.
pub(crate) fn is_at_or_below(path: &[u8], ancestor: &[u8]) -> bool {
    ancestor == b"/"
        || path
            .strip_prefix(ancestor)
            .is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s090_paths_are_checked_name_by_name_and_character_by_character() {
        for good in ["/", "/a", "/...", "/.a/a b", "/\u{a0}", "/\u{2028}", "/é/ü"] {
            assert!(is_valid(good.as_bytes()), "{good:?}");
        }
        for bad in [
            "",
            "a",
            "/a/",
            "//",
            "/a//b",
            "/.",
            "/..",
            "/a/./b",
            "/a/../b",
            "/\u{1}",
            "/\u{1f}",
            "/\u{7f}",
            "/\u{9f}",
            "/\u{e000}",
            "/\u{f8ff}",
            "/\u{fff0}",
            "/\u{ffff}",
            "/😀",
            "/\0",
        ] {
            assert!(!is_valid(bad.as_bytes()), "{bad:?}");
        }
        assert!(!is_valid(b"/\xff"));
    }

    #[test]
    fn ancestors_end_at_the_root() {
        let all = |p: &'static str| self_and_ancestors(p.as_bytes()).collect::<Vec<_>>();
        assert_eq!(all("/a/b"), [b"/a/b" as &[u8], b"/a", b"/"]);
        assert_eq!(all("/"), [b"/"]);
        assert_eq!(all(""), [b"/"]);
        assert!(all("nonsense").is_empty());
    }
}
