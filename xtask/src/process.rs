//! Child processes that end when their handle does, or when we do.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A command whose process the kernel kills when the thread that started it ends.
///
/// `Drop` covers the orderly exits; this covers Ctrl-C and crashes. Start such processes from the main thread.
pub(crate) fn tied_command(program: impl AsRef<OsStr>) -> Command {
    const SETPRIV: &str = "/usr/bin/setpriv";
    if Path::new(SETPRIV).exists() {
        let mut command = Command::new(SETPRIV);
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// A running process, killed and reaped on drop.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// Starts the command.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        Ok(Self { child })
    }

    /// The process, for its pipes.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Exit status if the process has ended.
    pub(crate) fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Kills the process with SIGKILL and reaps it.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the process has already been reaped, which is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal of this name, as TERM, to a process.
pub(crate) fn signal(process: u32, name: &str) -> Result<()> {
    let status = Command::new("sh")
        .args(["-c", "kill -s \"$1\" \"$2\"", "sh", name])
        .arg(process.to_string())
        .status()?;
    if !status.success() {
        bail!("cannot send SIG{name} to process {process}: {status}");
    }
    Ok(())
}

/// What a finished process left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// Its standard output.
    pub(crate) stdout: String,
    /// Its standard error.
    pub(crate) stderr: String,
}

impl Finished {
    /// Both outputs and the exit status, for a failure report.
    pub(crate) fn describe(&self) -> String {
        format!(
            "{}\n--- stdout\n{}\n--- stderr\n{}",
            self.status,
            readable(&self.stdout),
            readable(&self.stderr)
        )
    }

    /// Fails with the outputs unless the process ended with status 0.
    pub(crate) fn success(self) -> Result<Self> {
        if !self.status.success() {
            bail!("{}", self.describe());
        }
        Ok(self)
    }
}

/// A text without its middle if it is so long that nobody would read it.
fn readable(text: &str) -> String {
    const KEPT: usize = 300;
    let lines: Vec<&str> = text.trim_end().lines().collect();
    match lines.len().checked_sub(2 * KEPT) {
        None | Some(0) => lines.join("\n"),
        Some(left_out) => format!(
            "{}\n... {left_out} lines left out ...\n{}",
            lines[..KEPT].join("\n"),
            lines[lines.len() - KEPT..].join("\n")
        ),
    }
}

/// Runs a command to its end, capturing its outputs; kills it and fails after `limit`.
pub(crate) fn run_captured(command: &mut Command, limit: Duration) -> Result<Finished> {
    let deadline = Instant::now() + limit;
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running::start(command)?;
    let stdout = collect(running.child().stdout.take());
    let stderr = collect(running.child().stderr.take());
    let mut in_time = true;
    let mut outputs = [stdout, stderr].map(|pipe| {
        let left = deadline.saturating_duration_since(Instant::now());
        match pipe.recv_timeout(left) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => {
                in_time = false;
                // Closes the pipe, so that what came so far is delivered.
                let _ = running.child.kill();
                let bytes = pipe
                    .recv_timeout(Duration::from_secs(5))
                    .unwrap_or_default();
                String::from_utf8_lossy(&bytes).into_owned()
            }
        }
    });
    let status = running.child.wait()?;
    let finished = Finished {
        status,
        stdout: std::mem::take(&mut outputs[0]),
        stderr: std::mem::take(&mut outputs[1]),
    };
    if !in_time {
        bail!(
            "{command:?} did not end in {limit:?}\n{}",
            finished.describe()
        );
    }
    Ok(finished)
}

/// Reads a pipe to its end on a thread of its own.
fn collect(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // A read error ends the output like an end of file does.
            let _ = pipe.read_to_end(&mut bytes);
        }
        let _ = sender.send(bytes);
    });
    receiver
}

/// Asks `condition` until it answers `Some`, at most for `limit`.
pub(crate) fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut condition: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = condition()? {
            return Ok(value);
        }
        if Instant::now() >= deadline {
            bail!("{what} did not happen in {limit:?}");
        }
        thread::sleep(Duration::from_millis(20));
    }
}
