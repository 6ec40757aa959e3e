//! Measuring the data path beside Debian's library.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::artifacts::{Library, build, root};
use crate::compile::Program;
use crate::process::{run_captured, tied_command};
use crate::server::Kind;

const LIMIT: Duration = Duration::from_secs(180);
const TICK_MS: u32 = 2000;
const HANDLES: usize = 200;
/// Each timing is the best of this many runs, as other work on the machine only makes it worse.
const RUNS: usize = 3;
/// A timed run has this many times the requests of the counted one, to be long enough for the clock.
const TIMED: usize = 4;

/// How much to ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Number of requests.
    pub(crate) requests: usize,
    /// Requests in flight.
    pub(crate) window: usize,
}

/// The compiled load program.
pub(crate) struct Bench {
    program: PathBuf,
    folder: TempDir,
}

impl Bench {
    /// Compiles it against `library`; it runs on any other as well.
    pub(crate) fn build(library: &Library) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let program = folder.path().join("pipelined_get");
        let source = root().join("c-tests/bench/pipelined_get.c");
        Program::new([source])
            .flag("-O2")
            .build(library, &program)?;
        Ok(Self { program, folder })
    }

    /// Counts the system calls of a whole run, start and end of the program included.
    pub(crate) fn system_calls_per_request(
        &self,
        library: &Library,
        hosts: &str,
        load: Load,
    ) -> Result<f64> {
        let counts = self.folder.path().join("strace");
        let mut command = tied_command("strace");
        command
            .args(["-c", "-f", "-o"])
            .arg(&counts)
            // The library's path is for the program, not for strace.
            .arg("-E")
            .arg(format!("LD_LIBRARY_PATH={}", library.folder.display()))
            .arg(&self.program)
            .args(["get", hosts])
            .args([load.requests.to_string(), load.window.to_string()]);
        run_captured(&mut command, LIMIT)?.success()?;
        let table = fs::read_to_string(&counts)?;
        let calls = total_calls(&table).with_context(|| format!("no total in\n{table}"))?;
        Ok(calls as f64 / load.requests as f64)
    }

    /// Runs the program and returns the values that it printed.
    fn values(&self, library: &Library, arguments: &[&str]) -> Result<BTreeMap<String, f64>> {
        let mut command: Command = tied_command(&self.program);
        command.args(arguments);
        library.load_in(&mut command);
        let finished = run_captured(&mut command, LIMIT)?.success()?;
        let pairs = finished.stdout.lines().filter_map(|line| {
            let (key, value) = line.split_once(' ')?;
            Some((key.to_owned(), value.parse().ok()?))
        });
        Ok(pairs.collect())
    }
}

/// The number of calls in the last line of `strace -c`.
pub(crate) fn total_calls(table: &str) -> Option<u64> {
    let total = table
        .lines()
        .rfind(|line| line.trim_end().ends_with("total"))?;
    // % time, seconds, usecs/call, calls, [errors], "total"
    total.split_whitespace().nth(3)?.parse().ok()
}

/// Measures all libraries on all servers that are here and prints a table.
pub(crate) fn run(load: Load) -> Result<()> {
    build()?;
    let ours = Library::ours();
    let mut libraries = vec![ours.clone()];
    libraries.extend(Library::original());
    let bench = Bench::build(&ours)?;
    println!(
        "{} zoo_aget, {} in flight, best of {RUNS} runs; system calls counted over {}",
        load.requests * TIMED,
        load.window,
        load.requests
    );
    println!(
        "{:<12}{:<10}{:>10}{:>10}{:>10}{:>12}{:>12}",
        "server", "library", "req/s", "user us", "sys us", "calls/req", "KiB/handle"
    );
    for kind in [Kind::Test, Kind::Java] {
        if let Some(reason) = kind.absence() {
            println!("{}: {reason}", kind.name());
            continue;
        }
        for library in &libraries {
            // A fresh server for each, so that none profits from what the former has warmed up.
            let server = kind.start(TICK_MS)?;
            let row = measure(&bench, library, &server.hosts, load)?;
            println!("{:<12}{:<10}{row}", kind.name(), library.name);
        }
    }
    for library in &libraries {
        let size = fs::metadata(library.file())?.len();
        println!(
            "size of {} library: {} KiB, {} KiB stripped",
            library.name,
            size / 1024,
            stripped_kib(&library.file())?
        );
    }
    Ok(())
}

fn measure(bench: &Bench, library: &Library, hosts: &str, load: Load) -> Result<String> {
    let requests = (load.requests * TIMED).to_string();
    let window = load.window.to_string();
    let mut best: Option<BTreeMap<String, f64>> = None;
    for _ in 0..RUNS {
        let values = bench.values(library, &["get", hosts, &requests, &window])?;
        let speed = |values: &BTreeMap<String, f64>| field(values, "requests_per_second");
        if best
            .as_ref()
            .is_none_or(|best| speed(best) < speed(&values))
        {
            best = Some(values);
        }
    }
    let best = best.context("no run")?;
    let calls = bench.system_calls_per_request(library, hosts, load)?;
    let memory = bench.values(library, &["handles", hosts, &HANDLES.to_string()])?;
    Ok(format!(
        "{:>10.0}{:>10.2}{:>10.2}{:>12.3}{:>12.1}",
        field(&best, "requests_per_second"),
        field(&best, "user_us_per_request"),
        field(&best, "system_us_per_request"),
        calls,
        field(&memory, "kib_per_handle"),
    ))
}

fn field(values: &BTreeMap<String, f64>, key: &str) -> f64 {
    values.get(key).copied().unwrap_or(f64::NAN)
}

fn stripped_kib(library: &Path) -> Result<u64> {
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("stripped");
    let mut command = Command::new("strip");
    command.arg("-o").arg(&copy).arg(library);
    run_captured(&mut command, LIMIT)?.success()?;
    Ok(fs::metadata(&copy)?.len() / 1024)
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
