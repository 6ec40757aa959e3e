//! `zk-hostile [--port PORT] [--seed SEED]`: a server whose every connection goes wrong.
//!
//! Clients are answered from memory (`zk_bench::canned`), honestly for some frames and then with
//! damage; after that the connection ends. Where and how follows from the seed and the number of
//! the connection, so with one client at a time a run can be repeated. The first line on standard
//! output is `listening on 127.0.0.1:PORT`; then comes `sessions N` for every ten
//! damaged connections that have ended.
#![forbid(unsafe_code)]

mod damage;
mod stream;

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, bail};
use pico_args::Arguments;
use zk_bench::canned::{self, Connection};

use crate::stream::Damaging;

/// How often the number of sessions is printed.
const EVERY: u64 = 10;

fn main() -> Result<()> {
    let mut args = Arguments::from_env();
    let port = args.opt_value_from_str("--port")?.unwrap_or(0);
    let seed: u64 = args.opt_value_from_str("--seed")?.unwrap_or(1);
    if let [first, ..] = args.finish().as_slice() {
        bail!("unexpected argument {first:?}\n\nusage: zk-hostile [--port PORT] [--seed SEED]");
    }
    let ended = AtomicU64::new(0);
    canned::serve_each(
        port,
        |addr| say(&format!("listening on {addr}")),
        move |stream, number| {
            let mut stream = Damaging::new(stream, rng(seed, number));
            // The client may hang up first, or ask what makes no sense to the honest half.
            let _ = Connection::new(&mut stream).run();
            if !stream.end() {
                return;
            }
            let sessions = ended.fetch_add(1, Ordering::Relaxed) + 1;
            if sessions.is_multiple_of(EVERY) {
                // Nobody listens any more when this process is about to end.
                let _ = say(&format!("sessions {sessions}"));
            }
        },
    )?;
    Ok(())
}

fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Chance for one connection, unlike its neighbours'.
fn rng(seed: u64, number: u64) -> fastrand::Rng {
    let mut rng = fastrand::Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    rng.fork()
}
