//! What the C library has no setting for: retry delay, failed attempts, watches that end with
//! their connection, leaving without a farewell.

use zk_proto::Op;

use super::network::Reach;
use super::pair::{Pair, Setup};
use super::program::set;
use crate::core::Gate;

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
