//! stub
pub(crate) fn list() {}
pub(crate) fn run(_: &[String]) -> anyhow::Result<bool> {
    Ok(true)
}
