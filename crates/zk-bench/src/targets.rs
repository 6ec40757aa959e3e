//! The figures that were asked for, and whether they were reached.

use crate::results::{Results, Row};

/// What a quantity has to be.
#[derive(Clone, Copy, Debug)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// At least so many times what another subject has at the same point.
    TimesAtLeast(f64, &'static str),
    TimesAtMost(f64, &'static str),
    /// Over all points from this value on, no further from the middle than this share.
    Flat(f64, u64),
}

struct Target {
    what: &'static str,
    case: &'static str,
    server: &'static str,
    value: u64,
    metric: &'static str,
    decimals: usize,
    bound: Bound,
}

/// The kernel counts resident pages of threads in lots; a leak of two bytes in a thousand requests
/// would be above it.
const NO_GROWTH_KIB: f64 = 128.0;

#[rustfmt::skip]
const TARGETS: &[Target] = &[
    target("pipelined zoo_aget, window 1,000, per second", "aget", "canned", 1_000, "rate", 0, Bound::AtLeast(2e6)),
    target("the same beside the original", "aget", "canned", 1_000, "rate", 0, Bound::TimesAtLeast(170.0, "original")),
    target("the same, CPU µs per request", "aget", "canned", 1_000, "cpu_us", 3, Bound::AtMost(0.5)),
    target("the same, system calls per request", "aget", "canned", 1_000, "calls", 3, Bound::AtMost(0.02)),
    target("the same, context switches per request", "aget", "canned", 1_000, "switches", 3, Bound::AtMost(0.02)),
    target("the same, allocations per request", "aget", "canned", 1_000, "allocations", 3, Bound::AtMost(0.001)),
    target("pipelined zoo_aget, window 10, beside the original", "aget", "canned", 10, "rate", 0, Bound::TimesAtLeast(15.0, "original")),
    target("values of 1 KiB read, MiB/s", "size-get", "canned", 1 << 10, "mib_per_s", 0, Bound::TimesAtLeast(0.7, "floor")),
    target("values of 16 KiB read, MiB/s", "size-get", "canned", 16 << 10, "mib_per_s", 0, Bound::TimesAtLeast(0.7, "floor")),
    target("values of 64 KiB read, MiB/s", "size-get", "canned", 64 << 10, "mib_per_s", 0, Bound::TimesAtLeast(0.7, "floor")),
    target("values of 1 KiB written, MiB/s", "size-set", "canned", 1 << 10, "mib_per_s", 0, Bound::TimesAtLeast(0.7, "floor")),
    target("values of 16 KiB written, MiB/s", "size-set", "canned", 16 << 10, "mib_per_s", 0, Bound::TimesAtLeast(0.7, "floor")),
    target("values of 64 KiB written, MiB/s", "size-set", "canned", 64 << 10, "mib_per_s", 0, Bound::TimesAtLeast(0.7, "floor")),
    target("zoo_get, one thread, p50 µs", "get", "canned", 1, "p50_us", 1, Bound::TimesAtMost(1.3, "floor")),
    target("zoo_get, one thread, p99 µs", "get", "canned", 1, "p99_us", 1, Bound::TimesAtMost(2.0, "floor")),
    target("zoo_get, one thread, allocations per request", "get", "canned", 1, "allocations", 3, Bound::AtMost(0.001)),
    target("transactions of 10 operations, allocations", "multi", "canned", 10, "allocations", 3, Bound::AtMost(0.001)),
    target("zoo_get, 64 threads on one handle, per second", "get", "canned", 64, "rate", 0, Bound::AtLeast(1e5)),
    target("pipelined zoo_aget on the Java server, per second", "aget", "java", 1_000, "rate", 0, Bound::TimesAtLeast(0.95, "floor")),
    target("connect and close, p50 µs", "connect-close", "canned", 1, "p50_us", 0, Bound::TimesAtMost(0.4, "original")),
    target("resident memory per idle handle, KiB", "handles", "canned", 1_000, "kib_per_handle", 1, Bound::AtMost(28.0)),
    target("reconnect with 100,000 watches, CPU ms", "reconnect", "canned", 100_000, "reconnect_cpu_ms", 1, Bound::AtMost(100.0)),
    target("CPU per request, 1,000 to 100,000 outstanding, deviation", "outstanding", "canned", 100_000, "cpu_us", 3, Bound::Flat(0.1, 1_000)),
    target("CPU per request, 1 to 100,000 watches, deviation", "watches", "canned", 100_000, "cpu_us", 3, Bound::Flat(0.1, 1)),
    target("CPU per child, 1,000 to 100,000 children, deviation", "children", "canned", 100_000, "cpu_us_per_child", 3, Bound::Flat(0.1, 1_000)),
    target("growth of resident memory over 10⁸ requests, KiB", "endurance", "canned", 100_000_000, "growth_kib", 0, Bound::AtMost(NO_GROWTH_KIB)),
    target("application-driven loop, CPU µs per request", "loop", "canned", 1_000, "cpu_us", 3, Bound::TimesAtMost(1.0, "original")),
    target("test server: pipelined getData per second", "server-get", "test", 1_000, "rate", 0, Bound::AtLeast(1e6)),
    target("test server: pipelined creates per second", "server-create", "test", 1_000, "rate", 0, Bound::AtLeast(3e5)),
    target("test server: ready after ms", "server-start", "test", 0, "ready_ms", 1, Bound::AtMost(10.0)),
    target("test server: resident memory empty, MiB", "server-start", "test", 0, "rss_mib", 1, Bound::AtMost(10.0)),
    target("test server: resident memory with a million nodes, MiB", "server-million", "test", 1_000_000, "rss_mib", 1, Bound::AtMost(400.0)),
];

const fn target(
    what: &'static str,
    case: &'static str,
    server: &'static str,
    value: u64,
    metric: &'static str,
    decimals: usize,
    bound: Bound,
) -> Target {
    Target {
        what,
        case,
        server,
        value,
        metric,
        decimals,
        bound,
    }
}

/// A target beside what was measured.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The target in words.
    pub what: &'static str,
    /// The bound in words.
    pub asked: String,
    /// What we have.
    pub measured: Option<f64>,
    /// What the original has.
    pub original: Option<f64>,
    /// What a bare socket has.
    pub floor: Option<f64>,
    /// `None` if it was not measured.
    pub met: Option<bool>,
    /// Digits worth showing behind the point.
    pub decimals: usize,
}

