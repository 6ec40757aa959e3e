//! The test suites of `cargo xtask test`.

mod abi;
mod c_api;
mod cli;
mod cli_session;
mod datapath;
mod demo;
mod dropin;
mod headers;
mod install;
mod rust;

use std::time::Instant;

use anyhow::{Result, bail};

use crate::artifacts::{self, Library};
use crate::packages;
use crate::report::Report;
use crate::server::Kind;

/// A named group of checks. It reports failures; an error means that it could not go on at all.
type Suite = fn(&mut Report) -> Result<()>;

const SUITES: [(&str, &str, Suite); 8] = [
    ("rust", "cargo test of the whole workspace", rust::run),
    (
        "c-api",
        "the C API from C and C++ programs, on both servers",
        c_api::run,
    ),
    (
        "headers",
        "headers compile, and are what is generated",
        headers::run,
    ),
    (
        "abi",
        "symbols, layouts and constants equal the original's",
        abi::run,
    ),
    (
        "dropin",
        "Debian's prebuilt programs behave the same on both libraries",
        dropin::run,
    ),
    ("datapath", "system calls per request", datapath::run),
    (
        "install",
        "programs built against an installed copy run",
        install::run,
    ),
    ("demo", "the master-worker demo, on both servers", demo::run),
];

/// Prints the names of the suites.
pub(crate) fn list() {
    for (name, about, _) in SUITES {
        println!("{name:<10}{about}");
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
    for (name, _, suite) in SUITES {
        if !only.is_empty() && !only.iter().any(|wanted| wanted == name) {
            continue;
        }
        report.suite(name);
        let begin = Instant::now();
        if let Err(error) = suite(&mut report) {
            report.fail(name, &format!("{error:#}"));
        }
        println!("   {:.1} s", begin.elapsed().as_secs_f64());
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
