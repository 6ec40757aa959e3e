//! Codec and core take no more instructions than they did, and as many whatever else there is.

use anyhow::Result;

use crate::instructions::{FLATNESS, TOLERANCE, available, baselines, count, flatness};
use crate::report::Report;

pub(super) fn run(report: &mut Report) -> Result<()> {
    if !available() {
        report.absent("instruction counts", "valgrind is not installed");
        return Ok(());
    }
    let baselines = baselines()?;
    let counts = count()?;
    for count in &counts {
        let (name, percent) = (&count.name, TOLERANCE * 100.0);
        let check = format!("the instructions of {name} are within {percent} % of the baseline");
        report.check(&check, || count.compare(&baselines));
    }
    for (what, flat) in flatness(&counts) {
        let percent = FLATNESS * 100.0;
        report.check(
            &format!("the instructions of {what} differ by at most {percent} %"),
            || flat,
        );
    }
    Ok(())
}
