//! `cargo test` of the workspace.

use std::time::Duration;

use anyhow::Result;

use crate::artifacts::cargo;
use crate::process::run_captured;
use crate::report::{Counts, Report};

const LIMIT: Duration = Duration::from_secs(15 * 60);

pub(super) fn run(report: &mut Report) -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]);
    let finished = run_captured(&mut command, LIMIT)?;
    let counts = Counts::parse_cargo(&finished.stdout);
    if counts != Counts::default() {
        report.add("cargo test --workspace", counts);
    }
    if !finished.status.success() {
        // A test that failed is counted already; one that does not compile or aborts is not.
        if counts.failed == 0 {
            report.fail("cargo test --workspace", "it ended with an error");
        }
        println!("{}", finished.describe());
    } else if counts.passed == 0 {
        report.fail("cargo test --workspace", "no test ran");
    }
    Ok(())
}
