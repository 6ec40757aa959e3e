//! The commands and what they do.

use super::args::{Args, parse};
use crate::core::ServerCore;
use crate::faults::{OnAccept, RuleId};
use crate::listener::Clock;

/// The commands, for `--help`.
pub const HELP: &str = include_str!("help.txt");

pub(super) fn execute(line: &str, core: &mut ServerCore, clock: &Clock) -> Result<String, String> {
    let mut words = line.split_whitespace();
    let verb = words.next().unwrap_or_default();
    let mut args = Args::new(words);
    run(verb, &mut args, core, clock)
}

/// Commands that take no arguments.
const ALONE: [&str; 7] = [
    "zxid",
    "sessions",
    "connections",
    "watches",
    "rules",
    "release",
    "clear",
];

/// Every argument is checked before anything happens.
fn run(
    verb: &str,
    args: &mut Args<'_>,
    core: &mut ServerCore,
    clock: &Clock,
) -> Result<String, String> {
    let now = clock.now();
    let mut answer = String::new();
    if ALONE.contains(&verb) {
        args.end()?;
    }
    match verb {
        "zxid" => answer = format!("{:#x}", core.zxid()),
        "sessions" => answer = join(core.sessions().iter().map(|id| format!("{id:#x}"))),
        "connections" => {
            answer = join(core.connections().iter().map(|&id| {
                let session = core.session_of(id);
                session.map_or_else(|| id.to_string(), |session| format!("{id}:{session:#x}"))
            }));
        }
        "watches" => answer = core.watch_count().to_string(),
        "advance" => {
            let ms = parse(args.need_word("MS")?)?;
            args.end()?;
            clock.advance(ms);
            core.advance(clock.now());
        }
        "expire" => {
            let sessions = match args.number("session")? {
                Some(session) => vec![session],
                None if args.word() == Some("all") => core.sessions(),
                None => return Err("session=ID or all is missing".to_owned()),
            };
            args.end()?;
            for session in sessions {
                if !core.expire_session(session, now) {
                    return Err(format!("no session {session:#x}"));
                }
            }
        }
        "close" => {
            let (target, how) = (args.target(core)?, args.how()?);
            args.end()?;
            all(target, |id| core.close_connection(id, how))?;
        }
        "stop-reading" | "start-reading" => {
            let on = verb == "start-reading";
            let target = args.target(core)?;
            args.end()?;
            all(target, |id| core.set_reading(id, on, now))?;
        }
        "cut" => {
            let target = args.target(core)?;
            let (bytes, how) = (args.need_number("bytes")?, args.how()?);
            args.end()?;
            all(target, |id| core.cut_output_after(id, bytes, how))?;
        }
        "read-only" => core.set_read_only(args.last_switch()?, now),
        "refuse" => core.faults_mut().refuse = args.last_switch()?,
        "accept" => {
            let on_accept = match args.need_word("what new connections meet")? {
                "serve" => OnAccept::Serve,
                "close" => OnAccept::Close,
                "silent" => OnAccept::Silent,
                "stop" => OnAccept::Stop,
                other => return Err(format!("unknown fate {other}")),
            };
            let times = args.number("times")?;
            args.end()?;
            let faults = core.faults_mut();
            faults.on_accept = on_accept;
            faults.on_accept_times = times;
        }
        "limit-output" => {
            let limit = match args.need_word("N or off")? {
                "off" => None,
                bytes => Some(parse(bytes)?),
            };
            args.end()?;
            core.faults_mut().output_limit = limit;
        }
        "answer" => {
            let (timeout, session) = (args.number("timeout")?, args.number("session")?);
            args.end()?;
            let faults = core.faults_mut();
            faults.answer_timeout = timeout;
            faults.answer_session = session;
        }
        "rule" => {
            let (action, when) = (args.action()?, args.when()?);
            args.end()?;
            answer = core.faults_mut().add(when, action).0.to_string();
        }
        "rules" => {
            answer = join(core.faults().rules().iter().map(|rule| {
                let op = rule
                    .when
                    .op
                    .map_or_else(|| "any".to_owned(), |op| format!("{op:?}"));
                format!("{}:{op}:{}", rule.id.0, rule.hits)
            }));
        }
        "hits" => {
            let id = RuleId(parse(args.need_word("ID")?)?);
            args.end()?;
            answer = core.faults().hits(id).to_string();
        }
        "unrule" => {
            let id = RuleId(parse(args.need_word("ID")?)?);
            args.end()?;
            if !core.faults_mut().remove(id) {
                return Err(format!("no rule {}", id.0));
            }
        }
        "release" => answer = core.release().to_string(),
        "clear" => core.clear_faults(now),
        _ => return Err(format!("unknown command {verb:?}")),
    }
    Ok(answer)
}

/// Does it to each; the first that is missing is an error.
fn all<T: std::fmt::Display + Copy>(
    targets: Vec<T>,
    mut each: impl FnMut(T) -> bool,
) -> Result<(), String> {
    for target in targets {
        if !each(target) {
            return Err(format!("no connection {target}"));
        }
    }
    Ok(())
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(" ")
}
