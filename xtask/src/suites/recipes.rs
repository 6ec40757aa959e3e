//! The recipes of `c-tests/recipes`, used by processes that are killed, paused and cut off.

mod actor;
mod barrier;
mod config;
mod election;
mod group;
mod lock;
mod queue;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use zk_proxy::Proxy;

use crate::artifacts::{Library, root};
use crate::compile::{Program, compiler};
use crate::process::run_captured;
use crate::report::Report;
use crate::server::{Kind, Server};
use crate::suites::{original, servers};
use actor::Actor;

/// Half of the shortest session timeout.
const TICK_MS: u32 = 200;
/// Session timeout of an actor that shall live.
const LONG_MS: u32 = 30_000;
/// Session timeout of an actor that will be killed or paused: others wait for its end.
const SHORT_MS: u32 = 2_000;

/// What is shown, and how.
type Scenario = (&'static str, fn(&Stage) -> Result<()>);

const SCENARIOS: [Scenario; 14] = [
    (
        "a release wakes one waiter of many",
        lock::a_release_wakes_one_waiter,
    ),
    (
        "a lock whose creation was not answered is found again",
        lock::a_lost_answer_is_found_again,
    ),
    (
        "who gives up waiting for a lock leaves nothing behind",
        lock::giving_up_leaves_nothing,
    ),
    (
        "who gives up without a connection leaves nothing behind either",
        lock::giving_up_without_connection_leaves_nothing,
    ),
    (
        "the lock of a killed holder passes on",
        lock::a_killed_holder_is_succeeded,
    ),
    (
        "a paused holder is refused when it comes back",
        lock::a_paused_holder_is_refused,
    ),
    (
        "one candidate leads at a time, and a paused leader decrees nothing",
        election::one_leads_at_a_time,
    ),
    (
        "items are put once however often the connection breaks",
        queue::items_are_put_once,
    ),
    (
        "no item is lost or done twice when consumers are killed and paused",
        queue::items_are_done_once,
    ),
    (
        "a taker who gives up in doubt leaves what is another's",
        queue::giving_up_leaves_what_is_anothers,
    ),
    (
        "a barrier opens for all at once and counts the living only",
        barrier::all_enter_and_leave_together,
    ),
    (
        "a killed or stopped member leaves the group",
        group::the_list_is_that_of_the_living,
    ),
    (
        "a restarted member takes its name over",
        group::a_restarted_member_takes_its_name_over,
    ),
    (
        "all followers of a configuration converge after cuts and lost answers",
        config::followers_converge_after_cuts,
    ),
];

pub(super) fn run(report: &mut Report) -> Result<()> {
    report.check("the recipes are C99 for Debian's headers too", || {
        compile_for(Path::new("/usr/include"))
    });
    on(Library::ours(), report)
}

/// Runs the same on the original, which proves that nothing of ours is needed.
pub(super) fn run_original(report: &mut Report) -> Result<()> {
    match original(report, "the recipes on the original") {
        Some(library) => on(library, report),
        None => Ok(()),
    }
}

fn on(library: Library, report: &mut Report) -> Result<()> {
    let kinds = servers(report, "the recipes");
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("recipes");
    Program::new(sources()?)
        .flags(&flags())
        .build(&library, &program)?;
    for kind in kinds {
        let mut stage = Stage {
            library: library.clone(),
            program: program.clone(),
            server: kind.start(TICK_MS)?,
            folder: tempfile::tempdir()?,
        };
        stage.play_all(report, kind);
        // The test server would forget what they follow.
        if kind == Kind::Java {
            let label = format!("{} on the {}", config::AFTER_RESTART, kind.name());
            report.check(&label, || {
                config::followers_converge_after_a_restart(&mut stage)
            });
        }
    }
    Ok(())
}

/// The recipes alone, and all with the program that uses them.
fn recipe_folder() -> PathBuf {
    root().join("c-tests/recipes")
}

fn c_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "c") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn sources() -> Result<Vec<PathBuf>> {
    let mut all = c_files(&recipe_folder())?;
    all.extend(c_files(&recipe_folder().join("actor"))?);
    Ok(all)
}

fn flags() -> Vec<OsString> {
    vec!["-std=c99".into(), "-I".into(), recipe_folder().into()]
}

/// Compiles the recipes with the headers in `include` instead of ours.
fn compile_for(include: &Path) -> Result<()> {
    for source in c_files(&recipe_folder())? {
        let mut command = compiler(false);
        command
            .args(["-fsyntax-only", "-pedantic", "-Wall", "-Wextra", "-Werror"])
            .args(flags())
            // Not -I: our own lines shall be pedantic, not the headers.
            .arg("-isystem")
            .arg(include)
            .arg(&source);
        run_captured(&mut command, Duration::from_secs(60))?
            .success()
            .with_context(|| source.display().to_string())?;
    }
    Ok(())
}

/// A server, and what actors need to play on it.
struct Stage {
    library: Library,
    program: PathBuf,
    server: Server,
    folder: TempDir,
}

impl Stage {
    /// Plays all scenarios, each with nodes of its own: they mostly wait for sessions to expire.
    fn play_all(&self, report: &mut Report, kind: Kind) {
        let results = thread::scope(|scope| {
            let plays = SCENARIOS.map(|(_, scenario)| {
                scope.spawn(move || {
                    let begin = Instant::now();
                    (scenario(self), begin.elapsed().as_secs_f64())
                })
            });
            plays.map(|play| match play.join() {
                Ok(result) => result,
                Err(_) => (Err(anyhow::anyhow!("it panicked")), 0.0),
            })
        });
        for ((name, _), (result, took)) in SCENARIOS.iter().zip(results) {
            let label = format!("{name} on the {} ({took:.1} s)", kind.name());
            report.check(&label, || result);
        }
    }

    /// A process with a session of this timeout.
    fn actor(&self, hosts: &str, session_ms: u32) -> Result<Actor> {
        Actor::start(&self.library, &self.program, hosts, session_ms)
    }

    /// One that shall live, directly at the server.
    fn living(&self) -> Result<Actor> {
        self.actor(&self.server.hosts, LONG_MS)
    }

    /// One that will be killed or paused.
    fn mortal(&self) -> Result<Actor> {
        self.actor(&self.server.hosts, SHORT_MS)
    }

    /// A proxy to the server.
    fn proxy(&self) -> Result<Proxy> {
        Ok(Proxy::start(self.server.address()?)?)
    }

    /// A file for the store outside ZooKeeper.
    fn store(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Fails unless the two are equal.
fn ensure_eq<T: PartialEq + std::fmt::Debug>(what: &str, actual: T, expected: T) -> Result<()> {
    if actual != expected {
        bail!("{what}: {actual:?} instead of {expected:?}");
    }
    Ok(())
}
