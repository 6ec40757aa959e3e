//! The programs of `c-tests/api` under ThreadSanitizer.
//!
//! The standard library is not instrumented; what that hides from the sanitizer is listed in
//! `tsan.suppressions`, with the reason.

use std::path::Path;

use anyhow::Result;

use super::sanitizer::{Sanitizer, nothing_in};
use crate::artifacts::root;
use crate::report::Report;
use crate::server::Kind;

const SANITIZER: Sanitizer = Sanitizer {
    name: "ThreadSanitizer",
    rust: "thread",
    runtime: "tsan",
    c: "-fsanitize=thread",
    assertions: false,
};
const SYMBOLIZER: &str = "/usr/bin/addr2line";

pub(super) fn run(report: &mut Report) -> Result<()> {
    if !Path::new(SYMBOLIZER).exists() {
        report.absent(SANITIZER.name, &format!("there is no {SYMBOLIZER}"));
        return Ok(());
    }
    let Some(mut setup) = SANITIZER.setup(report)? else {
        return Ok(());
    };
    let reports = tempfile::tempdir()?;
    // A test may end while a close from a callback is still joining the IO thread.
    let options = format!(
        "log_path={}/report exitcode=66 report_thread_leaks=0 external_symbolizer_path={SYMBOLIZER} suppressions={}",
        reports.path().display(),
        root().join("xtask/src/suites/tsan.suppressions").display()
    );
    setup.environment.push(("TSAN_OPTIONS", options.into()));
    setup.environment.push(("ZK_CLOSES", "40".into()));
    setup.run(report, &[Kind::Test])?;
    report.check("ThreadSanitizer has nothing to report", || {
        nothing_in(reports.path(), str::to_owned)
    });
    Ok(())
}
