//! The load programs: built once, run on any library.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::cases::Settings;
use crate::artifacts::{Library, root};
use crate::compile::{Program, compiler};
use crate::process::{run_captured, tied_command};

/// Debian's library for application-driven loops.
const SINGLE_THREADED: &str = "/usr/lib/x86_64-linux-gnu/libzookeeper_st.so.2";
const LIMIT: Duration = Duration::from_secs(300);

/// What a load program printed.
pub(super) type Values = BTreeMap<String, f64>;

/// What is measured.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    /// A library under `load`.
    Library(Library),
    /// A bare socket: `floor`.
    Floor,
}

impl Subject {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Library(library) => library.name,
            Self::Floor => "floor",
        }
    }
}

/// Who drives the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoadKind {
    /// Its own threads.
    Threads,
    /// A loop of the program's own.
    Loop,
}

/// Whether the original can be driven by a loop here.
pub(super) fn single_threaded_original() -> bool {
    Path::new(SINGLE_THREADED).exists()
}

/// One execution of a load program.
#[derive(Debug)]
pub(super) struct Load<'a> {
    pub(super) name: &'a str,
    pub(super) kind: LoadKind,
    pub(super) hosts: &'a str,
    pub(super) settings: &'a Settings,
}

impl Load<'_> {
    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![self.name.to_owned(), format!("hosts={}", self.hosts)];
        arguments.extend(
            self.settings
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        arguments
    }
}

/// The compiled programs.
#[derive(Debug)]
pub(super) struct Programs {
    folder: TempDir,
}

