//! The demo: a master-worker application that survives the death of its master and of a worker.
//!
//! This is the director: it starts the processes, kills two of them at telling moments, shows what they say and
//! checks afterwards what they did.

mod journal;
mod show;

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::artifacts::{Library, build, root};
use crate::compile::Program;
use crate::process::{Running, run_captured, signal, tied_command, wait_for};
use crate::server::Kind;
use journal::Entry;
use show::Screen;

const MASTERS: [&str; 2] = ["master-1", "master-2"];
const WORKERS: [&str; 3] = ["worker-1", "worker-2", "worker-3"];
const CLIENT: &str = "client";
/// With fewer, there would be nothing left to do when the worker is killed.
const LEAST_TASKS: usize = 18;
/// All acts together.
const LIMIT: Duration = Duration::from_secs(28);
/// Half of the shortest session timeout that the server grants, so that a dead process is noticed soon.
const TICK_MS: u32 = 500;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Options {
    /// `HOST:PORT` of a running ZooKeeper.
    pub(crate) server: Option<String>,
    /// Another libzookeeper_mt to run on.
    pub(crate) library: Option<PathBuf>,
    /// Number of tasks.
    pub(crate) tasks: usize,
}

/// Runs the demo as a command. `false` when the application did not do what it must.
pub(crate) fn run(options: &Options) -> Result<bool> {
    if options.tasks < LEAST_TASKS {
        bail!("fewer than {LEAST_TASKS} tasks are done before anybody is killed");
    }
    if options.library.is_none() || options.server.is_none() {
        build()?;
    }
    let library = match &options.library {
        Some(path) => Library::at(path)?,
        None => Library::ours(),
    };
    let screen = Screen::new(&names());
    match &options.server {
        Some(hosts) => perform(&library, hosts, options.tasks, &screen),
        None => {
            let server = Kind::Test.start(TICK_MS)?;
            perform(&library, &server.hosts, options.tasks, &screen)
        }
    }
}

/// Runs the demo on a fresh server of this kind and says nothing unless it fails.
pub(crate) fn run_on(library: &Library, kind: Kind) -> Result<()> {
    let server = kind.start(TICK_MS)?;
    let screen = Screen::keeping(&names());
    if perform(library, &server.hosts, 24, &screen)? {
        Ok(())
    } else {
        bail!("{}", screen.into_text())
    }
}

fn names() -> Vec<&'static str> {
    [&MASTERS[..], &WORKERS[..], &[CLIENT]].concat()
}

fn perform(library: &Library, hosts: &str, tasks: usize, screen: &Screen) -> Result<bool> {
    let begin = Instant::now();
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("master-worker");
    let sources = [
        "main.c", "app.c", "setup.c", "master.c", "worker.c", "client.c",
    ];
    Program::new(sources.map(|name| root().join("c-tests/demo").join(name)))
        .build(library, &program)?;

    let mut stage = Stage::new(library, hosts, folder, program, screen)?;
    screen.event(&format!(
        "2 masters, 3 workers and a client with {tasks} tasks at {hosts}{}",
        stage.root
    ));
    let acted = stage.act(tasks);
    let cleaned = stage.close();
    let summary = journal::verify(&stage.journal, tasks, &stage.killed);
    if let Err(error) = &acted {
        screen.bad(&format!("{error:#}"));
    }
    if let Err(error) = &cleaned {
        screen.bad(&format!("{error:#}"));
    }
    let took = begin.elapsed().as_secs_f64();
    match summary {
        Ok(summary) => {
            screen.good(&format!(
                "{} tasks done, each exactly once; {} taken back from the dead worker, {} of them already begun; {took:.1} s",
                summary.tasks, summary.returned, summary.repeated
            ));
            if summary.returned == 0 {
                screen.bad("but no task had to be taken back: the dead worker was not noticed");
            }
            Ok(acted.is_ok() && cleaned.is_ok() && summary.returned > 0)
        }
        Err(faults) => {
            for fault in faults {
                screen.bad(&fault);
            }
            Ok(false)
        }
    }
}

/// A process of the application.
#[derive(Debug)]
struct Actor {
    name: &'static str,
    process: Running,
}

/// Everything that belongs to one performance. Dropping it ends all processes.
struct Stage<'a> {
    actors: Vec<Actor>,
    library: Library,
    program: PathBuf,
    hosts: String,
    root: String,
    journal_file: PathBuf,
    journal: Vec<Entry>,
    killed: Vec<String>,
    screen: &'a Screen,
    lines: Receiver<(usize, String)>,
    line_sender: Sender<(usize, String)>,
    deadline: Instant,
    _folder: TempDir,
}

impl<'a> Stage<'a> {
    fn new(
        library: &Library,
        hosts: &str,
        folder: TempDir,
        program: PathBuf,
        screen: &'a Screen,
    ) -> Result<Self> {
        let journal_file = folder.path().join("journal");
        File::create(&journal_file)?;
        let (line_sender, lines) = channel();
        let nonce = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        let stage = Self {
            actors: Vec::new(),
            library: library.clone(),
            program,
            hosts: hosts.to_owned(),
            root: format!("/demo-{nonce:x}"),
            journal_file,
            journal: Vec::new(),
            killed: Vec::new(),
            screen,
            lines,
            line_sender,
            deadline: Instant::now() + LIMIT,
            _folder: folder,
        };
        stage.caretaker("setup")?;
        Ok(stage)
    }

