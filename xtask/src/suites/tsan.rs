//! The programs of `c-tests/api` under ThreadSanitizer.
//!
//! Library and programs are instrumented and share the sanitizer's runtime of the Rust
//! toolchain. The standard library is not instrumented; what that hides from the sanitizer is
//! listed in `tsan.suppressions`, with the reason.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::c_api::Setup;
use crate::artifacts::{Library, cargo, link_soname, root, target_dir};
use crate::process::run_captured;
use crate::report::Report;
use crate::server::Kind;

const TARGET: &str = "x86_64-unknown-linux-gnu";
const SYMBOLIZER: &str = "/usr/bin/addr2line";
const LIMIT: Duration = Duration::from_secs(10 * 60);
/// Reports longer than this say the same again.
const SHOWN_LINES: usize = 60;

pub(super) fn run(report: &mut Report) -> Result<()> {
    if !Path::new(SYMBOLIZER).exists() {
        report.absent("ThreadSanitizer", &format!("there is no {SYMBOLIZER}"));
        return Ok(());
    }
    let Some(runtime) = runtime()? else {
        report.absent("ThreadSanitizer", "the Rust toolchain has no runtime of it");
        return Ok(());
    };
    let reports = tempfile::tempdir()?;
    let mut setup = Setup::of(instrumented()?);
    setup.flags = ["-fsanitize=thread", "-O1"].map(Into::into).into();
    // The library finds the runtime in the program, which therefore has all of it.
    setup.link_flags = ["-Wl,--whole-archive".into(), runtime.into_os_string()].into();
    setup.link_flags.extend(
        [
            "-Wl,--no-whole-archive",
            "-Wl,--export-dynamic",
            "-ldl",
            "-lm",
            "-lrt",
        ]
        .map(Into::into),
    );
    // A test may end while a close from a callback is still joining the IO thread.
    let options = format!(
        "log_path={}/report exitcode=66 report_thread_leaks=0 external_symbolizer_path={SYMBOLIZER} suppressions={}",
        reports.path().display(),
        root().join("xtask/src/suites/tsan.suppressions").display()
    );
    setup.environment.push(("TSAN_OPTIONS", options.into()));
    setup.run(report, &[Kind::Test])?;
    report.check("ThreadSanitizer has nothing to report", || {
        nothing_in(reports.path())
    });
    Ok(())
}

/// The sanitizer's runtime that came with the compiler.
fn runtime() -> Result<Option<PathBuf>> {
    let mut command = std::process::Command::new("rustc");
    command
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(root());
    let finished = run_captured(&mut command, LIMIT)?;
    let folder = PathBuf::from(finished.success()?.stdout.trim());
    for entry in fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))? {
        let name = entry?.file_name();
        let text = name.to_string_lossy();
        if text.starts_with("librustc") && text.ends_with("_rt.tsan.a") {
            return Ok(Some(folder.join(&name)));
        }
    }
    Ok(None)
}

/// Builds the library with the sanitizer's checks, which a stable compiler does when told that
/// it may.
fn instrumented() -> Result<Library> {
    let target_dir = target_dir().join("tsan");
    let mut command = cargo();
    command
        .args(["build", "--quiet", "--release", "--target", TARGET])
        .args(["--package", "zookeeper_mt"])
        .args(["--config", "profile.release.strip='none'"])
        .args(["--config", "profile.release.debug='line-tables-only'"])
        .args(["--config", "profile.release.codegen-units=16"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env(
            "RUSTFLAGS",
            "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer",
        )
        .env("CARGO_TARGET_DIR", &target_dir);
    run_captured(&mut command, LIMIT)?
        .success()
        .context("building the instrumented library")?;
    let folder = target_dir.join(TARGET).join("release");
    link_soname(&folder)?;
    Ok(Library {
        name: "instrumented",
        folder,
    })
}

/// Fails with the reports in `folder`, where each process has written its own.
fn nothing_in(folder: &Path) -> Result<()> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        found.push(fs::read_to_string(entry?.path())?);
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
    bail!("{}\n{}", shown.join("\n"), summaries.join("\n"))
}
