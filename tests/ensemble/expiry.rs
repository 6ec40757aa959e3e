//! Sessions end without their clients.

use zk_ensemble::Ensemble;

use crate::c_api::{GLOBAL, Told, Zk, mode, rc, state};
use crate::servers::{TIMEOUT, root};

// C-215, C-436, C-480, T-32
pub(crate) fn a_session_that_another_handle_closed_expires_once(ensemble: &mut Ensemble) {
    let zk = Zk::connect(&ensemble.hosts(), TIMEOUT);
    let root = root(&zk, "expiry");
    let ephemeral = zk
        .create(&format!("{root}/ephemeral"), b"", mode::EPHEMERAL)
        .unwrap();
    zk.get(&root, Some(1)).unwrap();

    let killer = Zk::open_with(&ensemble.hosts(), TIMEOUT, Some(zk.session()), 0);
    killer.expect_session(state::CONNECTED);
    assert_eq!(killer.close(), []);

    let before = zk.wait_for(&Told::session(GLOBAL, state::EXPIRED));
    // It may lose its connection more than once on the way, but knows the end when it comes.
    let expired = |told: &&Told| matches!(told, Told::Event(.., state::EXPIRED, _));
    let last: Vec<&Told> = before.iter().filter(expired).collect();
    assert_eq!(last, [&Told::session(1, state::EXPIRED)]);
    assert!(before.contains(&Told::session(GLOBAL, state::CONNECTING)));
    assert_eq!(zk.state(), state::EXPIRED);
    assert_eq!(zk.get(&root, None), Err(rc::INVALID_STATE));
    assert_eq!(zk.start_sync(1, &root), rc::INVALID_STATE);
    assert_eq!(zk.close(), [], "told once");

    let witness = Zk::connect(&ensemble.hosts(), TIMEOUT);
    witness.catch_up(&root);
    assert_eq!(witness.exists(&ephemeral, None), Err(rc::NO_NODE));
}

// C-435, C-442: only a server can say that a session is over.
pub(crate) fn a_session_whose_client_stays_away_expires(ensemble: &mut Ensemble) {
    // A client of one server only; the others end the session while that one is down.
    let leader = ensemble.leader().expect("a leader");
    let home = (leader + 1) % 3;
    let zk = Zk::connect(&ensemble.host(home), 4_000);
    let root = root(&zk, "away");
    let witness = Zk::connect(&ensemble.host(leader), TIMEOUT);
    let ephemeral = zk
        .create(&format!("{root}/ephemeral"), b"", mode::EPHEMERAL)
        .unwrap();
    witness.catch_up(&root);
    witness.exists(&ephemeral, Some(1)).unwrap();

    ensemble.kill(home);
    zk.expect_session(state::CONNECTING);
    witness.wait_for(&Told::node(1, crate::c_api::event::DELETED, &ephemeral));
    assert_eq!(zk.drain(), [], "nobody has told it yet");
    ensemble.restart(home).unwrap();
    zk.expect_session(state::EXPIRED);
    assert_eq!(zk.close(), []);
}
