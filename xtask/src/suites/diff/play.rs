//! Running one scenario on one library, with the proxies and the server around it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use zk_proto::Op;
use zk_proxy::script::Script;
use zk_proxy::{Direction, Frame, Kind as FrameKind, Proxy, describe};
use zk_test_server::{Options, TestServer};

use crate::artifacts::Library;
use crate::process::{Running, tied_command};
use crate::server::{Kind, Server};

/// What drives the handles when it is not the library.
pub(super) const LOOPS: [&str; 3] = ["select", "poll", "epoll"];

const LIMIT: Duration = Duration::from_secs(40);
/// How long the proxies may still see frames of a program that has ended.
const AFTERMATH: Duration = Duration::from_secs(5);
/// A scenario can have this many servers in its list.
const PROXIES: usize = 3;
/// So short that sessions of a second are granted.
const TICK_MS: u32 = 50;

/// The server that scenarios meet.
pub(super) struct Stage {
    server: Upstream,
    addr: SocketAddr,
}

enum Upstream {
    Test(TestServer),
    /// Lives as long as the stage.
    Java {
        _server: Server,
    },
}

/// What a scenario printed and sent, as lines, without what differs from run to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Observation {
    pub(super) lines: Vec<String>,
}

impl Observation {
    /// The same without the kinds of threads that ran the callbacks.
    pub(super) fn without_threads(&self) -> Self {
        let strip = |line: &String| {
            [" [main]", " [completion]", " [other]"]
                .iter()
                .find_map(|suffix| line.strip_suffix(suffix))
                .unwrap_or(line)
                .to_owned()
        };
        Self {
            lines: self.lines.iter().map(strip).collect(),
        }
    }
}

impl Stage {
    /// A fresh server of ours, within this process.
    pub(super) fn test_server() -> Result<Self> {
        let server = TestServer::start(Options {
            tick_ms: TICK_MS,
            max_session_timeout_ms: Some(60_000),
            max_client_cnxns: 0,
            ..Options::default()
        })?;
        Ok(Self {
            addr: server.addr(),
            server: Upstream::Test(server),
        })
    }

    /// A fresh Java server.
    pub(super) fn java(tick_ms: u32) -> Result<Self> {
        let server = Kind::Java.start(tick_ms)?;
        Ok(Self {
            addr: server.hosts.parse()?,
            server: Upstream::Java { _server: server },
        })
    }

    /// Runs a scenario.
    pub(super) fn play(
        &self,
        program: &Path,
        scenario: &str,
        library: &Library,
        driver: Option<&str>,
    ) -> Result<Observation> {
        let address = own_address();
        let proxies: Vec<Proxy> = (0..PROXIES)
            .map(|_| Proxy::start_at(address, self.addr))
            .collect::<std::io::Result<_>>()?;
        let mut scripts: Vec<Script<'_>> = proxies.iter().map(Script::new).collect();
        let mut command = tied_command(program);
        command.arg(scenario);
        if let Some(driver) = driver {
            command.args(["--loop", driver]);
        }
        for (index, proxy) in proxies.iter().enumerate() {
            command.env(format!("ZK_PROXY_{}", index + 1), proxy.connect_string());
        }
        command
            .env("ZK_DIRECT", self.addr.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        library.load_in(&mut command);
        let mut running = Running::start(&mut command)?;
        let mut answers = running.child().stdin.take().context("no stdin")?;
        let stdout = running.child().stdout.take().context("no stdout")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut lanes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let deadline = Instant::now() + LIMIT;
        let end = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match lines.recv_timeout(left) {
                Ok(line) => {
                    let line = String::from_utf8_lossy(&line).into_owned();
                    if let Some(asked) = line.strip_prefix('@') {
                        answer(&mut answers, self.run(asked, &mut scripts))?;
                    } else {
                        let (lane, _) = line.split_once('|').unwrap_or(("?", ""));
                        lanes.entry(lane.to_owned()).or_default().push(line);
                    }
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    break running.child().wait()?.to_string();
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    running.kill()?;
                    break format!("killed after {LIMIT:?}");
                }
            }
        };
        drop(scripts);
        let end = masked(&end.replace(" (core dumped)", ""), &proxies);
        let mut lines: Vec<String> = lanes
            .into_values()
            .flatten()
            .map(|line| masked(&line, &proxies))
            .collect();
        lines.push(format!("end| {end}"));
        lines.extend(wire(&proxies));
        Ok(Observation { lines })
    }

