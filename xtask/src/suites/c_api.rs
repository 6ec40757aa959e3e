//! The C API, called from the C and C++ programs in `c-tests/api` and `c-tests/faults`.
//!
//! Every program is linked with all of `c-tests/harness`, gets a server of its own in `ZK_HOSTS`, and prints
//! `N passed, N failed, N skipped` as its last line.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::artifacts::{Library, root};
use crate::compile::{Program, compile};
use crate::process::{run_captured, tied_command};
use crate::report::{Counts, Report};
use crate::server::Kind;
use crate::suites::{original, servers};

const LIMIT: Duration = Duration::from_secs(180);
const HARNESS: &str = "c-tests/harness";
/// Half of the shortest session timeout; tests of expiry are as fast as this is short.
pub(crate) const TICK_MS: u32 = 200;

pub(super) fn run(report: &mut Report) -> Result<()> {
    let kinds = servers(report, "the C API");
    Setup::of(Library::ours()).run(report, &kinds)
}

/// Runs the programs on the original, which proves that they are right about it.
pub(super) fn run_original(report: &mut Report) -> Result<()> {
    let Some(library) = original(report, "the C API of the original") else {
        return Ok(());
    };
    let kinds = servers(report, "the C API");
    Setup::of(library).run(report, &kinds)
}

/// How the programs are built and run.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(super) library: Library,
    /// The folder of the programs, relative to the repository's root.
    pub(super) programs: &'static str,
    pub(super) flags: Vec<OsString>,
    pub(super) link_flags: Vec<OsString>,
    pub(crate) environment: Vec<(&'static str, OsString)>,
    /// A program and its arguments that runs each of them.
    pub(super) wrapper: Vec<OsString>,
    /// Names of sources to run; all if empty.
    pub(crate) only: Vec<String>,
    /// Time that a program may take.
    pub(crate) limit: Duration,
    /// Shows what programs remark, lines that begin with `#`, even if all is well.
    pub(crate) remarks: bool,
}

impl Setup {
    /// For the programs of `c-tests/api`, with nothing special.
    pub(crate) fn of(library: Library) -> Self {
        Self {
            library,
            programs: "c-tests/api",
            flags: Vec::new(),
            link_flags: Vec::new(),
            environment: Vec::new(),
            wrapper: Vec::new(),
            only: Vec::new(),
            limit: LIMIT,
            remarks: false,
        }
    }

    pub(crate) fn run(&self, report: &mut Report, kinds: &[Kind]) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let harness = self.harness(folder.path())?;
        let mut tests = sources(&root().join(self.programs), &["c", "cpp"])?;
        tests.retain(|source| self.only.is_empty() || self.only.contains(&display_name(source)));
        if tests.len() < self.only.len() {
            bail!("not all of {:?} are in {}", self.only, self.programs);
        }
        if tests.is_empty() {
            bail!("there are no programs in {}", self.programs);
        }
        for source in tests {
            let name = display_name(&source);
            match self.program(folder.path(), &source, &harness) {
                Ok(program) => {
                    for &kind in kinds {
                        self.run_program(report, &name, &program, kind);
                    }
                }
                Err(error) => report.fail(&name, &format!("{error:#}")),
            }
        }
        Ok(())
    }

    /// Compiles into `folder` what all programs are linked with.
    pub(crate) fn harness(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let mut harness = Vec::new();
        for source in sources(&root().join(HARNESS), &["c"])? {
            let object = folder.join(display_name(&source) + ".o");
            compile(&source, &self.compiler_flags(), &object)?;
            harness.push(object);
        }
        Ok(harness)
    }

    /// Builds a program in `folder`.
    pub(crate) fn program(
        &self,
        folder: &Path,
        source: &Path,
        harness: &[PathBuf],
    ) -> Result<PathBuf> {
        let program = folder.join(display_name(source));
        let sources = std::iter::once(source.to_owned()).chain(harness.iter().cloned());
        Program::new(sources)
            .flags(&self.compiler_flags())
            .link_flags(&self.link_flags)
            .build(&self.library, &program)?;
        Ok(program)
    }

    fn compiler_flags(&self) -> Vec<OsString> {
        let mut flags = self.flags.clone();
        flags.extend(["-I".into(), root().join(HARNESS).into()]);
        flags
    }

    /// What runs a program on the library, this server being there.
    pub(crate) fn test_command(&self, program: &Path, hosts: &str, kind: Kind) -> Command {
        let mut command = self.command(program);
        let server = if kind == Kind::Java { "java" } else { "test" };
        command
            .envs(self.environment.iter().cloned())
            .env("ZK_HOSTS", hosts)
            .env("ZK_SERVER", server);
        command
    }

    fn run_program(&self, report: &mut Report, name: &str, program: &Path, kind: Kind) {
        let label = format!("{name} on the {}", kind.name());
        let begin = Instant::now();
        match self.counted_run(program, kind) {
            Ok((counts, output)) => {
                let took = begin.elapsed().as_secs_f64();
                report.add(&format!("{label} ({took:.1} s)"), counts, &output);
            }
            Err(error) => report.fail(&label, &format!("{error:#}")),
        }
    }

    /// Runs a program that counts for itself. The second value is its output.
    fn counted_run(&self, program: &Path, kind: Kind) -> Result<(Counts, String)> {
        let server = kind.start(TICK_MS)?;
        let mut command = self.test_command(program, &server.hosts, kind);
        if self.library.name == Library::ORIGINAL {
            // What is known to crash or hang there is skipped with its reason.
            command.env("ZK_REFERENCE", "1");
        }
        let finished = run_captured(&mut command, self.limit)?;
        if self.remarks {
            let remarks = finished.stdout.lines().filter(|line| line.starts_with('#'));
            remarks.for_each(|line| println!("   {line}"));
        }
        let last = finished.stdout.lines().next_back().unwrap_or_default();
        let counts = Counts::parse(last)
            .with_context(|| format!("no closing line\n{}", finished.describe()))?;
        if !finished.status.success() && counts.failed == 0 {
            bail!("{}", finished.describe());
        }
        if counts == Counts::default() {
            bail!("it ran no test");
        }
        Ok((counts, finished.describe()))
    }
}

impl Setup {
    /// Builds and runs one program that is no list of tests, however it ends.
    pub(super) fn run_alone(
        &self,
        sources: &[&str],
        arguments: &[&str],
        environment: &[(&str, OsString)],
    ) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let program = folder.path().join("alone");
        Program::new(sources.iter().map(|source| root().join(source)))
            .flags(&self.flags)
            .link_flags(&self.link_flags)
            .build(&self.library, &program)?;
        let mut command = self.command(&program);
        command.args(arguments).envs(environment.iter().cloned());
        run_captured(&mut command, self.limit)?;
        Ok(())
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = match self.wrapper.split_first() {
            None => tied_command(program),
            Some((wrapper, arguments)) => {
                let mut command = tied_command(wrapper);
                command.args(arguments).arg(program);
                command
            }
        };
        self.library.load_in(&mut command);
        command
    }
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
