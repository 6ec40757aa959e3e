//! Codec and core take no more instructions than they did.

use anyhow::Result;

use crate::instructions::{TOLERANCE, available, baselines, count};
use crate::report::Report;

pub(super) fn run(report: &mut Report) -> Result<()> {
    if !available() {
        report.absent("instruction counts", "valgrind is not installed");
        return Ok(());
    }
    let baselines = baselines()?;
    for count in count()? {
        let (name, percent) = (&count.name, TOLERANCE * 100.0);
        let check = format!("the instructions of {name} are within {percent} % of the baseline");
        report.check(&check, || count.compare(&baselines));
    }
    Ok(())
}
