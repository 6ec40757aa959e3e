//! A scripted session with Debian's shell `cli_mt`, and what of its output does not depend on the moment.

use anyhow::{Result, bail};

use super::cli::Driven;
use crate::artifacts::Library;

const SHELL: &str = "/usr/lib/zookeeper/bin/cli_mt";

/// Last line of a `Stat`.
const STAT_END: &str = "\tephemeralOwner = ";
/// Answer to [`FENCE`], printed at once, so that a command without an answer is known to be over.
const FENCE_ANSWER: &str = "Path must start with /, found: fence";
const FENCE: &str = "get fence";

/// Commands, and the beginnings of the lines that end their answers. A command without is followed by a fence.
const SCRIPT: &[(&str, &[&str])] = &[
    ("help", &["    i.e. "]),
    ("create /x", &["\tname = /x"]),
    ("create /x", &["[/x]: rc = "]),
    ("create +s /x/s-", &["\tname = "]),
    ("create +s /x/s-", &["\tname = "]),
    ("create +e /x/e", &["\tname = "]),
    ("create +es /x/es-", &["\tname = "]),
    ("create +c /x/c", &["\tname = "]),
    ("create +t=100000 /x/t", &["\tname = "]),
    ("create /x/e/child", &["[/x/e/child]: rc = "]),
    ("create2 /x/two", &["\tname = ", STAT_END]),
    ("create2 +s /x/two-", &["\tname = ", STAT_END]),
    ("create2 /x/two", &["[/x/two]: rc = ", "null"]),
    ("acreate /y", &["\tname = /y"]),
    ("ls /x", &["/x: rc = ", "time = "]),
    ("als /x", &["/x: rc = ", "time = "]),
    ("ls2 /x", &["/x: rc = ", STAT_END]),
    ("set /x hello world", &["/x: rc = ", STAT_END]),
    ("get /x", &["/x: rc = ", STAT_END]),
    ("aget /x", &["/x: rc = ", STAT_END]),
    ("get /x/e", &["/x/e: rc = ", STAT_END]),
    ("set /x changed", &["/x: rc = ", STAT_END]),
    ("od", &["od command response", "Data completion /od"]),
    ("wexists /x", &[]),
    ("wexists /later", &[]),
    ("exists /x", &[]),
    ("exists /nope", &[]),
    ("addauth digest user:password", &[]),
    ("sync /x", &["\tname = /x"]),
    ("delete /x/e", &["/x/e: rc = "]),
    ("delete /x", &["/x: rc = "]),
    ("delete /nope", &["/nope: rc = "]),
    ("get /nope", &["/nope: rc = ", "null"]),
    ("set /nope 1", &["/nope: rc = ", "null"]),
    ("ls /nope", &["/nope: rc = ", "time = "]),
    ("ls2 /nope", &["/nope: rc = ", "null"]),
    ("sync /nope", &["\tname = /nope"]),
    ("config", &["/zookeeper/config: rc = ", STAT_END]),
    ("myid", &[]),
    ("create nope", &[]),
    ("create2 nope", &[]),
    ("delete nope", &[]),
    ("sync nope", &[]),
    ("exists nope", &[]),
    ("set nope v", &[]),
    ("set /x", &[]),
    ("ls nope", &[]),
    ("ls2 nope", &[]),
    ("get /x/", &[]),
    ("get /x/../y", &[]),
    ("create /x//y", &[]),
    ("bogus", &[]),
    ("verbose", &["logging level set to DEBUG"]),
    ("get /x/two", &["/x/two: rc = ", STAT_END]),
    ("verbose", &["logging level set to WARN"]),
];

/// Number of requests that `od` sends.
const OVERDOSE: usize = 200;

