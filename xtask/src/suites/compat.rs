//! Every number of the behaviour contract is claimed, and the page that shows it is up to date.

use anyhow::Result;

use crate::compat::Matrix;
use crate::report::Report;

pub(super) fn run(report: &mut Report) -> Result<()> {
    let matrix = Matrix::read()?;
    report.check("each number has a test or a reason", || {
        matrix.check_claimed()
    });
    report.check("each deviation is listed", || matrix.check_deviations());
    report.check("docs/compat.md is up to date", || matrix.check_page());
    Ok(())
}
