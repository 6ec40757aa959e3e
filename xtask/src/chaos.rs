//! Clients on a real ensemble under faults, and the checker of what they saw (docs/chaos.md).

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::artifacts::{Library, build, cargo, target_dir};
use crate::packages;
use crate::process::{Finished, Running, run_captured, tied_command};

/// Longest time that a run takes besides the requests: to start servers, to wait for the last
/// fault and for sessions to expire, and to read everything.
const AROUND: Duration = Duration::from_secs(6 * 60);
/// A run gets so many times its time until each kind of fault has come.
const SLOW: u32 = 3;

/// What kind of run.
#[derive(Debug)]
pub(crate) struct Options {
    /// End after so many requests.
    pub(crate) operations: Option<u64>,
    /// End after this time.
    pub(crate) time: Duration,
    /// The seed of the schedule; a random one if none.
    pub(crate) seed: Option<u64>,
    /// The library, if not ours.
    pub(crate) library: Option<PathBuf>,
}

impl Options {
    /// A run of this time with a random seed.
    pub(crate) fn lasting(time: Duration) -> Self {
        Self {
            operations: None,
            time,
            seed: None,
            library: None,
        }
    }

    fn command(&self) -> Result<Command> {
        let library = match &self.library {
            Some(path) => Library::at(path)?,
            None => Library::ours(),
        };
        let status = cargo()
            .args(["build", "--quiet", "--release", "-p", "zk-chaos"])
            .status()
            .context("cannot start cargo")?;
        if !status.success() {
            bail!("cargo build: {status}");
        }
        let mut command = tied_command(target_dir().join("release/zk-chaos"));
        command.arg("--library").arg(library.file());
        command.args(["--seconds", &self.time.as_secs().to_string()]);
        if let Some(operations) = self.operations {
            command.args(["--operations", &operations.to_string()]);
        }
        if let Some(seed) = self.seed {
            command.args(["--seed", &seed.to_string()]);
        }
        Ok(command)
    }
}

/// Runs and shows everything while it happens. `false` if a promise was broken.
pub(crate) fn run(options: &Options) -> Result<bool> {
    packages::ensure()?;
    build()?;
    let mut running = Running::start(&mut options.command()?)?;
    Ok(running.child().wait()?.success())
}

/// Runs and gives what it printed.
pub(crate) fn run_silently(options: &Options) -> Result<Finished> {
    run_captured(&mut options.command()?, options.time * SLOW + AROUND)
}
