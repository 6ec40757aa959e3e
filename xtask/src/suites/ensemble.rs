//! The C API on real ensembles (`tests/ensemble`).

use anyhow::Result;

use super::rust::run_tests;
use crate::artifacts::cargo;
use crate::report::Report;
use crate::server::Kind;

pub(super) fn run(report: &mut Report) -> Result<()> {
    if let Some(reason) = Kind::Java.absence() {
        report.absent("real ensembles", &reason);
        return Ok(());
    }
    let mut command = cargo();
    command.args(["test", "--package", "zookeeper_mt", "--test", "ensemble"]);
    run_tests(report, "real ensembles", &mut command)
}
