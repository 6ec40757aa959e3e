//! `zk-flame TITLE < SCRIPT > SVG`: draws what `perf script` printed as a flame graph.
#![forbid(unsafe_code)]

use std::io::{BufReader, stdin, stdout};

use anyhow::{Context, Result};
use inferno::collapse::Collapse;
use inferno::collapse::perf::Folder;
use inferno::flamegraph::{Options, from_reader};

fn main() -> Result<()> {
    let mut options = Options::default();
    options.title = std::env::args().nth(1).context("no title")?;
    options.count_name = "samples".to_owned();
    let mut folded = Vec::new();
    Folder::default().collapse(BufReader::new(stdin().lock()), &mut folded)?;
    from_reader(&mut options, &folded[..], stdout().lock())?;
    Ok(())
}
