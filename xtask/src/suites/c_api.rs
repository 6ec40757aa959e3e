//! The C API, called from the C and C++ programs in `c-tests/api`.
//!
//! Every program is linked with all of `c-tests/harness`, gets a server of its own in `ZK_HOSTS`, and prints
//! `N passed, N failed, N skipped` as its last line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::artifacts::{Library, root};
use crate::compile::Program;
use crate::process::{run_captured, tied_command};
use crate::report::{Counts, Report};
use crate::server::Kind;
use crate::suites::{original, servers};

const LIMIT: Duration = Duration::from_secs(180);
/// Half of the shortest session timeout; tests of expiry are as fast as this is short.
const TICK_MS: u32 = 200;

pub(super) fn run(report: &mut Report) -> Result<()> {
    run_on(report, &Library::ours())
}

/// Runs the programs on the original, which proves that they are right about it.
pub(super) fn run_original(report: &mut Report) -> Result<()> {
    match original(report, "the C API of the original") {
        Some(library) => run_on(report, &library),
        None => Ok(()),
    }
}

fn run_on(report: &mut Report, library: &Library) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let harness = sources(&root().join("c-tests/harness"), &["c"])?;
    let tests = sources(&root().join("c-tests/api"), &["c", "cpp"])?;
    if tests.is_empty() {
        bail!("there are no programs in c-tests/api");
    }
    let kinds = servers(report, "the C API");
    for source in tests {
        let name = display_name(&source);
        let program = folder.path().join(&name);
        let sources = std::iter::once(source.clone()).chain(harness.iter().cloned());
        let harness_folder = root().join("c-tests/harness");
        let built = Program::new(sources)
            .flag("-I")
            .flag(harness_folder)
            .build(library, &program);
        if let Err(error) = built {
            report.fail(&name, &format!("{error:#}"));
            continue;
        }
        for &kind in &kinds {
            run_program(report, &name, &program, library, kind);
        }
    }
    Ok(())
}

fn run_program(report: &mut Report, name: &str, program: &Path, library: &Library, kind: Kind) {
    let label = format!("{name} on the {}", kind.name());
    let begin = Instant::now();
    match counted_run(program, library, kind) {
        Ok((counts, output)) => {
            let took = begin.elapsed().as_secs_f64();
            report.add(&format!("{label} ({took:.1} s)"), counts, &output);
        }
        Err(error) => report.fail(&label, &format!("{error:#}")),
    }
}

/// Runs a program that counts for itself. The second value is its output.
fn counted_run(program: &Path, library: &Library, kind: Kind) -> Result<(Counts, String)> {
    let server = kind.start(TICK_MS)?;
    let mut command: Command = tied_command(program);
    command.env("ZK_HOSTS", &server.hosts).env(
        "ZK_SERVER",
        if kind == Kind::Java { "java" } else { "test" },
    );
    if library.name == Library::ORIGINAL {
        // What is known to crash or hang there is skipped with its reason.
        command.env("ZK_REFERENCE", "1");
    }
    library.load_in(&mut command);
    let finished = run_captured(&mut command, LIMIT)?;
    let last = finished.stdout.lines().next_back().unwrap_or_default();
    let counts =
        Counts::parse(last).with_context(|| format!("no closing line\n{}", finished.describe()))?;
    if !finished.status.success() && counts.failed == 0 {
        bail!("{}", finished.describe());
    }
    if counts == Counts::default() {
        bail!("it ran no test");
    }
    Ok((counts, finished.describe()))
}

/// Files in `folder` with one of these extensions, sorted. None if the folder is not there.
fn sources(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().unwrap_or_default();
        if extensions.iter().any(|wanted| *wanted == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// File name of a source as the name of its program.
fn display_name(source: &Path) -> String {
    source
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
