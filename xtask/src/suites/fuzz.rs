//! The fuzz targets, each for a short time from the committed corpus on.

use std::time::Duration;

use anyhow::Result;

use crate::fuzz::{Options, each};
use crate::report::Report;

const TIME: Duration = Duration::from_secs(30);
/// With two processors this takes less time than two at a time, and the kernel shares fairly.
const JOBS: usize = 3;

pub(super) fn run(report: &mut Report) -> Result<()> {
    let options = Options {
        time: TIME,
        targets: Vec::new(),
        jobs: JOBS,
    };
    each(&options, |outcome| {
        let name = format!(
            "{}: {} inputs in {:.0} s do no harm",
            outcome.target, outcome.inputs, outcome.seconds
        );
        match outcome.found {
            None if outcome.inputs > 0 => report.pass(&name),
            None => report.fail(&name, "it tried nothing"),
            Some(found) => report.fail(&name, &found),
        }
    })
}