impl Programs {
    pub(super) fn build() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let sources = |names: &[&str]| -> Vec<PathBuf> {
            let bench = root().join("c-tests/bench");
            names
                .iter()
                .map(|name| bench.join(format!("{name}.c")))
                .collect()
        };
        // One program for both libraries: linked against one, run on either.
        let load = [
            "load", "bench", "client", "pipeline", "sync", "handles", "watches",
        ];
        Program::new(sources(&load))
            .flag("-O2")
            .build(&Library::ours(), &folder.path().join("load"))?;
        compile(
            &sources(&["floor", "floor_frames", "floor_threads", "bench"]),
            &["-pthread"],
            &folder.path().join("floor"),
        )?;
        compile(
            &sources(&["count_malloc"]),
            &["-shared", "-fPIC"],
            &folder.path().join("count_malloc.so"),
        )?;
        Self::build_loop(folder.path())?;
        Ok(Self { folder })
    }

    /// Debian has application-driven loops in a library of their own; ours has them in this one.
    fn build_loop(folder: &Path) -> Result<()> {
        let bench = root().join("c-tests/bench");
        let sources = [bench.join("loop.c"), bench.join("bench.c")];
        Program::new(sources.clone())
            .flag("-O2")
            .build(&Library::ours(), &folder.join("loop"))?;
        if single_threaded_original() {
            let include = format!("-I{}", root().join("include").display());
            let linked = sources.into_iter().chain([SINGLE_THREADED.into()]);
            let linked: Vec<PathBuf> = linked.collect();
            compile(&linked, &["-pthread", &include], &folder.join("loop_st"))?;
        }
        Ok(())
    }

    /// Runs a load and returns what it printed.
    pub(super) fn run(&self, subject: &Subject, load: &Load<'_>) -> Result<Values> {
        let mut command = self.command(subject, load.kind);
        values(command.args(load.arguments()))
    }

    /// Runs a load with allocations being counted.
    pub(super) fn run_counting_allocations(
        &self,
        subject: &Subject,
        load: &Load<'_>,
    ) -> Result<Values> {
        // In the program's environment only: the launcher allocates as well.
        let mut command = tied_command("env");
        command.arg(format!(
            "LD_PRELOAD={}",
            self.path("count_malloc.so").display()
        ));
        command.arg(self.program(subject, load.kind));
        if let Subject::Library(library) = subject {
            library.load_in(&mut command);
        }
        values(command.args(load.arguments()))
    }

    /// System calls of a load for each request, start and end of the program included.
    pub(super) fn system_calls(&self, subject: &Subject, load: &Load<'_>) -> Result<f64> {
        let table = self.path("strace");
        let mut command = tied_command("strace");
        command.args(["-c", "-f", "-o"]).arg(&table);
        if let Subject::Library(library) = subject {
            // The library's path is for the program, not for strace.
            command
                .arg("-E")
                .arg(format!("LD_LIBRARY_PATH={}", library.folder.display()));
        }
        let printed = values(
            command
                .arg(self.program(subject, load.kind))
                .args(load.arguments()),
        )?;
        let table = fs::read_to_string(&table)?;
        let calls = total_calls(&table).with_context(|| format!("no total in\n{table}"))?;
        let requests = printed
            .get("total")
            .context("the program printed no total")?;
        Ok(calls as f64 / requests)
    }

    /// Runs a load and has perf write samples of its stacks.
    pub(super) fn sample(&self, subject: &Subject, load: &Load<'_>, samples: &Path) -> Result<()> {
        let mut command = tied_command("perf");
        // Without frame pointers, stacks are told from copies of their upper ends.
        command.args([
            "record",
            "--quiet",
            "-F",
            "499",
            "--call-graph",
            "dwarf,4096",
            "-o",
        ]);
        command
            .arg(samples)
            .arg("--")
            .arg(self.program(subject, load.kind));
        if let Subject::Library(library) = subject {
            library.load_in(&mut command);
        }
        run_captured(command.args(load.arguments()), LIMIT)?.success()?;
        Ok(())
    }

    fn command(&self, subject: &Subject, kind: LoadKind) -> Command {
        let mut command = tied_command(self.program(subject, kind));
        if let Subject::Library(library) = subject {
            library.load_in(&mut command);
        }
        command
    }

    fn program(&self, subject: &Subject, kind: LoadKind) -> PathBuf {
        self.path(match (subject, kind) {
            (Subject::Floor, _) => "floor",
            (Subject::Library(_), LoadKind::Threads) => "load",
            (Subject::Library(library), LoadKind::Loop) if library.name == "original" => "loop_st",
            (Subject::Library(_), LoadKind::Loop) => "loop",
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Compiles what does not use the library.
fn compile(sources: &[PathBuf], flags: &[&str], output: &Path) -> Result<()> {
    let mut command = compiler(false);
    command
        .args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"])
        .args(flags)
        .args(sources)
        .arg("-o")
        .arg(output);
    run_captured(&mut command, LIMIT)?
        .success()
        .with_context(|| format!("compiling {}", output.display()))?;
    Ok(())
}

fn values(command: &mut Command) -> Result<Values> {
    let finished = run_captured(command, LIMIT)?.success()?;
    let pairs = finished.stdout.lines().filter_map(|line| {
        let (key, value) = line.split_once(' ')?;
        Some((key.to_owned(), value.parse().ok()?))
    });
    Ok(pairs.collect())
}

/// The number of calls in the last line of `strace -c`.
fn total_calls(table: &str) -> Option<u64> {
    let total = table
        .lines()
        .rfind(|line| line.trim_end().ends_with("total"))?;
    // % time, seconds, usecs/call, calls, [errors], "total"
    total.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::total_calls;

    #[test]
    fn the_total_of_strace_is_read_with_and_without_errors() {
        let head = "% time     seconds  usecs/call     calls    errors syscall\n";
        let with = format!("{head}100.00    1.500000           3     48012        12 total\n");
        let without = format!("{head}100.00    1.500000           3     48012           total\n");
        assert_eq!(total_calls(&with), Some(48012));
        assert_eq!(total_calls(&without), Some(48012));
        assert_eq!(total_calls(head), None);
    }
}
