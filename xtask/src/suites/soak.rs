//! The soak as a test, for a short time.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::report::Report;
use crate::soak::{Options, play};

/// Long enough for each kind of fault and call; growth needs the long form to be seen.
const TIME: Duration = Duration::from_secs(20);

pub(super) fn run(report: &mut Report) -> Result<()> {
    report.check(
        "200 handles leave nothing behind under random calls",
        || {
            let mut output = Vec::new();
            let verdict = play(&Options::lasting(TIME), &mut |line| {
                output.push(line.to_owned());
            })?;
            if verdict.faults.is_empty() {
                println!("         {}", verdict.summary);
                return Ok(());
            }
            bail!(
                "{}\n{}\n{}",
                verdict.faults.join("\n"),
                verdict.summary,
                output.join("\n")
            )
        },
    );
    Ok(())
}
