//! stub
use crate::report::Report;
use anyhow::Result;
pub(super) fn run(_: &mut Report) -> Result<()> {
    Ok(())
}
