//! `zk-test-server`: the test server as a program.
#![forbid(unsafe_code)]

use lexopt::prelude::*;
use std::io::Write as _;
use std::process::ExitCode;
use zk_test_server::{Foreground, control};

const USAGE: &str = "\
usage: zk-test-server [OPTION]...

A ZooKeeper server for tests, in memory, on 127.0.0.1. The first line on standard output is
`listening on 127.0.0.1:PORT`. It ends on SIGTERM.

  --port PORT                   port to listen on, 0 for a free one (default 0)
  --exit-on-stdin-close         end when standard input ends
  --control                     open a control port; second line `control on 127.0.0.1:PORT`
  --tick-time MS                unit of session expiry (default 3000)
  --min-session-timeout MS      default 2 ticks
  --max-session-timeout MS      default 20 ticks
  --max-client-cnxns N          connections per client address, 0 for no limit (default 60)
  --max-frame BYTES             largest request frame (default 1048575)
  --output-limit BYTES          replies waiting for a client before its requests wait
                                (default 4194304)
  --server-id N                 high byte of session ids, 0 to 255 (default 1)
  --read-only                   serve read-only clients only
  --no-extended-types           refuse nodes with a time to live
  --enforce-quota               enforce hard quota limits
  --super-digest USER:HASH      identity that may do everything
  --container-check-interval MS how often containers and expired nodes are removed
                                (default 60000)
  --container-max-never-used MS age at which unused containers go, 0 for never (default 0)
  --verbose                     log malformed input to standard error
  --help                        show this and the control commands
";

fn main() -> ExitCode {
    let settings = match parse() {
        Ok(Some(settings)) => settings,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zk-test-server: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let announced = settings.run(|lines| {
        let mut out = std::io::stdout().lock();
        out.write_all(lines.as_bytes())?;
        out.flush()
    });
    match announced {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zk-test-server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `None` if help was asked for.
fn parse() -> Result<Option<Foreground>, lexopt::Error> {
    let mut settings = Foreground::default();
    let options = &mut settings.options;
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            Long("port") => options.port = args.value()?.parse()?,
            Long("exit-on-stdin-close") => settings.exit_on_stdin_close = true,
            Long("control") => settings.control = true,
            Long("tick-time") => options.tick_ms = args.value()?.parse()?,
            Long("min-session-timeout") => {
                options.min_session_timeout_ms = Some(args.value()?.parse()?);
            }
            Long("max-session-timeout") => {
                options.max_session_timeout_ms = Some(args.value()?.parse()?);
            }
            Long("max-client-cnxns") => options.max_client_cnxns = args.value()?.parse()?,
            Long("max-frame") => options.max_frame = args.value()?.parse()?,
            Long("output-limit") => options.output_limit = args.value()?.parse()?,
            Long("server-id") => options.server_id = args.value()?.parse()?,
            Long("read-only") => options.read_only = true,
            Long("no-extended-types") => options.extended_types = false,
            Long("enforce-quota") => options.enforce_quota = true,
            Long("super-digest") => options.super_digest = Some(args.value()?.string()?),
            Long("container-check-interval") => {
                options.container_check_ms = args.value()?.parse()?;
            }
            Long("container-max-never-used") => {
                options.container_max_never_used_ms = args.value()?.parse()?;
            }
            Long("verbose") | Short('v') => options.verbose = true,
            Long("help") | Short('h') => {
                println!("{USAGE}\nControl commands:\n\n{}", control::HELP);
                return Ok(None);
            }
            _ => return Err(arg.unexpected()),
        }
    }
    Ok(Some(settings))
}
