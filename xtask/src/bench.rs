//! `cargo xtask bench`: our library, Debian's and a bare socket under the same loads, in turn.

mod cases;
pub(crate) mod counts;
pub(crate) mod flame;
mod machine;
mod point;
mod programs;
mod servers;
mod test_server;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use zk_bench::results::{Effort, Results};
use zk_bench::{markdown, plot};

use crate::artifacts::{self, cargo, root, target_dir};
use crate::packages;
use cases::Case;
use point::Point;
use programs::Programs;
use servers::{Kind, Server};

/// Load average above which other work spoils the figures.
const BUSY: f64 = 0.5;

/// What to measure, and how.
#[derive(Debug)]
pub(crate) struct Options {
    /// Names of cases; empty for all.
    pub(crate) cases: Vec<String>,
    /// Names of servers; empty for all.
    pub(crate) servers: Vec<String>,
    /// Short runs, to see that everything works.
    pub(crate) quick: bool,
    /// Runs of each subject, if not the usual number.
    pub(crate) runs: Option<usize>,
    /// Print the JSON too.
    pub(crate) json: bool,
    /// Where the report goes, if not the usual folder.
    pub(crate) out: Option<PathBuf>,
}

impl Options {
    fn effort(&self) -> Effort {
        let (warm_up_ms, time_ms, runs) = if self.quick {
            (50, 100, 2)
        } else {
            (200, 500, 5)
        };
        Effort {
            warm_up_ms,
            time_ms,
            runs: self.runs.unwrap_or(runs).max(1),
        }
    }

    /// Only figures of a whole run may replace those in the documentation.
    fn folder(&self) -> PathBuf {
        let whole = self.cases.is_empty() && self.servers.is_empty() && !self.quick;
        match &self.out {
            Some(folder) => folder.clone(),
            None if whole => root().join("docs/performance"),
            None => target_dir().join("bench"),
        }
    }

    fn wants(&self, case: &Case) -> bool {
        self.wants_case(case.name) && (!case.long || !self.quick || !self.cases.is_empty())
    }

    fn wants_case(&self, name: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|wanted| wanted == name)
    }

    fn wants_server(&self, kind: Kind) -> bool {
        self.servers.is_empty() || self.servers.iter().any(|wanted| wanted == kind.name())
    }

    fn check(&self) -> Result<()> {
        let known = |name: &str| {
            name == test_server::NAME || cases::ALL.iter().any(|case| case.name == name)
        };
        if let Some(name) = self.cases.iter().find(|name| !known(name)) {
            bail!("there is no case '{name}'; see cargo xtask bench --list");
        }
        if let Some(name) = self
            .servers
            .iter()
            .find(|name| Kind::ALL.iter().all(|kind| kind.name() != *name))
        {
            bail!("there is no server '{name}'; there are canned, test and java");
        }
        Ok(())
    }
}

/// Prints the names of the cases.
pub(crate) fn list() {
    for case in cases::ALL {
        let servers: Vec<&str> = case.servers.iter().map(|kind| kind.name()).collect();
        println!("{:<16}{} ({})", case.name, case.about, servers.join(", "));
    }
    println!("{:<16}{} (test)", test_server::NAME, test_server::ABOUT);
}

/// Measures and writes the report. `false` if a point could not be measured.
pub(crate) fn run(options: &Options) -> Result<bool> {
    options.check()?;
    packages::ensure()?;
    artifacts::build()?;
    build_tools()?;
    let programs = Programs::build()?;
    let mut results = Results {
        machine: machine::describe(options.effort())?,
        rows: Vec::new(),
    };
    if results.machine.load > BUSY {
        eprintln!(
            "the machine is busy (load average {}): these figures are not for publishing",
            results.machine.load
        );
    }
    let mut failures = 0;
    for kind in Kind::ALL {
        if !options.wants_server(kind) {
            continue;
        }
        if let Some(reason) = kind.absence() {
            eprintln!("{}: {reason}", kind.name());
            continue;
        }
        for case in cases::ALL {
            if options.wants(case) && case.servers.contains(&kind) {
                failures += measure(case, kind, &programs, options.effort(), &mut results)?;
            }
        }
        if kind == Kind::Test && options.wants_case(test_server::NAME) {
            eprintln!("{}", test_server::NAME);
            test_server::measure(&programs, options.effort(), options.quick, &mut results)?;
        }
    }
    write(options, &results)?;
    Ok(failures == 0)
}

/// Measures every point of a case on a fresh server. A point that fails is left out.
fn measure(
    case: &Case,
    kind: Kind,
    programs: &Programs,
    effort: Effort,
    results: &mut Results,
) -> Result<usize> {
    let server = Server::start(kind)?;
    let mut failures = 0;
    for &value in case.values {
        eprintln!(
            "{} on the {} server: {} {value}",
            case.name,
            kind.name(),
            case.parameter
        );
        let point = Point {
            case,
            value,
            effort,
        };
        let cold = kind == Kind::Java && Some(&value) == case.values.first();
        let warm = if cold {
            point.warm(programs, &server)
        } else {
            Ok(())
        };
        match warm.and_then(|()| point.measure(programs, &server)) {
            Ok(rows) => results.rows.extend(rows),
            Err(error) => {
                eprintln!("FAIL: {error:#}");
                failures += 1;
            }
        }
    }
    Ok(failures)
}

fn write(options: &Options, results: &Results) -> Result<()> {
    let folder = options.folder();
    fs::create_dir_all(&folder)?;
    let json = serde_json::to_string_pretty(results)?;
    fs::write(folder.join("results.json"), format!("{json}\n"))?;
    fs::write(folder.join("README.md"), markdown::report(results))?;
    plot::draw_all(results, &folder)?;
    if options.json {
        println!("{json}");
    } else {
        println!("{}", markdown::report(results));
    }
    eprintln!("written to {}", folder.display());
    Ok(())
}

fn build_tools() -> Result<()> {
    let status = cargo()
        .args([
            "build",
            "--quiet",
            "--release",
            "-p",
            "zk-bench",
            "--bin",
            "zk-canned-server",
        ])
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("cargo build: {status}");
    }
    Ok(())
}
