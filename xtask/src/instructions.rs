//! Instruction counts of codec and core under callgrind: the same on a busy machine as on a
//! quiet one, so a change can be refused for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::artifacts::{cargo, root, target_dir};
use crate::process::{run_captured, tied_command};

const KINDS: [&str; 5] = ["get", "exists", "set", "create", "multi"];
/// Runs that differ in a size, which their cost must not depend on: what it is the cost of, the
/// kind, and the sizes.
const FLAT: [(&str, &str, &[u32]); 3] = [
    (
        "a request beside others outstanding",
        "outstanding",
        &[1, 1_000, 100_000],
    ),
    (
        "a watch and its event beside other watches",
        "watches",
        &[1, 100_000],
    ),
    (
        "a child in lists of different lengths",
        "children",
        &[1_000, 100_000],
    ),
];
/// Share by which the costs of such runs may differ.
pub(crate) const FLATNESS: f64 = 0.1;
/// Functions of `zk-instructions` inside of which is counted: `counted_PHASE`.
const PHASES: [&str; 2] = ["send", "receive"];
/// Share by which a count may differ from its baseline, upwards and downwards.
pub(crate) const TOLERANCE: f64 = 0.05;
const LIMIT: Duration = Duration::from_secs(120);

/// Instructions for each request of a kind in a phase, or at a size.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Count {
    /// Kind and phase, or kind and size.
    pub(crate) name: String,
    /// Instructions for each request.
    pub(crate) instructions: f64,
}

impl Count {
    /// Fails if this differs too much from the baseline of its name.
    pub(crate) fn compare(&self, baselines: &[Self]) -> Result<()> {
        let Self { name, instructions } = self;
        let baseline = baselines
            .iter()
            .find(|baseline| baseline.name == *name)
            .with_context(|| format!("{name} has no baseline"))?
            .instructions;
        let change = instructions / baseline - 1.0;
        if change.abs() > TOLERANCE {
            bail!(
                "{instructions:.1} instructions for each request, {baseline:.1} expected ({:+.1} %); if that is \
                 meant, cargo xtask instructions --bless",
                change * 100.0
            );
        }
        Ok(())
    }
}

/// Whether callgrind is here.
pub(crate) fn available() -> bool {
    Path::new("/usr/bin/valgrind").exists()
}

/// For each cost that must not depend on a size: what it is of, and whether it does not.
pub(crate) fn flatness(counts: &[Count]) -> impl Iterator<Item = (&'static str, Result<()>)> {
    FLAT.iter().map(move |(what, kind, sizes)| {
        let of_sizes: Vec<&Count> = counts
            .iter()
            .filter(|count| {
                sizes
                    .iter()
                    .any(|size| count.name == format!("{kind} {size}"))
            })
            .collect();
        (*what, are_flat(&of_sizes, sizes.len()))
    })
}

fn are_flat(counts: &[&Count], expected: usize) -> Result<()> {
    if counts.len() != expected {
        bail!("{} of {expected} counts", counts.len());
    }
    let of = |count: &&Count| count.instructions;
    let least = counts.iter().map(of).fold(f64::INFINITY, f64::min);
    let most = counts.iter().map(of).fold(0.0, f64::max);
    if most > least * (1.0 + FLATNESS) {
        bail!("from {least:.1} to {most:.1} instructions in {counts:?}");
    }
    Ok(())
}

/// Counts every kind in every phase, and every flat cost at every size.
pub(crate) fn count() -> Result<Vec<Count>> {
    let status = cargo()
        .args([
            "build",
            "--quiet",
            "--release",
            "-p",
            "zk-bench",
            "--bin",
            "zk-instructions",
        ])
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("cargo build: {status}");
    }
    let mut counts = Vec::new();
    for kind in KINDS {
        for phase in PHASES {
            counts.push(Count {
                name: format!("{kind} {phase}"),
                instructions: per_request(&[kind], phase)?,
            });
        }
    }
    for (_, kind, sizes) in FLAT {
        for size in sizes.iter().map(u32::to_string) {
            counts.push(Count {
                name: format!("{kind} {size}"),
                instructions: per_request(&[kind, &size], "")?,
            });
        }
    }
    Ok(counts)
}

