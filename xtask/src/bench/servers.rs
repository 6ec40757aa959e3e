//! The servers that loads run against.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::artifacts::target_dir;
use crate::process::{Running, tied_command};
use crate::server;

const START_LIMIT: Duration = Duration::from_secs(30);
/// Sessions are not to expire while a machine is busy.
const TICK_MS: u32 = 3000;

/// Which server program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Answers from memory and does nothing else.
    Canned,
    /// `zk-test-server`.
    Test,
    /// Debian's ZooKeeper.
    Java,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Canned, Self::Test, Self::Java];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Canned => "canned",
            Self::Test => "test",
            Self::Java => "java",
        }
    }

    /// Why this server cannot be started here, if it cannot.
    pub(super) fn absence(self) -> Option<String> {
        match self {
            Self::Canned | Self::Test => None,
            Self::Java => server::Kind::Java.absence(),
        }
    }
}

/// A running server; it ends with its handle.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) kind: Kind,
    /// `HOST:PORT` for clients.
    pub(super) hosts: String,
    /// From the start of the process until it said where it listens.
    pub(super) ready: Duration,
    process: Process,
}

#[derive(Debug)]
enum Process {
    Own(Running),
    Java(#[allow(dead_code, reason = "held for its end")] server::Server),
}

impl Server {
    pub(super) fn start(kind: Kind) -> Result<Self> {
        match kind {
            Kind::Canned => Self::run(kind, "zk-canned-server", &[]),
            Kind::Test => {
                let tick = TICK_MS.to_string();
                let options = [
                    "--exit-on-stdin-close",
                    "--max-client-cnxns",
                    "0",
                    "--tick-time",
                    &tick,
                ];
                Self::run(kind, "zk-test-server", &options)
            }
            Kind::Java => {
                let begin = Instant::now();
                let server = server::Kind::Java.start(TICK_MS)?;
                Ok(Self {
                    kind,
                    hosts: server.hosts.clone(),
                    ready: begin.elapsed(),
                    process: Process::Java(server),
                })
            }
        }
        .with_context(|| format!("cannot start the {} server", kind.name()))
    }

    fn run(kind: Kind, program: &str, options: &[&str]) -> Result<Self> {
        let mut command = tied_command(target_dir().join("release").join(program));
        command
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let begin = Instant::now();
        let mut running = Running::start(&mut command)?;
        let stdout = running.child().stdout.take().context("no stdout")?;
        let (sender, first_line) = mpsc::channel();
        thread::spawn(move || {
            let line = BufReader::new(stdout).lines().next();
            // Nobody waits any more if the time is up.
            let _ = sender.send((line, Instant::now()));
        });
        let (line, at) = first_line
            .recv_timeout(START_LIMIT)
            .context("no first line")?;
        let line = line.context("it ended at once")??;
        let hosts = line
            .strip_prefix("listening on ")
            .with_context(|| format!("unexpected first line: {line}"))?;
        Ok(Self {
            kind,
            hosts: hosts.to_owned(),
            ready: at - begin,
            process: Process::Own(running),
        })
    }

    /// Resident memory of one of our own servers, MiB.
    pub(super) fn resident_mib(&self) -> Result<f64> {
        let Process::Own(running) = &self.process else {
            return Ok(f64::NAN);
        };
        let status = fs::read_to_string(format!("/proc/{}/status", running.id()))?;
        let kib: f64 = status
            .lines()
            .find_map(|line| {
                line.strip_prefix("VmRSS:")?
                    .split_whitespace()
                    .next()?
                    .parse()
                    .ok()
            })
            .context("no VmRSS")?;
        Ok(kib / 1024.0)
    }
}
