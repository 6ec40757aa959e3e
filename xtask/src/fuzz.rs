//! The fuzz targets of `fuzz/`: built for libFuzzer, run side by side.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::artifacts::{cargo, root, target_dir};
use crate::process::{Running, run_captured, tied_command};

const TARGET: &str = "x86_64-unknown-linux-gnu";
const SYMBOLIZER: &str = "/usr/bin/addr2line";
const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);
/// Time for the last input, for leak checking and for writing what was found.
const AROUND: Duration = Duration::from_secs(120);
/// As cargo-fuzz builds: coverage of every edge and compare, what is undefined is caught.
const RUSTFLAGS: [&str; 9] = [
    "--cfg=fuzzing",
    "-Dwarnings",
    "-Zsanitizer=address",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cunsafe-allow-abi-mismatch=sanitizer",
];
/// A single input may take so many seconds.
const SLOW_SECONDS: u32 = 10;
const MEMORY_MIB: u32 = 1024;
/// Longest input, bytes.
const LONGEST: u32 = 4096;

/// What to run.
#[derive(Debug)]
pub(crate) struct Options {
    /// How long each target runs.
    pub(crate) time: Duration,
    /// The targets; all if there are none.
    pub(crate) targets: Vec<String>,
    /// How many run at a time.
    pub(crate) jobs: usize,
}

/// How the run of a target ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) target: String,
    /// Inputs that were tried.
    pub(crate) inputs: u64,
    pub(crate) seconds: f64,
    /// What is wrong with an input that was found, if one was.
    pub(crate) found: Option<String>,
}

/// Builds and runs, and tells what came of it. `false` if something was found.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let mut all_well = true;
    each(options, |outcome| {
        println!(
            "{}: {} inputs in {:.0} s, {} files in the corpus",
            outcome.target,
            outcome.inputs,
            outcome.seconds,
            files(&grown(&outcome.target))
        );
        if let Some(found) = &outcome.found {
            println!("{found}");
            all_well = false;
        }
    })?;
    Ok(all_well)
}

/// Builds the targets and runs them; `done` hears of each when it has ended.
pub(crate) fn each(options: &Options, mut done: impl FnMut(Outcome)) -> Result<()> {
    let targets = chosen(&options.targets)?;
    build()?;
    let mut waiting: VecDeque<String> = targets.into();
    let mut running: Vec<Run> = Vec::new();
    // Started by this thread and no other, see `tied_command`.
    while !(waiting.is_empty() && running.is_empty()) {
        while running.len() < options.jobs.max(1)
            && let Some(target) = waiting.pop_front()
        {
            running.push(Run::start(target, options.time)?);
        }
        let mut still = Vec::new();
        for mut run in running {
            match run.ended()? {
                Some(outcome) => done(outcome),
                None => still.push(run),
            }
        }
        running = still;
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Replaces the committed corpus of each target by the smallest one of all that is known which
/// covers as much.
pub(crate) fn minimise(targets: &[String]) -> Result<()> {
    build()?;
    for target in chosen(targets)? {
        let smallest = target_dir().join("fuzz/smallest").join(&target);
        if smallest.exists() {
            fs::remove_dir_all(&smallest)?;
        }
        fs::create_dir_all(&smallest)?;
        fs::create_dir_all(grown(&target))?;
        fs::create_dir_all(committed(&target))?;
        let mut command = Command::new(program(&target));
        command.args(["-set_cover_merge=1", "-max_len=1024"]).args([
            &smallest,
            &committed(&target),
            &grown(&target),
        ]);
        run_captured(&mut command, BUILD_LIMIT)?
            .success()
            .with_context(|| format!("minimising the corpus of {target}"))?;
        fs::remove_dir_all(committed(&target))?;
        fs::create_dir_all(committed(&target))?;
        let mut bytes = 0;
        for entry in fs::read_dir(&smallest)? {
            let entry = entry?;
            bytes += fs::copy(entry.path(), committed(&target).join(entry.file_name()))?;
        }
        println!("{target}: {} files, {bytes} bytes", files(&smallest));
    }
    Ok(())
}

/// The names of all targets, or of those that are asked for.
fn chosen(only: &[String]) -> Result<Vec<String>> {
    let mut known = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        known.extend(
            path.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned()),
        );
    }
    known.sort();
    if let Some(other) = only.iter().find(|name| !known.contains(name)) {
        bail!("there is no target '{other}', only {}", known.join(", "));
    }
    known.retain(|name| only.is_empty() || only.contains(name));
    Ok(known)
}

fn build_dir() -> PathBuf {
    target_dir().join("fuzz/build")
}

fn program(target: &str) -> PathBuf {
    build_dir().join(TARGET).join("release").join(target)
}

