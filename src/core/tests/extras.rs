//! What the C library has no setting for: retry delay, failed attempts, watches that end with
//! their connection, leaving without a farewell, servers that come later, frame limits.

use zk_proto::Op;

use super::network::{Reach, addr};
use super::pair::{GLOBAL, Pair, Setup};
use super::program::set;
use crate::core::{Core, Fault, Gate, Settings, State};

fn one_dead_server() -> Pair {
    let mut pair = Pair::new(Setup {
        hosts: 1,
        ..Setup::default()
    });
    pair.net.hosts[0].reach = Reach::Refuses;
    pair
}

#[test]
fn the_pause_between_passes_is_the_one_that_was_set() {
    let mut pair = one_dead_server();
    pair.core.set_retry_delay(Some(7));
    pair.settle();
    let start = pair.now;
    pair.run(70);
    let times: Vec<_> = pair.attempts.iter().map(|&(at, _)| at - start).collect();
    assert_eq!(times, [0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70]);
    pair.core.set_retry_delay(None);
    pair.forget();
    pair.run(100);
    assert_eq!(
        pair.attempts.len(),
        1,
        "one more short pause, then a long one"
    );
}

#[test]
fn failed_attempts_are_counted_until_the_session_is_on() {
    let mut pair = one_dead_server();
    pair.core.set_retry_delay(Some(10));
    pair.settle();
    pair.run(45);
    assert_eq!(pair.core.failed_attempts(), 5);
    pair.net.hosts[0].reach = Reach::Up;
    pair.connect();
    assert_eq!(pair.core.failed_attempts(), 0);
    pair.net.hosts[0].reach = Reach::Refuses;
    pair.cut();
    pair.settle();
    let attempts = pair.core.failed_attempts();
    assert_eq!(attempts, 1, "the loss itself is no failed attempt");
}

#[test]
fn watches_can_end_with_their_connection() {
    let mut pair = Pair::connected(Setup::default());
    pair.core.end_watches_with_connection();
    pair.create("/a", b"");
    pair.get("/a", Some(1));
    pair.settle();
    pair.forget();
    pair.cut();
    pair.settle();
    assert_eq!(pair.ops(), [Op::CreateSession]);
    let both = pair.take_log();
    assert_eq!(
        both,
        ["session 1 to [1, 0]", "session 3 to [1, 0]"],
        "its watcher hears of the loss and of the new connection"
    );
    pair.rival(&[set("/a", b"x")]);
    pair.cut();
    pair.settle();
    assert_eq!(
        pair.take_log(),
        ["session 1 to [0]", "session 3 to [0]"],
        "and of nothing more"
    );
}

#[test]
fn an_abandoned_session_gets_no_request_any_more() {
    let mut pair = Pair::connected(Setup::default());
    pair.blocked = true;
    pair.create("/sent", b"");
    pair.settle();
    pair.create("/queued", b"");
    pair.outbox.shut(Gate::Closing);
    pair.outbox.take(&mut pair.queue);
    pair.core.abandon(&mut pair.queue, &mut pair.events);
    pair.hand_over();
    assert_eq!(pair.log(), ["done 1: -116", "done 2: -116"]);
    assert!(pair.core.transmit().is_empty());
}

// F-9
#[test]
fn without_servers_nothing_is_tried_until_there_are_some() {
    let mut pair = Pair::new(Setup::default());
    pair.core = Core::new(Settings {
        servers: Vec::new(),
        recv_timeout: 6000,
        session: None,
        read_only: false,
        global_watcher: GLOBAL,
        seed: 1,
    });
    assert!(pair.core.has_no_servers());
    for attempts in 1..=3 {
        pair.get("/a", None);
        pair.run(100_000);
        assert!(pair.attempts.is_empty());
        assert!(pair.take_log().is_empty(), "the request waits");
        pair.fail(&Fault::unresolved());
        assert_eq!(pair.take_log(), [format!("done {attempts}: -4")]);
        assert_eq!(pair.core.failed_attempts(), attempts);
        assert_eq!(pair.core.state(), State::NotConnected);
    }
    assert_eq!(pair.core.replace_servers(vec![addr(0)]), Ok(()));
    assert!(!pair.core.has_no_servers());
    pair.connect();
    assert_eq!(pair.attempts.len(), 1);
    assert_eq!(pair.core.failed_attempts(), 0);
}

// F-48
#[test]
fn a_frame_above_the_limit_that_was_set_breaks_the_connection() {
    let mut pair = Pair::connected(Setup::default());
    pair.create("/a", &[7; 1000]);
    pair.settle();
    for (limit, result) in [(16 + 4 + 1000 + 68, 0), (16 + 4 + 1000 + 67, -4)] {
        pair.core.set_max_frame(limit);
        pair.forget();
        pair.get("/a", None);
        pair.settle();
        let log = pair.take_log().join(" ");
        assert_eq!(log.contains(": -4"), result != 0, "limit {limit}: {log}");
    }
}
