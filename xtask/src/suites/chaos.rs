//! The history checker as a test.

use std::time::Duration;

use anyhow::Result;

use crate::chaos::{Options, run_silently};
use crate::report::Report;
use crate::server::Kind;

const NAME: &str = "clients of a tormented ensemble see what they were promised";
const TIME: Duration = Duration::from_secs(120);

pub(super) fn run(report: &mut Report) -> Result<()> {
    if let Some(reason) = Kind::Java.absence() {
        report.absent(NAME, &reason);
        return Ok(());
    }
    report.check(NAME, || {
        let finished = run_silently(&Options::lasting(TIME))?.success()?;
        // The figures, with the seed.
        let figures = finished.stdout.split("\n\n").last().unwrap_or_default();
        for line in figures.lines() {
            println!("         {line}");
        }
        Ok(())
    });
    Ok(())
}
