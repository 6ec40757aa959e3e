//! What was measured, as it is kept in JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One run of the benchmark.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Results {
    /// Where and when.
    pub machine: Machine,
    /// One entry for each subject at each point.
    pub rows: Vec<Row>,
}

/// Where and when a benchmark ran.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Machine {
    /// Model of the processor.
    pub cpu: String,
    /// Processors that the benchmark could use.
    pub cores: usize,
    /// Kernel release.
    pub kernel: String,
    /// Main memory, MiB.
    pub memory_mib: u64,
    /// Load average over a minute when the run began; other work spoils the figures.
    pub load: f64,
    /// Commit that was measured, with `+` if the tree had changes.
    pub commit: String,
    /// Day of the run, UTC.
    pub date: String,
    /// Warm-up and time measured of each run, ms, and number of runs.
    pub effort: Effort,
}

/// How long each point was measured.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Effort {
    /// Load before the measuring begins, ms.
    pub warm_up_ms: u64,
    /// Time measured in each run, ms.
    pub time_ms: u64,
    /// Runs of each subject, in turn.
    pub runs: usize,
}

/// What one subject reached at one point.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Row {
    /// Name of the case.
    pub case: String,
    /// What the case varies, for example `window`.
    pub parameter: String,
    /// Its value at this point.
    pub value: u64,
    /// `canned`, `test` or `java`.
    pub server: String,
    /// `ours`, `original` or `floor`.
    pub subject: String,
    /// Quantities by name; see [`METRICS`].
    pub metrics: BTreeMap<String, Spread>,
}

impl Row {
    /// The median of a quantity.
    pub fn median(&self, metric: &str) -> Option<f64> {
        self.metrics.get(metric).map(|spread| spread.median)
    }
}

impl Results {
    /// The row of a subject at a point.
    pub fn row(&self, case: &str, server: &str, value: u64, subject: &str) -> Option<&Row> {
        self.rows.iter().find(|row| {
            row.case == case && row.server == server && row.value == value && row.subject == subject
        })
    }

    /// The rows of a case on a server, in the order measured.
    pub fn rows_of(&self, case: &str, server: &str) -> impl Iterator<Item = &Row> {
        self.rows
            .iter()
            .filter(move |row| row.case == case && row.server == server)
    }

    /// Cases and servers that have rows, in the order measured.
    pub fn groups(&self) -> Vec<(String, String)> {
        let mut groups: Vec<(String, String)> = Vec::new();
        for row in &self.rows {
            let group = (row.case.clone(), row.server.clone());
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }
}

/// The values of several runs in short.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Spread {
    /// Middle value.
    pub median: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

impl Spread {
    /// Sums values up; `None` if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let upper = *sorted.get(sorted.len() / 2)?;
        let lower = *sorted.get((sorted.len() - 1) / 2)?;
        Some(Self {
            median: (lower + upper) / 2.0,
            min,
            max,
        })
    }
}

/// The quantities that reports show: name, heading, decimals.
pub const METRICS: &[(&str, &str, usize)] = &[
    ("rate", "per second", 0),
    ("mib_per_s", "MiB/s", 1),
    ("p50_us", "p50 µs", 1),
    ("p99_us", "p99 µs", 1),
    ("reconnect_ms", "reconnect ms", 1),
    ("reconnect_cpu_ms", "CPU ms", 1),
    ("cpu_us", "CPU µs", 3),
    ("calls", "system calls", 3),
    ("switches", "switches", 3),
    ("allocations", "allocations", 3),
    ("kib_per_handle", "KiB/handle", 1),
    ("rss_mib", "RSS MiB", 1),
    ("growth_kib", "growth KiB", 0),
    ("ready_ms", "ready ms", 1),
];

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn the_median_of_an_even_number_of_values_lies_between_the_middle_ones() {
        let spread = Spread::of([4.0, 1.0, 3.0, 100.0]);
        let expected = Spread {
            median: 3.5,
            min: 1.0,
            max: 100.0,
        };
        assert_eq!(spread, Some(expected));
        assert_eq!(Spread::of([7.0]).map(|s| s.median), Some(7.0));
        assert_eq!(Spread::of([]), None);
    }
}
