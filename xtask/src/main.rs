//! Project commands, run as `cargo xtask COMMAND`.

mod artifacts;
mod bench;
mod chaos;
mod closes;
mod compat;
mod compile;
mod demo;
mod faults;
mod fuzz;
mod hostile;
mod instructions;
mod packages;
mod process;
mod python;
mod report;
mod server;
mod soak;
mod suites;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use pico_args::Arguments;

const USAGE: &str = "\
cargo xtask COMMAND

  build                 build the library and the test server (release), add the soname link
  demo                  show a master-worker application surviving two killed processes
    --server HOST:PORT    on this ZooKeeper instead of a fresh test server
    --library PATH        on this libzookeeper_mt.so.2 instead of ours
    --tasks N             number of tasks (default 24)
  test                  run all tests
    --only SUITE          only this suite; may be repeated
    --list                print the names of the suites
  chaos                 check what many clients see of a real ensemble under faults (docs/chaos.md)
    --operations N        end after so many requests (default: no limit)
    --minutes N           end after so many minutes (default 10)
    --seed N              repeat the schedule of this seed
    --library PATH        on this libzookeeper_mt.so.2 instead of ours
  closes                close handles with calls in flight, from everywhere, and count what is lost
    --count N             rounds of each scene (default 10000)
    --library PATH        on this libzookeeper_mt.so.2 instead of ours
    --sanitize            on ours under AddressSanitizer
  soak                  let many handles make random calls under faults; nothing may grow
    --minutes N           how long (default 60)
    --seed N              repeat the random choices of this seed
    --handles N           number of handles (default 200)
    --server NAME         test (default) or java
    --library PATH        on this libzookeeper_mt.so.2 instead of ours
  fuzz [TARGET]...      run the fuzz targets (fuzz/), all or these
    --seconds N           how long each runs (default 60)
    --minutes N           the same in minutes
    --jobs N              how many run at a time (default 2)
    --minimise            instead, make what runs have found the committed corpus, minimised
  hostile               sessions with a server whose every connection goes wrong
    --sessions N          so many (default 100,000)
    --minutes N           end after so many minutes (default: no limit)
    --workers N           threads that use handles (default 8)
    --seed N              other requests and damage
    --library PATH        on this libzookeeper_mt.so.2 instead of ours
  compat                write docs/compat.md: which test tries which number of the contract
    --check               only say whether it is up to date and every number has a test
  faults                run the tests of faults on both libraries where the record lacks them, and write
                        docs/faults.md: what the C library does and what this one does
    --again               run all of them
    --check               only say whether everything is up to date
  bench                 measure our library, Debian's and a bare socket in turn (docs/performance.md)
    --case NAME           only this case; may be repeated
    --server NAME         only on this server, canned, test or java; may be repeated
    --list                print the names of the cases
    --quick               short runs
    --runs N              runs of each subject
    --json                print JSON instead of the tables
    --out FOLDER          write the report here (a whole run: docs/performance, else target/bench)
  flame                 draw where the time of a busy handle goes into docs/performance/flame.svg
  instructions          count the instructions of codec and core for each request
    --bless               make the counts the committed baselines
  kazoo [ARGUMENT]...   run kazoo's own tests on kazoo's connection and on ours, side by side
    --part                only a part, of every module
  bench python [ARGUMENT]...
                        compare the Python modules with stock kazoo and the C calls
";

