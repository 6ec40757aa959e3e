//! The programs of `c-tests/api` under ThreadSanitizer.
//!
//! The standard library is not instrumented; what that hides from the sanitizer is listed in
//! `tsan.suppressions`, with the reason.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;

use super::sanitizer::{FAULTY, Sanitizer, is_said_in, nothing_in};
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
    report.check("ThreadSanitizer sees a race of a faulty program", || {
        let reports = tempfile::tempdir()?;
        setup.run_alone(
            &FAULTY,
            &["race-with-the-library"],
            &[options(reports.path())],
        )?;
        is_said_in(reports.path(), str::to_owned, "data race")
    });
    let reports = tempfile::tempdir()?;
    setup.environment.push(options(reports.path()));
    setup.environment.push(("ZK_CLOSES", "40".into()));
    setup.run(report, &[Kind::Test])?;
    report.check("ThreadSanitizer has nothing to report", || {
        nothing_in(reports.path(), str::to_owned)
    });
    Ok(())
}

fn options(reports: &Path) -> (&'static str, OsString) {
    // A test may end while a close from a callback is still joining the IO thread.
    let options = format!(
        "log_path={}/report exitcode=66 report_thread_leaks=0 external_symbolizer_path={SYMBOLIZER} suppressions={}",
        reports.display(),
        root().join("xtask/src/suites/tsan.suppressions").display()
    );
    ("TSAN_OPTIONS", options.into())
}
