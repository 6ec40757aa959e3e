//! Sessions with a server whose every connection goes wrong (crates/zk-hostile), on any library.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::artifacts::{Library, build, cargo, root, target_dir};
use crate::compile::Program;
use crate::packages;
use crate::process::{Running, tied_command, wait_for};

const START_LIMIT: Duration = Duration::from_secs(30);
/// A program that is told to end finishes its round first. Its own watchdog is faster.
const END_LIMIT: Duration = Duration::from_secs(180);
/// More failures than this say nothing new.
const MOST_FAILURES: usize = 200;
/// As often the server stands in the host list: clients pause when all of it has failed.
const ENTRIES: usize = 8;
/// Rounds after which everything that is kept has been made.
const WARM_UP: usize = 3;
/// What the heap may grow by after that, KiB: less than two bytes for each session of a long
/// run.
const HEAP_GROWTH: u64 = 256;
/// What resident memory may grow by, KiB, as arenas come and go.
const RESIDENT_GROWTH: u64 = 16 << 10;
/// What the program says with this status.
const HUNG: i32 = 3;

/// What to run.
#[derive(Debug)]
pub(crate) struct Options {
    /// Number of damaged sessions.
    pub(crate) sessions: u64,
    /// End after this time all the same.
    pub(crate) time: Duration,
    /// Threads that use handles.
    pub(crate) workers: u32,
    /// Chooses requests and damage.
    pub(crate) seed: u64,
    /// The library, if not ours.
    pub(crate) library: Option<PathBuf>,
}

impl Options {
    /// So many sessions on our library.
    pub(crate) fn of(sessions: u64) -> Self {
        Self {
            sessions,
            time: Duration::MAX,
            workers: 8,
            seed: 1,
            library: None,
        }
    }
}

/// What the program holds between two rounds, and what it has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Round {
    handles: u64,
    requests: u64,
    missing: u64,
    twice: u64,
    heap: u64,
    resident: u64,
    fds: u64,
    threads: u64,
}

impl Round {
    /// Reads `round N name value …`.
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.strip_prefix("round ")?.split(' ').collect();
        let value = |name: &str| {
            let at = words.iter().position(|word| *word == name)?;
            words.get(at + 1)?.parse().ok()
        };
        Some(Self {
            handles: value("handles")?,
            requests: value("requests")?,
            missing: value("missing")?,
            twice: value("twice")?,
            heap: value("heap")?,
            resident: value("resident")?,
            fds: value("fds")?,
            threads: value("threads")?,
        })
    }
}

/// One life of the program.
#[derive(Debug, Default)]
struct Life {
    rounds: Vec<Round>,
    /// How it ended, unless as told.
    failure: Option<String>,
}

/// What came of all sessions.
#[derive(Debug)]
pub(crate) struct Outcome {
    library: String,
    sessions: u64,
    time: Duration,
    lives: Vec<Life>,
}

impl Outcome {
    fn failures(&self) -> impl Iterator<Item = &str> {
        self.lives.iter().filter_map(|life| life.failure.as_deref())
    }

    /// The last rounds of all lives together.
    fn total(&self, field: impl Fn(&Round) -> u64) -> u64 {
        let last = self.lives.iter().filter_map(|life| life.rounds.last());
        last.map(field).sum()
    }

