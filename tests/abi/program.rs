//! C programs that run with a library.

use crate::cc::{Language, compile, include};
use crate::support::{our_headers, scratch};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles a program against our headers and a library, runs it and asserts that it succeeds.
///
/// Its files are in a folder of this name. The result is the program's path.
pub(crate) fn succeeds(name: &str, library: &Path, code: &str, flags: &[&str]) -> PathBuf {
    let folder = scratch(name);
    for file in ["libzookeeper_mt.so", "libzookeeper_mt.so.2"] {
        symlink(library, folder.join(file)).expect("a link to the library");
    }
    let headers = include(&our_headers());
    // The library stands before the code that needs it, and is linked nevertheless.
    let mut all = vec![
        headers.as_str(),
        "-L.",
        "-Wl,--no-as-needed",
        "-lzookeeper_mt",
    ];
    all.push("-oprogram");
    all.extend(flags);
    compile(Language::C11, &folder, code, &all);

    let program = folder.join("program");
    let output = Command::new(&program)
        .env("LD_LIBRARY_PATH", &folder)
        .output()
        .expect("the program runs");
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{name}: {}\n{messages}",
        output.status
    );
    program
}
