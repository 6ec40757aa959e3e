//! System calls per request, counted, not timed.

use std::path::Path;

use anyhow::{Result, bail};

use crate::artifacts::Library;
use crate::measure::{Bench, Load};
use crate::report::Report;
use crate::server::Kind;

/// The library reads and writes many requests with one call each.
const LIMIT: f64 = 0.2;
const TICK_MS: u32 = 2000;

pub(super) fn run(report: &mut Report) -> Result<()> {
    let name = "20000 pipelined zoo_aget take fewer than 0.2 system calls each";
    if !Path::new("/usr/bin/strace").exists() {
        report.absent(name, "strace is not installed");
        return Ok(());
    }
    report.check(name, || {
        let library = Library::ours();
        let bench = Bench::build(&library)?;
        let server = Kind::Test.start(TICK_MS)?;
        for window in [1_000, 20_000] {
            let load = Load {
                requests: 20_000,
                window,
            };
            let calls = bench.system_calls_per_request(&library, &server.hosts, load)?;
            println!("         {calls:.3} with {window} in flight");
            if calls >= LIMIT {
                bail!("{calls:.3} system calls per request with {window} in flight");
            }
        }
        Ok(())
    });
    Ok(())
}
