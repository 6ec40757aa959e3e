//! `zk-proxy HOST:PORT`: forwards a loopback port to a ZooKeeper server. It prints `listening on
//! 127.0.0.1:PORT`, takes commands on standard input and ends with it.
#![forbid(unsafe_code)]

use std::io::{self, BufRead as _, Write as _};
use std::net::ToSocketAddrs as _;
use std::process::ExitCode;

use zk_proxy::Proxy;
use zk_proxy::script::{HELP, Script};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [upstream] if !upstream.starts_with('-') => match run(upstream) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("zk-proxy: {error}");
                ExitCode::FAILURE
            }
        },
        _ => {
            eprintln!("usage: zk-proxy HOST:PORT\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

fn run(upstream: &str) -> io::Result<()> {
    let upstream = upstream
        .to_socket_addrs()?
        .next()
        .ok_or_else(|| io::Error::other("the name has no address"))?;
    let proxy = Proxy::start(upstream)?;
    let mut out = io::stdout().lock();
    writeln!(out, "listening on {}", proxy.connect_string())?;
    out.flush()?;
    let mut script = Script::new(&proxy);
    for line in io::stdin().lock().lines() {
        match script.run(&line?) {
            Ok(answer) => writeln!(out, "ok {answer}")?,
            Err(error) => writeln!(out, "error {error}")?,
        }
        out.flush()?;
    }
    Ok(())
}
