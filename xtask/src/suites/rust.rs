//! `cargo test`.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::artifacts::{Library, cargo};
use crate::process::run_captured;
use crate::report::{Counts, Report};

const LIMIT: Duration = Duration::from_secs(15 * 60);

/// All tests of the workspace.
pub(super) fn run(report: &mut Report) -> Result<()> {
    cargo_test(report, &["--workspace"])
}

/// Only the guards of the binary interface and of the headers.
pub(super) fn run_abi(report: &mut Report) -> Result<()> {
    cargo_test(report, &["--package", "zookeeper_mt", "--test", "abi"])
}

fn cargo_test(report: &mut Report, selection: &[&str]) -> Result<()> {
    let name = format!("cargo test {}", selection.join(" "));
    let release = Library::ours().folder;
    let mut command = cargo();
    command
        .args(["test", "--no-fail-fast"])
        .args(selection)
        // The ABI guards look at what is shipped, not at a debug build.
        .env("ZK_LIB", release.join("libzookeeper_mt.so"))
        .env("ZK_ARCHIVE", release.join("libzookeeper_mt.a"));
    run_tests(report, &name, &mut command)
}

/// Runs a `cargo test` command and adds its counts.
pub(super) fn run_tests(report: &mut Report, name: &str, command: &mut Command) -> Result<()> {
    let mut finished = run_captured(command, LIMIT)?;
    let mut counts = Counts::parse_cargo(&finished.stdout);
    // A Rust test cannot say that it was skipped: it says so on standard error and ends well.
    let skipped: Vec<&str> = finished
        .stderr
        .lines()
        .filter(|line| line.starts_with("SKIPPED: "))
        .collect();
    counts.passed = counts.passed.saturating_sub(skipped.len());
    for line in &skipped {
        report.absent(name, line);
    }
    finished.stdout = without_passed(&finished.stdout);
    let output = finished.describe();
    if !finished.status.success() && counts.failed == 0 {
        // What does not compile or aborts is in no count.
        report.fail(name, &output);
    } else if counts == Counts::default() {
        report.fail(name, "no test ran");
    } else {
        report.add(name, counts, &output);
    }
    Ok(())
}

/// The output of `cargo test` less the lines of tests that passed, among which failures would be hard to find.
fn without_passed(output: &str) -> String {
    output
        .lines()
        .filter(|line| !(line.starts_with("test ") && line.ends_with(" ... ok")))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::without_passed;

    #[test]
    fn only_tests_that_passed_are_left_out_of_the_output() {
        let output = "running 2 tests\ntest a ... ok\ntest b ... FAILED\n";
        assert_eq!(
            without_passed(output),
            "running 2 tests\ntest b ... FAILED\n"
        );
    }
}
