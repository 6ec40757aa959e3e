//! System calls and allocations per request, counted, not timed.

use anyhow::{Result, bail};

use crate::bench::counts;
use crate::report::Report;

/// Buffers grow now and then; an allocation for each request would be 1.
const ALLOCATIONS: f64 = 0.05;
/// The library reads and writes many requests with one call each.
const BATCHED: f64 = 0.2;
/// A caller who waits has the kernel write, read and wake for each call.
const WAITING: f64 = 8.0;

/// A load of `c-tests/bench/load.c` with its settings.
struct Path {
    about: &'static str,
    load: &'static str,
    settings: &'static [(&'static str, u64)],
    calls: f64,
}

const PATHS: &[Path] = &[
    Path {
        about: "pipelined zoo_aget, 1,000 in flight",
        load: "aget",
        settings: &[("window", 1_000)],
        calls: BATCHED,
    },
    Path {
        about: "pipelined zoo_aget, 20,000 in flight",
        load: "aget",
        settings: &[("window", 20_000)],
        calls: BATCHED,
    },
    Path {
        about: "pipelined zoo_amulti of 10 operations",
        load: "amulti",
        settings: &[("window", 100), ("count", 10)],
        calls: BATCHED,
    },
    Path {
        about: "zoo_get from one thread",
        load: "get",
        settings: &[("threads", 1)],
        calls: WAITING,
    },
    Path {
        about: "zoo_get from eight threads",
        load: "get",
        settings: &[("threads", 8)],
        calls: WAITING,
    },
];

// F-6: without names, yet what turns of the loop cost shows here.
pub(super) fn run(report: &mut Report) -> Result<()> {
    if !std::path::Path::new("/usr/bin/strace").exists() {
        report.absent("system calls per request", "strace is not installed");
        return Ok(());
    }
    for path in PATHS {
        let name = format!("{}: few system calls, hardly an allocation", path.about);
        report.check(&name, || {
            let counts = counts::of_our_library(path.load, path.settings)?;
            println!(
                "         {:.3} system calls, {:.4} allocations",
                counts.calls, counts.allocations
            );
            if counts.calls >= path.calls || counts.allocations >= ALLOCATIONS {
                bail!("{counts:?} for each request");
            }
            Ok(())
        });
    }
    Ok(())
}
