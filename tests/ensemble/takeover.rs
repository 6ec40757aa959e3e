//! A session goes on in another handle that knows its number and password.

use zk_ensemble::Ensemble;

use crate::c_api::{GLOBAL, Told, Zk, mode, rc, state};
use crate::servers::{TIMEOUT, hosts_without, insist, root};

// C-212, C-215, C-284
pub(crate) fn the_session_goes_to_the_handle_that_takes_it_over(ensemble: &mut Ensemble) {
    let leader = ensemble.leader().expect("a leader");
    let home = (leader + 1) % 3;
    let first = Zk::connect(&ensemble.host(home), TIMEOUT);
    let root = root(&first, "takeover");
    let ephemeral = first
        .create(&format!("{root}/ephemeral"), b"", mode::EPHEMERAL)
        .unwrap();
    let session = first.session();

    let hosts = hosts_without(ensemble, home);
    let second = Zk::open_with(&hosts, TIMEOUT, Some(session), 0);
    assert_eq!(second.session(), session, "known before it is connected");
    second.expect_session(state::CONNECTED);
    assert_eq!(second.session(), session);
    assert_eq!(second.exists(&ephemeral, None).unwrap().owner, session.0);
    second.set(&root, b"second").unwrap();
    // Servers answer a write from where the session is no longer by cutting the connection.
    assert_eq!(first.set(&root, b"first"), Err(rc::CONNECTION_LOSS));
    first.expect_session(state::CONNECTING);
    assert_eq!(second.get(&root, None).unwrap().0, b"second");

    // The first one would take the session back and forth, as long as it finds a server.
    ensemble.kill(home);
    insist(&second, || second.set(&root, b"second's own")).unwrap();
    let witness = Zk::connect(&ensemble.host(leader), TIMEOUT);
    witness.catch_up(&root);
    assert_eq!(witness.get(&root, None).unwrap().0, b"second's own");
    assert_eq!(witness.exists(&ephemeral, None).unwrap().owner, session.0);

    // The session ends with the handle that has it, and the other one learns it.
    second.close();
    witness.catch_up(&root);
    assert_eq!(witness.exists(&ephemeral, None), Err(rc::NO_NODE));
    ensemble.restart(home).unwrap();
    first.wait_for(&Told::session(GLOBAL, state::EXPIRED));
}

// C-215, C-436
pub(crate) fn a_session_is_not_given_away_for_a_wrong_password(ensemble: &mut Ensemble) {
    let owner = Zk::connect(&ensemble.host(0), TIMEOUT);
    let root = root(&owner, "password");
    let (id, mut password) = owner.session();
    password[0] ^= 1;
    // On the owner's server it would cut the owner's connection, which has no harm in the end.
    let thief = Zk::open_with(&ensemble.host(1), TIMEOUT, Some((id, password)), 0);
    thief.expect_session(state::EXPIRED);
    assert_eq!(thief.set(&root, b""), Err(rc::INVALID_STATE));
    assert_eq!(thief.close(), []);
    owner.set(&root, b"still here").unwrap();
    assert_eq!(owner.drain(), []);
}
