//! Servers come up, die, stop and come back. One test, as three Java processes are enough at once.

use std::io::Write as _;

use zk_ensemble::{Ensemble, Mode, Options, absence, four_letter_word};

#[test]
fn an_ensemble_survives_its_leader_and_ends_with_its_handle() {
    if let Some(reason) = absence() {
        let line = format!("SKIPPED: an_ensemble_survives_its_leader: {reason}");
        assert!(std::env::var_os("CI").is_none(), "{line}");
        // Not through eprintln!, which the test harness keeps to itself.
        writeln!(std::io::stderr(), "{line}").unwrap();
        return;
    }
    let mut ensemble = Ensemble::start(Options::default()).unwrap();
    let leader = ensemble.leader().unwrap();
    ensemble.kill(leader);
    assert_eq!(ensemble.mode(leader), None);

    let others: Vec<usize> = (0..3).filter(|&i| i != leader).collect();
    assert_ne!(ensemble.wait_for_leader().unwrap(), leader);
    ensemble.restart(leader).unwrap();
    ensemble.wait_until_all_serve().unwrap();
    assert_eq!(ensemble.mode(leader), Some(Mode::Follower));

    ensemble.pause(others[0]).unwrap();
    assert!(four_letter_word(ensemble.address(others[0]), "ruok").is_err());
    ensemble.resume(others[0]).unwrap();
    ensemble.wait_until_all_serve().unwrap();

    let addresses: Vec<_> = (0..3).map(|i| ensemble.address(i)).collect();
    drop(ensemble);
    for address in addresses {
        assert!(std::net::TcpListener::bind(address).is_ok(), "{address}");
    }
}
