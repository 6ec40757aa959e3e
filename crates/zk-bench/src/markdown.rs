//! Results as Markdown.

use std::fmt::Write;

use crate::results::{METRICS, Machine, Results, Row, Spread};
use crate::targets;

/// The whole report: machine, targets, one table for each case and server.
pub fn report(results: &Results) -> String {
    let mut out = String::from("# Measured\n\n");
    out += "Written by `cargo xtask bench`; `docs/performance.md` tells how to read it.\n\n";
    out += &machine(&results.machine);
    out += "\n## Targets\n\n";
    out += &targets(results);
    for (case, server) in results.groups() {
        let rows: Vec<&Row> = results.rows_of(&case, &server).collect();
        out += &format!("\n## {case}, {server} server\n\n");
        out += &table(&rows);
    }
    out
}

fn machine(machine: &Machine) -> String {
    let Machine {
        cpu,
        cores,
        kernel,
        memory_mib,
        load,
        commit,
        date,
        effort,
    } = machine;
    format!(
        "{cores} × {cpu}, {memory_mib} MiB, Linux {kernel}, load average {load} at the start; \
         commit {commit}, {date}. Each figure is the median of {} runs of {} ms after {} ms of \
         warm-up, the subjects in turn; in brackets the smallest and the largest.\n",
        effort.runs, effort.time_ms, effort.warm_up_ms
    )
}

/// The table of targets: what was asked for and what was reached.
pub fn targets(results: &Results) -> String {
    let mut out = String::from("| target | asked | measured | original | floor | |\n");
    out += "|---|---|---|---|---|---|\n";
    for outcome in targets::judge(results) {
        let figure = |value: Option<f64>| {
            value.map_or_else(|| "–".to_owned(), |value| number(value, outcome.decimals))
        };
        let verdict = match outcome.met {
            None => "not measured",
            Some(true) => "met",
            Some(false) => "**missed**",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {verdict} |",
            outcome.what,
            outcome.asked,
            figure(outcome.measured),
            figure(outcome.original),
            figure(outcome.floor),
        );
    }
    out
}

/// One table of a case on a server.
pub fn table(rows: &[&Row]) -> String {
    let Some(first) = rows.first() else {
        return String::new();
    };
    let metrics: Vec<_> = METRICS
        .iter()
        .filter(|(name, ..)| rows.iter().any(|row| row.metrics.contains_key(*name)))
        .collect();
    let mut out = format!("| {} | |", first.parameter);
    for (_, heading, _) in &metrics {
        out += &format!(" {heading} |");
    }
    out += " × original | of the floor |\n|---:|---|";
    out += &"---:|".repeat(metrics.len() + 2);
    out.push('\n');
    for row in rows {
        out += &format!("| {} | {} |", row.value, row.subject);
        for (name, _, decimals) in &metrics {
            let cell = row.metrics.get(*name).map(|spread| cell(spread, *decimals));
            out += &format!(" {} |", cell.unwrap_or_default());
        }
        let ratio = |subject: &str, decimals: usize| {
            let other = rows
                .iter()
                .find(|other| other.value == row.value && other.subject == subject)?;
            if other.subject == row.subject || row.subject != "ours" {
                return None;
            }
            let ratio = row.median("rate")? / other.median("rate")?;
            Some(number(ratio, decimals))
        };
        let original = ratio("original", 1).unwrap_or_default();
        let floor = ratio("floor", 2).unwrap_or_default();
        out += &format!(" {original} | {floor} |\n");
    }
    out
}

fn cell(spread: &Spread, decimals: usize) -> String {
    let median = number(spread.median, decimals);
    if spread.min == spread.max {
        return median;
    }
    format!(
        "{median} ({}–{})",
        number(spread.min, decimals),
        number(spread.max, decimals)
    )
}

/// A number with thousands set apart.
fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (text.as_str(), String::new()),
    };
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && left % 3 == 0 && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + &fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(subject: &str, rate: f64) -> Row {
        let spread = Spread {
            median: rate,
            min: rate,
            max: rate,
        };
        Row {
            case: "aget".into(),
            parameter: "window".into(),
            value: 10,
            server: "canned".into(),
            subject: subject.into(),
            metrics: [("rate".to_owned(), spread)].into(),
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(number(1_234_567.0, 0), "1,234,567");
        assert_eq!(number(123.456, 2), "123.46");
        assert_eq!(number(-123_456.0, 0), "-123,456");
    }

    #[test]
    fn our_rows_are_compared_with_the_others_of_the_same_point() {
        let rows = [
            row("ours", 3000.0),
            row("original", 100.0),
            row("floor", 6000.0),
        ];
        let table = table(&rows.iter().collect::<Vec<_>>());
        assert!(
            table.contains("| 10 | ours | 3,000 | 30.0 | 0.50 |"),
            "{table}"
        );
        assert!(table.contains("| 10 | floor | 6,000 |  |  |"), "{table}");
    }
}
