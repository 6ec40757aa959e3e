//! One point of a case: all subjects in turn, several times.

use anyhow::{Context, Result};
use zk_bench::results::{Effort, METRICS, Row, Spread};

use super::cases::{Case, Settings};
use super::programs::{Load, LoadKind, Programs, Subject, Values, single_threaded_original};
use super::servers::Server;
use crate::artifacts::Library;

/// From here on setting up takes longer than measuring.
const SLOW: u64 = 100_000;
const RUNS_IF_SLOW: usize = 3;
/// Load on a server before the first point of a case.
const WARM_UP_MS: u64 = 3_000;
/// A counted run is longer, so that the start of the program counts for little.
const COUNTED_TIME: u64 = 2;

/// A case at one value of its parameter.
#[derive(Debug)]
pub(super) struct Point<'a> {
    pub(super) case: &'a Case,
    pub(super) value: u64,
    pub(super) effort: Effort,
}

impl Point<'_> {
    /// Measures all subjects: A B C A B C and so on, then the counts.
    pub(super) fn measure(&self, programs: &Programs, server: &Server) -> Result<Vec<Row>> {
        let subjects = self.subjects();
        let settings = self.settings(self.effort.time_ms);
        let load = self.load(server, &settings);
        let mut samples: Vec<Vec<Values>> = vec![Vec::new(); subjects.len()];
        for _ in 0..self.runs() {
            for (subject, samples) in subjects.iter().zip(&mut samples) {
                let mut values = programs.run(subject, &load).context(subject.name())?;
                derive(&mut values, &settings);
                samples.push(values);
            }
        }
        let rows = subjects.iter().zip(samples).map(|(subject, samples)| {
            let mut row = self.row(subject, server, &samples);
            if self.case.counted {
                self.count(programs, subject, server, &mut row)
                    .context(subject.name())?;
            }
            Ok(row)
        });
        rows.collect()
    }

    /// Lets a server that compiles while it runs get warm.
    pub(super) fn warm(&self, programs: &Programs, server: &Server) -> Result<()> {
        let settings = self.settings(WARM_UP_MS);
        programs.run(
            &Subject::Library(Library::ours()),
            &self.load(server, &settings),
        )?;
        Ok(())
    }

    /// Counts what cannot be counted without slowing the subject down.
    fn count(
        &self,
        programs: &Programs,
        subject: &Subject,
        server: &Server,
        row: &mut Row,
    ) -> Result<()> {
        let Subject::Library(_) = subject else {
            return Ok(());
        };
        let settings = self.settings(self.effort.time_ms * COUNTED_TIME);
        let load = self.load(server, &settings);
        let calls = programs.system_calls(subject, &load)?;
        let counted = programs.run_counting_allocations(subject, &load)?;
        let allocations = counted.get("allocations").copied();
        let counts = [("calls", Some(calls)), ("allocations", allocations)];
        for (name, value) in counts {
            if let Some(spread) = value.and_then(|value| Spread::of([value])) {
                row.metrics.insert(name.to_owned(), spread);
            }
        }
        Ok(())
    }

    fn subjects(&self) -> Vec<Subject> {
        let mut subjects = vec![Subject::Library(Library::ours())];
        if self.case.long {
            return subjects;
        }
        if self.case.kind == LoadKind::Threads || single_threaded_original() {
            subjects.extend(Library::original().map(Subject::Library));
        }
        if self.case.floor_up_to.is_some_and(|most| self.value <= most) {
            subjects.push(Subject::Floor);
        }
        subjects
    }

    fn runs(&self) -> usize {
        if self.case.long {
            1
        } else if self.value >= SLOW {
            self.effort.runs.min(RUNS_IF_SLOW)
        } else {
            self.effort.runs
        }
    }

    fn settings(&self, time_ms: u64) -> Settings {
        let mut settings = vec![("warm-up-ms", self.effort.warm_up_ms), ("time-ms", time_ms)];
        // What the case asks for counts, if both name it.
        settings.extend((self.case.settings)(self.value));
        settings
    }

    fn load<'a>(&self, server: &'a Server, settings: &'a Settings) -> Load<'a> {
        Load {
            name: self.case.load,
            kind: self.case.kind,
            hosts: &server.hosts,
            settings,
        }
    }

    fn row(&self, subject: &Subject, server: &Server, samples: &[Values]) -> Row {
        // Growth in a short time says nothing.
        let shown = |name: &str| self.case.long || name != "growth_kib";
        let shown = METRICS.iter().filter(|(name, ..)| shown(name));
        let metrics = shown.filter_map(|(name, ..)| {
            let spread = Spread::of(
                samples
                    .iter()
                    .filter_map(|values| values.get(*name).copied()),
            )?;
            Some(((*name).to_owned(), spread))
        });
        Row {
            case: self.case.name.to_owned(),
            parameter: self.case.parameter.to_owned(),
            value: self.value,
            server: server.kind.name().to_owned(),
            subject: subject.name().to_owned(),
            metrics: metrics.collect(),
        }
    }
}

/// Adds what follows from what was printed.
fn derive(values: &mut Values, settings: &Settings) {
    const MIB: f64 = 1024.0 * 1024.0;
    if let Some(kib) = values.get("rss_kib").copied() {
        values.insert("rss_mib".to_owned(), kib / 1024.0);
    }
    let size = settings.iter().find(|(name, _)| *name == "size");
    if let (Some((_, size)), Some(rate)) = (size, values.get("rate").copied()) {
        values.insert("mib_per_s".to_owned(), rate * *size as f64 / MIB);
    }
}
