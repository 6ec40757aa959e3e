//! Which layer may use which (docs/architecture.md).

use std::fs;
use std::path::{Path, PathBuf};

/// Layer, and the layers of this crate that it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("log", &[]),
    ("core", &["log"]),
    ("net", &["log"]),
    ("runtime", &["core", "net", "log"]),
    ("ffi", &["core", "runtime", "log"]),
];

/// Crates that a layer must not know, besides.
const FORBIDDEN_CRATES: &[(&str, &[&str])] = &[
    (
        "log",
        &["libc", "mio", "socket2", "parking_lot", "zk_proto"],
    ),
    ("core", &["libc", "mio", "socket2", "parking_lot"]),
    ("net", &["zk_proto", "parking_lot"]),
    ("runtime", &["libc", "socket2"]),
    ("ffi", &["mio"]),
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The code of every source file of a layer; its tests may use what they like.
fn code_of(layer: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src")
        .join(layer);
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(!files.is_empty(), "{layer} has no files");
    let is_test = |path: &PathBuf| {
        path.iter()
            .any(|part| part == "tests" || part == "tests.rs")
    };
    files
        .into_iter()
        .filter(|path| !is_test(path))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let code = text
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or_default();
            let code: Vec<&str> = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            (path, code.join("\n"))
        })
        .collect()
}

#[test]
fn layers_use_only_what_is_below_them() {
    for (layer, allowed) in ALLOWED {
        for (path, code) in code_of(layer) {
            for (other, _) in ALLOWED
                .iter()
                .filter(|(other, _)| other != layer && !allowed.contains(other))
            {
                assert!(
                    !code.contains(&format!("crate::{other}::")),
                    "{} uses {other}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn layers_do_not_know_the_crates_of_others() {
    for (layer, crates) in FORBIDDEN_CRATES {
        for (path, code) in code_of(layer) {
            for name in *crates {
                assert!(
                    !code.contains(&format!("{name}::")),
                    "{} uses {name}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn unsafe_code_stays_in_ffi_and_net() {
    for layer in ["log", "core", "runtime"] {
        for (path, code) in code_of(layer) {
            assert!(
                !code.contains("unsafe "),
                "{} has unsafe code",
                path.display()
            );
        }
    }
}
