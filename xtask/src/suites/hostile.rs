//! A short run of sessions with a server whose every connection goes wrong.

use anyhow::Result;

use crate::hostile::{Options, torment};
use crate::report::Report;

const SESSIONS: u64 = 30_000;

pub(super) fn run(report: &mut Report) -> Result<()> {
    let name = format!("{SESSIONS} damaged sessions: no crash, no hang, no leak, no lost request");
    report.check(&name, || {
        let outcome = torment(&Options::of(SESSIONS))?;
        for line in outcome.to_string().lines() {
            println!("         {line}");
        }
        outcome.judge()
    });
    Ok(())
}
