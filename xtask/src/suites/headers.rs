//! The committed headers are those that the source gives.
//!
//! That they compile, and say the same as Debian's, is checked by the ABI guards.

use std::time::Duration;

use anyhow::Result;

use crate::artifacts::cargo;
use crate::process::run_captured;
use crate::report::Report;

const LIMIT: Duration = Duration::from_secs(5 * 60);

pub(super) fn run(report: &mut Report) -> Result<()> {
    report.check("the committed headers are up to date", || {
        let mut command = cargo();
        command.args(["run", "--quiet", "-p", "zk-headers", "--", "--check"]);
        run_captured(&mut command, LIMIT)?.success()?;
        Ok(())
    });
    Ok(())
}
