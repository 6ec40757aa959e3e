//! The demo as a test.

use anyhow::Result;

use crate::artifacts::Library;
use crate::demo;
use crate::report::Report;
use crate::suites::servers;

pub(super) fn run(report: &mut Report) -> Result<()> {
    for kind in servers(report, "the demo") {
        let name = format!("no task is lost or done twice on the {}", kind.name());
        report.check(&name, || demo::run_on(&Library::ours(), kind));
    }
    Ok(())
}