/// Plays the script on `library` against the fresh server at `hosts` and returns the masked transcript.
pub(super) fn play(library: &Library, hosts: &str) -> Result<String> {
    let mut shell = open(library, hosts)?;
    for (command, answer) in SCRIPT {
        shell.send(command)?;
        shell.await_lines(answer)?;
        if *command == "od" {
            for _ in 1..OVERDOSE {
                shell.await_lines(&["Data completion /od"])?;
            }
        }
        if answer.is_empty() {
            shell.send(FENCE)?;
            shell.await_lines(&[FENCE_ANSWER])?;
        }
    }
    // Watches: `get` left one on the data of /x, `ls` one on its children, `wexists` two more. A second client
    // changes all.
    let mut other = open(library, hosts)?;
    other.send("set /x by the other")?;
    other.await_lines(&["/x: rc = ", STAT_END])?;
    shell.await_lines(&["Watcher CHANGED_EVENT"])?;
    other.send("create /later")?;
    other.await_lines(&["\tname = /later"])?;
    shell.await_lines(&["Watcher CREATED_EVENT"])?;
    shell.send("ls /x")?;
    shell.await_lines(&["/x: rc = ", "time = "])?;
    other.send("create /x/by-the-other")?;
    other.await_lines(&["\tname = "])?;
    shell.await_lines(&["Watcher CHILD_EVENT"])?;
    quit(&mut other)?;
    quit(&mut shell)?;
    Ok(mask(&shell.transcript))
}

fn quit(shell: &mut Driven) -> Result<()> {
    shell.send("quit")?;
    shell.finish()?;
    if !shell.transcript.iter().any(|line| line == "exit status: 0") {
        bail!("the shell failed:\n{}", shell.transcript.join("\n"));
    }
    Ok(())
}

fn open(library: &Library, hosts: &str) -> Result<Driven> {
    let mut shell = Driven::start(SHELL, &["-h", hosts], library)?;
    shell.await_lines(&["Watcher SESSION_EVENT", "Got a new session id"])?;
    shell.assert_loaded(library)?;
    Ok(shell)
}

/// Blanks times and ids, and drops the library's log lines and the counts that depend on scheduling.
fn mask(transcript: &[String]) -> String {
    let mut masked = String::new();
    for line in transcript {
        // `od` prints how far it has come whenever it happens to have caught up with itself.
        if is_log_line(line) || line.starts_with("Recvd ") {
            continue;
        }
        let line = blank_after(line, "time = ", " msec");
        let line = blank_after(&line, "ctime = ", "");
        let line = blank_after(&line, "mtime=", "");
        let line = blank_after(&line, "session id: ", "");
        let line = blank_after(&line, "session Id = ", "");
        let line = if line.ends_with("ephemeralOwner = 0") {
            line
        } else {
            blank_after(&line, "ephemeralOwner = ", "")
        };
        masked.push_str(&line);
        masked.push('\n');
    }
    masked
}

/// Whether this is a line of the library's log: `2024-01-31 23:59:59,999:PID(0xTHREAD):ZOO_LEVEL@…`.
fn is_log_line(line: &str) -> bool {
    line.contains("):ZOO_") && line.starts_with(|first: char| first.is_ascii_digit())
}

/// Replaces what stands between `before` and `after` by a blank. The whole rest goes if `after` is empty.
fn blank_after(line: &str, before: &str, after: &str) -> String {
    match line.split_once(before) {
        Some((head, rest)) if rest.ends_with(after) => format!("{head}{before}_{after}"),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn moments_and_ids_are_blanked_and_log_lines_dropped() {
        let lines = [
            "> get /x",
            "2026-01-31 10:00:00,123:77(0x7f00):ZOO_INFO@check_events@2992: initiated connection",
            "time = 17 msec",
            "\tctime = Sun Nov 22 02:01:35 2026",
            "\tephemeralOwner = 0",
            "\tephemeralOwner = 100001d087c0000",
            "Recvd 112 responses for 112 requests sent",
        ];
        let expected =
            "> get /x\ntime = _ msec\n\tctime = _\n\tephemeralOwner = 0\n\tephemeralOwner = _\n";
        assert_eq!(mask(&lines.map(str::to_owned)), expected);
    }
}
