//! The loads, and what each varies.

use super::programs::LoadKind;
use super::servers::Kind;

/// Arguments of a load program.
pub(super) type Settings = Vec<(&'static str, u64)>;

/// A load at several values of one parameter.
#[derive(Debug)]
pub(super) struct Case {
    /// Name on the command line and in the results.
    pub(super) name: &'static str,
    /// What it shows.
    pub(super) about: &'static str,
    /// The load of `load` and `floor`.
    pub(super) load: &'static str,
    /// Who drives the library.
    pub(super) kind: LoadKind,
    /// What varies.
    pub(super) parameter: &'static str,
    /// Its values.
    pub(super) values: &'static [u64],
    /// Arguments for a value.
    pub(super) settings: fn(u64) -> Settings,
    /// The largest value at which a bare socket can do the same; `None` if it never can.
    pub(super) floor_up_to: Option<u64>,
    /// Servers that it makes sense on.
    pub(super) servers: &'static [Kind],
    /// Whether system calls and allocations are counted too, in runs of their own.
    pub(super) counted: bool,
    /// Takes so long that it runs once, for our library alone, and not in quick runs.
    pub(super) long: bool,
}

const EVERYWHERE: &[Kind] = &[Kind::Canned, Kind::Test, Kind::Java];
const CANNED: &[Kind] = &[Kind::Canned];
const WINDOWS: &[u64] = &[1, 10, 100, 1_000];
const THREADS: &[u64] = &[1, 2, 8, 64];
const SIZES: &[u64] = &[0, 100, 1 << 10, 16 << 10, 64 << 10, 1_000_000];
const ALWAYS: Option<u64> = Some(u64::MAX);

/// Every case, in the order of the report.
pub(super) const ALL: &[Case] = &[
    pipelined("aget", "pipelined zoo_aget"),
    pipelined("aexists", "pipelined zoo_aexists"),
    pipelined("aset", "pipelined zoo_aset"),
    pipelined("acreate", "pipelined zoo_acreate"),
    synchronous("get", "zoo_get from threads that share a handle"),
    synchronous("set", "zoo_set from threads that share a handle"),
    Case {
        name: "size-get",
        about: "values of all sizes read with zoo_aget",
        load: "aget",
        kind: LoadKind::Threads,
        parameter: "bytes",
        values: SIZES,
        settings: |size| vec![("size", size), ("window", window_for(size))],
        floor_up_to: ALWAYS,
        servers: CANNED,
        counted: false,
        long: false,
    },
    Case {
        name: "size-set",
        about: "values of all sizes written with zoo_aset",
        load: "aset",
        kind: LoadKind::Threads,
        parameter: "bytes",
        values: SIZES,
        settings: |size| vec![("size", size), ("window", window_for(size))],
        floor_up_to: ALWAYS,
        servers: CANNED,
        counted: false,
        long: false,
    },
    Case {
        name: "multi",
        about: "transactions of so many sets, 10 in flight",
        load: "amulti",
        kind: LoadKind::Threads,
        parameter: "operations",
        values: &[1, 10, 100, 1_000],
        settings: |count| vec![("count", count), ("window", 10)],
        floor_up_to: ALWAYS,
        servers: EVERYWHERE,
        counted: true,
        long: false,
    },
    Case {
        name: "children",
        about: "lists of children, 4 in flight",
        load: "children",
        kind: LoadKind::Threads,
        parameter: "children",
        values: &[1, 100, 1_000, 10_000, 100_000],
        settings: |count| vec![("count", count), ("window", 4)],
        floor_up_to: ALWAYS,
        servers: CANNED,
        counted: false,
        long: false,
    },
    Case {
        name: "handles",
        about: "handles opened at once: time and memory of each",
        load: "handles",
        kind: LoadKind::Threads,
        parameter: "handles",
        values: &[1, 10, 100, 1_000],
        settings: |count| vec![("count", count)],
        floor_up_to: None,
        servers: CANNED,
        counted: false,
        long: false,
    },
    Case {
        name: "connect-close",
        about: "a handle opened and closed, again and again",
        load: "connect-close",
        kind: LoadKind::Threads,
        parameter: "handles",
        values: &[1],
        // The floor starts, wakes and joins the two threads that each handle promises.
        settings: |_| vec![("threads", 2)],
        floor_up_to: ALWAYS,
        servers: EVERYWHERE,
        counted: true,
        long: false,
    },
    Case {
        name: "reconnect",
        about: "a connection lost and made again, with watches to restore",
        load: "reconnect",
        kind: LoadKind::Threads,
        parameter: "watches",
        values: &[1, 1_000, 100_000],
        settings: |count| vec![("count", count)],
        floor_up_to: None,
        servers: CANNED,
        counted: false,
        long: false,
    },
    Case {
        name: "storm",
        about: "all watches fire; figures for each set with its event",
        load: "storm",
        kind: LoadKind::Threads,
        parameter: "watches",
        values: &[10_000],
        settings: |count| vec![("count", count)],
        floor_up_to: None,
        servers: EVERYWHERE,
        counted: false,
        long: false,
    },
    Case {
        name: "outstanding",
        about: "zoo_aget with ever more requests in flight",
        load: "aget",
        kind: LoadKind::Threads,
        parameter: "window",
        values: &[1, 10, 100, 1_000, 10_000, 100_000],
        settings: |window| vec![("window", window)],
        floor_up_to: ALWAYS,
        servers: CANNED,
        counted: false,
        long: false,
    },
    Case {
        name: "watches",
        about: "zoo_aget, 1,000 in flight, on a handle with watches elsewhere",
        load: "aget",
        kind: LoadKind::Threads,
        parameter: "watches",
        values: &[1, 100, 10_000, 100_000],
        settings: |watches| vec![("watches", watches), ("window", 1_000)],
        floor_up_to: None,
        servers: CANNED,
        counted: false,
        long: false,
    },
    Case {
        name: "loop",
        about: "zoo_aget from the program's own loop; Debian's is its single-threaded library",
        load: "aget",
        kind: LoadKind::Loop,
        parameter: "window",
        values: WINDOWS,
        settings: |window| vec![("window", window)],
        floor_up_to: ALWAYS,
        servers: CANNED,
        counted: true,
        long: false,
    },
    Case {
        name: "endurance",
        about: "zoo_aget, 1,000 in flight, long enough for a leak to show",
        load: "aget",
        kind: LoadKind::Threads,
        parameter: "requests",
        values: &[100_000_000],
        // Warm only when every buffer has seen its largest batch.
        settings: |requests| {
            vec![
                ("requests", requests),
                ("window", 1_000),
                ("warm-up-ms", 20_000),
            ]
        },
        floor_up_to: None,
        servers: CANNED,
        counted: false,
        long: true,
    },
];

const fn pipelined(name: &'static str, about: &'static str) -> Case {
    Case {
        name,
        about,
        load: name,
        kind: LoadKind::Threads,
        parameter: "window",
        values: WINDOWS,
        settings: |window| vec![("window", window)],
        floor_up_to: ALWAYS,
        servers: EVERYWHERE,
        counted: true,
        long: false,
    }
}

const fn synchronous(name: &'static str, about: &'static str) -> Case {
    Case {
        name,
        about,
        load: name,
        kind: LoadKind::Threads,
        parameter: "threads",
        values: THREADS,
        settings: |threads| vec![("threads", threads)],
        // One request at a time is what a bare socket does for one thread.
        floor_up_to: Some(1),
        servers: EVERYWHERE,
        counted: true,
        long: false,
    }
}

/// Keeps about 16 MiB in flight.
fn window_for(size: u64) -> u64 {
    (16u64 << 20)
        .checked_div(size)
        .unwrap_or(1_000)
        .clamp(4, 1_000)
}