/// Compares the results with every target.
pub fn judge(results: &Results) -> Vec<Outcome> {
    TARGETS.iter().map(|target| target.judge(results)).collect()
}

impl Target {
    fn judge(&self, results: &Results) -> Outcome {
        let of = |subject: &str| -> Option<f64> {
            if let Bound::Flat(_, from) = self.bound {
                return deviation(results, self, subject, from);
            }
            quantity(
                results.row(self.case, self.server, self.value, subject)?,
                self.metric,
            )
        };
        // The test server is measured from a bare socket: that figure is its own.
        let own = if self.what.starts_with("test server") {
            "floor"
        } else {
            "ours"
        };
        let measured = of(own);
        let met = measured.and_then(|measured| {
            Some(match self.bound {
                Bound::AtLeast(bound) => measured >= bound,
                Bound::AtMost(bound) | Bound::Flat(bound, _) => measured <= bound,
                Bound::TimesAtLeast(times, subject) => measured >= times * of(subject)?,
                Bound::TimesAtMost(times, subject) => measured <= times * of(subject)?,
            })
        });
        Outcome {
            what: self.what,
            asked: match self.bound {
                Bound::AtLeast(bound) => format!("≥ {bound}"),
                Bound::AtMost(bound) => format!("≤ {bound}"),
                Bound::TimesAtLeast(times, subject) => format!("≥ {times} × {subject}"),
                Bound::TimesAtMost(times, subject) => format!("≤ {times} × {subject}"),
                Bound::Flat(share, _) => format!("≤ {share}"),
            },
            measured,
            original: of("original"),
            floor: of("floor").filter(|_| own == "ours"),
            met,
            decimals: self.decimals,
        }
    }
}

fn quantity(row: &Row, metric: &str) -> Option<f64> {
    if metric == "cpu_us_per_child" {
        return Some(row.median("cpu_us")? / row.value as f64);
    }
    row.median(metric)
}

/// How far the points of a case lie from their middle at most, as a share of it.
fn deviation(results: &Results, target: &Target, subject: &str, from: u64) -> Option<f64> {
    let values: Vec<f64> = results
        .rows_of(target.case, target.server)
        .filter(|row| row.subject == subject && row.value >= from)
        .filter_map(|row| quantity(row, target.metric))
        .collect();
    let smallest = values.iter().copied().reduce(f64::min)?;
    let largest = values.iter().copied().reduce(f64::max)?;
    (values.len() > 1).then(|| (largest - smallest) / (largest + smallest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Spread;

    fn row(case: &str, value: u64, subject: &str, metric: &str, median: f64) -> Row {
        let spread = Spread {
            median,
            min: median,
            max: median,
        };
        Row {
            case: case.into(),
            parameter: String::new(),
            value,
            server: "canned".into(),
            subject: subject.into(),
            metrics: [(metric.to_owned(), spread)].into(),
        }
    }

    fn outcome(rows: Vec<Row>, what: &str) -> Outcome {
        let results = Results {
            rows,
            ..Results::default()
        };
        let mut all = judge(&results).into_iter();
        all.find(|outcome| outcome.what == what).unwrap()
    }

    #[test]
    fn a_target_is_met_missed_or_not_measured() {
        let what = "zoo_get, one thread, p50 µs";
        let rows = |ours: f64| {
            vec![
                row("get", 1, "ours", "p50_us", ours),
                row("get", 1, "floor", "p50_us", 10.0),
            ]
        };
        assert_eq!(outcome(rows(12.9), what).met, Some(true));
        assert_eq!(outcome(rows(13.1), what).met, Some(false));
        assert_eq!(outcome(vec![], what).met, None);
        assert_eq!(outcome(rows(1.0)[..1].to_vec(), what).met, None);
    }

    #[test]
    fn flatness_is_the_largest_distance_from_the_middle() {
        let what = "CPU per request, 1 to 100,000 watches, deviation";
        let rows = |last: f64| {
            vec![
                row("watches", 1, "ours", "cpu_us", 1.0),
                row("watches", 100_000, "ours", "cpu_us", last),
            ]
        };
        assert_eq!(outcome(rows(1.2), what).met, Some(true));
        assert_eq!(outcome(rows(1.5), what).met, Some(false));
        assert_eq!(outcome(rows(1.5), what).measured, Some(0.2));
    }
}
