//! A whole run: servers, clients, faults, and the checker beside them.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::checker::{Checker, Report};
use crate::client::{self, Open, Stage};
use crate::ffi::{Api, Handle};
use crate::history::Line;
use crate::nemesis::Service;
use crate::plan::{Faults, KINDS};
use crate::recorder::Recorder;
use crate::summary::Summary;
use crate::token::MOST_CLIENTS;
use crate::tree;

/// What kind of run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The library under test.
    pub library: PathBuf,
    /// Where its log goes.
    pub log: Option<PathBuf>,
    /// What decides the schedule.
    pub seed: u64,
    /// The run ends after so many requests,
    pub operations: u64,
    /// or after this time; but not before each kind of fault has come.
    pub limit: Duration,
    /// How many clients.
    pub clients: u16,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Broken promises.
    pub report: Report,
    /// What the clients did.
    pub summary: Summary,
    /// How often each kind of fault came.
    pub injected: [u64; KINDS],
    /// How long clients made requests.
    pub time: Duration,
}

const SERVERS: usize = 3;
/// Long enough for most faults to end within a session, short enough for some to outlast it.
const SESSION_MS: i32 = 6_000;
/// Longest wait for the ephemeral nodes of the last sessions to go.
const EXPIRY: Duration = Duration::from_secs(60);
/// How often that is looked at.
const POLL: Duration = Duration::from_millis(100);

/// Runs.
///
/// # Errors
/// The run could not be made; what it found is in the outcome.
pub fn run(options: &Options) -> Result<Outcome> {
    ensure!(
        (1..=MOST_CLIENTS).contains(&options.clients),
        "1 to {MOST_CLIENTS} clients"
    );
    let api = Api::load(&options.library, options.log.as_deref())?;
    let mut service = Service::start(zk_ensemble::Options {
        servers: SERVERS,
        heap_mb: 256,
        ..zk_ensemble::Options::default()
    })?;
    let (sender, lines) = channel();
    let recorder = Recorder::install(options.clients, sender).context("a run was made before")?;
    tree::plant(&admin(api, &service)?)?;
    let stage = Stage {
        api,
        recorder,
        hosts: service.hosts(),
        timeout_ms: SESSION_MS,
        seed: options.seed,
        requests: AtomicU64::new(0),
        stop: AtomicBool::new(false),
        injected: Default::default(),
        ids: (0..options.clients).map(|_| Mutex::default()).collect(),
    };
    thread::scope(|scope| {
        let judge = scope.spawn(move || judge(lines));
        let played = play(options, &mut service, &stage);
        recorder.write(Line::End);
        let judged = judge.join().map_err(|_| anyhow!("the checker panicked"));
        let (time, (report, summary)) = (played?, judged?);
        Ok(Outcome {
            report,
            summary,
            injected: stage.injected(),
            time,
        })
    })
}

/// A handle for what is done when nothing goes wrong; no session would outlive the faults.
fn admin(api: &'static Api, service: &Service) -> Result<Handle> {
    Handle::open_silently(api, &service.ensemble.hosts(), SESSION_MS, None)
}

/// Reads the history while it grows.
fn judge(lines: Receiver<Line>) -> (Report, Summary) {
    let (mut checker, mut summary) = (Checker::default(), Summary::default());
    let mut known = 0;
    for line in lines {
        match line {
            Line::Event(event) => {
                summary.count(&event);
                checker.feed(event);
            }
            Line::Tree(tree, expired) => checker.check_tree(&tree, expired),
            Line::End => break,
        }
        let violations = &checker.report().violations;
        for violation in violations.iter().skip(known) {
            println!("VIOLATION {violation}");
        }
        known = violations.len();
    }
    (checker.into_report(), summary)
}

/// True if clients have made enough requests. Nothing is shown by what was not tried, so a slow
/// machine gets more time until each kind of fault has come.
fn is_enough(options: &Options, stage: &Stage, time: Duration) -> bool {
    const SLOW: u32 = 3;
    let requests = stage.requests.load(Ordering::Relaxed);
    let tried = stage.injected().iter().all(|&count| count > 0);
    let enough = requests >= options.operations || time >= options.limit;
    (enough && tried) || time >= options.limit.saturating_mul(SLOW)
}

fn play(options: &Options, service: &mut Service, stage: &Stage) -> Result<Duration> {
    let begin = Instant::now();
    let mut faults = Faults::new(options.seed, SERVERS, options.clients);
    let sessions = thread::scope(|scope| {
        let clients: Vec<_> = (0..options.clients)
            .map(|client| scope.spawn(move || client::run(stage, client)))
            .collect();
        let nemesis = scope.spawn(|| service.torment(stage, &mut faults));
        while !is_enough(options, stage, begin.elapsed()) {
            if nemesis.is_finished() || clients.iter().any(thread::ScopedJoinHandle::is_finished) {
                break;
            }
            thread::sleep(POLL);
        }
        stage.stop.store(true, Ordering::Relaxed);
        let tormented = nemesis.join();
        let sessions: Result<Vec<Option<Open<'_>>>> = clients
            .into_iter()
            .map(|client| client.join().map_err(|_| anyhow!("a client panicked"))?)
            .collect();
        tormented.map_err(|_| anyhow!("the nemesis panicked"))??;
        sessions
    })?;
    let time = begin.elapsed();
    service.calm();
    service.ensemble.wait_until_all_serve()?;
    eprintln!("{:8.1} s looking at what is there", time.as_secs_f64());
    let admin = &admin(stage.api, service)?;
    let mut open = Vec::new();
    for mut session in sessions.into_iter().flatten() {
        if session.look_again()? {
            open.push(session);
        } else {
            session.close();
        }
    }
    stage.recorder.write(Line::Tree(tree::read(admin)?, false));
    open.into_iter().for_each(Open::close);
    let deadline = Instant::now() + EXPIRY;
    while tree::ephemerals(admin)? > 0 && Instant::now() < deadline {
        thread::sleep(POLL);
    }
    stage.recorder.write(Line::Tree(tree::read(admin)?, true));
    Ok(time)
}
