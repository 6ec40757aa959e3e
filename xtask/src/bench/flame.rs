//! Where the time of a busy handle goes, as a flame graph.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::programs::{Load, LoadKind, Programs, Subject};
use super::servers::{Kind, Server};
use crate::artifacts::{self, Library, cargo, root, target_dir};
use crate::process::run_captured;

const LIMIT: Duration = Duration::from_secs(300);
const TITLE: &str = "CPU of a client process: pipelined zoo_aget, 1,000 in flight";

/// Samples our library under the load of `aget` and writes docs/performance/flame.svg.
pub(crate) fn run() -> Result<()> {
    if !run_captured(Command::new("perf").arg("version"), LIMIT)
        .is_ok_and(|finished| finished.status.success())
    {
        bail!("perf does not run (Debian package linux-perf)");
    }
    artifacts::build()?;
    super::build_tools()?;
    let programs = Programs::build()?;
    let server = Server::start(Kind::Canned)?;
    let folder = tempfile::tempdir()?;
    let samples = folder.path().join("perf.data");
    let settings = vec![("window", 1_000), ("warm-up-ms", 0), ("time-ms", 2_000)];
    let load = Load {
        name: "aget",
        kind: LoadKind::Threads,
        hosts: &server.hosts,
        settings: &settings,
    };
    programs.sample(&Subject::Library(Library::ours()), &load, &samples)?;

    let script = folder.path().join("script");
    let mut command = Command::new("perf");
    command
        .arg("script")
        .arg("-i")
        .arg(&samples)
        .stdout(File::create(&script)?);
    let status = command.stderr(Stdio::null()).status()?;
    if !status.success() {
        bail!("perf script: {status}");
    }
    let out = root().join("docs/performance");
    fs::create_dir_all(&out)?;
    let picture = out.join("flame.svg");
    let mut command = cargo();
    command
        .args([
            "run",
            "--quiet",
            "--release",
            "-p",
            "zk-bench",
            "--features",
            "flame",
        ])
        .args(["--bin", "zk-flame", "--", TITLE])
        .env("CARGO_TARGET_DIR", target_dir())
        .stdin(File::open(&script)?)
        .stdout(File::create(&picture)?);
    let status = command.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("drawing: {status}");
    }
    println!("{}", picture.display());
    Ok(())
}
