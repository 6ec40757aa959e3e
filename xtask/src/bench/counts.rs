//! What can be counted exactly, for tests.

use anyhow::{Context, Result};

use super::programs::{Load, LoadKind, Programs, Subject};
use super::servers::{Kind, Server};
use crate::artifacts::Library;

const REQUESTS: u64 = 100_000;

/// Counts for each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    /// System calls of the whole program.
    pub(crate) calls: f64,
    /// Allocations once it is warm.
    pub(crate) allocations: f64,
}

/// Counts a load on our library and the test server: see `c-tests/bench/load.c` for names and
/// settings.
pub(crate) fn of_our_library(name: &str, settings: &[(&'static str, u64)]) -> Result<Counts> {
    let programs = Programs::build()?;
    let server = Server::start(Kind::Test)?;
    let mut settings = settings.to_vec();
    settings.push(("requests", REQUESTS));
    let load = Load {
        name,
        kind: LoadKind::Threads,
        hosts: &server.hosts,
        settings: &settings,
    };
    let ours = Subject::Library(Library::ours());
    let counted = programs.run_counting_allocations(&ours, &load)?;
    Ok(Counts {
        calls: programs.system_calls(&ours, &load)?,
        allocations: counted
            .get("allocations")
            .copied()
            .context("no allocations were counted")?,
    })
}
