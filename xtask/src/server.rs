//! ZooKeeper servers that live as long as their handle.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::artifacts::target_dir;
use crate::process::{Running, run_captured, tied_command, wait_for};

const JAR: &str = "/usr/share/java/zookeeper.jar";
const LOGGER: &str = "/usr/share/java/slf4j-nop.jar";
const START_LIMIT: Duration = Duration::from_secs(30);
/// Longest session that a server grants; by default it would be 20 ticks.
const MAX_SESSION_MS: &str = "60000";

/// Which server program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `zk-test-server` of this repository.
    Test,
    /// Debian's ZooKeeper.
    Java,
}

impl Kind {
    /// Short name for messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Test => "test server",
            Self::Java => "Java server",
        }
    }

    /// Why this server cannot be started here, if it cannot.
    pub(crate) fn absence(self) -> Option<String> {
        match self {
            Self::Test => None,
            Self::Java if !Path::new(JAR).exists() => {
                Some(format!("{JAR} is absent (Debian package zookeeper)"))
            }
            Self::Java => match run_captured(Command::new("java").arg("-version"), START_LIMIT) {
                Ok(finished) if finished.status.success() => None,
                _ => Some("java does not run (Debian package default-jre-headless)".to_owned()),
            },
        }
    }

    /// Starts a fresh, empty server. `tick_ms` is its tick, half of the shortest session timeout.
    pub(crate) fn start(self, tick_ms: u32) -> Result<Server> {
        match self {
            Self::Test => start_test_server(tick_ms),
            Self::Java => start_java_server(tick_ms),
        }
        .with_context(|| format!("cannot start the {}", self.name()))
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    /// `HOST:PORT` for clients.
    pub(crate) hosts: String,
    // Declared before the folder, so that the process is gone when its files are removed.
    _process: Running,
    _folder: Option<TempDir>,
}

fn start_test_server(tick_ms: u32) -> Result<Server> {
    let program = target_dir().join("release/zk-test-server");
    let mut command = tied_command(program);
    command
        .args(["--port", "0", "--exit-on-stdin-close"])
        .args(["--max-client-cnxns", "0"])
        .args(["--max-session-timeout", MAX_SESSION_MS, "--tick-time"])
        .arg(tick_ms.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut process = Running::start(&mut command)?;
    let stdout = process.child().stdout.take().context("no stdout")?;
    let (sender, first_line) = mpsc::channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(stdout).lines();
        let _ = sender.send(lines.next());
        // Keeps reading, so that the server never finds the pipe full or closed.
        lines.for_each(drop);
    });
    let line = first_line
        .recv_timeout(START_LIMIT)
        .context("no first line on its stdout")?
        .context("it ended at once")??;
    let hosts = line
        .strip_prefix("listening on ")
        .with_context(|| format!("unexpected first line: {line}"))?
        .to_owned();
    Ok(Server {
        hosts,
        _process: process,
        _folder: None,
    })
}

fn start_java_server(tick_ms: u32) -> Result<Server> {
    // The server cannot report a port it chose itself, so a free one is looked for first. Someone else may take it in
    // between: then the server ends at once and the next port is tried.
    const ATTEMPTS: u32 = 5;
    for _ in 0..ATTEMPTS {
        if let Some(server) = try_java_server(tick_ms)? {
            return Ok(server);
        }
    }
    bail!("it ended at once on {ATTEMPTS} different ports")
}

fn try_java_server(tick_ms: u32) -> Result<Option<Server>> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("zoo.cfg");
    fs::write(
        &config,
        format!(
            "tickTime={tick_ms}\n\
             maxSessionTimeout={MAX_SESSION_MS}\n\
             dataDir={}\n\
             clientPort={port}\n\
             clientPortAddress=127.0.0.1\n\
             maxClientCnxns=0\n\
             admin.enableServer=false\n\
             4lw.commands.whitelist=*\n\
             extendedTypesEnabled=true\n",
            folder.path().join("data").display()
        ),
    )?;
    let mut command = tied_command("java");
    command
        .args([
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-Dzookeeper.extendedTypesEnabled=true",
        ])
        .arg("-cp")
        .arg(format!("{LOGGER}:{JAR}"))
        .arg("org.apache.zookeeper.server.quorum.QuorumPeerMain")
        .arg(&config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut process = Running::start(&mut command)?;
    let hosts = format!("127.0.0.1:{port}");
    let running = wait_for("an answer to ruok", START_LIMIT, || {
        if process.try_wait()?.is_some() {
            return Ok(Some(false));
        }
        Ok(four_letter_word(&hosts, "ruok")
            .is_ok_and(|answer| answer == "imok")
            .then_some(true))
    })?;
    Ok(running.then_some(Server {
        hosts,
        _process: process,
        _folder: Some(folder),
    }))
}

/// Sends a four-letter word and returns the answer.
fn four_letter_word(hosts: &str, word: &str) -> Result<String> {
    let mut stream = TcpStream::connect(hosts)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(word.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
