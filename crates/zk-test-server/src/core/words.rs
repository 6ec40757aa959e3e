//! Four-letter words (S-280…S-291).

use super::ServerCore;
use crate::connection::{Close, Conn, ConnId};
use crate::time::Now;
use std::fmt::Write as _;
use zk_proto::Op;

const VERSION: &str = concat!(
    "3.9.5-zk-test-server-",
    env!("CARGO_PKG_VERSION"),
    ", built on 2026-01-01 00:00 UTC"
);

/// Known words that this server does not execute.
const REFUSED: [&[u8; 4]; 4] = [b"gtmk", b"stmk", b"hash", b"crst"];

impl ServerCore {
    /// Answers if the first bytes of a connection are a word; the connection then ends.
    pub(super) fn four_letter_word(&mut self, id: ConnId, word: [u8; 4], now: Now) -> bool {
        let mut text = String::new();
        match &word {
            b"ruok" => text.push_str("imok"),
            b"isro" => text.push_str(if self.read_only { "ro" } else { "rw" }),
            b"srvr" => self.srvr(&mut text, None),
            b"stat" => self.srvr(&mut text, Some(id)),
            b"mntr" => self.mntr(&mut text, now),
            b"cons" => self.cons(&mut text),
            b"dump" => self.dump(&mut text, now),
            b"wchs" => self.wchs(&mut text),
            b"wchc" => self.watches_by_session(&mut text),
            b"wchp" => self.watches_by_path(&mut text),
            b"conf" => self.conf(&mut text),
            b"envi" => environment(&mut text),
            b"dirs" => text.push_str("datadir_size: 0\nlogdir_size: 0\n"),
            b"srst" => {
                (self.stats.received, self.stats.sent) = (0, 0);
                text.push_str("Server stats reset.\n");
            }
            known if REFUSED.contains(&known) => {
                text.push_str(&String::from_utf8_lossy(known));
                text.push_str(" is not executed because it is not in the whitelist.\n");
            }
            _ => return false,
        }
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.out.buf().extend_from_slice(text.as_bytes());
        }
        self.close_conn(id, Close::Fin);
        true
    }

    fn mode(&self) -> &'static str {
        if self.read_only {
            "read-only"
        } else {
            "standalone"
        }
    }

    fn open_conns(&self) -> Vec<(ConnId, &Conn)> {
        let open = |(&id, conn)| (id, conn);
        let mut conns: Vec<_> = self.conns.iter().map(open).collect();
        conns.sort_unstable_by_key(|&(id, _)| id);
        conns
    }

    /// srvr, and stat if there is a connection that asks for it (S-284).
    fn srvr(&self, text: &mut String, stat_for: Option<ConnId>) {
        lines(text, &[format_args!("Zookeeper version: {VERSION}")]);
        if self.read_only {
            text.push_str("READ-ONLY mode; serving only read-only clients\n");
        }
        if let Some(asking) = stat_for {
            text.push_str("Clients:\n");
            for (id, conn) in self.open_conns() {
                counters(text, conn, id == asking);
                text.push_str(")\n");
            }
            text.push('\n');
        }
        lines(
            text,
            &[
                format_args!("Latency min/avg/max: 0/0.0/0"),
                format_args!("Received: {}", self.stats.received),
                format_args!("Sent: {}", self.stats.sent),
                format_args!("Connections: {}", self.conns.len()),
                format_args!("Outstanding: 0"),
                format_args!("Zxid: 0x{:x}", self.zxid),
                format_args!("Mode: {}", self.mode()),
                // The real server counts the root's second name (S-081).
                format_args!("Node count: {}", self.tree.len() + 1),
            ],
        );
    }

    fn mntr(&self, text: &mut String, now: Now) {
        let ephemerals: usize = self.tree.ephemerals().map(|(_, paths)| paths.len()).sum();
        let watches = self.watches.data.total() + self.watches.child.total();
        let values: [(&str, &dyn std::fmt::Display); 20] = [
            ("version", &VERSION),
            ("server_state", &self.mode()),
            ("avg_latency", &"0.0"),
            ("max_latency", &0),
            ("min_latency", &0),
            ("packets_received", &self.stats.received),
            ("packets_sent", &self.stats.sent),
            ("num_alive_connections", &self.conns.len()),
            ("outstanding_requests", &0),
            ("znode_count", &(self.tree.len() + 1)),
            ("watch_count", &watches),
            ("ephemerals_count", &ephemerals),
            ("approximate_data_size", &self.tree.data_size()),
            ("global_sessions", &self.sessions.len()),
            ("local_sessions", &0),
            ("uptime", &now.mono_ms.saturating_sub(self.stats.start_ms)),
            ("connection_drop_probability", &"0.0"),
            ("outstanding_tls_handshake", &0),
            ("auth_failed_count", &self.stats.auth_failed),
            ("throttled_ops", &0),
        ];
        for (key, value) in values {
            lines(text, &[format_args!("zk_{key}\t{value}")]);
        }
    }

    /// S-286.
    fn cons(&self, text: &mut String) {
        for (_, conn) in self.open_conns() {
            counters(text, conn, false);
            if let Some(session) = conn.session {
                let stats = &conn.stats;
                let timeout = self.sessions.get(session).map_or(0, |s| s.timeout);
                let op = stats.last_op.map_or("NA", op_name);
                write_to(text, format_args!(",sid=0x{session:x},lop={op}"));
                write_to(
                    text,
                    format_args!(",est={},to={timeout}", stats.established_ms),
                );
                if stats.last_xid >= 0 {
                    write_to(text, format_args!(",lcxid=0x{:x}", stats.last_xid));
                }
                write_to(text, format_args!(",lzxid=0x{:x}", stats.last_zxid));
                write_to(text, format_args!(",lresp={}", stats.last_response_ms));
                write_to(text, format_args!(",llat=0,minlat=0,avglat=0,maxlat=0"));
            }
            text.push_str(")\n");
        }
        text.push('\n');
    }

    /// S-287; expiry times as monotonic ms from now in place of Java dates.
    fn dump(&self, text: &mut String, now: Now) {
        text.push_str("SessionTracker dump:\n");
        let buckets = self.sessions.buckets();
        write_to(
            text,
            format_args!(
                "Session Sets ({})/({}):\n",
                buckets.len(),
                self.sessions.len()
            ),
        );
        for (end, ids) in buckets {
            let left = end.saturating_sub(now.mono_ms);
            lines(text, &[format_args!("{} expire at +{left} ms:", ids.len())]);
            for id in ids {
                lines(text, &[format_args!("\t0x{id:x}")]);
            }
        }
        text.push_str("ephemeral nodes dump:\n");
        let owners = self.tree.ephemerals();
        lines(
            text,
            &[format_args!("Sessions with Ephemerals ({}):", owners.len())],
        );
        for (session, paths) in owners {
            lines(text, &[format_args!("0x{session:x}:")]);
            for path in paths {
                lines(text, &[format_args!("\t{}", String::from_utf8_lossy(path))]);
            }
        }
        text.push_str("Connections dump:\n");
        let conns = self.open_conns();
        lines(
            text,
            &[format_args!("Connections Sets (1)/({}):", conns.len())],
        );
        for (_, conn) in conns {
            let session = conn.session.unwrap_or(0);
            lines(
                text,
                &[format_args!(
                    "\tip: /{} sessionId: 0x{session:x}",
                    conn.peer
                )],
            );
        }
    }

    /// The data table only, as on the real server (S-288).
    fn wchs(&self, text: &mut String) {
        let table = &self.watches.data;
        lines(
            text,
            &[
                format_args!(
                    "{} connections watching {} paths",
                    table.watchers(),
                    table.paths().len()
                ),
                format_args!("Total watches:{}", table.total()),
            ],
        );
    }

    fn watches_by_path(&self, text: &mut String) {
        for (path, conns) in self.watches.data.paths() {
            lines(text, &[format_args!("{}", String::from_utf8_lossy(path))]);
            for session in conns.keys().filter_map(|id| self.conns.get(id)?.session) {
                lines(text, &[format_args!("\t0x{session:x}")]);
            }
        }
        text.push('\n');
    }

    fn watches_by_session(&self, text: &mut String) {
        for (id, conn) in self.open_conns() {
            let paths = self.watches.data.paths();
            let mut paths = paths
                .filter(|(_, conns)| conns.contains_key(&id))
                .peekable();
            if let (Some(session), Some(_)) = (conn.session, paths.peek()) {
                lines(text, &[format_args!("0x{session:x}")]);
                for (path, _) in paths {
                    lines(text, &[format_args!("\t{}", String::from_utf8_lossy(path))]);
                }
            }
        }
        text.push('\n');
    }

    fn conf(&self, text: &mut String) {
        let options = &self.options;
        lines(
            text,
            &[
                format_args!("clientPort={}", options.port),
                format_args!("secureClientPort=-1"),
                format_args!("dataDir="),
                format_args!("dataDirSize=0"),
                format_args!("dataLogDir="),
                format_args!("dataLogSize=0"),
                format_args!("tickTime={}", options.tick_ms),
                format_args!("maxClientCnxns={}", options.max_client_cnxns),
                format_args!("minSessionTimeout={}", options.min_timeout()),
                format_args!("maxSessionTimeout={}", options.max_timeout()),
                format_args!("clientPortListenBacklog=-1"),
                format_args!("serverId=0"),
            ],
        );
    }
}

