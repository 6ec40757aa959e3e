//! Where a benchmark runs.

use std::fs;
use std::process::Command;
use std::thread;

use anyhow::Result;
use zk_bench::results::{Effort, Machine};

use crate::artifacts::root;

pub(super) fn describe(effort: Effort) -> Result<Machine> {
    let cpu_info = fs::read_to_string("/proc/cpuinfo")?;
    let memory = fs::read_to_string("/proc/meminfo")?;
    let load = fs::read_to_string("/proc/loadavg")?;
    let memory_kib: u64 = field(&memory, "MemTotal")
        .and_then(|value| value.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    let changed = !output("git", &["status", "--porcelain"]).is_empty();
    let commit = output("git", &["rev-parse", "--short", "HEAD"]);
    Ok(Machine {
        cpu: field(&cpu_info, "model name")
            .unwrap_or("unknown")
            .to_owned(),
        cores: thread::available_parallelism()?.get(),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?
            .trim()
            .to_owned(),
        memory_mib: memory_kib / 1024,
        load: load
            .split_whitespace()
            .next()
            .and_then(|first| first.parse().ok())
            .unwrap_or(f64::NAN),
        commit: if changed {
            format!("{commit}+")
        } else {
            commit
        },
        date: output("date", &["-u", "+%Y-%m-%d"]),
        effort,
    })
}

/// The first value of `name : value` lines.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

/// What a command prints; nothing if it fails.
fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output();
    output.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
