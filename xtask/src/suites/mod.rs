//! The test suites of `cargo xtask test`.

pub(crate) mod asan;
mod beside;
mod c_api;
mod chaos;
mod cli;
mod cli_session;
mod compat;
mod datapath;
mod demo;
mod diff;
mod dropin;
mod ensemble;
mod faults;
mod fuzz;
mod headers;
mod hostile;
mod install;
mod instructions;
mod memcheck;
mod models;
mod python;
mod recipes;
mod rust;
mod sanitizer;
mod soak;
mod tsan;

use std::time::Instant;

use anyhow::{Result, bail};

use self::beside::Beside;
use crate::artifacts::{self, Library};
use crate::packages;
use crate::report::Report;
use crate::server::Kind;

pub(crate) use c_api::{Setup, TICK_MS};
pub(crate) use python::KAZOO_SUITE;

/// A named group of checks. It reports failures; an error means that it could not go on at all.
type Suite = fn(&mut Report) -> Result<()>;

/// Name, meaning and whether a full run includes it.
const SUITES: &[(&str, &str, Suite, bool)] = &[
    (
        "rust",
        "cargo test of the whole workspace, the ABI guards included",
        rust::run,
        true,
    ),
    ("abi", "the ABI guards alone", rust::run_abi, false),
    (
        "models",
        "the hand-over between threads, in every interleaving",
        models::run,
        true,
    ),
    (
        "headers",
        "the committed headers are those of the source",
        headers::run,
        true,
    ),
    (
        "compat",
        "every number of the contract has a test, and docs/compat.md is up to date",
        compat::run,
        true,
    ),
    (
        "c-api",
        "the C API from C and C++ programs, on both servers",
        c_api::run,
        true,
    ),
    (
        "c-api-original",
        "the same programs on Debian's library",
        c_api::run_original,
        false,
    ),
    (
        "faults",
        "the faults of the C library: none here, each with a test, and docs/faults.md up to date",
        faults::run,
        true,
    ),
    (
        "tsan",
        "the C API under ThreadSanitizer, library included",
        tsan::run,
        true,
    ),
    (
        "asan",
        "the C API under AddressSanitizer, LeakSanitizer and UBSan, library included",
        asan::run,
        true,
    ),
    (
        "asan-units",
        "the unit tests under AddressSanitizer, with overflow checks and debug assertions",
        asan::run_units,
        false,
    ),
    (
        "valgrind",
        "a part of the C API under valgrind's memcheck",
        memcheck::run,
        true,
    ),
    (
        "valgrind-all",
        "all of the C API under valgrind's memcheck",
        memcheck::run_all,
        false,
    ),
    (
        "ensemble",
        "the C API on real ensembles that fail and change",
        ensemble::run,
        true,
    ),
    (
        "diff",
        "the same scenarios, bytes and faults on Debian's libraries and on ours",
        diff::run,
        true,
    ),
    (
        "dropin",
        "Debian's prebuilt programs behave the same on both libraries",
        dropin::run,
        true,
    ),
    ("datapath", "system calls per request", datapath::run, true),
    (
        "instructions",
        "instructions per request in codec and core",
        instructions::run,
        true,
    ),
    (
        "fuzz",
        "the fuzz targets, each for half a minute",
        fuzz::run,
        true,
    ),
    (
        "hostile",
        "sessions with a server whose every connection goes wrong",
        hostile::run,
        true,
    ),
    (
        "install",
        "programs built against an installed copy run",
        install::run,
        true,
    ),
    (
        "demo",
        "the master-worker demo, on both servers",
        demo::run,
        true,
    ),
    (
        "recipes",
        "lock, queue, election and others under kills and pauses, on both servers",
        recipes::run,
        true,
    ),
    (
        "recipes-original",
        "the same recipes on Debian's library",
        recipes::run_original,
        false,
    ),
    (
        "soak",
        "200 handles under random calls and faults, a short run",
        soak::run,
        true,
    ),
    (
        "chaos",
        "the history of many clients on a real ensemble under faults",
        chaos::run,
        true,
    ),
    (
        "python",
        "the Python package, installed in a virtual environment",
        python::run,
        true,
    ),
    (
        "kazoo",
        "a part of kazoo's own tests on our library",
        python::run_kazoo,
        true,
    ),
];

/// Suites that compile and compute most of the time. A whole run has them beside the others.
const COMPUTING: &[&str] = &[
    "rust",
    "models",
    "headers",
    "compat",
    "tsan",
    "asan",
    "valgrind",
    "datapath",
    "instructions",
    "fuzz",
    "hostile",
    "install",
];

/// Prints the names of the suites.
pub(crate) fn list() {
    for (name, about, _, included) in SUITES {
        let on_request = if *included { "" } else { " (only on request)" };
        println!("{name:<16}{about}{on_request}");
    }
}

/// Runs the suites named in `only`, or all. `false` if a check failed.
pub(crate) fn run(only: &[String]) -> Result<bool> {
    for name in only {
        if !SUITES.iter().any(|(known, ..)| known == name) {
            bail!("there is no suite '{name}'; see cargo xtask test --list");
        }
    }
    packages::ensure()?;
    artifacts::build()?;
    let mut report = Report::default();
    let computing = |name: &str| COMPUTING.contains(&name);
    let included = SUITES.iter().filter(|(.., included)| *included);
    let names = included.map(|(name, ..)| *name);
    let beside = if only.is_empty() {
        Some(Beside::start(names.filter(|name| computing(name)))?)
    } else {
        None
    };
    for (name, _, suite, included) in SUITES {
        let wanted = only.iter().any(|wanted| wanted == name);
        let in_turn = only.is_empty() && *included && !computing(name);
        if !wanted && !in_turn {
            continue;
        }
        report.suite(name);
        let begin = Instant::now();
        if let Err(error) = suite(&mut report) {
            report.fail(name, &format!("{error:#}"));
        }
        println!("   {:.1} s", begin.elapsed().as_secs_f64());
    }
    if let Some(beside) = beside {
        beside.finish(&mut report);
    }
    Ok(report.close())
}

/// Debian's library, or a record that the check `name` has to do without.
fn original(report: &mut Report, name: &str) -> Option<Library> {
    let library = Library::original();
    if library.is_none() {
        report.absent(name, "Debian's libzookeeper-mt2 is not installed");
    }
    library
}

/// The servers that can run here; the absence of one is recorded.
fn servers(report: &mut Report, name: &str) -> Vec<Kind> {
    let kinds = [Kind::Test, Kind::Java];
    kinds
        .into_iter()
        .filter(|kind| match kind.absence() {
            None => true,
            Some(reason) => {
                report.absent(&format!("{name} on the {}", kind.name()), &reason);
                false
            }
        })
        .collect()
}
