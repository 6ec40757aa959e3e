//! Servers known by names, which have several addresses and change them.
//!
//! All servers have the same port, on addresses of their own: a name may have any of them.

use std::net::IpAddr;

use zk_ensemble::Ensemble;

use crate::c_api::{GLOBAL, Told, Zk, rc, state};
use crate::resolver;
use crate::servers::{TIMEOUT, insist, root};

fn addresses(ensemble: &Ensemble, servers: &[usize]) -> Vec<IpAddr> {
    servers.iter().map(|&i| ensemble.address(i).ip()).collect()
}

fn hosts(ensemble: &Ensemble, name: &str) -> String {
    format!("{name}:{}", ensemble.address(0).port())
}

/// The server that the client is connected to.
fn current(ensemble: &Ensemble, zk: &Zk) -> usize {
    let server = zk.current_server();
    let at = (0..3).find(|&i| ensemble.host(i) == server);
    at.unwrap_or_else(|| panic!("{server} is not of the ensemble"))
}

/// Kills the client's server, and waits until the session goes on elsewhere.
fn move_on(ensemble: &mut Ensemble, zk: &Zk, path: &str) {
    ensemble.kill(current(ensemble, zk));
    zk.wait_for(&Told::session(GLOBAL, state::CONNECTING));
    // Of a new epoch only the leader takes clients until something is written, and not every name
    // has the leader's address.
    let writer = Zk::open(&ensemble.hosts(), TIMEOUT);
    insist(&writer, || writer.set(path, b"")).unwrap();
    zk.wait_for(&Told::session(GLOBAL, state::CONNECTED));
}

// C-273, C-421
pub(crate) fn all_addresses_of_a_name_are_servers(ensemble: &mut Ensemble) {
    resolver::set("all.test", &addresses(ensemble, &[0, 1, 2]));
    let zk = Zk::connect(&hosts(ensemble, "all.test"), TIMEOUT);
    let root = root(&zk, "names");
    let session = zk.session();
    let mut visited = vec![current(ensemble, &zk)];
    for _ in 0..2 {
        move_on(ensemble, &zk, &root);
        ensemble.restart_all().unwrap();
        ensemble.wait_until_all_serve().unwrap();
        assert_eq!(zk.session(), session);
        let now = current(ensemble, &zk);
        assert_ne!(visited.last(), Some(&now));
        visited.push(now);
    }
    // The name stands for the list that is in use already.
    assert_eq!(zk.set_servers(&ensemble.hosts()), rc::OK);
    zk.get(&root, None).unwrap();
    assert_eq!(zk.drain(), []);
}

// C-410, C-450, C-451
pub(crate) fn a_name_that_moves_is_followed(ensemble: &mut Ensemble) {
    resolver::set("moving.test", &addresses(ensemble, &[0]));
    let zk = Zk::connect(&hosts(ensemble, "moving.test"), TIMEOUT);
    let root = root(&zk, "names");
    let session = zk.session();
    resolver::set("moving.test", &addresses(ensemble, &[1]));
    move_on(ensemble, &zk, &root);
    assert_eq!(current(ensemble, &zk), 1);
    assert_eq!(zk.session(), session);
    zk.get(&root, None).unwrap();
}

// C-410, F-7
pub(crate) fn a_name_that_is_gone_keeps_its_last_addresses(ensemble: &mut Ensemble) {
    resolver::set("gone.test", &addresses(ensemble, &[2]));
    let zk = Zk::connect(&hosts(ensemble, "gone.test"), TIMEOUT);
    let root = root(&zk, "names");
    let session = zk.session();
    resolver::set("gone.test", &[]);
    let before = resolver::lookups("gone.test");
    ensemble.kill(2);
    zk.wait_for(&Told::session(GLOBAL, state::CONNECTING));
    // Each failing call is an attempt at the old address.
    assert_eq!(zk.get(&root, None), Err(rc::CONNECTION_LOSS));
    ensemble.restart(2).unwrap();
    ensemble.wait_until_serving(2).unwrap();
    let writer = Zk::open(&ensemble.hosts(), TIMEOUT);
    insist(&writer, || writer.set(&root, b"")).unwrap();
    zk.wait_for(&Told::session(GLOBAL, state::CONNECTED));
    assert_eq!(zk.session(), session);
    assert!(resolver::lookups("gone.test") > before);

    // As soon as it is known again, it is followed again.
    resolver::set("gone.test", &addresses(ensemble, &[0]));
    move_on(ensemble, &zk, &root);
    assert_eq!(current(ensemble, &zk), 0);
    assert_eq!(zk.session(), session);
}
