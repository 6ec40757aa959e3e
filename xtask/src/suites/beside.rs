//! Half of a whole run, in a process of its own beside the other half.
//!
//! Most suites wait for servers and timers most of the time, some compile and compute. Together
//! they fill the processors. The computing ones give way, because the others have deadlines.

use std::env;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::process::{Finished, run_captured, tied_command};
use crate::report::{Counts, Report};

/// Longest time for all of them together.
const LIMIT: Duration = Duration::from_secs(45 * 60);

/// Suites under way.
#[derive(Debug)]
pub(super) struct Beside(JoinHandle<Result<Finished>>);

impl Beside {
    /// Starts these suites, one after the other.
    pub(super) fn start(suites: impl Iterator<Item = &'static str>) -> Result<Self> {
        let program = env::current_exe().context("this program has no path")?;
        let mut command = tied_command("nice");
        command.args(["-n", "5"]).arg(program).arg("test");
        for suite in suites {
            command.args(["--only", suite]);
        }
        Ok(Self(thread::spawn(move || {
            run_captured(&mut command, LIMIT)
        })))
    }

    /// Waits for their end and takes over what they report.
    pub(super) fn finish(self, report: &mut Report) {
        let finished = self.0.join().map_err(|_| anyhow!("the thread panicked"));
        match finished.and_then(|finished| finished) {
            Err(error) => report.fail("suites beside these", &format!("{error:#}")),
            Ok(finished) => {
                let (lines, last) = finished
                    .stdout
                    .trim_end()
                    .rsplit_once('\n')
                    .unwrap_or_default();
                match Counts::parse(last) {
                    Some(counts) => {
                        println!("{lines}");
                        report.count(counts);
                    }
                    None => report.fail("suites beside these", &finished.describe()),
                }
            }
        }
    }
}
