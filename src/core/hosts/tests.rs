use super::*;

fn server(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn servers(ports: impl IntoIterator<Item = u16>) -> Vec<SocketAddr> {
    ports.into_iter().map(server).collect()
}

/// Ports tried in `n` failed attempts, 0 marking a pause.
fn failing(hosts: &mut Hosts, n: usize) -> Vec<u16> {
    let mut tried = Vec::new();
    for _ in 0..n {
        tried.push(hosts.attempt().unwrap().port());
        if hosts.attempt_failed() {
            tried.push(0);
        }
    }
    tried
}

#[test]
fn every_server_is_tried_once_per_pass_for_any_number_of_servers() {
    for n in 1..=6 {
        let mut hosts = Hosts::new(servers(1..=n), 1);
        let pass = (1..=n).chain([0]);
        let expected: Vec<u16> = pass.clone().chain(pass).collect();
        assert_eq!(
            failing(&mut hosts, 2 * usize::from(n)),
            expected,
            "{n} servers"
        );
    }
}

#[test]
fn after_a_loss_the_others_come_first_and_the_lost_one_last() {
    let mut hosts = Hosts::new(servers([1, 2, 3]), 1);
    failing(&mut hosts, 1);
    assert_eq!(hosts.attempt(), Some(server(2)));
    hosts.attempt_succeeded();
    hosts.connection_lost();
    assert_eq!(failing(&mut hosts, 4), [3, 1, 2, 0, 3]);
}

#[test]
fn the_current_server_is_the_one_tried_next_after_a_failure() {
    let mut hosts = Hosts::new(servers([1, 2]), 1);
    assert_eq!(hosts.current(), None);
    hosts.attempt();
    assert_eq!(hosts.current(), Some(server(1)));
    hosts.attempt_failed();
    assert_eq!(hosts.current(), Some(server(2)));
    assert_eq!(hosts.attempt(), Some(server(2)));
}

#[test]
fn cycling_by_hand_moves_the_next_attempt() {
    let mut hosts = Hosts::new(servers([1, 2, 3]), 1);
    hosts.advance();
    hosts.advance();
    assert_eq!(hosts.attempt(), Some(server(2)));
}

#[test]
fn the_same_set_in_another_order_changes_nothing_but_a_port_does() {
    let mut hosts = Hosts::new(servers([1, 2]), 1);
    hosts.attempt();
    assert_eq!(hosts.replace(servers([2, 1]), true), ListChange::Same);
    assert_eq!(hosts.replace(servers([1, 9]), true), ListChange::Stay);
    assert_eq!(hosts.replace(servers([7]), true), ListChange::Migrate);
    assert_eq!(hosts.attempt(), Some(server(7)));
}

#[test]
fn a_current_server_that_is_gone_always_migrates() {
    for seed in 0..50 {
        let mut hosts = Hosts::new(servers([1, 2, 3]), seed);
        hosts.attempt();
        assert_eq!(hosts.replace(servers([4, 5]), true), ListChange::Migrate);
        assert!([4, 5].contains(&hosts.attempt().unwrap().port()));
    }
}

#[test]
fn growing_from_3_to_5_moves_two_fifths_of_the_clients_and_only_to_new_servers() {
    let mut moved = 0;
    for seed in 0..10_000 {
        let mut hosts = Hosts::new(servers([1, 2, 3]), seed);
        hosts.attempt();
        if hosts.replace(servers([1, 2, 3, 4, 5]), true) == ListChange::Migrate {
            moved += 1;
            assert!(hosts.attempt().unwrap().port() >= 4);
        }
    }
    assert!((3_700..4_300).contains(&moved), "{moved} of 10000");
}

#[test]
fn shrinking_sends_clients_of_removed_servers_to_old_ones_by_the_formula() {
    // P=4, O=2, N=1: pOld = 2·(4−3)/(3·(4−2)) = 1/3.
    let mut to_old = 0;
    for seed in 0..10_000 {
        let mut hosts = Hosts::new(servers([1, 2, 3, 4]), seed);
        hosts.attempt();
        assert_eq!(hosts.replace(servers([2, 3, 9]), true), ListChange::Migrate);
        if hosts.attempt().unwrap().port() != 9 {
            to_old += 1;
        }
    }
    assert!((3_000..3_700).contains(&to_old), "{to_old} of 10000");
}

#[test]
fn a_migration_tries_every_server_before_round_robin_resumes() {
    for seed in 0..50 {
        let mut hosts = Hosts::new(servers([1, 2, 3]), seed);
        hosts.attempt();
        hosts.replace(servers([2, 4, 5]), true);
        let mut tried = failing(&mut hosts, 3);
        assert_eq!(tried.pop(), Some(0), "the pause ends the pass");
        tried.sort_unstable();
        assert_eq!(tried, [2, 4, 5]);
        assert_eq!(failing(&mut hosts, 3), [2, 4, 5, 0]);
    }
}
