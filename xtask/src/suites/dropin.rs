//! Debian's prebuilt programs, unchanged, on both libraries.

use std::path::Path;

use anyhow::{Result, bail};

use super::cli::Driven;
use super::cli_session;
use crate::artifacts::Library;
use crate::report::Report;
use crate::server::Kind;
use crate::suites::{original, servers};

const LOAD_GENERATOR: &str = "/usr/lib/zookeeper/bin/load_gen";
const TICK_MS: u32 = 2000;

// C-185: cli_mt and load_gen of Debian
pub(super) fn run(report: &mut Report) -> Result<()> {
    let name = "Debian's prebuilt programs";
    let Some(original) = original(report, name) else {
        return Ok(());
    };
    if !Path::new(LOAD_GENERATOR).exists() {
        report.absent(name, "Debian's zookeeper-bin is not installed");
        return Ok(());
    }
    for kind in servers(report, name) {
        let server = kind.name();
        report.check(
            &format!("cli_mt prints the same on both libraries, {server}"),
            || compare(&original, |library| cli_session_on(library, kind)),
        );
        report.check(
            &format!("load_gen does the same on both libraries, {server}"),
            || compare(&original, |library| load_generator_on(library, kind)),
        );
    }
    Ok(())
}

/// Fails with the first difference unless both libraries give the same text.
fn compare(original: &Library, play: impl Fn(&Library) -> Result<String>) -> Result<()> {
    let expected = play(original)?;
    let found = play(&Library::ours())?;
    if expected == found {
        return Ok(());
    }
    let (mut left, mut right) = (expected.lines(), found.lines());
    let mut number = 1;
    loop {
        let (expected_line, found_line) = (left.next(), right.next());
        if expected_line != found_line {
            bail!(
                "line {number} differs\noriginal: {}\nours:     {}\n--- original\n{expected}--- ours\n{found}",
                expected_line.unwrap_or("(end)"),
                found_line.unwrap_or("(end)"),
            );
        }
        number += 1;
    }
}

fn cli_session_on(library: &Library, kind: Kind) -> Result<String> {
    let server = kind.start(TICK_MS)?;
    cli_session::play(library, &server.hosts)
}

/// Lets the load generator go round twice and clean up, and returns what it said about it.
///
/// It speaks through the library's own `log_message`, subject to the library's `logLevel`.
fn load_generator_on(library: &Library, kind: Kind) -> Result<String> {
    let server = kind.start(TICK_MS)?;
    let mut load = Driven::start(LOAD_GENERATOR, &[&server.hosts, "/load", "50"], library)?;
    load.await_text("Checking server connection")?;
    load.assert_loaded(library)?;
    for phase in [
        "Creating",
        "write cycle",
        "read cycle",
        "delete cycle",
        "Creating",
    ] {
        load.await_text(phase)?;
    }
    let mut said = own_lines(&load.transcript);
    drop(load);

    let mut clean = Driven::start(LOAD_GENERATOR, &[&server.hosts, "/load", "clean"], library)?;
    clean.await_text("Successfully deleted a subtree")?;
    clean.finish()?;
    if clean
        .transcript
        .last()
        .is_none_or(|status| status != "exit status: 0")
    {
        bail!("load_gen clean failed:\n{}", clean.transcript.join("\n"));
    }
    said.push_str("cleaned\n");
    Ok(said)
}

/// The program's own log lines, without time, process and thread.
fn own_lines(transcript: &[String]) -> String {
    transcript
        .iter()
        .filter_map(|line| line.split_once("):ZOO_"))
        .map(|(_, message)| message)
        .filter(|message| {
            [
                "main@",
                "doCreateNodes@",
                "create_completion@",
                "write_completion@",
                "read_completion@",
                "delete_completion@",
            ]
            .iter()
            .any(|function| message.contains(function))
        })
        .map(|message| format!("{message}\n"))
        .collect()
}
