//! C programs that run with a library.

use crate::cc::{Language, compile, include};
use crate::support::{our_headers, scratch};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles a program against our headers and a shared library, runs it and asserts that it
/// succeeds.
///
/// Its files are in a folder of this name. The result is the program's path.
pub(crate) fn succeeds(name: &str, library: &Path, code: &str, flags: &[&str]) -> PathBuf {
    let folder = scratch(name);
    for file in ["libzookeeper_mt.so", "libzookeeper_mt.so.2"] {
        symlink(library, folder.join(file)).expect("a link to the library");
    }
    let mut flags = flags.to_vec();
    flags.extend(["-L.", "-lzookeeper_mt"]);
    run(name, &folder, code, &flags)
}

/// The same with a static library.
pub(crate) fn succeeds_statically(name: &str, archive: &Path, code: &str) -> PathBuf {
    let archive = archive.to_str().expect("the archive's path is text");
    let system = ["-lpthread", "-ldl", "-lm"];
    run(
        name,
        &scratch(name),
        code,
        &[&[archive], &system[..]].concat(),
    )
}

fn run(name: &str, folder: &Path, code: &str, flags: &[&str]) -> PathBuf {
    let headers = include(&our_headers());
    let all = [&[headers.as_str(), "-oprogram"], flags].concat();
    compile(Language::C11, folder, code, &all);
    let program = folder.join("program");
    let output = Command::new(&program)
        .env("LD_LIBRARY_PATH", folder)
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