/// Inputs in the repository.
fn committed(target: &str) -> PathBuf {
    root().join("fuzz/corpus").join(target)
}

/// Inputs that runs have added.
fn grown(target: &str) -> PathBuf {
    target_dir().join("fuzz/corpus").join(target)
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

fn build() -> Result<()> {
    let mut command = cargo();
    command
        .args(["build", "--quiet", "--release", "--locked", "--bins"])
        .args(["--target", TARGET, "--manifest-path", "fuzz/Cargo.toml"])
        // A stable compiler does so when told that it may.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", RUSTFLAGS.join(" "))
        .env("CARGO_TARGET_DIR", build_dir());
    run_captured(&mut command, BUILD_LIMIT)?
        .success()
        .context("building the fuzz targets")?;
    Ok(())
}

/// A target at work.
#[derive(Debug)]
struct Run {
    target: String,
    process: Running,
    log: PathBuf,
    begin: Instant,
    limit: Duration,
}

impl Run {
    fn start(target: String, time: Duration) -> Result<Self> {
        let artifacts = target_dir().join("fuzz/found").join(&target);
        let logs = target_dir().join("fuzz/logs");
        for folder in [&artifacts, &logs, &grown(&target), &committed(&target)] {
            fs::create_dir_all(folder)?;
        }
        let log = logs.join(format!("{target}.log"));
        let output = File::create(&log)?;
        let mut command = tied_command(program(&target));
        command
            .arg(format!("-max_total_time={}", time.as_secs()))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .arg(format!("-timeout={SLOW_SECONDS}"))
            .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
            .arg(format!("-max_len={LONGEST}"))
            .args(["-print_final_stats=1", "-use_value_profile=1"])
            // What is new goes to the first.
            .args([grown(&target), committed(&target)])
            .env(
                "ASAN_OPTIONS",
                format!("external_symbolizer_path={SYMBOLIZER}"),
            )
            .stdout(output.try_clone()?)
            .stderr(output);
        Ok(Self {
            process: Running::start(&mut command)?,
            target,
            log,
            begin: Instant::now(),
            limit: time + AROUND,
        })
    }

    /// How it ended, if it has.
    fn ended(&mut self) -> Result<Option<Outcome>> {
        let status = self.process.try_wait()?;
        let elapsed = self.begin.elapsed();
        if status.is_none() && elapsed < self.limit {
            return Ok(None);
        }
        self.process.kill().ok();
        let log = fs::read(&self.log)?;
        let log = String::from_utf8_lossy(&log);
        let found = match status {
            Some(status) if status.success() => None,
            Some(status) => Some(format!("{status}\n{}", telling(&log))),
            None => Some(format!(
                "it did not end in {:?}\n{}",
                self.limit,
                telling(&log)
            )),
        };
        Ok(Some(Outcome {
            target: self.target.clone(),
            inputs: inputs(&log),
            seconds: elapsed.as_secs_f64(),
            found,
        }))
    }
}

/// The number of inputs tried, from libFuzzer's closing statistics or else from its last line
/// of progress.
fn inputs(log: &str) -> u64 {
    let number = |text: &str| text.trim().parse().ok();
    let closing = log
        .lines()
        .find_map(|line| number(line.strip_prefix("stat::number_of_executed_units:")?));
    let progress = || {
        log.lines()
            .filter_map(|line| number(line.strip_prefix('#')?.split_whitespace().next()?))
            .next_back()
    };
    closing.or_else(progress).unwrap_or(0)
}

/// The part of a log from the first complaint on.
fn telling(log: &str) -> String {
    const LINES: usize = 80;
    let is_complaint = |line: &&str| line.contains("panicked at") || line.contains("==ERROR");
    let lines: Vec<&str> = log.lines().collect();
    let from = lines
        .iter()
        .position(is_complaint)
        .unwrap_or_else(|| lines.len().saturating_sub(LINES));
    let shown: Vec<&str> = lines.into_iter().skip(from).take(LINES).collect();
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{inputs, telling};

    #[test]
    fn inputs_are_counted_in_whole_and_in_broken_logs() {
        let whole = "#7\tpulse\n#9 DONE\nstat::number_of_executed_units: 12\n";
        assert_eq!(inputs(whole), 12);
        assert_eq!(
            inputs("INFO: x\n#7\tpulse\n#9\tNEW cov: 3\nthread panicked"),
            9
        );
        assert_eq!(inputs(""), 0);
    }

    #[test]
    fn a_failure_is_shown_from_the_panic_on() {
        let log = "#7 pulse\nthread 'x' panicked at a.rs:1:\nassertion\n";
        assert_eq!(telling(log), "thread 'x' panicked at a.rs:1:\nassertion");
    }
}
