//! Counting and showing results.

use std::env;

use anyhow::Result;

/// Results of all suites.
#[derive(Debug, Default)]
pub(crate) struct Report {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Report {
    /// Announces a suite.
    pub(crate) fn suite(&self, name: &str) {
        println!("== {name}");
    }

    /// Runs one check and records how it ended.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce() -> Result<()>) {
        match check() {
            Ok(()) => self.pass(name),
            Err(error) => self.fail(name, &format!("{error:#}")),
        }
    }

    /// Records a success.
    pub(crate) fn pass(&mut self, name: &str) {
        self.passed += 1;
        println!("   ok    {name}");
    }

    /// Records a failure and shows it in full.
    pub(crate) fn fail(&mut self, name: &str, details: &str) {
        self.failed += 1;
        println!("   FAIL  {name}");
        show(details);
    }

    /// Records that a check could not run because something is not installed.
    ///
    /// Where everything has to be there (`CI=true`) that is a failure.
    pub(crate) fn absent(&mut self, name: &str, reason: &str) {
        if env::var_os("CI").is_some_and(|value| value == "true") {
            self.fail(
                name,
                &format!("skipping is not allowed with CI=true: {reason}"),
            );
        } else {
            self.skipped += 1;
            println!("   SKIP  {name}: {reason}");
        }
    }

    /// Adds the counts of checks that have been shown already.
    pub(crate) fn count(&mut self, counts: Counts) {
        self.passed += counts.passed;
        self.failed += counts.failed;
        self.skipped += counts.skipped;
    }

    /// Adds the counts of a program that reports its own, and shows its output if something failed.
    pub(crate) fn add(&mut self, name: &str, counts: Counts, output: &str) {
        self.count(counts);
        if counts.failed == 0 {
            println!("   ok    {name}: {counts}");
        } else {
            println!("   FAIL  {name}: {counts}");
            show(output);
        }
    }

    /// Prints the closing line. `true` if nothing failed and something ran.
    pub(crate) fn close(&self) -> bool {
        let counts = Counts {
            passed: self.passed,
            failed: self.failed,
            skipped: self.skipped,
        };
        println!("{counts}");
        self.failed == 0 && self.passed > 0
    }
}

/// Prints details indented, so that nothing in them looks like a line of the report.
fn show(details: &str) {
    for line in details.lines() {
        println!("         {line}");
    }
}

/// Numbers of passed, failed and skipped tests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Tests that passed.
    pub(crate) passed: usize,
    /// Tests that failed.
    pub(crate) failed: usize,
    /// Tests that did not run.
    pub(crate) skipped: usize,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

impl Counts {
    /// Reads `N passed, N failed, N skipped`.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut counts = line.trim().split(", ").map(|part| {
            let (number, word) = part.split_once(' ')?;
            Some((word, number.parse().ok()?))
        });
        let mut next = |expected: &str| {
            let (word, number) = counts.next()??;
            (word == expected).then_some(number)
        };
        let parsed = Self {
            passed: next("passed")?,
            failed: next("failed")?,
            skipped: next("skipped")?,
        };
        counts.next().is_none().then_some(parsed)
    }

    /// Sums the result lines of `cargo test`.
    pub(crate) fn parse_cargo(output: &str) -> Self {
        let mut sum = Self::default();
        for line in output.lines() {
            let Some(rest) = line.trim().strip_prefix("test result: ") else {
                continue;
            };
            let rest = rest.split_once(". ").map_or(rest, |(_, rest)| rest);
            for part in rest.split("; ") {
                let Some((number, word)) = part.split_once(' ') else {
                    continue;
                };
                let number: usize = number.parse().unwrap_or(0);
                match word {
                    "passed" => sum.passed += number,
                    "failed" => sum.failed += number,
                    "ignored" => sum.skipped += number,
                    _ => {}
                }
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn a_closing_line_is_read_back() {
        let counts = Counts {
            passed: 12,
            failed: 3,
            skipped: 0,
        };
        assert_eq!(Counts::parse(&format!("{counts}\n")), Some(counts));
        assert_eq!(Counts::parse("12 passed, 3 failed"), None);
        assert_eq!(Counts::parse("all passed, 3 failed, 0 skipped"), None);
    }

    #[test]
    fn results_of_cargo_test_are_summed_over_all_test_programs() {
        let output = "running 3 tests\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 5 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n";
        let expected = Counts {
            passed: 7,
            failed: 1,
            skipped: 1,
        };
        assert_eq!(Counts::parse_cargo(output), expected);
    }
}
