//! A process that does what it is told, line by line (`c-tests/recipes/actor`).

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::artifacts::Library;
use crate::process::{Running, signal, tied_command, wait_for};

/// Longest wait for a line.
const LIMIT: Duration = Duration::from_secs(60);

/// A running actor; killed on drop.
#[derive(Debug)]
pub(super) struct Actor {
    process: Running,
    input: ChildStdin,
    output: Receiver<String>,
    /// Lines that came and were not asked for yet.
    lines: VecDeque<String>,
}

impl Actor {
    /// Starts one and waits until its session is open.
    pub(super) fn start(
        library: &Library,
        program: &Path,
        hosts: &str,
        session_ms: u32,
    ) -> Result<Self> {
        let mut command = tied_command(program);
        command
            .args([hosts, &session_ms.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        library.load_in(&mut command);
        let mut process = Running::start(&mut command)?;
        let input = process.child().stdin.take().context("no stdin")?;
        let stdout = process.child().stdout.take().context("no stdout")?;
        let (sender, output) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut actor = Self {
            process,
            input,
            output,
            lines: VecDeque::new(),
        };
        actor.hear("open 0")?;
        Ok(actor)
    }

    /// Gives a command; it may be carried out later.
    pub(super) fn tell(&mut self, command: &str) -> Result<()> {
        writeln!(self.input, "{command}")?;
        Ok(())
    }

    /// Waits for the first line that begins with these words, takes it out and gives the rest.
    /// Lines before it stay.
    pub(super) fn hear(&mut self, words: &str) -> Result<String> {
        let deadline = Instant::now() + LIMIT;
        let mut looked_at = 0;
        loop {
            while let Some(line) = self.lines.get(looked_at) {
                if let Some(rest) = after(line, words) {
                    let rest = rest.to_owned();
                    self.lines.remove(looked_at);
                    return Ok(rest);
                }
                looked_at += 1;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(line) => self.lines.push_back(line),
                Err(error) => {
                    let why = match error {
                        RecvTimeoutError::Timeout => "did not come",
                        RecvTimeoutError::Disconnected => "will not come, the actor has ended",
                    };
                    bail!("'{words}' {why}; there was {:?}", self.lines);
                }
            }
        }
    }

    /// Gives a command and waits for the answer, which begins with the command's name.
    pub(super) fn ask(&mut self, command: &str) -> Result<String> {
        self.tell(command)?;
        self.hear(command.split(' ').next().unwrap_or(command))
    }

    /// Gives a command that must succeed. Gives what the answer says besides.
    pub(super) fn must(&mut self, command: &str) -> Result<String> {
        let answer = self.ask(command)?;
        match after(&answer, "0") {
            Some(rest) => Ok(rest.to_owned()),
            None => bail!("{command}: {answer}"),
        }
    }

    /// The number of children of a node.
    pub(super) fn count(&mut self, path: &str) -> Result<usize> {
        let answer = self.must(&format!("list {path}"))?;
        Ok(answer.split(' ').next().unwrap_or_default().parse()?)
    }

    /// Asks again and again until the node has so many children.
    pub(super) fn await_count(&mut self, path: &str, wanted: usize) -> Result<()> {
        self.await_range(path, wanted, wanted)
    }

    /// Asks again and again until the node has at least `least` and at most `most` children.
    pub(super) fn await_range(&mut self, path: &str, least: usize, most: usize) -> Result<()> {
        let what = format!("{least} to {most} children of {path}");
        wait_for(&what, LIMIT, || {
            Ok((least..=most).contains(&self.count(path)?).then_some(()))
        })
    }

    /// Whether a line that begins with these words has come by now.
    pub(super) fn has_said(&mut self, words: &str) -> bool {
        while let Ok(line) = self.output.try_recv() {
            self.lines.push_back(line);
        }
        self.lines.iter().any(|line| after(line, words).is_some())
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// SIGSTOP: it does nothing, and does not know.
    pub(super) fn pause(&self) -> Result<()> {
        signal(self.process.id(), "STOP")
    }

    /// SIGCONT.
    pub(super) fn resume(&self) -> Result<()> {
        signal(self.process.id(), "CONT")
    }
}

/// What comes after these words at the beginning of a line.
fn after<'a>(line: &'a str, words: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(words)?;
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix(' ')
}

/// The last word of an answer as a token.
pub(super) fn token(answer: &str) -> Result<i64> {
    let word = answer.split(' ').next_back().unwrap_or_default();
    word.parse()
        .with_context(|| format!("no token in '{answer}'"))
}
