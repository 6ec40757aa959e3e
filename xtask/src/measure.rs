//! stub
pub(crate) struct Load {
    pub(crate) requests: usize,
    pub(crate) window: usize,
}
pub(crate) fn run(_: Load) -> anyhow::Result<()> {
    Ok(())
}
