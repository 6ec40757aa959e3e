//! The server that a client is connected to is killed.

use std::collections::HashSet;

use zk_ensemble::{Ensemble, Mode};

use crate::c_api::{GLOBAL, Told, Zk, event, keep_host_order, mode, rc, state};
use crate::servers::{TIMEOUT, hosts_from, hosts_without, insist, root};

const DATA: u32 = 1;
const CHILDREN: u32 = 2;
const MISSING: u32 = 3;

pub(crate) fn a_session_outlives_its_follower(ensemble: &mut Ensemble) {
    let follower = (0..3).find(|&i| ensemble.mode(i) == Some(Mode::Follower));
    outlives(ensemble, follower.expect("a follower"));
}

pub(crate) fn a_session_outlives_its_leader(ensemble: &mut Ensemble) {
    let leader = ensemble.leader().expect("a leader");
    outlives(ensemble, leader);
}

/// A client that watches three nodes of a root of its own, connected to the server `first`.
fn watching(ensemble: &Ensemble, hosts: &str, first: usize) -> (Zk, String) {
    keep_host_order(true);
    let zk = Zk::connect(hosts, TIMEOUT);
    assert_eq!(zk.current_server(), ensemble.host(first));
    let root = root(&zk, "failover");
    zk.create(&format!("{root}/data"), b"old", mode::PERSISTENT)
        .unwrap();
    zk.get(&format!("{root}/data"), Some(DATA)).unwrap();
    zk.children(&root, Some(CHILDREN)).unwrap();
    let missing = zk.exists(&format!("{root}/missing"), Some(MISSING));
    assert_eq!(missing, Err(rc::NO_NODE));
    (zk, root)
}

/// The events that the three watchers get when all that they watch has changed.
fn changes(root: &str) -> Vec<Told> {
    vec![
        Told::node(DATA, event::CHANGED, &format!("{root}/data")),
        Told::node(CHILDREN, event::CHILD, root),
        Told::node(MISSING, event::CREATED, &format!("{root}/missing")),
    ]
}

/// Takes what is told until these events have come, in any order; nothing else may come.
fn expect_in_any_order(zk: &Zk, mut expected: Vec<Told>) {
    while !expected.is_empty() {
        let told = zk.next();
        let at = expected.iter().position(|event| *event == told);
        expected.swap_remove(at.unwrap_or_else(|| panic!("{told:?}; expected {expected:?}")));
    }
}

// C-432, C-431, C-440, C-442, C-480, S-246
fn outlives(ensemble: &mut Ensemble, victim: usize) {
    let (zk, root) = watching(ensemble, &hosts_from(ensemble, victim), victim);
    let other = Zk::connect(&hosts_without(ensemble, victim), TIMEOUT);
    let session = zk.session();
    // A sibling of the root, or creating them would trigger its child watch.
    let load = zk
        .create(&format!("{root}-load"), b"", mode::PERSISTENT)
        .unwrap();
    let ephemeral = zk
        .create(&format!("{root}-ephemeral"), b"", mode::EPHEMERAL)
        .unwrap();

    // Some of these are answered, some under way when the server dies, some made after it.
    const CALLS: u64 = 600;
    for tag in 0..CALLS {
        if tag == 400 {
            ensemble.kill(victim);
        }
        assert_eq!(zk.start_create(tag, &format!("{load}/{tag}"), b""), rc::OK);
    }
    // The change of an epoch needs a transaction before followers take clients of the new leader.
    insist(&other, || other.set(&load, b"")).unwrap();

    let mut told = zk.wait_for(&Told::session(GLOBAL, state::CONNECTED));
    told.push(Told::session(GLOBAL, state::CONNECTED));
    let events: Vec<&Told> = told
        .iter()
        .filter(|told| matches!(told, Told::Event(..)))
        .collect();
    // Each watcher hears of the loss, then of the return; the handle's own one last of all.
    assert_eq!(events.len(), 8, "{events:?}");
    for (events, state) in events.chunks(4).zip([state::CONNECTING, state::CONNECTED]) {
        for watcher in [DATA, CHILDREN, MISSING] {
            assert!(
                events.contains(&&Told::session(watcher, state)),
                "{events:?}"
            );
        }
        assert_eq!(events[3], &Told::session(GLOBAL, state));
    }
    assert_eq!(zk.session(), session);

    // Every call completes once, in order, and none fails before the loss is told.
    let loss = told
        .iter()
        .position(|told| *told == Told::session(GLOBAL, state::CONNECTING))
        .expect("the loss was told");
    assert!(
        !told[..loss]
            .iter()
            .any(|t| matches!(t, Told::Done(_, Err(_))))
    );
    let done = |told: &Told| match told {
        Told::Done(tag, result) => Some((*tag, result.clone())),
        Told::Event(..) => None,
    };
    let mut results: Vec<_> = told.iter().filter_map(done).collect();
    while results.len() < CALLS as usize {
        results.push(done(&zk.next()).expect("nothing but completions"));
    }
    let mut acknowledged = HashSet::new();
    for (expected, (tag, result)) in (0..).zip(results) {
        assert_eq!(tag, expected);
        match result {
            Ok(_) => assert!(acknowledged.insert(tag.to_string())),
            Err(code) => assert_eq!(code, rc::CONNECTION_LOSS, "call {tag}"),
        }
    }
    assert!(acknowledged.len() < CALLS as usize, "nothing was under way");
    let present: HashSet<String> = zk.children(&load, None).unwrap().into_iter().collect();
    assert!(present.is_superset(&acknowledged));

    assert_eq!(zk.exists(&ephemeral, None).unwrap().owner, session.0);
    other.set(&format!("{root}/data"), b"new").unwrap();
    other
        .create(&format!("{root}/missing"), b"", mode::PERSISTENT)
        .unwrap();
    expect_in_any_order(&zk, changes(&root));
    other.set(&format!("{root}/data"), b"newer").unwrap();
    other.delete(&format!("{root}/missing")).unwrap();
    zk.start_sync(CALLS, &root);
    assert!(
        matches!(zk.next(), Told::Done(CALLS, Ok(_))),
        "a watch fires once"
    );

    assert_eq!(zk.close(), []);
    assert_eq!(
        insist(&other, || other.exists(&ephemeral, None)),
        Err(rc::NO_NODE)
    );
}

// C-431
pub(crate) fn a_change_made_while_the_client_is_away_is_told_on_its_return(
    ensemble: &mut Ensemble,
) {
    let follower = (0..3)
        .find(|&i| ensemble.mode(i) == Some(Mode::Follower))
        .expect("a follower");
    let (zk, root) = watching(ensemble, &ensemble.host(follower), follower);
    let other = Zk::connect(&hosts_without(ensemble, follower), TIMEOUT);
    let session = zk.session();
    ensemble.kill(follower);
    zk.wait_for(&Told::session(GLOBAL, state::CONNECTING));
    other.set(&format!("{root}/data"), b"new").unwrap();
    other
        .create(&format!("{root}/missing"), b"", mode::PERSISTENT)
        .unwrap();
    ensemble.restart(follower).unwrap();
    for told in zk.wait_for(&Told::session(GLOBAL, state::CONNECTED)) {
        assert!(matches!(
            told,
            Told::Event(1..=3, event::SESSION, state::CONNECTED, _)
        ));
    }
    expect_in_any_order(&zk, changes(&root));
    assert_eq!(zk.session(), session);
    zk.start_sync(1, &root);
    assert!(
        matches!(zk.next(), Told::Done(1, Ok(_))),
        "a watch fires once"
    );
}
