//! Driving a prebuilt program that reads commands on stdin and answers on stderr.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::artifacts::Library;
use crate::process::{Running, tied_command, wait_for};

/// How long one answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// A running program and everything it has printed so far.
pub(super) struct Driven {
    process: Running,
    stdin: Option<ChildStdin>,
    stderr: Receiver<String>,
    stdout: Receiver<String>,
    /// Lines of stderr in order.
    pub(super) transcript: Vec<String>,
}

impl Driven {
    /// Starts `program` on `library` and makes sure that it is this library that it loaded.
    pub(super) fn start(program: &str, arguments: &[&str], library: &Library) -> Result<Self> {
        let mut command = tied_command(program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        library.load_in(&mut command);
        let mut process = Running::start(&mut command)?;
        let child = process.child();
        let stdin = child.stdin.take();
        let stderr = lines_of(child.stderr.take().context("no stderr")?);
        let stdout = lines_of(child.stdout.take().context("no stdout")?);
        Ok(Self {
            process,
            stdin,
            stderr,
            stdout,
            transcript: Vec::new(),
        })
    }

    /// Proves by the memory map that the program runs on this library and no other. Call it after the first answer.
    pub(super) fn assert_loaded(&self, library: &Library) -> Result<()> {
        let expected = library.file().canonicalize()?;
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.process.id()))?;
        let mut loaded: Vec<&Path> = maps
            .lines()
            .filter_map(|line| line.split_whitespace().nth(5))
            .map(Path::new)
            .filter(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with("libzookeeper"))
            })
            .collect();
        loaded.dedup();
        if loaded != [expected.as_path()] {
            bail!(
                "expected {} to be loaded, found {loaded:?}",
                expected.display()
            );
        }
        Ok(())
    }

    /// Sends a command line.
    pub(super) fn send(&mut self, command: &str) -> Result<()> {
        self.transcript.push(format!("> {command}"));
        let stdin = self.stdin.as_mut().context("stdin is closed")?;
        // In one piece: Debian's shell sometimes drops a command that comes in several.
        stdin.write_all(format!("{command}\n").as_bytes())?;
        Ok(())
    }

    /// Waits for lines with these beginnings, in this order, other lines in between being recorded too.
    pub(super) fn await_lines(&mut self, beginnings: &[&str]) -> Result<()> {
        let deadline = Instant::now() + ANSWER_LIMIT;
        for beginning in beginnings {
            loop {
                let left = deadline.saturating_duration_since(Instant::now());
                let line = self.stderr.recv_timeout(left).with_context(|| {
                    format!(
                        "no line '{beginning}' came; the transcript:\n{}",
                        self.transcript.join("\n")
                    )
                })?;
                let found = line.starts_with(beginning);
                self.transcript.push(line);
                if found {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Waits until a line contains `text`.
    pub(super) fn await_text(&mut self, text: &str) -> Result<()> {
        let deadline = Instant::now() + ANSWER_LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.stderr.recv_timeout(left).with_context(|| {
                format!(
                    "no '{text}' came; the transcript:\n{}",
                    self.transcript.join("\n")
                )
            })?;
            let found = line.contains(text);
            self.transcript.push(line);
            if found {
                return Ok(());
            }
        }
    }

    /// Waits for the program's end and records the rest of its output, stdout last.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.stdin = None;
        let status = wait_for("the program's end", ANSWER_LIMIT, || {
            self.process.try_wait()
        })?;
        self.transcript.extend(self.stderr.iter());
        self.transcript
            .extend(self.stdout.iter().map(|line| format!("stdout: {line}")));
        self.transcript.push(status.to_string());
        Ok(())
    }
}

/// Reads lines on a thread of its own. They need not be text.
fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            let text = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
            if sender.send(text).is_err() {
                break;
            }
            line.clear();
        }
    });
    receiver
}
