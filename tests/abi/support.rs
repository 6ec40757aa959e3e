//! Where the library, its headers and Debian's are.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, io};

/// Debian's library.
const REFERENCE_LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/libzookeeper_mt.so.2";
/// The folder of Debian's headers.
const REFERENCE_HEADERS: &str = "/usr/include/zookeeper";

/// A path of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The folder of our headers.
pub(crate) fn our_headers() -> PathBuf {
    repository("include/zookeeper")
}

/// The shared library under test.
pub(crate) fn library() -> PathBuf {
    built("ZK_LIB", "libzookeeper_mt.so")
}

/// The static library under test.
pub(crate) fn archive() -> PathBuf {
    built("ZK_ARCHIVE", "libzookeeper_mt.a")
}

/// The shared library with debug information, which Cargo built along with this test.
pub(crate) fn library_of_this_build() -> PathBuf {
    beside_this_test("libzookeeper_mt.so")
}

fn built(variable: &str, name: &str) -> PathBuf {
    env::var_os(variable).map_or_else(|| beside_this_test(name), PathBuf::from)
}

fn beside_this_test(name: &str) -> PathBuf {
    let test = env::current_exe().expect("the path of this test");
    let beside = test.with_file_name(name);
    assert!(beside.exists(), "{} is missing", beside.display());
    beside
}

/// Debian's library, or `None` after saying that the test is skipped.
pub(crate) fn reference_library(test: &str) -> Option<PathBuf> {
    present(test, REFERENCE_LIBRARY, "libzookeeper-mt2")
}

/// The folder of Debian's headers, or `None` after saying that the test is skipped.
pub(crate) fn reference_headers(test: &str) -> Option<PathBuf> {
    present(test, REFERENCE_HEADERS, "libzookeeper-mt-dev")
}

/// Whether the other compiler is there; says that the test is skipped if not.
pub(crate) fn clang(test: &str) -> bool {
    present(test, "/usr/bin/clang++", "clang").is_some()
}

fn present(test: &str, path: &str, package: &str) -> Option<PathBuf> {
    if Path::new(path).exists() {
        return Some(path.into());
    }
    let reason = format!("SKIPPED: {test}: {path} of Debian's package {package} is not there");
    assert!(env::var_os("CI").is_none(), "{reason}");
    // Not through println!, which the test harness keeps to itself.
    writeln!(io::stderr(), "{reason}").expect("standard error is open");
    None
}

/// An empty folder for files of a test, whose name begins with this one.
///
/// It is the caller's alone: tests run side by side, and two may ask for the same name.
pub(crate) fn scratch(name: &str) -> PathBuf {
    static FOLDERS: AtomicUsize = AtomicUsize::new(0);
    let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{number}"));
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder of an earlier run goes away");
    }
    fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

/// Asserts that two lists of facts are the same, and shows what only one of them has.
pub(crate) fn assert_same(what: &str, reference: &[String], ours: &[String]) {
    let missing: Vec<_> = reference
        .iter()
        .filter(|fact| !ours.contains(fact))
        .collect();
    let extra: Vec<_> = ours
        .iter()
        .filter(|fact| !reference.contains(fact))
        .collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "{what}\nonly the reference has: {missing:#?}\nonly ours has: {extra:#?}"
    );
}
