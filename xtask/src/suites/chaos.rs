//! The history checker as a test.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::chaos::{Options, run_silently};
use crate::report::Report;
use crate::server::Kind;

const NAME: &str = "clients of a tormented ensemble see what they were promised";
const TIME: Duration = Duration::from_secs(120);
/// Lines of the schedule that are shown of a run that failed; the seed gives all of it.
const LAST: usize = 40;

pub(super) fn run(report: &mut Report) -> Result<()> {
    if let Some(reason) = Kind::Java.absence() {
        report.absent(NAME, &reason);
        return Ok(());
    }
    report.check(NAME, || {
        let finished = run_silently(&Options::lasting(TIME))?;
        if !finished.status.success() {
            let schedule: Vec<&str> = finished.stderr.lines().collect();
            let last = schedule.len().saturating_sub(LAST);
            let last = schedule.get(last..).unwrap_or_default().join("\n");
            bail!("{}\n{}\n{last}", finished.status, finished.stdout);
        }
        // The figures, with the seed.
        let figures = finished.stdout.split("\n\n").last().unwrap_or_default();
        for line in figures.lines() {
            println!("         {line}");
        }
        Ok(())
    });
    Ok(())
}
