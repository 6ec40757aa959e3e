//! An ensemble whose members change.

use zk_ensemble::{Ensemble, SUPER_AUTH};

use crate::c_api::{GLOBAL, Told, Zk, event, mode, rc, state};
use crate::servers::TIMEOUT;

const CONFIG: &str = "/zookeeper/config";

/// The version at the end of a configuration.
fn version(config: &str) -> i64 {
    let hex = config
        .lines()
        .find_map(|line| line.strip_prefix("version="));
    i64::from_str_radix(hex.expect("a version"), 16).expect("a hexadecimal number")
}

fn members(config: &str) -> usize {
    let is_member = |line: &&str| line.starts_with("server.");
    config.lines().filter(is_member).count()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("a configuration is text")
}

// C-281, S-128, S-260, S-261, S-262
pub(crate) fn members_join_and_leave(ensemble: &mut Ensemble) {
    let zk = Zk::connect(&ensemble.hosts(), TIMEOUT);
    // Makes the session one of the whole ensemble, which may go from server to server.
    zk.create("/reconfig", b"", mode::EPHEMERAL).unwrap();
    let (config, node) = zk.config(Some(1)).unwrap();
    let before = text(config);
    assert_eq!(members(&before), 3);
    assert_eq!(node.mzxid, version(&before));
    for index in 0..3 {
        assert!(before.contains(&ensemble.member_line(index)), "{before}");
    }

    let newcomer = ensemble.join(&before).unwrap();
    ensemble.wait_until_serving(newcomer).unwrap();
    let joining = ensemble.member_line(newcomer);
    let refused = zk.reconfig(Some(&joining), None, None, -1);
    assert_eq!(refused, Err(rc::NO_AUTH));
    assert_eq!(zk.start_auth(1, "digest", SUPER_AUTH), rc::OK);
    zk.wait_done(1).unwrap();
    let stale = zk.reconfig(Some(&joining), None, None, version(&before) + 1);
    assert_eq!(stale, Err(rc::BAD_VERSION));
    let nonsense = zk.reconfig(Some("nonsense"), None, None, -1);
    assert_eq!(nonsense, Err(rc::BAD_ARGUMENTS));
    assert_eq!(zk.drain(), [], "nothing has changed so far");

    let (config, node) = zk
        .reconfig(Some(&joining), None, None, version(&before))
        .unwrap();
    let grown = text(config);
    assert_eq!(members(&grown), 4);
    assert!(grown.contains(&joining), "{grown}");
    assert!(version(&grown) > version(&before));
    assert_eq!(node.mzxid, version(&grown));
    assert_eq!(zk.next(), Told::node(1, event::CHANGED, CONFIG));
    assert_eq!(text(zk.config(Some(2)).unwrap().0), grown);
    ensemble.wait_until_serving(newcomer).unwrap();

    // The same session on the new member, which the list at the start did not have.
    let session = zk.session();
    assert_eq!(zk.set_servers(&ensemble.host(newcomer)), rc::OK);
    zk.wait_for(&Told::session(GLOBAL, state::CONNECTED));
    assert_eq!(zk.current_server(), ensemble.host(newcomer));
    assert_eq!(zk.session(), session);
    assert_eq!(text(zk.config(None).unwrap().0), grown);
    assert_eq!(zk.set_servers(&ensemble.hosts()), rc::OK);

    let leaving = ensemble.member_id(newcomer).to_string();
    let (config, _) = zk.reconfig(None, Some(&leaving), None, -1).unwrap();
    let shrunk = text(config);
    assert_eq!(members(&shrunk), 3);
    assert!(!shrunk.contains(&joining), "{shrunk}");
    assert!(version(&shrunk) > version(&grown));
    zk.wait_for(&Told::node(2, event::CHANGED, CONFIG));

    drop(zk);
    ensemble.dismiss_last();

    // The whole list at once, with a follower as one without a vote. A member that changes its
    // role closes its clients' connections: the leader does not.
    let leader = ensemble.leader().expect("a leader");
    let zk = Zk::connect(&ensemble.host(leader), TIMEOUT);
    assert_eq!(zk.start_auth(1, "digest", SUPER_AUTH), rc::OK);
    zk.wait_done(1).unwrap();
    let follower = ensemble.member_line((leader + 1) % 3);
    let observer = follower.replace(":participant", ":observer");
    let list: Vec<String> = (0..3).map(|i| ensemble.member_line(i)).collect();
    let list = list.join("\n").replace(&follower, &observer);
    let (config, _) = zk.reconfig(None, None, Some(&list), -1).unwrap();
    assert!(text(config).contains(&observer));
    let (config, _) = zk.reconfig(Some(&follower), None, None, -1).unwrap();
    let config = text(config);
    assert!(config.contains(&follower));
    assert_eq!(members(&config), 3);
}
