//! Results as SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::results::Results;

/// One picture: a quantity of a case over its parameter.
struct Chart {
    file: &'static str,
    title: &'static str,
    case: &'static str,
    metric: &'static str,
    x: &'static str,
    y: &'static str,
}

const CHARTS: &[Chart] = &[
    Chart {
        file: "aget-rate.svg",
        title: "Pipelined zoo_aget, values of 100 bytes",
        case: "aget",
        metric: "rate",
        x: "requests in flight",
        y: "requests per second",
    },
    Chart {
        file: "aget-cpu.svg",
        title: "Pipelined zoo_aget: CPU of the client",
        case: "aget",
        metric: "cpu_us",
        x: "requests in flight",
        y: "µs per request",
    },
    Chart {
        file: "size-get.svg",
        title: "Values read with zoo_aget",
        case: "size-get",
        metric: "mib_per_s",
        x: "bytes of a value",
        y: "MiB per second",
    },
    Chart {
        file: "get-latency.svg",
        title: "Synchronous zoo_get on one handle",
        case: "get",
        metric: "p50_us",
        x: "threads",
        y: "median latency, µs",
    },
    Chart {
        file: "outstanding.svg",
        title: "CPU per request with many outstanding",
        case: "outstanding",
        metric: "cpu_us",
        x: "requests in flight",
        y: "µs per request",
    },
];

const SUBJECTS: [(&str, RGBColor); 3] = [
    ("floor", RGBColor(120, 120, 120)),
    ("ours", RGBColor(0, 90, 181)),
    ("original", RGBColor(220, 50, 32)),
];

type Point = (f64, f64);

/// Draws every chart that has points on the canned-reply server.
///
/// # Errors
/// A file cannot be written.
pub fn draw_all(results: &Results, folder: &Path) -> Result<()> {
    for chart in CHARTS {
        let points = |subject: &str| -> Vec<Point> {
            results
                .rows_of(chart.case, "canned")
                .filter(|row| row.subject == subject && row.value > 0)
                .filter_map(|row| Some((row.value as f64, row.median(chart.metric)?)))
                .filter(|(_, y)| *y > 0.0)
                .collect()
        };
        let series: Vec<(&str, RGBColor, Vec<Point>)> = SUBJECTS
            .iter()
            .map(|(subject, colour)| (*subject, *colour, points(subject)))
            .filter(|(.., points)| !points.is_empty())
            .collect();
        if !series.is_empty() {
            draw(chart, &series, &folder.join(chart.file))
                .map_err(|error| anyhow!("{}: {error}", chart.file))?;
        }
    }
    Ok(())
}

fn draw(
    chart: &Chart,
    series: &[(&str, RGBColor, Vec<Point>)],
    file: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let all = || series.iter().flat_map(|(.., points)| points);
    let span = |pick: fn(&Point) -> f64| {
        let smallest = all().map(pick).fold(f64::INFINITY, f64::min);
        let largest = all().map(pick).fold(0.0, f64::max);
        (smallest / 1.5, largest * 1.5)
    };
    let (x, y) = (span(|point| point.0), span(|point| point.1));
    let root = SVGBackend::new(file, (720, 420)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut context = ChartBuilder::on(&root)
        .caption(chart.title, ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(40)
        .y_label_area_size(80)
        .build_cartesian_2d((x.0..x.1).log_scale(), (y.0..y.1).log_scale())?;
    context
        .configure_mesh()
        .x_desc(chart.x)
        .y_desc(chart.y)
        .x_label_formatter(&|value| label(*value))
        .y_label_formatter(&|value| label(*value))
        .draw()?;
    for (subject, colour, points) in series {
        let colour = *colour;
        context
            .draw_series(
                LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3),
            )?
            .label(*subject)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(2)));
    }
    context
        .configure_series_labels()
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    root.present()?;
    Ok(())
}

/// A number as short as an axis wants it.
fn label(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{} M", v / 1e6),
        v if v >= 1e3 => format!("{} k", v / 1e3),
        v if v >= 1.0 => format!("{v}"),
        v => format!("{v:.3}").trim_end_matches('0').to_owned(),
    }
}
