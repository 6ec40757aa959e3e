//! Runs many clients on a real ensemble under faults and checks what they saw.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use pico_args::Arguments;
use zk_chaos::plan::{Fault, KINDS};
use zk_chaos::run::{Options, run};
use zk_chaos::summary::GHOST;

const USAGE: &str = "\
zk-chaos --library FILE [OPTION]...

  --library FILE     the libzookeeper_mt.so.2 to test
  --operations N     end after N requests (default: no limit)
  --seconds N        end after N seconds (default 120)
  --clients N        number of clients (default 16)
  --seed N           repeat the schedule of this seed (default: a random one)
  --log FILE         write the library's log there
";

fn main() -> ExitCode {
    match start() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `false` if a promise was broken, or nothing was tried.
fn start() -> Result<bool> {
    let mut args = Arguments::from_env();
    if args.contains(["-h", "--help"]) {
        print!("{USAGE}");
        return Ok(true);
    }
    let seed = args.opt_value_from_str("--seed")?;
    let options = Options {
        library: args.value_from_os_str("--library", path)?,
        log: args.opt_value_from_os_str("--log", path)?,
        seed: seed.unwrap_or_else(|| fastrand::u64(..)),
        operations: args.opt_value_from_str("--operations")?.unwrap_or(u64::MAX),
        limit: Duration::from_secs(args.opt_value_from_str("--seconds")?.unwrap_or(120)),
        clients: args.opt_value_from_str("--clients")?.unwrap_or(16),
    };
    let rest = args.finish();
    ensure!(rest.is_empty(), "unexpected arguments {rest:?}\n\n{USAGE}");
    println!("seed {}", options.seed);
    let outcome = run(&options)?;
    println!("\n{}", outcome.summary);
    let seconds = outcome.time.as_secs_f64();
    let total = outcome.summary.total();
    let requests = total.good + total.failed + total.lost;
    println!(
        "{requests} requests in {seconds:.0} s ({:.0}/s), seed {}",
        requests as f64 / seconds,
        options.seed
    );
    for (kind, count) in (0..KINDS).zip(outcome.injected) {
        println!("{count:>6} x {}", Fault::name(kind));
    }
    for (kind, count) in &outcome.report.counts {
        println!("{count:>6} violations: {kind:?}");
    }
    let sound = outcome.report.counts.is_empty();
    if sound {
        println!("no promise was broken");
    }
    // Nothing is shown by what was not tried.
    for (kind, count) in (0..KINDS).zip(outcome.injected) {
        ensure!(count > 0, "too short: no {}", Fault::name(kind));
    }
    for (name, ends) in &outcome.summary.requests {
        ensure!(ends.good > 0 || *name == GHOST, "no {name} was answered");
    }
    Ok(sound)
}

fn path(value: &std::ffi::OsStr) -> Result<PathBuf, std::convert::Infallible> {
    Ok(PathBuf::from(value))
}
