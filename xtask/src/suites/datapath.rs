//! System calls and allocations per request, counted, not timed.

use std::path::Path;

use anyhow::{Result, bail};

use crate::bench::counts;
use crate::report::Report;

/// The library reads and writes many requests with one call each.
const CALLS: f64 = 0.2;
/// Buffers grow now and then; an allocation for each request would be 1.
const ALLOCATIONS: f64 = 0.05;

pub(super) fn run(report: &mut Report) -> Result<()> {
    if !Path::new("/usr/bin/strace").exists() {
        report.absent("system calls per request", "strace is not installed");
        return Ok(());
    }
    for window in [1_000, 20_000] {
        let name = format!(
            "pipelined zoo_aget, {window} in flight, take few system calls and hardly an allocation"
        );
        report.check(&name, || {
            let counts = counts::of_our_library(window)?;
            println!(
                "         {:.3} system calls, {:.4} allocations",
                counts.calls, counts.allocations
            );
            if counts.calls >= CALLS || counts.allocations >= ALLOCATIONS {
                bail!("{counts:?} for each request");
            }
            Ok(())
        });
    }
    Ok(())
}
