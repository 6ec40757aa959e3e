//! Which server is tried when (C-420…C-424), and changed server lists (C-450…C-454).

use super::network::{Reach, addr};
use super::pair::{Pair, Setup};
use crate::core::{ConnectLimit, State};

fn hosts(n: usize) -> Setup {
    Setup {
        hosts: n,
        ..Setup::default()
    }
}

fn down(setup: Setup) -> Pair {
    let mut pair = Pair::new(setup);
    for host in &mut pair.net.hosts {
        host.reach = Reach::Refuses;
    }
    pair
}

// C-420, C-421, F-1, F-2: plain round robin, one pause of a sixtieth per pass.
#[test]
fn all_servers_are_tried_equally_often_with_one_pause_per_pass() {
    for n in 1..=6 {
        let mut pair = down(hosts(n));
        let start = pair.now;
        pair.run(100 * 20 - 1);
        let tried = pair.tried();
        assert_eq!(tried.len(), 20 * n, "{n} servers");
        for (index, &(at, server)) in pair.attempts.iter().enumerate() {
            assert_eq!(server, addr(index % n), "{n} servers, attempt {index}");
            let pass = u64::try_from(index / n).unwrap();
            assert_eq!(at - start, pass * 100, "{n} servers, attempt {index}");
        }
    }
}

// C-421, F-1
#[test]
fn the_one_server_that_comes_back_is_found_within_a_pass() {
    for n in 1..=6 {
        for alive in 0..n {
            let mut pair = down(hosts(n));
            pair.run(550);
            pair.forget();
            pair.net.hosts[alive].reach = Reach::Up;
            pair.run(50);
            assert_eq!(pair.core.state(), State::Connected, "{alive} of {n}");
            assert_eq!(pair.core.current_server(), Some(addr(alive)));
            assert_eq!(pair.attempts.len(), alive + 1);
        }
    }
}

// C-422
#[test]
fn a_call_ends_the_pause_and_may_fail_with_the_attempt_it_caused() {
    let mut pair = down(hosts(2));
    pair.settle();
    pair.run(40);
    assert_eq!(pair.core.state(), State::Closed);
    assert_eq!(pair.tried(), [0, 1]);
    pair.create("/a", b"");
    pair.settle();
    assert_eq!(pair.tried(), [0, 1, 0, 1], "at once, and the whole pass");
    assert_eq!(pair.log(), ["done 1: -4"]);
    pair.run(99);
    assert_eq!(pair.tried().len(), 4, "then a new pause");
    pair.run(1);
    assert_eq!(pair.tried().len(), 6);
}

// C-423
#[test]
fn after_a_loss_the_next_server_is_tried_at_once_and_the_lost_one_last() {
    for n in 1..=6 {
        for lost in 0..n {
            let mut pair = Pair::new(hosts(n));
            for host in 0..lost {
                pair.net.hosts[host].reach = Reach::Refuses;
            }
            pair.connect();
            assert_eq!(pair.core.current_server(), Some(addr(lost)));
            for host in &mut pair.net.hosts {
                host.reach = Reach::Refuses;
            }
            pair.forget();
            pair.cut();
            pair.settle();
            let expected: Vec<usize> = (1..=n).map(|step| (lost + step) % n).collect();
            assert_eq!(pair.tried(), expected, "{lost} of {n}");
        }
    }
}

// C-413, C-421: servers that do not answer at all take their time, each the whole of it.
#[test]
fn the_connect_timeout_is_not_divided_by_the_number_of_servers() {
    let mut pair = Pair::new(hosts(3));
    for host in &mut pair.net.hosts {
        host.reach = Reach::Hole;
    }
    let start = pair.now;
    pair.run(12_100);
    let times: Vec<u64> = pair.attempts.iter().map(|(at, _)| at - start).collect();
    assert_eq!(times, [0, 4000, 8000, 12_100]);
}

// F-11: unless the program asks for it.
#[test]
fn the_session_timeout_can_be_shared_among_the_servers() {
    for (limit, each) in [
        (ConnectLimit::Shared, 6000 / 4),
        (ConnectLimit::Fixed(700), 700),
        (ConnectLimit::Fixed(60_000), 4000),
    ] {
        let mut pair = Pair::new(hosts(4));
        for host in &mut pair.net.hosts {
            host.reach = Reach::Hole;
        }
        pair.core.set_connect_limit(Some(limit));
        let start = pair.now;
        pair.run(each * 3 + 1);
        let times: Vec<u64> = pair.attempts.iter().map(|(at, _)| at - start).collect();
        assert_eq!(times, [0, each, 2 * each, 3 * each], "{limit:?}");
    }
}

// C-450
#[test]
fn the_same_servers_in_another_order_change_nothing() {
    let mut pair = Pair::connected(hosts(3));
    pair.replace_servers(&[2, 0, 1]);
    pair.run(1000);
    assert_eq!(pair.states, [3]);
    assert!(pair.log().is_empty());
}

