//! All servers go down and come back.

use zk_ensemble::Ensemble;

use crate::c_api::{GLOBAL, Got, Told, Zk, event, mode, rc, state};
use crate::servers::{TIMEOUT, insist, root};

// C-435, C-432, S-246
pub(crate) fn sessions_outlive_the_restart_of_all_servers(ensemble: &mut Ensemble) {
    let zk = Zk::connect(&ensemble.hosts(), TIMEOUT);
    let other = Zk::connect(&ensemble.hosts(), TIMEOUT);
    let sessions = [zk.session(), other.session()];
    let root = root(&zk, "restart");
    zk.set(&root, b"kept").unwrap();
    let ephemeral = zk
        .create(&format!("{root}/ephemeral"), b"", mode::EPHEMERAL)
        .unwrap();
    zk.get(&root, Some(1)).unwrap();

    ensemble.kill_all();
    zk.wait_for(&Told::session(GLOBAL, state::CONNECTING));
    // With no server at all, a call fails with the next attempt instead of hanging.
    assert_eq!(zk.get(&root, None), Err(rc::CONNECTION_LOSS));
    assert_eq!(zk.session(), sessions[0]);
    ensemble.restart_all().unwrap();

    assert_eq!(
        zk.wait_for(&Told::session(GLOBAL, state::CONNECTED)),
        [Told::session(1, state::CONNECTED)]
    );
    assert_eq!(
        other.wait_for(&Told::session(GLOBAL, state::CONNECTED)),
        [Told::session(GLOBAL, state::CONNECTING)]
    );
    assert_eq!([zk.session(), other.session()], sessions);
    // The first transaction after an election decides which servers take which clients; others
    // hang up on theirs once more.
    assert_eq!(insist(&zk, || zk.get(&root, None)).unwrap().0, b"kept");
    let kept = insist(&zk, || zk.exists(&ephemeral, None)).unwrap();
    assert_eq!(kept.owner, sessions[0].0);
    insist(&other, || other.set(&root, b"changed")).unwrap();
    zk.wait_for(&Told::node(1, event::CHANGED, &root));
    zk.start_get(1, &root, None);
    assert!(matches!(zk.wait_done(1), Ok(Got::Data(data, _)) if data == b"changed"));
    ensemble.wait_until_all_serve().unwrap();
}
