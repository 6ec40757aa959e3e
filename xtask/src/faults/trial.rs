//! Running tests one program at a time and telling how each ended.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Result, bail};

use super::record::{FREE, Test};
use crate::artifacts::{Library, root};
use crate::process::run_captured;
use crate::server::Kind;
use crate::suites::{Setup, TICK_MS};

/// For the tests of one program, of which each ends by itself after half a minute.
const LIMIT: Duration = Duration::from_secs(600);
/// Longer messages are cut.
const MESSAGE: usize = 160;

/// Runs these tests on a library, the test server being there.
///
/// Unlike in the suites, no test is told that it runs on the original: none is left out for what
/// the original does.
pub(crate) fn run(wanted: &BTreeSet<Test>, library: Library) -> Result<Vec<(Test, String)>> {
    let setup = Setup::of(library);
    let folder = tempfile::tempdir()?;
    let harness = setup.harness(folder.path())?;
    let mut programs = BTreeMap::<&str, Vec<&str>>::new();
    for (file, test) in wanted {
        programs.entry(file).or_default().push(test);
    }
    let mut outcomes = Vec::new();
    for (file, tests) in programs {
        let program = match setup.program(folder.path(), &root().join(file), &harness) {
            Ok(program) => program,
            Err(error) => {
                let outcome = unlinked(&format!("{error:#}"))?;
                let all = tests.iter().map(|&test| test.to_owned());
                outcomes.extend(all.map(|test| ((file.to_owned(), test), outcome.clone())));
                continue;
            }
        };
        let server = Kind::Test.start(TICK_MS)?;
        let mut command = setup.test_command(&program, &server.hosts, Kind::Test);
        let finished = run_captured(command.args(&tests), LIMIT)?;
        let mut ended: BTreeMap<&str, String> =
            finished.stdout.lines().filter_map(outcome).collect();
        for test in tests {
            let Some(outcome) = ended.remove(test) else {
                bail!("{test} of {file} did not run\n{}", finished.describe());
            };
            outcomes.push(((file.to_owned(), test.to_owned()), outcome));
        }
    }
    Ok(outcomes)
}

/// What a program says that asks for more than the library has; any other error is one.
fn unlinked(error: &str) -> Result<String> {
    let missing = error.split("undefined reference to `").nth(1);
    let Some(missing) = missing.and_then(|rest| rest.split('\'').next()) else {
        bail!("{error}");
    };
    Ok(format!("not offered: there is no {missing}"))
}

/// Reads the line in which a program tells how a test ended.
fn outcome(line: &str) -> Option<(&str, String)> {
    if let Some(name) = line.strip_prefix("ok ") {
        return Some((name, FREE.to_owned()));
    }
    if let Some(rest) = line.strip_prefix("skip ") {
        let (name, reason) = rest.split_once(": ")?;
        return Some((name, format!("not offered: {reason}")));
    }
    let (name, reason) = line.strip_prefix("not ok ")?.split_once(": ")?;
    let reason: String = reason.chars().take(MESSAGE).collect();
    let outcome = if let Some(signal) = reason.strip_prefix("killed by signal ") {
        format!("crashed: signal {signal}")
    } else if let Some(limit) = reason.strip_prefix("did not end in ") {
        format!("hung: for {limit} at least")
    } else {
        format!("failed: {reason}")
    };
    Some((name, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_programs_are_understood() {
        for (line, expected) in [
            ("ok a", Some("free")),
            ("skip a: no x", Some("not offered: no x")),
            (
                "not ok a: killed by signal 6 (Aborted)",
                Some("crashed: signal 6 (Aborted)"),
            ),
            (
                "not ok a: did not end in 30000 ms",
                Some("hung: for 30000 ms at least"),
            ),
            (
                "not ok a: b.c:1: x is false",
                Some("failed: b.c:1: x is false"),
            ),
            ("#   ok a", None),
            ("1 passed, 0 failed, 0 skipped", None),
        ] {
            let expected = expected.map(|outcome| ("a", outcome.to_owned()));
            assert_eq!(outcome(line), expected, "{line}");
        }
    }

    #[test]
    fn a_missing_function_is_told_from_other_errors() {
        let error = "ld: x.o: undefined reference to `zoox_y'\nmore";
        assert_eq!(unlinked(error).unwrap(), "not offered: there is no zoox_y");
        assert!(unlinked("x.c:1: error").is_err());
    }
}
