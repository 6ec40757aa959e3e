//! The test server's own figures: it must not be what limits a test.

use anyhow::{Context, Result};
use zk_bench::results::{Effort, Results, Row, Spread};

use super::cases::Settings;
use super::programs::{Load, LoadKind, Programs, Subject, Values};
use super::servers::{Kind, Server};

pub(super) const NAME: &str = "server";
pub(super) const ABOUT: &str = "the test server alone: speed, start and memory";

const WINDOW: u64 = 1_000;
const MILLION: u64 = 1_000_000;
const STARTS: usize = 20;

/// Adds rows of their own cases, measured from a bare socket.
pub(super) fn measure(
    programs: &Programs,
    effort: Effort,
    quick: bool,
    results: &mut Results,
) -> Result<()> {
    let mut starts = Vec::new();
    let mut resident = Vec::new();
    for _ in 0..STARTS {
        let server = Server::start(Kind::Test)?;
        starts.push(server.ready.as_secs_f64() * 1e3);
        resident.push(server.resident_mib()?);
    }
    results.rows.push(row(
        "server-start",
        "nodes",
        0,
        [("ready_ms", starts), ("rss_mib", resident)],
    ));

    for (case, load) in [("server-get", "aget"), ("server-create", "acreate")] {
        let mut samples: Vec<Values> = Vec::new();
        for _ in 0..effort.runs {
            let server = Server::start(Kind::Test)?;
            let settings = vec![
                ("window", WINDOW),
                ("warm-up-ms", effort.warm_up_ms),
                ("time-ms", effort.time_ms),
            ];
            samples.push(run(programs, &server, load, &settings)?);
        }
        let rates = samples
            .iter()
            .filter_map(|values| values.get("rate").copied());
        results.rows.push(row(
            case,
            "window",
            WINDOW,
            [("rate", rates.collect::<Vec<_>>())],
        ));
    }

    let nodes = if quick { MILLION / 10 } else { MILLION };
    let server = Server::start(Kind::Test)?;
    let settings = vec![("window", WINDOW), ("requests", nodes)];
    let printed = run(programs, &server, "acreate", &settings)?;
    let rate = printed.get("rate").copied().context("no rate")?;
    let resident = vec![server.resident_mib()?];
    results.rows.push(row(
        "server-million",
        "nodes",
        nodes,
        [("rate", vec![rate]), ("rss_mib", resident)],
    ));
    Ok(())
}

fn run(programs: &Programs, server: &Server, name: &str, settings: &Settings) -> Result<Values> {
    let load = Load {
        name,
        kind: LoadKind::Threads,
        hosts: &server.hosts,
        settings,
    };
    programs.run(&Subject::Floor, &load)
}

fn row<const N: usize>(
    case: &str,
    parameter: &str,
    value: u64,
    metrics: [(&str, Vec<f64>); N],
) -> Row {
    let metrics = metrics
        .into_iter()
        .filter_map(|(name, values)| Some((name.to_owned(), Spread::of(values)?)));
    Row {
        case: case.to_owned(),
        parameter: parameter.to_owned(),
        value,
        server: Kind::Test.name().to_owned(),
        subject: Subject::Floor.name().to_owned(),
        metrics: metrics.collect(),
    }
}