// C-450, C-452, C-400, F-3: a changed port is another server.
#[test]
fn a_connection_whose_server_is_gone_from_the_list_moves_with_an_event_and_a_loss() {
    let mut pair = Pair::new(hosts(2));
    pair.replace_servers(&[0]);
    pair.connect();
    pair.get("/", Some(5));
    pair.settle();
    pair.net.lose_up = true;
    pair.get("/", None);
    pair.settle();
    pair.net.lose_up = false;
    pair.forget();
    pair.replace_servers(&[1]);
    assert_eq!(
        pair.states,
        [3, 999],
        "not connected until the driver's next turn"
    );
    assert_eq!(pair.take_log(), ["session 1 to [5, 0]", "done 2: -4"]);
    pair.settle();
    assert_eq!(pair.states, [3, 999, 1, 2, 3]);
    assert_eq!(pair.core.current_server(), Some(addr(1)));
    assert_eq!(pair.log(), ["session 3 to [5, 0]"]);
}

// C-451
#[test]
fn a_list_without_new_servers_keeps_the_connection_to_a_kept_one() {
    let mut pair = Pair::connected(hosts(4));
    pair.replace_servers(&[3, 0]);
    pair.run(1000);
    assert_eq!(pair.states, [3]);
}

// C-423, C-451: whatever its place in the new list.
#[test]
fn after_a_change_that_keeps_the_connection_the_lost_server_still_comes_last() {
    for list in [[0, 1, 2], [1, 0, 2], [1, 2, 0]] {
        let mut pair = Pair::connected(hosts(4));
        pair.replace_servers(&list);
        assert_eq!(pair.core.state(), State::Connected);
        for host in &mut pair.net.hosts {
            host.reach = Reach::Refuses;
        }
        pair.forget();
        pair.cut();
        pair.settle();
        let mut tried = pair.tried();
        assert_eq!(tried.last(), Some(&0), "{list:?}: {tried:?}");
        tried.sort_unstable();
        assert_eq!(tried, [0, 1, 2]);
    }
}

// C-453: nobody is forgotten, nobody is tried twice.
#[test]
fn a_migration_tries_each_server_once_before_it_pauses() {
    for seed in 0..30 {
        let mut pair = Pair::connected(Setup { seed, ..hosts(6) });
        for host in &mut pair.net.hosts {
            host.reach = Reach::Refuses;
        }
        pair.replace_servers(&[1, 2, 4, 5]);
        pair.settle();
        let mut tried = pair.tried();
        tried.sort_unstable();
        assert_eq!(tried, [1, 2, 4, 5], "seed {seed}");
        pair.run(100);
        assert_eq!(pair.tried().len(), 8);
    }
}

// C-448, C-453: a change while nothing is connected rules the next attempt.
#[test]
fn a_list_given_in_the_pause_is_used_at_once() {
    let mut pair = down(hosts(3));
    pair.replace_servers(&[0, 1]);
    pair.run(50);
    pair.forget();
    pair.net.hosts[2].reach = Reach::Up;
    pair.replace_servers(&[2]);
    pair.settle();
    assert_eq!(pair.tried(), [2]);
    assert_eq!(pair.core.state(), State::Connected);
}

// C-454
#[test]
fn cycling_changes_the_next_server_and_leaves_the_connection_alone() {
    let mut pair = Pair::connected(hosts(3));
    pair.core.cycle_next_server();
    assert_eq!(pair.core.current_server(), Some(addr(1)));
    pair.run(1000);
    assert_eq!(pair.states, [3]);
}

// C-410, F-6: names are looked up anew when a server is to be chosen, not all the time.
#[test]
fn names_are_to_be_resolved_after_a_loss_and_after_each_pass_without_success() {
    let mut pair = Pair::new(hosts(2));
    pair.connect();
    pair.run(100_000);
    assert!(!pair.core.take_resolution_request(), "all is well");
    pair.cut();
    pair.settle();
    assert!(pair.core.take_resolution_request());
    assert!(!pair.core.take_resolution_request(), "once");

    let mut pair = down(hosts(2));
    pair.net.hosts[1].reach = Reach::Hole;
    pair.settle();
    assert!(
        !pair.core.take_resolution_request(),
        "one is still to be tried"
    );
    pair.run(4000);
    assert!(pair.core.take_resolution_request());
}

// C-423, C-424: also after a choice that the order of the list did not make.
#[test]
fn the_lost_server_comes_last_after_a_migration_too() {
    for seed in 0..20 {
        let mut pair = Pair::connected(Setup { seed, ..hosts(6) });
        pair.replace_servers(&[1, 2, 3, 4, 5]);
        pair.connect();
        let lost = super::program::host(pair.core.current_server().unwrap());
        for host in &mut pair.net.hosts {
            host.reach = Reach::Refuses;
        }
        pair.forget();
        pair.cut();
        pair.settle();
        let mut tried = pair.tried();
        assert_eq!(tried.last(), Some(&lost), "seed {seed}: {tried:?}");
        tried.sort_unstable();
        assert_eq!(tried, [1, 2, 3, 4, 5], "seed {seed}");
    }
}
