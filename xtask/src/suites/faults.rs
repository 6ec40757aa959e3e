//! The faults of the C library: the programs of `c-tests/faults`, and the page that shows all
//! tests of faults.

use anyhow::Result;

use super::Setup;
use crate::artifacts::Library;
use crate::faults::Faults;
use crate::report::Report;
use crate::server::Kind;

pub(super) fn run(report: &mut Report) -> Result<()> {
    let faults = Faults::read()?;
    report.check("each fault has a test or a reason", || {
        faults.check_claimed()
    });
    report.check("each C test's outcome on the original is recorded", || {
        faults.check_recorded()
    });
    report.check("docs/faults.md is up to date", || faults.check_page());
    let mut setup = Setup::of(Library::ours());
    setup.programs = "c-tests/faults";
    setup.run(report, &[Kind::Test])
}
