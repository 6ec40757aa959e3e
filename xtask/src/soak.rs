//! Many handles under random calls and faults, and what they must not leave behind (`c-tests/soak`).
//!
//! This is the director: it breaks the network, asks for quiet when the program wants to look at
//! itself, and judges what it then holds.

mod faults;
mod readings;

use std::io::{BufRead, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::artifacts::{Library, build, root};
use crate::compile::Program;
use crate::process::{Running, tied_command};
use crate::server::Kind;
use faults::Weather;
use readings::Protocol;

/// Half of the shortest session timeout. Sessions of 4 s expire within a tick after that.
const TICK_MS: u32 = 500;
/// The handles are spread over so many proxies, each with faults of its own.
const PROXIES: usize = 4;
/// Without caches of threads and arenas of their own, what is allocated is exactly that: with
/// them, blocks kept for later and the borders of arenas count too.
const EXACT_HEAP: &str = "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1";
/// Longest silence of the program: between two readings, and while it opens or closes all handles.
const PATIENCE: Duration = Duration::from_secs(180);

/// What kind of run.
#[derive(Debug)]
pub(crate) struct Options {
    /// How long.
    pub(crate) time: Duration,
    /// Time between two readings.
    pub(crate) interval: Duration,
    /// Number of handles.
    pub(crate) handles: usize,
    /// What the random choices come from; a random one if none.
    pub(crate) seed: Option<u64>,
    /// The server.
    pub(crate) kind: Kind,
    /// The library, if not ours.
    pub(crate) library: Option<PathBuf>,
}

impl Options {
    /// A run of this time as it is usually made.
    pub(crate) fn lasting(time: Duration) -> Self {
        Self {
            time,
            // 30 readings and more let growth be told from noise.
            interval: (time / 40).clamp(Duration::from_secs(2), Duration::from_secs(30)),
            handles: 200,
            seed: None,
            kind: Kind::Test,
            library: None,
        }
    }
}

/// Builds what is needed, runs and shows what comes. `false` if something was not as it must be.
pub(crate) fn run(options: &Options) -> Result<bool> {
    build()?;
    let verdict = play(options, &mut |line| println!("{line}"))?;
    println!("{}", verdict.summary);
    for fault in &verdict.faults {
        println!("NOT RIGHT: {fault}");
    }
    Ok(verdict.faults.is_empty())
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Figures.
    pub(crate) summary: String,
    /// All that was not as it must be.
    pub(crate) faults: Vec<String>,
}

/// Runs on a fresh server. `show` gets the lines of the program and the faults.
pub(crate) fn play(options: &Options, show: &mut dyn FnMut(&str)) -> Result<Verdict> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    show(&format!("seed {seed}"));
    let library = match &options.library {
        Some(path) => Library::at(path)?,
        None => Library::ours(),
    };
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("soak");
    let sources = [
        "main.c",
        "slot.c",
        "choose.c",
        "async.c",
        "sync.c",
        "reading.c",
    ];
    Program::new(sources.map(|name| root().join("c-tests/soak").join(name)))
        .build(&library, &program)?;

    let server = options.kind.start(TICK_MS)?;
    let address: SocketAddr = server.address()?;
    let mut weather = Weather::new(seed, address, PROXIES)?;
    let mut command = tied_command(&program);
    command
        .arg(seed.to_string())
        .arg(options.handles.to_string())
        .arg(options.time.as_secs().to_string())
        .arg(options.interval.as_secs().to_string())
        .args(weather.hosts())
        .env("GLIBC_TUNABLES", EXACT_HEAP)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    library.load_in(&mut command);
    let mut process = Running::start(&mut command)?;
    let mut input = process.child().stdin.take().context("no stdin")?;
    let lines = lines(&mut process)?;

    let mut protocol = Protocol::default();
    let mut quiet_wanted = false;
    let mut heard = Instant::now();
    loop {
        if quiet_wanted && weather.is_calm() {
            quiet_wanted = false;
            writeln!(input, "quiet")?;
        }
        let now = Instant::now();
        weather.pass(now)?;
        match lines.recv_timeout(weather.next().saturating_duration_since(now)) {
            Ok(line) => {
                heard = now;
                if line == "quiet?" {
                    weather.calm_down();
                    quiet_wanted = true;
                } else {
                    show(&line);
                    if protocol.hear(&line)? {
                        weather.go_on();
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) if heard.elapsed() < options.interval + PATIENCE => {}
            Err(RecvTimeoutError::Timeout) => bail!("the program hangs (seed {seed})"),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = process.child().wait()?;
    let mut faults = protocol.judge();
    // Status 1 is its way to say that there were violations.
    if !status.success() && (faults.is_empty() || status.code() != Some(1)) {
        faults.push(format!("the program ended with {status}"));
    }
    let summary = format!("{}; {}; seed {seed}", protocol.summary(), weather.summary());
    Ok(Verdict { summary, faults })
}

/// The program's lines, as they come.
fn lines(process: &mut Running) -> Result<Receiver<String>> {
    let stdout = process.child().stdout.take().context("no stdout")?;
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    Ok(receiver)
}
