//! Closes with calls in flight, from everywhere, as often as wanted: `c-tests/api/races_close.c`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::artifacts::{Library, build};
use crate::packages;
use crate::report::Report;
use crate::server::Kind;
use crate::suites::{Setup, asan};

const PROGRAM: &str = "races_close.c";
const LIMIT: Duration = Duration::from_secs(4 * 3600);

/// What kind of run.
#[derive(Debug)]
pub(crate) struct Options {
    /// Rounds of each scene.
    pub(crate) count: u64,
    /// The library, if not ours.
    pub(crate) library: Option<PathBuf>,
    /// With ours under AddressSanitizer.
    pub(crate) sanitize: bool,
}

/// Plays each scene and prints how many calls were lost and how often the process crashed or
/// hung. `false` if that was ever.
pub(crate) fn run(options: &Options) -> Result<bool> {
    packages::ensure()?;
    build()?;
    let mut report = Report::default();
    let reports = tempfile::tempdir()?;
    let mut setup = match &options.library {
        Some(path) => Setup::of(Library::at(path)?),
        None if options.sanitize => match asan::setup(&mut report, reports.path())? {
            Some(setup) => setup,
            None => return Ok(report.close()),
        },
        None => Setup::of(Library::ours()),
    };
    setup.only = vec![PROGRAM.to_owned()];
    setup.limit = LIMIT;
    setup.remarks = true;
    setup.environment.extend([
        ("ZK_CLOSES", options.count.to_string().into()),
        ("ZK_TEST_DEADLINE_MS", LIMIT.as_millis().to_string().into()),
        ("ZK_TEST_JOBS", "1".into()),
    ]);
    setup.run(&mut report, &[Kind::Test])?;
    if options.sanitize {
        asan::check(&mut report, reports.path());
    }
    Ok(report.close())
}