    /// Fails unless nothing crashed, nothing hung, nothing leaked and every request has ended
    /// exactly once.
    pub(crate) fn judge(&self) -> Result<()> {
        if let Some(failure) = self.failures().next() {
            bail!("{failure}");
        }
        let (missing, twice) = (self.total(|r| r.missing), self.total(|r| r.twice));
        ensure!(missing == 0, "{missing} requests have never ended");
        ensure!(twice == 0, "{twice} requests have ended more than once");
        for life in &self.lives {
            let (Some(warm), Some(last)) = (life.rounds.get(WARM_UP), life.rounds.last()) else {
                bail!("only {} rounds, too few to see a leak", life.rounds.len());
            };
            ensure!(
                last.heap <= warm.heap + HEAP_GROWTH,
                "the heap grew from {} to {} KiB",
                warm.heap,
                last.heap
            );
            ensure!(
                last.resident <= warm.resident + RESIDENT_GROWTH,
                "resident memory grew from {} to {} KiB",
                warm.resident,
                last.resident
            );
            ensure!(
                (last.fds, last.threads) == (warm.fds, warm.threads),
                "there were {} descriptors and {} threads, and are {} and {}",
                warm.fds,
                warm.threads,
                last.fds,
                last.threads
            );
        }
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let crashes = self.failures().count();
        let per = crashes as f64 * 10_000.0 / self.sessions.max(1) as f64;
        writeln!(
            f,
            "{}: {} sessions in {:.0} s, {} handles, {} requests",
            self.library,
            self.sessions,
            self.time.as_secs_f64(),
            self.total(|r| r.handles),
            self.total(|r| r.requests)
        )?;
        writeln!(
            f,
            "  crashed or hung {crashes} times, {per:.1} in 10,000 sessions; requests never ended: {}, ended twice: {}",
            self.total(|r| r.missing),
            self.total(|r| r.twice)
        )?;
        if let Some(life) = self.lives.last()
            && let (Some(warm), Some(last)) = (life.rounds.get(WARM_UP), life.rounds.last())
        {
            writeln!(
                f,
                "  heap {} to {} KiB, resident {} to {} KiB, descriptors {} to {}, threads {} to {}",
                warm.heap,
                last.heap,
                warm.resident,
                last.resident,
                warm.fds,
                last.fds,
                warm.threads,
                last.threads
            )?;
        }
        let mut kinds: Vec<&str> = self.failures().collect();
        kinds.sort_unstable();
        for same in kinds.chunk_by(|a, b| a == b) {
            writeln!(f, "  {} times: {}", same.len(), same[0])?;
        }
        Ok(())
    }
}

/// Runs and tells. `false` if something is wrong.
pub(crate) fn run(options: &Options) -> Result<bool> {
    packages::ensure()?;
    build()?;
    let outcome = torment(options)?;
    print!("{outcome}");
    let judged = outcome.judge();
    if let Err(error) = &judged {
        println!("  {error}");
    }
    Ok(judged.is_ok())
}

/// Runs until there were so many sessions, starting the program anew when it has crashed.
pub(crate) fn torment(options: &Options) -> Result<Outcome> {
    let library = match &options.library {
        Some(path) => Library::at(path)?,
        None => Library::ours(),
    };
    let folder = tempfile::tempdir()?;
    let program = compile(&folder)?;
    let server = Server::start(options.seed)?;
    let begin = Instant::now();
    let mut lives: Vec<Life> = Vec::new();
    while server.sessions() < options.sessions
        && begin.elapsed() < options.time
        && lives.len() < MOST_FAILURES
    {
        let seed = options.seed + lives.len() as u64;
        lives.push(live(&program, &library, &server, options, seed, begin)?);
    }
    Ok(Outcome {
        library: library.file().display().to_string(),
        sessions: server.sessions(),
        time: begin.elapsed(),
        lives,
    })
}

fn compile(folder: &TempDir) -> Result<PathBuf> {
    let status = cargo()
        .args(["build", "--quiet", "--release", "-p", "zk-hostile"])
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("cargo build: {status}");
    }
    let sources = ["sessions", "requests"];
    let sources = sources.map(|name| root().join(format!("c-tests/hostile/{name}.c")));
    let program = folder.path().join("sessions");
    Program::new(sources)
        .flag("-O2")
        .build(&Library::ours(), &program)?;
    Ok(program)
}

