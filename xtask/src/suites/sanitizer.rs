//! The programs of `c-tests/api` and the library under a sanitizer of the compiler.
//!
//! Library and programs are instrumented and share the sanitizer's runtime of the Rust toolchain.
//! A stable compiler instruments when `RUSTC_BOOTSTRAP` is set. The standard library is as it
//! comes, without instrumentation: what generic code of it is compiled here is instrumented, the
//! rest is seen through malloc and what else of the C library the runtime intercepts.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::c_api::Setup;
use crate::artifacts::{Library, SONAME, cargo, link_soname, root, target_dir};
use crate::process::run_captured;
use crate::report::Report;

const TARGET: &str = "x86_64-unknown-linux-gnu";
const LIMIT: Duration = Duration::from_secs(10 * 60);
/// A program that makes one fault.
pub(super) const FAULTY: [&str; 2] = ["c-tests/sanitizers/faulty.c", "c-tests/harness/leaks.c"];
/// Reports longer than this say the same again.
const SHOWN_LINES: usize = 60;
/// What the programs do not get from the compiler because they do not link with its runtime.
const LIBRARIES: [&str; 3] = ["-ldl", "-lm", "-lrt"];

/// A sanitizer, and how code is built for it.
#[derive(Debug)]
pub(super) struct Sanitizer {
    pub(super) name: &'static str,
    /// Its name for the Rust compiler.
    pub(super) rust: &'static str,
    /// Its name in the runtime's.
    pub(super) runtime: &'static str,
    /// What the C compiler is told.
    pub(super) c: &'static str,
    /// Checks of Rust itself, which a release has not, and little optimisation.
    pub(super) assertions: bool,
}

impl Sanitizer {
    /// The programs built for it, with the library. `None`, after saying so, if the runtime is
    /// missing.
    pub(super) fn setup(&self, report: &mut Report) -> Result<Option<Setup>> {
        let Some(runtime) = self.find_runtime()? else {
            report.absent(self.name, "the Rust toolchain has no runtime of it");
            return Ok(None);
        };
        let mut setup = Setup::of(self.library()?);
        setup.flags = [
            self.c,
            "-O1",
            "-fno-omit-frame-pointer",
            // What sanitizers add keeps the compiler from seeing how long texts get.
            "-Wno-format-truncation",
        ]
        .map(Into::into)
        .into();
        // The library finds the runtime in the program, which therefore has all of it.
        setup.link_flags = [
            "-Wl,--whole-archive".into(),
            runtime.into_os_string(),
            "-Wl,--no-whole-archive".into(),
            "-Wl,--export-dynamic".into(),
        ]
        .into();
        setup.link_flags.extend(LIBRARIES.map(OsString::from));
        Ok(Some(setup))
    }

    /// The runtime that came with the compiler.
    fn find_runtime(&self) -> Result<Option<PathBuf>> {
        let mut command = Command::new("rustc");
        command
            .args(["--print", "target-libdir", "--target", TARGET])
            .current_dir(root());
        let finished = run_captured(&mut command, LIMIT)?;
        let folder = PathBuf::from(finished.success()?.stdout.trim());
        let end = format!("_rt.{}.a", self.runtime);
        for entry in fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))? {
            let name = entry?.file_name();
            let text = name.to_string_lossy();
            if text.starts_with("librustc") && text.ends_with(&end) {
                return Ok(Some(folder.join(&name)));
            }
        }
        Ok(None)
    }

    /// A `cargo` command that instruments what it builds, in a folder of its own.
    pub(super) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = cargo();
        command
            .args([subcommand, "--release", "--target", TARGET])
            .args(["--config", "profile.release.strip='none'"])
            .args(["--config", "profile.release.debug='line-tables-only'"])
            .args(["--config", "profile.release.codegen-units=16"]);
        if self.assertions {
            command
                .args(["--config", "profile.release.debug-assertions=true"])
                .args(["--config", "profile.release.overflow-checks=true"])
                .args(["--config", "profile.release.opt-level=1"]);
        }
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .env(
                "RUSTFLAGS",
                format!(
                    "-Zsanitizer={} -Cunsafe-allow-abi-mismatch=sanitizer -Cforce-frame-pointers=yes --cfg {}",
                    self.rust, self.runtime
                ),
            )
            // The library's one C file.
            .env(format!("CFLAGS_{}", TARGET.replace('-', "_")), self.c)
            .env("CARGO_TARGET_DIR", self.folder());
        command
    }

    fn folder(&self) -> PathBuf {
        target_dir().join(self.runtime)
    }

    fn library(&self) -> Result<Library> {
        let mut command = self.cargo("build");
        command.args(["--quiet", "--package", "zookeeper_mt"]);
        run_captured(&mut command, LIMIT)?
            .success()
            .context("building the instrumented library")?;
        let folder = self.folder().join(TARGET).join("release");
        link_soname(&folder)?;
        Ok(Library {
            name: "instrumented",
            folder,
        })
    }
}

