//! The C API on real ensembles: Debian's servers, killed, restarted and reconfigured.
//!
//! `cargo xtask test --only ensemble` runs this, and so does `cargo test --test ensemble`. Tests
//! run one at a time and share servers: each finds all of them up, on paths of its own.

#[path = "../support/c_api/mod.rs"]
mod c_api;
mod expiry;
mod failover;
mod names;
mod probabilities;
mod read_only;
mod reconfig;
mod resolver;
mod restart;
mod rolling;
mod servers;
mod takeover;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use servers::{Kind, Servers};
use zk_ensemble::Ensemble;

/// A test of an ensemble that was told what kind it needs.
type Scenario = fn(&mut Ensemble);

macro_rules! scenarios {
    ($($kind:ident $module:ident::$name:ident,)*) => {
        &[$((concat!(stringify!($module), "::", stringify!($name)), Kind::$kind, $module::$name),)*]
    };
}

/// Those of one kind stand together, as only one ensemble runs at a time.
const SCENARIOS: &[(&str, Kind, Scenario)] = scenarios![
    Plain failover::a_session_outlives_its_follower,
    Plain failover::a_session_outlives_its_leader,
    Plain failover::a_change_made_while_the_client_is_away_is_told_on_its_return,
    Plain restart::sessions_outlive_the_restart_of_all_servers,
    Plain takeover::the_session_goes_to_the_handle_that_takes_it_over,
    Plain takeover::a_session_is_not_given_away_for_a_wrong_password,
    Plain expiry::a_session_that_another_handle_closed_expires_once,
    Plain expiry::a_session_whose_client_stays_away_expires,
    Plain names::all_addresses_of_a_name_are_servers,
    Plain names::a_name_that_moves_is_followed,
    Plain names::a_name_that_is_gone_keeps_its_last_addresses,
    Plain rolling::no_acknowledged_write_is_lost_in_a_rolling_restart,
    Changing reconfig::members_join_and_leave,
    Changing read_only::readers_stay_when_the_quorum_is_gone,
];

fn main() -> ExitCode {
    let mut args = Arguments::from_args();
    // They share servers, and settings of the process.
    args.test_threads = Some(1);
    let absence = zk_ensemble::absence();
    if let Some(reason) = &absence {
        let line = format!("SKIPPED: tests on real ensembles: {reason}");
        assert!(std::env::var_os("CI").is_none(), "{line}");
        eprintln!("{line}");
    }
    let servers = Servers::default();
    let mut trials: Vec<Trial> = SCENARIOS
        .iter()
        .map(|&(name, kind, scenario)| {
            let servers = servers.clone();
            Trial::test(name, move || {
                servers.with(kind, scenario)?;
                Ok(())
            })
            .with_ignored_flag(absence.is_some())
        })
        .collect();
    trials.extend(probabilities::trials());
    let conclusion = libtest_mimic::run(&args, trials);
    servers.stop();
    conclusion.exit_code()
}