/// Runs the program until it crashes or there were enough sessions.
fn live(
    program: &Path,
    library: &Library,
    server: &Server,
    options: &Options,
    seed: u64,
    begin: Instant,
) -> Result<Life> {
    let mut command = tied_command(program);
    command
        .arg([server.hosts.as_str(); ENTRIES].join(","))
        .arg(options.workers.to_string())
        .arg(seed.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    library.load_in(&mut command);
    let mut process = Running::start(&mut command)?;
    let lines = lines_of(process.child().stdout.take().context("no stdout")?);
    let status = loop {
        if let Some(status) = process.try_wait()? {
            break Some(status);
        }
        if server.sessions() >= options.sessions || begin.elapsed() > options.time {
            break None;
        }
        thread::sleep(Duration::from_millis(20));
    };
    let told = status.is_none();
    let status = match status {
        Some(status) => Some(status),
        None => end(&mut process)?,
    };
    process.kill().ok();
    let lines = lines.recv().unwrap_or_default();
    Ok(Life {
        rounds: lines.iter().filter_map(|line| Round::parse(line)).collect(),
        failure: failure(status, told, &lines),
    })
}

/// Tells the program to end, and waits. `None` if it does not.
fn end(process: &mut Running) -> Result<Option<ExitStatus>> {
    drop(process.child().stdin.take());
    Ok(wait_for("its end", END_LIMIT, || process.try_wait()).ok())
}

fn failure(status: Option<ExitStatus>, told: bool, lines: &[String]) -> Option<String> {
    let Some(status) = status else {
        return Some(format!("it did not end in {END_LIMIT:?}"));
    };
    if status.success() && told {
        return None;
    }
    if status.code() == Some(HUNG) {
        let hang = lines.iter().find(|line| line.starts_with("hang "));
        return hang.map(|line| line.split(':').next().unwrap_or_default().to_owned());
    }
    match status.signal() {
        Some(signal) => Some(format!("killed by signal {signal}")),
        None => Some(status.to_string()),
    }
}

/// The bad server.
#[derive(Debug)]
struct Server {
    hosts: String,
    sessions: Arc<AtomicU64>,
    _process: Running,
}

impl Server {
    fn start(seed: u64) -> Result<Self> {
        let mut command = tied_command(target_dir().join("release/zk-hostile"));
        command
            .args(["--seed", &seed.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = Running::start(&mut command)?;
        let stdout = process.child().stdout.take().context("no stdout")?;
        let sessions = Arc::new(AtomicU64::new(0));
        let (sender, first_line) = mpsc::channel();
        thread::spawn({
            let sessions = sessions.clone();
            move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if let Some(hosts) = line.strip_prefix("listening on ") {
                        let _ = sender.send(hosts.to_owned());
                    } else if let Some(Ok(count)) = line.strip_prefix("sessions ").map(str::parse) {
                        sessions.fetch_max(count, Ordering::Relaxed);
                    }
                }
            }
        });
        Ok(Self {
            hosts: first_line
                .recv_timeout(START_LIMIT)
                .context("the server says nothing")?,
            sessions,
            _process: process,
        })
    }

    fn sessions(&self) -> u64 {
        self.sessions.load(Ordering::Relaxed)
    }
}

/// All lines of a pipe, when it has ended.
fn lines_of(pipe: impl Read + Send + 'static) -> mpsc::Receiver<Vec<String>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let lines = BufReader::new(pipe).lines().map_while(Result::ok);
        let _ = sender.send(lines.collect());
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(heap: u64, missing: u64) -> Round {
        let line = format!(
            "round 3 handles 320 requests 9211 refused 12 missing {missing} twice 0 heap {heap} resident 5120 fds 6 threads 2"
        );
        Round::parse(&line).unwrap()
    }

    fn outcome(rounds: Vec<Round>, failure: Option<&str>) -> Outcome {
        let failure = failure.map(str::to_owned);
        Outcome {
            library: "lib".to_owned(),
            sessions: 20_000,
            time: Duration::from_secs(10),
            lives: vec![Life { rounds, failure }],
        }
    }

    #[test]
    fn lines_of_rounds_are_read() {
        let round = round(81_234, 7);
        assert_eq!((round.handles, round.requests), (320, 9211));
        assert_eq!((round.heap, round.missing), (81_234, 7));
        assert_eq!((round.fds, round.threads), (6, 2));
        assert_eq!(Round::parse("hang in zookeeper_close: 3 outstanding"), None);
    }

    #[test]
    fn a_growing_heap_a_lost_request_and_a_crash_are_failures() {
        let flat = vec![round(100, 0); 10];
        assert!(outcome(flat.clone(), None).judge().is_ok());
        assert!(outcome(flat.clone(), Some("killed")).judge().is_err());
        assert!(outcome(flat[..2].to_vec(), None).judge().is_err());
        let mut growing = flat.clone();
        growing.push(round(100 + HEAP_GROWTH + 1, 0));
        assert!(outcome(growing, None).judge().is_err());
        let mut losing = flat;
        losing.push(round(100, 1));
        assert!(outcome(losing, None).judge().is_err());
    }

    #[test]
    fn crashes_are_told_per_ten_thousand_sessions() {
        let text = outcome(vec![round(1, 0)], Some("killed by signal 6")).to_string();
        assert!(
            text.contains("crashed or hung 1 times, 0.5 in 10,000"),
            "{text}"
        );
        assert!(text.contains("1 times: killed by signal 6"), "{text}");
    }
}