/// Whether the block of a reported leak was made by the library, and not by a callback that it
/// has called: below the allocating function only other shared objects come before it.
pub(super) fn made_by_library(leak: &str) -> bool {
    let library = SONAME.trim_end_matches(".2");
    let is_frame = |line: &&str| {
        let starts = ["#", "at 0x", "by 0x"];
        starts.iter().any(|start| line.starts_with(start))
    };
    // A program may have an allocator of its own in front of the real one.
    let allocates = |frame: &&str| {
        let names = [" malloc (", " calloc (", " realloc ("];
        names.iter().any(|name| frame.contains(name))
    };
    let frames = leak.lines().map(str::trim_start).filter(is_frame).skip(1);
    let mut callers = frames.skip_while(allocates);
    callers
        .find(|frame| frame.contains(library) || !frame.contains(".so"))
        .is_some_and(|frame| frame.contains(library))
}

/// Fails with what `select` leaves of the reports in `folder`, where each process has written
/// its own.
pub(super) fn nothing_in(folder: &Path, select: impl Fn(&str) -> String) -> Result<()> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let text = fs::read(entry?.path())?;
        let text = select(&String::from_utf8_lossy(&text));
        if !text.trim().is_empty() {
            found.push(text);
        }
    }
    let Some(first) = found.first() else {
        return Ok(());
    };
    let shown: Vec<&str> = first.lines().take(SHOWN_LINES).collect();
    let summaries: Vec<&str> = found
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| line.starts_with("SUMMARY: "))
        .collect();
    bail!(
        "{} processes have reported something\n{}\n{}",
        found.len(),
        shown.join("\n"),
        summaries.join("\n")
    )
}

/// Fails unless the reports in `folder` say this, which shows that faults are seen.
pub(super) fn is_said_in(folder: &Path, select: impl Fn(&str) -> String, said: &str) -> Result<()> {
    match nothing_in(folder, select) {
        Ok(()) => bail!("nothing is reported"),
        Err(found) if !found.to_string().contains(said) => bail!("not {said:?}, but: {found}"),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::made_by_library;

    #[test]
    fn a_block_belongs_to_who_has_called_the_allocator() {
        for (callers, by_library) in [
            ("#1 0x2 (/t/libzookeeper_mt.so+0x2)", true),
            (
                "#1 0x2 (/lib/libc.so.6+0x2)\n#2 0x3 (/t/libzookeeper_mt.so+0x2)",
                true,
            ),
            (
                "#1 0x2 (/t/close.c+0x2)\n#2 0x3 (/t/libzookeeper_mt.so+0x2)",
                false,
            ),
            ("   by 0x2: f (in /t/libzookeeper_mt.so)", true),
            (
                "   by 0x2: on_data (probe.c:9)\n   by 0x3: g (in /t/libzookeeper_mt.so)",
                false,
            ),
            (
                "   by 0x2: malloc (limits.c:9)\n   by 0x3: g (in /t/libzookeeper_mt.so)",
                true,
            ),
            ("", false),
        ] {
            let leak = format!("9 bytes are lost\n   at 0x1: malloc (in x.so)\n{callers}\n");
            assert_eq!(made_by_library(&leak), by_library, "{callers}");
        }
    }
}
