//! The models of `src/runtime/models`, run through every interleaving of their threads.

use anyhow::Result;

use super::rust::run_tests;
use crate::artifacts::{cargo, target_dir};
use crate::report::Report;

pub(super) fn run(report: &mut Report) -> Result<()> {
    let mut command = cargo();
    command
        .args(["test", "--release", "--package", "zookeeper_mt", "--lib"])
        .args(["--config", "profile.release.codegen-units=16", "models::"])
        // Other flags mean another build of everything; it has its own folder to stay in.
        .env("RUSTFLAGS", "--cfg loom -D warnings")
        .env("CARGO_TARGET_DIR", target_dir().join("models"));
    run_tests(report, "the models", &mut command)
}
