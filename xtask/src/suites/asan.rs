//! The programs of `c-tests/api` under AddressSanitizer, LeakSanitizer and, as far as they are C,
//! UndefinedBehaviorSanitizer. The library has its debug assertions and overflow checks, too.
//!
//! There are no suppressions. A leak counts if the library has made the block: the programs end
//! as they are when a test is over, with memory of their own that they never freed.

use std::path::Path;

use anyhow::{Context, Result};

use super::c_api::Setup;
use super::rust::run_tests;
use super::sanitizer::{FAULTY, Sanitizer, is_said_in, made_by_library, nothing_in};
use crate::report::Report;
use crate::server::Kind;

const SANITIZER: Sanitizer = Sanitizer {
    name: "AddressSanitizer",
    rust: "address",
    runtime: "asan",
    c: "-fsanitize=address,undefined",
    assertions: true,
};

/// The faults that `c-tests/sanitizers/faulty.c` makes, and what has to be said about them.
const FAULTS: [(&str, &str); 4] = [
    ("overflow-in-the-program", "heap-buffer-overflow"),
    ("overflow-in-the-library", "heap-buffer-overflow"),
    ("leak-of-the-library", "leak of"),
    (
        "undefined-behaviour",
        "runtime error: signed integer overflow",
    ),
];

pub(super) fn run(report: &mut Report) -> Result<()> {
    let reports = tempfile::tempdir()?;
    let Some(setup) = setup(report, reports.path())? else {
        return Ok(());
    };
    report.check(
        "AddressSanitizer sees the faults of a faulty program",
        || {
            FAULTS
                .iter()
                .try_for_each(|(fault, said)| sees(&setup, fault, said))
        },
    );
    setup.run(report, &[Kind::Test])?;
    check(report, reports.path());
    Ok(())
}

/// The programs built for it, which leave their reports in `reports`. `None`, after saying so, if
/// the runtime is missing.
pub(crate) fn setup(report: &mut Report, reports: &Path) -> Result<Option<Setup>> {
    let Some(mut setup) = SANITIZER.setup(report)? else {
        return Ok(None);
    };
    // Without the compiler's driver nobody asks for C++ types, which it alone checks.
    setup.flags.push("-fno-sanitize=vptr".into());
    setup.environment.push(options(reports));
    Ok(Some(setup))
}

/// Records whether the reports are empty.
pub(crate) fn check(report: &mut Report, reports: &Path) {
    report.check("AddressSanitizer has nothing to report", || {
        nothing_in(reports, less_leaks_of_programs)
    });
}

/// The unit tests of codec, core and C boundary under AddressSanitizer, with overflow checks and
/// debug assertions.
pub(super) fn run_units(report: &mut Report) -> Result<()> {
    let mut command = SANITIZER.cargo("test");
    command
        .args([
            "--package",
            "zookeeper_mt",
            "--package",
            "zk-proto",
            "--lib",
        ])
        // Tests that prove panics do not unwind through frames of C.
        .env("ASAN_OPTIONS", "detect_leaks=1");
    run_tests(report, "unit tests under AddressSanitizer", &mut command)
}

fn options(reports: &Path) -> (&'static str, std::ffi::OsString) {
    // Looking up names in each of hundreds of processes takes longer than the tests. Signal
    // handlers are the program's, and a test that crashes fails without them. Who has made a block
    // must be told from debug information: the C library has no frame pointers.
    let options = format!(
        "log_path={}/report:exitcode=66:detect_stack_use_after_return=0:allocator_may_return_null=1:symbolize=0:\
         fast_unwind_on_malloc=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0",
        reports.display()
    );
    ("ASAN_OPTIONS", options.into())
}

/// Fails unless `fault` is reported in the words `said`.
fn sees(setup: &Setup, fault: &str, said: &str) -> Result<()> {
    let reports = tempfile::tempdir()?;
    setup.run_alone(&FAULTY, &[fault], &[options(reports.path())])?;
    is_said_in(reports.path(), less_leaks_of_programs, said).context(fault.to_owned())
}

/// A report without the leaks in which the library has no part.
fn less_leaks_of_programs(report: &str) -> String {
    let kept = report.split("\n\n").filter(|block| {
        let is_leak = block.contains("irect leak of ");
        let frames_only = block.contains("ERROR: LeakSanitizer: detected memory leaks")
            || block.contains("byte(s) leaked in");
        (!is_leak && !frames_only) || (is_leak && made_by_library(block))
    });
    kept.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::less_leaks_of_programs;

    const HEAD: &str = "=====\n==7==ERROR: LeakSanitizer: detected memory leaks\n\nDirect leak of 9 byte(s) in 1 object(s) allocated from:\n    #0 0x1 (/t/close.c+0x1)\n";
    const END: &str = "SUMMARY: AddressSanitizer: 9 byte(s) leaked in 1 allocation(s).\n";

    #[test]
    fn a_leak_counts_if_the_library_made_the_block() {
        let own = format!("{HEAD}    #1 0x2 (/t/close.c+0x2)\n\n{END}");
        assert_eq!(less_leaks_of_programs(&own).trim(), "");
        let ours = format!("{HEAD}    #1 0x2 (/t/libzookeeper_mt.so+0x2)\n\n{END}");
        assert!(less_leaks_of_programs(&ours).contains("Direct leak of 9"));
    }

    #[test]
    fn whatever_is_no_leak_counts() {
        for text in [
            "==7==ERROR: AddressSanitizer: heap-use-after-free on address\n\n#0\n",
            "close.c:7:3: runtime error: signed integer overflow\n",
            "==7==LeakSanitizer has encountered a fatal error.\n",
        ] {
            assert!(!less_leaks_of_programs(text).trim().is_empty(), "{text}");
        }
    }
}