fn per_request(arguments: &[&str], phase: &str) -> Result<f64> {
    let mut command = tied_command("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect=*counted_{phase}*"))
        .arg(target_dir().join("release/zk-instructions"))
        .args(arguments);
    let finished = run_captured(&mut command, LIMIT)?.success()?;
    let requests = finished.stdout.trim().strip_prefix("requests ");
    let requests = requests.and_then(|count| count.parse::<f64>().ok());
    let collected = collected(&finished.stderr);
    collected
        .zip(requests)
        .map(|(collected, requests)| collected / requests)
        .with_context(|| {
            format!(
                "no count for {arguments:?} {phase} in\n{}",
                finished.describe()
            )
        })
}

/// The number in callgrind's line `Collected : N`.
fn collected(output: &str) -> Option<f64> {
    let line = output.lines().find(|line| line.contains("Collected :"))?;
    let count: f64 = line.rsplit(' ').next()?.parse().ok()?;
    (count > 0.0).then_some(count)
}

fn file() -> PathBuf {
    root().join("crates/zk-bench/instructions.txt")
}

/// The committed counts.
pub(crate) fn baselines() -> Result<Vec<Count>> {
    let text = fs::read_to_string(file()).context("reading the baselines")?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<Count>> {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (name, count) = line
                .rsplit_once(' ')
                .with_context(|| format!("not a baseline: {line}"))?;
            Ok(Count {
                name: name.to_owned(),
                instructions: count
                    .parse()
                    .with_context(|| format!("not a baseline: {line}"))?,
            })
        })
        .collect()
}

/// Prints the counts; makes them the baselines if asked to.
pub(crate) fn run(bless: bool) -> Result<()> {
    let counts = count()?;
    let mut text = String::from(
        "# Instructions for each request under callgrind; see cargo xtask instructions.\n",
    );
    for Count { name, instructions } in &counts {
        println!("{name:<24}{instructions:>10.1}");
        text += &format!("{name} {instructions:.1}\n");
    }
    if bless {
        fs::write(file(), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(instructions: f64) -> Count {
        Count {
            name: "get send".into(),
            instructions,
        }
    }

    #[test]
    fn a_count_may_differ_a_little_from_its_baseline_in_both_directions() {
        let baselines = parse("# comment\nget send 100.0\n").unwrap();
        assert_eq!(baselines, [count(100.0)]);
        assert!(count(104.9).compare(&baselines).is_ok());
        assert!(count(95.1).compare(&baselines).is_ok());
        assert!(count(105.1).compare(&baselines).is_err());
        assert!(count(94.9).compare(&baselines).is_err());
        assert!(count(100.0).compare(&[]).is_err());
    }

    #[test]
    fn costs_are_flat_within_a_tenth_and_only_if_all_of_them_are_there() {
        let costs = [count(100.0), count(109.9), count(110.1)];
        assert!(are_flat(&[&costs[0], &costs[1]], 2).is_ok());
        assert!(are_flat(&[&costs[1], &costs[0]], 2).is_ok());
        assert!(are_flat(&[&costs[0], &costs[1], &costs[2]], 3).is_err());
        assert!(are_flat(&[&costs[0], &costs[1]], 3).is_err());
        assert!(flatness(&costs).all(|(_, flat)| flat.is_err()));
    }

    #[test]
    fn a_count_of_nothing_is_no_count() {
        assert_eq!(collected("==1== \n==1== Collected : 5\n"), Some(5.0));
        assert_eq!(collected("==1== Collected : 0\n"), None);
        assert_eq!(collected("==1== \n"), None);
    }
}