/// The start of a connection's line in stat and cons, without the closing bracket.
fn counters(text: &mut String, conn: &Conn, asking: bool) {
    let interest = u8::from(!asking);
    let stats = &conn.stats;
    write_to(
        text,
        format_args!(
            " /{}[{interest}](queued=0,recved={},sent={}",
            conn.peer, stats.received, stats.sent
        ),
    );
}

/// S-290.
fn environment(text: &mut String) {
    let variable = |name| std::env::var(name).unwrap_or_default();
    lines(
        text,
        &[
            format_args!("Environment:"),
            format_args!("zookeeper.version={VERSION}"),
            format_args!("host.name=localhost"),
            format_args!("java.version=none"),
            format_args!("os.name={}", std::env::consts::OS),
            format_args!("os.arch={}", std::env::consts::ARCH),
            format_args!("os.version="),
            format_args!("user.name={}", variable("USER")),
            format_args!("user.home={}", variable("HOME")),
            format_args!("user.dir={}", variable("PWD")),
            format_args!("os.memory.free=0MB"),
            format_args!("os.memory.max=0MB"),
            format_args!("os.memory.total=0MB"),
        ],
    );
}

fn lines(text: &mut String, lines: &[std::fmt::Arguments<'_>]) {
    for line in lines {
        write_to(text, *line);
        text.push('\n');
    }
}

fn write_to(text: &mut String, args: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(args);
}

/// The short names of S-286.
fn op_name(op: Op) -> &'static str {
    match op {
        Op::CreateSession => "SESS",
        Op::Ping => "PING",
        Op::Create | Op::Create2 | Op::CreateContainer | Op::CreateTtl => "CREA",
        Op::Delete | Op::DeleteContainer => "DELE",
        Op::Exists => "EXIS",
        Op::GetData => "GETD",
        Op::SetData => "SETD",
        Op::GetAcl => "GETA",
        Op::SetAcl => "SETA",
        Op::GetChildren | Op::GetChildren2 => "GETC",
        Op::GetAllChildrenNumber => "GETACN",
        Op::Sync => "SYNC",
        Op::Multi => "MULT",
        Op::MultiRead => "MLTR",
        Op::Check => "CHEC",
        Op::Reconfig => "RECO",
        Op::SetWatches => "SETW",
        Op::SetWatches2 => "STW2",
        Op::AddWatch => "ADDW",
        Op::CheckWatches => "CHKW",
        Op::RemoveWatches => "REMW",
        Op::WhoAmI => "HOMI",
        Op::GetEphemerals => "GETE",
        Op::CloseSession => "CLOS",
        Op::Notification | Op::Auth | Op::Sasl | Op::Error => "NA",
    }
}
