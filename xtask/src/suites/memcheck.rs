//! The programs of `c-tests/api` under valgrind's memcheck: the library as it is shipped, with
//! the standard library, the C library and all that they do.
//!
//! There are no suppressions. A leak counts if the library has made the block.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::c_api::Setup;
use super::sanitizer::{FAULTY, is_said_in, made_by_library, nothing_in};
use crate::artifacts::Library;
use crate::report::Report;
use crate::server::Kind;

const VALGRIND: &str = "/usr/bin/valgrind";
/// What a short run tries: each kind of memory that changes hands, and the ends of handles.
const SHORT: [&str; 7] = [
    "alloc.c",
    "auth.c",
    "close.c",
    "create.c",
    "multi.c",
    "read.c",
    "watch_events.c",
];
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// A selection of the programs.
pub(super) fn run(report: &mut Report) -> Result<()> {
    check(report, SHORT.map(str::to_owned).into())
}

/// All of them.
pub(super) fn run_all(report: &mut Report) -> Result<()> {
    check(report, Vec::new())
}

fn check(report: &mut Report, only: Vec<String>) -> Result<()> {
    if !Path::new(VALGRIND).exists() {
        report.absent("memcheck", &format!("there is no {VALGRIND}"));
        return Ok(());
    }
    report.check("memcheck sees the faults of a faulty program", || {
        sees("overflow-in-the-library", "Invalid read")?;
        sees("leak-of-the-library", "definitely lost")
    });
    let reports = tempfile::tempdir()?;
    let mut setup = under_valgrind(reports.path());
    setup.only = only;
    setup.limit = LIMIT;
    setup.environment.extend([
        ("ZK_TEST_DEADLINE_MS", "300000".into()),
        ("ZK_TEST_JOBS", "2".into()),
        ("ZK_CLOSES", "10".into()),
    ]);
    setup.run(report, &[Kind::Test])?;
    report.check("memcheck has nothing to report", || {
        nothing_in(reports.path(), less_leaks_of_programs)
    });
    Ok(())
}

fn under_valgrind(reports: &Path) -> Setup {
    let mut setup = Setup::of(Library::ours());
    setup.wrapper = [
        VALGRIND,
        "--quiet",
        // The tests ask for it when there is something to learn from it.
        "--leak-check=no",
        "--show-leak-kinds=definite",
        // A program's own malloc, in front of the real one, is the program's.
        "--soname-synonyms=somalloc=nouserintercepts",
        "--num-callers=30",
        // Threads take turns fairly, as those that wait for a condition rely on.
        "--fair-sched=try",
    ]
    .map(Into::into)
    .into();
    setup
        .wrapper
        .push(format!("--log-file={}/%p", reports.display()).into());
    setup
}

fn sees(fault: &str, said: &str) -> Result<()> {
    let reports = tempfile::tempdir()?;
    let setup = under_valgrind(reports.path());
    setup.run_alone(&FAULTY, &[fault], &[])?;
    is_said_in(reports.path(), less_leaks_of_programs, said).context(fault.to_owned())
}

/// A report without the leaks in which the library has no part.
fn less_leaks_of_programs(report: &str) -> String {
    let mut blocks: Vec<String> = vec![String::new()];
    for line in report.lines() {
        // "==PID== " and the text; a block ends with an empty one.
        let text = line.splitn(3, "==").nth(2).unwrap_or(line).trim_end();
        match blocks.last_mut() {
            Some(block) if !text.is_empty() => block.push_str(&format!("{text}\n")),
            _ => blocks.push(String::new()),
        }
    }
    blocks.retain(|block| !block.contains("definitely lost") || made_by_library(block));
    blocks.join("\n")
}

#[cfg(test)]
mod tests {
    use super::less_leaks_of_programs;

    #[test]
    fn a_leak_counts_if_the_library_made_the_block() {
        let leak = |by: &str| {
            format!(
                "==7== 9 bytes in 1 blocks are definitely lost in loss record 1\n==7==    at 0x1: malloc\n==7==    by 0x2: f (in {by})\n==7== \n"
            )
        };
        assert_eq!(less_leaks_of_programs(&leak("/t/close.c")).trim(), "");
        assert!(less_leaks_of_programs(&leak("/t/libzookeeper_mt.so")).contains("9 bytes"));
    }

    #[test]
    fn whatever_is_no_leak_counts() {
        let text = "==7== Invalid read of size 8\n==7==    at 0x1: f (close.c:7)\n==7== \n";
        assert!(less_leaks_of_programs(text).contains("Invalid read"));
    }
}
