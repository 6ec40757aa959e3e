//! The differential runner: the scenarios of `c-tests/diff` on Debian's libraries and on ours.
//!
//! Each scenario talks to a fresh server through recording proxies of ours that also make the
//! faults. What it prints and what it sends is compared: `threads` is the original's
//! multi-threaded library against ours, `loop` the original's single-threaded one against ours
//! with a select, poll and epoll loop of the program's, `drivers` such a loop against threads,
//! both on ours. Where the libraries differ on purpose, `c-tests/diff/deviations.txt` says how.

mod compare;
mod deviations;
mod play;

use std::collections::VecDeque;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use self::deviations::{Deviations, Verdict};
use self::play::{LOOPS, Observation, Stage};
use super::{original, servers};
use crate::artifacts::{Library, SONAME, root};
use crate::compile::Program;
use crate::process::run_captured;
use crate::report::{Counts, Report};
use crate::server::Kind;

/// Scenarios mostly wait, so more of them run at once than there are cores.
const AT_ONCE: usize = 6;
/// Names a part of the scenarios, for work on them.
const ONLY: &str = "ZK_DIFF_ONLY";
const SINGLE_THREADED: &str = "/usr/lib/x86_64-linux-gnu/libzookeeper_st.so.2";
const TICK_MS: u32 = 2000;

/// A scenario as the program lists it.
#[derive(Debug, Clone)]
struct Scenario {
    name: String,
    /// A loop of the program's can drive it.
    any_driver: bool,
}

/// One comparison and how it ended.
struct Compared {
    scenario: String,
    form: String,
    verdict: Result<Verdict>,
}

pub(super) fn run(report: &mut Report) -> Result<()> {
    let Some(original) = original(report, "the differential runner") else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let single = single_threaded(report, folder.path())?;
    let program = build(folder.path())?;
    let only = env::var(ONLY).unwrap_or_default();
    let scenarios: Vec<Scenario> = list(&program)?
        .into_iter()
        .filter(|scenario| scenario.name.contains(&only))
        .collect();
    let deviations = Deviations::read(&root().join("c-tests/diff/deviations.txt"))?;
    let subjects = Subjects {
        program,
        original,
        single,
        ours: Library::ours(),
    };

    let queue = Mutex::new(scenarios.iter().cloned().collect::<VecDeque<_>>());
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(scenario) = next(&queue) {
                    let compared = subjects.compare(&scenario, &deviations);
                    lock(&done).extend(compared);
                }
            });
        }
    });
    let mut compared = std::mem::take(&mut *lock(&done));
    if only.is_empty() {
        compared.extend(on_java(report, &subjects, &scenarios, &deviations)?);
        for name in deviations.without_scenario(scenarios.iter().map(|s| s.name.as_str())) {
            report.fail(&name, "a deviation of a scenario that does not exist");
        }
    }
    show(report, compared);
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn next(queue: &Mutex<VecDeque<Scenario>>) -> Option<Scenario> {
    lock(queue).pop_front()
}

/// The libraries under comparison and the program that runs on each.
struct Subjects {
    program: PathBuf,
    original: Library,
    single: Option<Library>,
    ours: Library,
}

impl Subjects {
    /// Runs a scenario in every form and compares.
    fn compare(&self, scenario: &Scenario, deviations: &Deviations) -> Vec<Compared> {
        let play = |library: &Library, driver: Option<&str>| {
            Stage::test_server()?.play(&self.program, &scenario.name, library, driver)
        };
        let judge = |form: &str, shown: &str, left: &Result<_>, right: &Result<_>| Compared {
            scenario: scenario.name.clone(),
            form: shown.to_owned(),
            verdict: both(left, right)
                .and_then(|(left, right)| deviations.judge(&scenario.name, form, left, right)),
        };
        let ours = play(&self.ours, None);
        let mut compared = vec![judge(
            "threads",
            "threads",
            &play(&self.original, None),
            &ours,
        )];
        if !scenario.any_driver {
            return compared;
        }
        let ours = ours.map(|observation| observation.without_threads());
        for driver in LOOPS {
            let ours_loop = play(&self.ours, Some(driver));
            let shown = format!("threads and {driver}");
            compared.push(judge("drivers", &shown, &ours, &ours_loop));
            if let Some(single) = &self.single {
                let theirs = play(single, Some(driver));
                compared.push(judge("loop", driver, &theirs, &ours_loop));
            }
        }
        compared
    }
}

