//! ZooKeeper servers that live as long as their handle.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use zk_ensemble::{Ensemble, Options};

use crate::artifacts::target_dir;
use crate::process::{Running, tied_command};

const START_LIMIT: Duration = Duration::from_secs(30);
/// Longest session that a server grants; by default it would be 20 ticks.
const MAX_SESSION_MS: u32 = 60_000;

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
            Self::Java => zk_ensemble::absence(),
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
    process: Process,
}

impl Server {
    /// Where it listens.
    pub(crate) fn address(&self) -> Result<SocketAddr> {
        Ok(self.hosts.parse()?)
    }

    /// Kills it and starts it again with what it had on disk; the test server has nothing there.
    pub(crate) fn restart(&mut self) -> Result<()> {
        match &mut self.process {
            Process::Test(_) => bail!("the test server forgets all in a restart"),
            Process::Java(ensemble) => {
                ensemble.kill(0);
                ensemble.restart(0)?;
                ensemble.wait_until_serving(0)?;
                Ok(())
            }
        }
    }
}

/// Held for its end.
#[derive(Debug)]
enum Process {
    Test(#[allow(dead_code, reason = "held for its end")] Running),
    Java(Ensemble),
}

fn start_test_server(tick_ms: u32) -> Result<Server> {
    let program = target_dir().join("release/zk-test-server");
    let mut command = tied_command(program);
    command
        .args(["--port", "0", "--exit-on-stdin-close"])
        .args(["--max-client-cnxns", "0"])
        .args(["--max-session-timeout", &MAX_SESSION_MS.to_string()])
        .args(["--tick-time", &tick_ms.to_string()])
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
        process: Process::Test(process),
    })
}

fn start_java_server(tick_ms: u32) -> Result<Server> {
    let ensemble = Ensemble::start(Options {
        servers: 1,
        tick_ms,
        max_session_ms: MAX_SESSION_MS,
        heap_mb: 512,
        as_in_production: true,
        ..Options::default()
    })?;
    Ok(Server {
        hosts: ensemble.hosts(),
        process: Process::Java(ensemble),
    })
}
