//! Servers without a quorum.

use zk_ensemble::Ensemble;

use crate::c_api::{GLOBAL, READ_ONLY, Told, Zk, event, mode, rc, state};
use crate::servers::{TIMEOUT, root};

// C-213, C-443, C-445, C-405, S-243, S-245
pub(crate) fn readers_stay_when_the_quorum_is_gone(ensemble: &mut Ensemble) {
    let writer = Zk::connect(&ensemble.hosts(), TIMEOUT);
    let root = root(&writer, "readers");
    writer.set(&root, b"before").unwrap();
    // Makes the session one of the whole ensemble, which outlives its server's roles.
    writer
        .create(&format!("{root}/ephemeral"), b"", mode::EPHEMERAL)
        .unwrap();
    let session = writer.session();

    let leader = ensemble.leader().expect("a leader");
    let survivor = (leader + 1) % 3;
    for index in (0..3).filter(|&i| i != survivor) {
        ensemble.kill(index);
    }
    ensemble.wait_until_read_only(survivor).unwrap();

    let reader = Zk::open_with(&ensemble.hosts(), TIMEOUT, None, READ_ONLY);
    reader.expect_session(state::READ_ONLY);
    assert_eq!(reader.state(), state::READ_ONLY);
    assert_eq!(reader.current_server(), ensemble.host(survivor));
    assert_eq!(reader.get(&root, Some(1)).unwrap().0, b"before");
    assert_eq!(reader.set(&root, b""), Err(rc::NOT_READ_ONLY));
    let created = reader.create(&format!("{root}/new"), b"", mode::PERSISTENT);
    assert_eq!(created, Err(rc::NOT_READ_ONLY));
    let first = reader.session();
    // A handle without the flag is not served.
    assert_eq!(writer.get(&root, None), Err(rc::CONNECTION_LOSS));
    assert_eq!(writer.session(), session);

    ensemble.restart_all().unwrap();
    let told = reader.wait_for(&Told::session(GLOBAL, state::CONNECTED));
    let states: Vec<i32> = told
        .iter()
        .filter_map(|told| match told {
            Told::Event(GLOBAL, event::SESSION, state, _) => Some(*state),
            _ => None,
        })
        .collect();
    assert_eq!(states, [state::CONNECTING]);
    assert_ne!(
        reader.session(),
        first,
        "that session was the reader's only there"
    );
    reader.set(&root, b"after").unwrap();
    // The watch was carried over to the new session.
    reader.wait_for(&Told::node(1, event::CHANGED, &root));

    writer.wait_for(&Told::session(GLOBAL, state::CONNECTED));
    assert_eq!(writer.session(), session);
    writer.start_sync(1, &root);
    writer.wait_done(1).unwrap();
    assert_eq!(writer.get(&root, None).unwrap().0, b"after");
}