/// The program that measures the Python modules.
const PYTHON_BENCH: &str = "python/bench";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the command that the arguments name. `false` means that it ran and found failures.
fn run() -> Result<bool> {
    let mut args = Arguments::from_env();
    if args.contains(["-h", "--help"]) {
        print!("{USAGE}");
        return Ok(true);
    }
    let command = args.subcommand()?.unwrap_or_default();
    match command.as_str() {
        "build" => {
            finish(args)?;
            println!("{}", artifacts::build()?.display());
            Ok(true)
        }
        "demo" => {
            let options = demo::Options {
                server: args.opt_value_from_str("--server")?,
                library: args.opt_value_from_os_str("--library", path)?,
                tasks: args.opt_value_from_str("--tasks")?.unwrap_or(24),
            };
            finish(args)?;
            demo::run(&options)
        }
        "test" => {
            let list = args.contains("--list");
            let only: Vec<String> = args.values_from_str("--only")?;
            finish(args)?;
            if list {
                suites::list();
                return Ok(true);
            }
            suites::run(&only)
        }
        "chaos" => {
            let minutes: u64 = args.opt_value_from_str("--minutes")?.unwrap_or(10);
            let options = chaos::Options {
                operations: args.opt_value_from_str("--operations")?,
                time: Duration::from_secs(minutes.saturating_mul(60)),
                seed: args.opt_value_from_str("--seed")?,
                library: args.opt_value_from_os_str("--library", path)?,
            };
            finish(args)?;
            chaos::run(&options)
        }
        "closes" => {
            let options = closes::Options {
                count: args.opt_value_from_str("--count")?.unwrap_or(10_000),
                library: args.opt_value_from_os_str("--library", path)?,
                sanitize: args.contains("--sanitize"),
            };
            finish(args)?;
            closes::run(&options)
        }
        "soak" => {
            let minutes: u64 = args.opt_value_from_str("--minutes")?.unwrap_or(60);
            let mut options =
                soak::Options::lasting(Duration::from_secs(minutes.saturating_mul(60)));
            options.seed = args.opt_value_from_str("--seed")?;
            options.library = args.opt_value_from_os_str("--library", path)?;
            if let Some(handles) = args.opt_value_from_str("--handles")? {
                options.handles = handles;
            }
            match args.opt_value_from_str::<_, String>("--server")?.as_deref() {
                None | Some("test") => {}
                Some("java") => options.kind = server::Kind::Java,
                Some(other) => bail!("there is no server '{other}'"),
            }
            finish(args)?;
            soak::run(&options)
        }
        "fuzz" => fuzz(args),
        "hostile" => {
            let minutes: Option<u64> = args.opt_value_from_str("--minutes")?;
            let mut options = hostile::Options::of(100_000);
            if let Some(sessions) = args.opt_value_from_str("--sessions")? {
                options.sessions = sessions;
            }
            if let Some(minutes) = minutes {
                options.time = Duration::from_secs(minutes.saturating_mul(60));
            }
            if let Some(workers) = args.opt_value_from_str("--workers")? {
                options.workers = workers;
            }
            if let Some(seed) = args.opt_value_from_str("--seed")? {
                options.seed = seed;
            }
            options.library = args.opt_value_from_os_str("--library", path)?;
            finish(args)?;
            hostile::run(&options)
        }
        "compat" => {
            let check = args.contains("--check");
            finish(args)?;
            compat::run(check)
        }
        "faults" => {
            let (check, again) = (args.contains("--check"), args.contains("--again"));
            finish(args)?;
            if check {
                return faults::check();
            }
            faults::run(again)
        }
        "bench" => match args.subcommand()?.as_deref() {
            None => bench(args),
            Some("python") => python::run(PYTHON_BENCH, args.finish()),
            Some(other) => bail!("cannot bench '{other}'\n\n{USAGE}"),
        },
        "flame" => {
            finish(args)?;
            bench::flame::run()?;
            Ok(true)
        }
        "instructions" => {
            let bless = args.contains("--bless");
            finish(args)?;
            instructions::run(bless)?;
            Ok(true)
        }
        "kazoo" => python::run(suites::KAZOO_SUITE, args.finish()),
        "" => bail!("no command given\n\n{USAGE}"),
        other => bail!("unknown command '{other}'\n\n{USAGE}"),
    }
}

fn bench(mut args: Arguments) -> Result<bool> {
    let list = args.contains("--list");
    let options = bench::Options {
        cases: args.values_from_str("--case")?,
        servers: args.values_from_str("--server")?,
        quick: args.contains("--quick"),
        runs: args.opt_value_from_str("--runs")?,
        json: args.contains("--json"),
        out: args.opt_value_from_os_str("--out", path)?,
    };
    finish(args)?;
    if list {
        bench::list();
        return Ok(true);
    }
    bench::run(&options)
}

fn fuzz(mut args: Arguments) -> Result<bool> {
    let minimise = args.contains("--minimise");
    let minutes: Option<u64> = args.opt_value_from_str("--minutes")?;
    let seconds: Option<u64> = args.opt_value_from_str("--seconds")?;
    let jobs = args.opt_value_from_str("--jobs")?.unwrap_or(2);
    let mut targets = Vec::new();
    while let Some(target) = args.opt_free_from_str()? {
        targets.push(target);
    }
    finish(args)?;
    if minimise {
        fuzz::minimise(&targets)?;
        return Ok(true);
    }
    let seconds = minutes.map_or(seconds, |minutes| Some(minutes.saturating_mul(60)));
    fuzz::run(&fuzz::Options {
        time: Duration::from_secs(seconds.unwrap_or(60)),
        targets,
        jobs,
    })
}

fn path(value: &std::ffi::OsStr) -> Result<PathBuf, std::convert::Infallible> {
    Ok(PathBuf::from(value))
}

/// Fails when an argument was not understood.
fn finish(args: Arguments) -> Result<()> {
    let rest: Vec<OsString> = args.finish();
    match rest.first() {
        None => Ok(()),
        Some(first) => bail!("unexpected argument {first:?}\n\n{USAGE}"),
    }
}
