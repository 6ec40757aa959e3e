use crate::core::ServerCore;
use crate::listener::Clock;

/// The commands, for `--help`.
pub const HELP: &str = "\
  zxid                          the last applied transaction
";

pub(super) fn execute(line: &str, core: &mut ServerCore, clock: &Clock) -> Result<String, String> {
    let _ = clock.now();
    match line {
        "zxid" => Ok(format!("{:#x}", core.zxid())),
        _ => Err("unknown command".to_owned()),
    }
}
