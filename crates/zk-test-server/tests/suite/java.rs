//! Debian's ZooKeeper server, where it is installed.

use std::io::Write as _;

use zk_ensemble::{Ensemble, Options};

/// Starts a single server; says so and gives `None` if it is not installed.
pub(crate) fn start(test: &str) -> Option<Ensemble> {
    if let Some(reason) = zk_ensemble::absence() {
        let reason = format!("SKIPPED: {test}: {reason}");
        assert!(std::env::var_os("CI").is_none(), "{reason}");
        // Not through eprintln!, which the test harness keeps to itself.
        writeln!(std::io::stderr(), "{reason}").expect("standard error is open");
        return None;
    }
    let options = Options {
        servers: 1,
        tick_ms: 3000,
        ..Options::default()
    };
    Some(Ensemble::start(options).expect("the server starts"))
}
