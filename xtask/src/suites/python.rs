//! The tests of the Python package, on the installed package.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::process::run_captured;
use crate::python::Environment;
use crate::report::{Counts, Report};

/// Where kazoo's own tests are run from; `cargo xtask kazoo` gives it the user's arguments.
pub(crate) const KAZOO_SUITE: &str = "python/tests/kazoo_suite";
const LIMIT: Duration = Duration::from_secs(900);
/// What the program for kazoo's own tests ends with when they cannot run here.
const CANNOT_RUN: i32 = 77;

pub(super) fn run(report: &mut Report) -> Result<()> {
    let name = "the Python tests";
    if let Some(reason) = Environment::absence() {
        report.absent(name, &reason);
        return Ok(());
    }
    let environment = Environment::prepare()?;
    let mut pytest = environment.python();
    pytest
        .args(["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"])
        .arg("python/tests");
    let finished = run_captured(&mut pytest, LIMIT)?;
    for line in finished.stdout.lines() {
        if line.starts_with("SKIPPED") {
            println!("   {line}");
        }
    }
    let mut counts = parse_pytest(&finished.stdout)
        .with_context(|| format!("no closing line of pytest\n{}", finished.describe()))?;
    if !finished.status.success() && counts.failed == 0 {
        // Ended by something else than a test, for example a crash after the last one.
        counts.failed = 1;
    }
    report.add(name, counts, &finished.describe());
    Ok(())
}

/// kazoo's own tests on our library: the part that covers every module.
pub(super) fn run_kazoo(report: &mut Report) -> Result<()> {
    let name = "kazoo's own tests, a part of every module";
    if let Some(reason) = Environment::absence() {
        report.absent(name, &reason);
        return Ok(());
    }
    let environment = Environment::prepare()?;
    let mut suite = environment.python();
    suite.args([KAZOO_SUITE, "--part"]);
    let finished = run_captured(&mut suite, LIMIT)?;
    if finished.status.code() == Some(CANNOT_RUN) {
        report.absent(name, finished.stdout.trim());
        return Ok(());
    }
    for line in finished.stdout.lines() {
        println!("         {line}");
    }
    report.check(name, || finished.success().map(drop));
    Ok(())
}

/// Reads pytest's closing line, for example `2 failed, 10 passed, 1 skipped, 1 error in 0.51s`.
fn parse_pytest(output: &str) -> Option<Counts> {
    let closing = output.lines().rev().find(|line| line.contains(" in "))?;
    let closing = closing.trim_matches([' ', '=']);
    let (parts, _) = closing.split_once(" in ")?;
    let mut counts = Counts::default();
    for part in parts.split(", ") {
        let (number, word) = part.split_once(' ')?;
        let number: usize = number.parse().ok()?;
        match word {
            "passed" | "xfailed" => counts.passed += number,
            "failed" | "error" | "errors" | "xpassed" => counts.failed += number,
            "skipped" => counts.skipped += number,
            "deselected" | "warning" | "warnings" => {}
            _ => return None,
        }
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::parse_pytest;
    use crate::report::Counts;

    #[test]
    fn the_closing_line_of_pytest_is_read() {
        let counts = |passed, failed, skipped| {
            Some(Counts {
                passed,
                failed,
                skipped,
            })
        };
        assert_eq!(
            parse_pytest("....\n354 passed, 1 deselected in 41.65s\n"),
            counts(354, 0, 0)
        );
        let line = "== 2 failed, 10 passed, 3 skipped, 1 error in 61.02s (0:01:01) ==";
        assert_eq!(parse_pytest(line), counts(10, 3, 3));
        assert_eq!(parse_pytest("no tests ran in 0.01s"), None);
        assert_eq!(parse_pytest("Segmentation fault"), None);
    }
}