    /// Runs a command to a proxy or the server.
    fn run(&self, asked: &str, scripts: &mut [Script<'_>]) -> Result<String> {
        let (whom, command) = asked.split_once(' ').context("an empty command")?;
        if let Some(number) = whom.strip_prefix("proxy") {
            let index = number.parse::<usize>()?.wrapping_sub(1);
            let script = scripts.get_mut(index).context("no such proxy")?;
            return script.run(command).map_err(|error| anyhow!(error));
        }
        let Upstream::Test(server) = &self.server else {
            return Err(anyhow!("this server takes no commands"));
        };
        match command.split_once(' ').unwrap_or((command, "")) {
            ("advance", ms) => server.advance(ms.parse()?),
            ("read-only", on) => server.with_core(|core, now| core.set_read_only(on == "on", now)),
            ("expire", "") => server.with_core(|core, now| {
                for session in core.sessions() {
                    core.expire_session(session, now);
                }
            }),
            _ => return Err(anyhow!("unknown command '{command}'")),
        }
        Ok(String::new())
    }
}

/// A loopback address for one run, which no other test on this machine uses.
fn own_address() -> Ipv4Addr {
    static RUNS: AtomicU8 = AtomicU8::new(0);
    let [.., high, low] = std::process::id().to_be_bytes();
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    // Neither 127.0.0.1 nor an address that ends in 0 or 255.
    Ipv4Addr::new(127, 1 + high % 254, low, 1 + run % 254)
}

fn answer(answers: &mut ChildStdin, result: Result<String>) -> Result<()> {
    let line = match result {
        Ok(text) => format!("ok {text}\n"),
        Err(error) => format!("error {error:#}\n"),
    };
    // A program that has ended takes no answer; its output tells what happened.
    let _ = answers.write_all(line.as_bytes());
    Ok(())
}

/// Puts names in place of the ports.
fn masked(line: &str, proxies: &[Proxy]) -> String {
    proxies
        .iter()
        .enumerate()
        .fold(line.to_owned(), |line, (index, proxy)| {
            let name = format!("PROXY_{}", index + 1);
            line.replace(&proxy.connect_string(), &name)
        })
}

/// What the clients sent, connection by connection. Pings are left out: their number depends on
/// the machine's speed, and scenarios about them measure them.
fn wire(proxies: &[Proxy]) -> Vec<String> {
    let mut lines = Vec::new();
    let recorded: Vec<Vec<Frame>> = proxies
        .iter()
        .map(|proxy| {
            proxy.release();
            proxy.wait(AFTERMATH, |view| view.closed_by_client() >= view.accepted());
            proxy.frames()
        })
        .collect();
    let requests = recorded.iter().flatten();
    let first_xid = requests
        .filter_map(|frame| match frame.kind {
            FrameKind::Request { xid, .. } if xid >= 0 => Some(xid),
            _ => None,
        })
        .min()
        .unwrap_or(0);
    for (index, frames) in recorded.iter().enumerate() {
        let mut connections: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for frame in frames {
            let ping =
                matches!(frame.kind, FrameKind::Request { op, .. } if op == i32::from(Op::Ping));
            if frame.direction == Direction::ToServer && !ping {
                let line = describe(frame, first_xid);
                connections.entry(frame.connection).or_default().push(line);
            }
        }
        for (connection, sent) in connections {
            let proxy = index + 1;
            let name = |line: String| format!("wire{proxy}.{connection}| {line}");
            lines.extend(sent.into_iter().map(name));
        }
    }
    lines
}