fn both<'a>(
    left: &'a Result<Observation>,
    right: &'a Result<Observation>,
) -> Result<(&'a Observation, &'a Observation)> {
    let of = |result: &'a Result<Observation>| match result {
        Ok(observation) => Ok(observation),
        Err(error) => bail!("{error:#}"),
    };
    Ok((of(left)?, of(right)?))
}

/// Scenarios that need nothing but a server, on Debian's Java server: one for each library, and
/// the scenarios in the same order, so that both meet the same state.
fn on_java(
    report: &mut Report,
    subjects: &Subjects,
    scenarios: &[Scenario],
    deviations: &Deviations,
) -> Result<Vec<Compared>> {
    let name = "the differential runner";
    if !servers(report, name).contains(&Kind::Java) {
        return Ok(Vec::new());
    }
    // Both are up before a proxy takes a port that one of them may have found free.
    let stages = [Stage::java(TICK_MS)?, Stage::java(TICK_MS)?];
    let play_all = |stage: &Stage, library: &Library| -> Vec<(String, Result<Observation>)> {
        let play = |name: &str| stage.play(&subjects.program, name, library, None);
        // A server answers on its port before it grants sessions.
        let _ = play("warm_up");
        let scenarios = scenarios.iter().map(|scenario| &scenario.name);
        scenarios
            .filter(|name| name.starts_with("real_"))
            .map(|name| (name.clone(), play(name)))
            .collect()
    };
    let [first, second] = &stages;
    let (theirs, ours) = thread::scope(|scope| -> Result<_> {
        let theirs = scope.spawn(|| play_all(first, &subjects.original));
        let ours = play_all(second, &subjects.ours);
        let theirs = theirs
            .join()
            .map_err(|_| anyhow::anyhow!("the original's thread panicked"))?;
        Ok((theirs, ours))
    })?;
    Ok(theirs
        .iter()
        .zip(&ours)
        .map(|((scenario, left), (_, right))| Compared {
            scenario: scenario.clone(),
            form: "threads, Java server".to_owned(),
            verdict: both(left, right)
                .and_then(|(left, right)| deviations.judge(scenario, "java", left, right)),
        })
        .collect())
}

/// A folder that offers the single-threaded library under the name the program asks for.
fn single_threaded(report: &mut Report, folder: &Path) -> Result<Option<Library>> {
    if !Path::new(SINGLE_THREADED).exists() {
        let reason = "Debian's libzookeeper-st2 is not installed";
        report.absent("loops on the original", reason);
        return Ok(None);
    }
    let folder = folder.join("single");
    std::fs::create_dir(&folder)?;
    std::os::unix::fs::symlink(SINGLE_THREADED, folder.join(SONAME))?;
    Ok(Some(Library {
        name: "original, single-threaded",
        folder,
    }))
}

fn build(folder: &Path) -> Result<PathBuf> {
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(root().join("c-tests/diff"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "c") {
            sources.push(path);
        }
    }
    sources.sort();
    let program = folder.join("diff");
    Program::new(sources).build(&Library::ours(), &program)?;
    Ok(program)
}

fn list(program: &Path) -> Result<Vec<Scenario>> {
    let mut command = std::process::Command::new(program);
    command.arg("--list");
    Library::ours().load_in(&mut command);
    let listed = run_captured(&mut command, Duration::from_secs(10))?.success()?;
    listed
        .stdout
        .lines()
        .map(|line| {
            let mut words = line.split(' ');
            let name = words.next().context("no name")?.to_owned();
            let any_driver = words.next() == Some("any");
            Ok(Scenario { name, any_driver })
        })
        .collect()
}

/// Reports the comparisons: one line for all that are equal, one for each other.
fn show(report: &mut Report, mut compared: Vec<Compared>) {
    compared.sort_by(|a, b| (&a.scenario, &a.form).cmp(&(&b.scenario, &b.form)));
    let mut equal = 0;
    let mut expected = 0;
    let mut failed = 0;
    for Compared {
        scenario,
        form,
        verdict,
    } in compared
    {
        let label = format!("{scenario} ({form})");
        match verdict {
            Ok(Verdict::Equal) => equal += 1,
            Ok(Verdict::Expected(numbers)) => {
                expected += 1;
                println!("   as expected  {label}: {numbers}");
            }
            Ok(Verdict::Different(difference)) => {
                failed += 1;
                report.fail(&label, &difference);
            }
            Err(error) => {
                failed += 1;
                report.fail(&label, &format!("{error:#}"));
            }
        }
    }
    let counts = Counts {
        passed: equal + expected,
        failed: 0,
        skipped: 0,
    };
    let summary = format!("{equal} equal, {expected} deviating as expected, {failed} differing");
    report.add(&summary, counts, "");
}
