//! `zk-canned-server [--port PORT]`: prints `listening on 127.0.0.1:PORT` and serves.
#![forbid(unsafe_code)]

use std::io::Write;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let port = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => 0,
        ["--port", port] => port.parse()?,
        _ => bail!("usage: zk-canned-server [--port PORT]"),
    };
    zk_bench::canned::serve(port, |addr| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "listening on {addr}")?;
        out.flush()
    })?;
    Ok(())
}