    /// Runs `setup` or `teardown` to its end.
    fn caretaker(&self, role: &str) -> Result<()> {
        let mut command = tied_command(&self.program);
        command.args([role, &self.hosts, &self.root]);
        self.library.load_in(&mut command);
        run_captured(&mut command, Duration::from_secs(30))?
            .success()
            .with_context(|| role.to_owned())?;
        Ok(())
    }

    fn act(&mut self, tasks: usize) -> Result<()> {
        self.start(MASTERS[0], "master", &[])?;
        self.until("a master", |stage| stage.master().is_some())?;
        self.start(MASTERS[1], "master", &[])?;
        for worker in WORKERS {
            self.start(worker, "worker", &[])?;
        }
        self.start(CLIENT, "client", &[&tasks.to_string()])?;

        self.until("some results", |stage| {
            stage.count("submit") == tasks && stage.count("result") >= tasks / 6
        })?;
        let master = self.master().context("no master")?;
        self.kill(&master)?;
        self.until("the backup taking over", |stage| {
            stage.master().is_some_and(|name| name != master)
        })?;

        // Tasks that are begun after the change, so the new master has assigned them.
        let before = self.count("start");
        self.until("work under the new master", |stage| {
            stage.count("start") > before + WORKERS.len() && stage.busy_worker().is_some()
        })?;
        let worker = self.busy_worker().context("no worker is busy")?;
        self.kill(&worker)?;
        self.until("all results", |stage| stage.count("result") >= tasks)?;
        self.curtain()
    }

    /// Ends the living processes the way an administrator would and waits for them.
    fn curtain(&mut self) -> Result<()> {
        let deadline = self.deadline;
        for actor in &mut self.actors {
            if self.killed.iter().any(|name| name == actor.name) {
                continue;
            }
            if actor.name != CLIENT {
                signal(actor.process.id(), "TERM")?;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let what = format!("the end of {}", actor.name);
            let status = wait_for(&what, left, || actor.process.try_wait())?;
            if !status.success() {
                bail!("{}: {status}", actor.name);
            }
        }
        Ok(())
    }

    /// Ends what is left and removes the nodes.
    fn close(&mut self) -> Result<()> {
        self.actors.clear();
        self.journal = read_journal(&self.journal_file)?;
        while let Ok((index, line)) = self.lines.try_recv() {
            self.screen.process(index, &line);
        }
        self.caretaker("teardown")
    }

    fn start(&mut self, name: &'static str, role: &str, more: &[&str]) -> Result<()> {
        let mut command = tied_command(&self.program);
        command
            .arg(role)
            .arg(format!("{}{}", self.hosts, self.root))
            .arg(name)
            .args(more)
            .env("DEMO_JOURNAL", &self.journal_file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        self.library.load_in(&mut command);
        let mut process = Running::start(&mut command)?;
        let stdout = process.child().stdout.take().context("no stdout")?;
        let index = self.actors.len();
        let sender = self.line_sender.clone();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send((index, line)).is_err() {
                    break;
                }
            }
        });
        self.actors.push(Actor { name, process });
        Ok(())
    }

    fn kill(&mut self, name: &str) -> Result<()> {
        self.screen.event(&format!("kill -9 {name}"));
        self.killed.push(name.to_owned());
        let actor = self.actors.iter_mut().find(|actor| actor.name == name);
        actor.context("no such process")?.process.kill()
    }

    /// Shows what the processes say until the journal satisfies `condition`.
    fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) -> Result<()> {
        // A process writes its journal before it says so; the pause is for those that say nothing.
        const LOOK_AGAIN: Duration = Duration::from_millis(100);
        loop {
            self.journal = read_journal(&self.journal_file)?;
            if condition(self) {
                return Ok(());
            }
            if Instant::now() >= self.deadline {
                bail!("{what} did not come in {LIMIT:?}");
            }
            self.check_alive()?;
            match self.lines.recv_timeout(LOOK_AGAIN) {
                Ok((index, line)) => self.screen.process(index, &line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("nobody is left"),
            }
        }
    }

    fn check_alive(&mut self) -> Result<()> {
        for actor in &mut self.actors {
            if self.killed.iter().any(|name| name == actor.name) {
                continue;
            }
            if let Some(status) = actor.process.try_wait()?
                && !(actor.name == CLIENT && status.success())
            {
                bail!("{} ended: {status}", actor.name);
            }
        }
        Ok(())
    }

    fn count(&self, event: &str) -> usize {
        self.journal
            .iter()
            .filter(|entry| entry.event == event)
            .count()
    }

    /// Name of the process that became master last.
    fn master(&self) -> Option<String> {
        let lead = self.journal.iter().rfind(|entry| entry.event == "lead");
        lead.map(|entry| entry.who.clone())
    }

    /// The worker whose current task is the most recent one.
    fn busy_worker(&self) -> Option<String> {
        let begun = self
            .journal
            .iter()
            .rposition(|entry| entry.event == "start")?;
        let start = &self.journal[begun];
        let finished = self.journal[begun..]
            .iter()
            .any(|entry| entry.event == "finish" && entry.task == start.task);
        (!finished).then(|| start.who.clone())
    }
}

fn read_journal(file: &Path) -> Result<Vec<Entry>> {
    Ok(journal::parse(&fs::read_to_string(file)?))
}
