//! How `zoo_set_servers` spreads clients over a changed list (C-451, C-453).
//!
//! Each case is played by many handles, each with a random choice of its own, on test servers.
//! A share of them that is too far from the formula's fails the test. By Chernoff's bound a share
//! of x among n handles where p is right comes with a probability of at most 2·exp(-n·D(x, p)),
//! D being the relative entropy of the two; a test fails where n·D exceeds [`LIMIT`]. All tests
//! here look at fewer than 60 shares, so one fails by chance with a probability below
//! 60·2·exp(-20.5) = 1.5e-7.

use libtest_mimic::{Failed, Trial};
use zk_test_server::{Options, TestServer};

use crate::c_api::{Zk, keep_host_order, rc, state};

const LIMIT: f64 = 20.5;
/// Finds a share that is wrong by 0.06, and most often one wrong by 0.05.
const HANDLES: u32 = 3_000;
const TIMEOUT: i32 = 30_000;

/// A change of the list, for a client of server 0.
struct Case {
    name: &'static str,
    before: &'static [usize],
    after: &'static [usize],
    /// Server, and the share of clients that it gets; server 0 has those that stay.
    shares: &'static [(usize, f64)],
}

// P servers before; O of those and N others after.
const CASES: &[Case] = &[
    Case {
        name: "from_one_server_to_two_half_of_the_clients_move",
        before: &[0],
        after: &[0, 1],
        shares: &[(0, 1.0 / 2.0), (1, 1.0 / 2.0)],
    },
    Case {
        name: "from_three_servers_to_five_two_fifths_move_to_the_new_ones",
        before: &[0, 1, 2],
        after: &[0, 1, 2, 3, 4],
        shares: &[(0, 3.0 / 5.0), (3, 1.0 / 5.0), (4, 1.0 / 5.0)],
    },
    Case {
        name: "a_longer_list_with_fewer_old_servers_moves_a_quarter",
        before: &[0, 1, 2],
        after: &[0, 3, 4, 5],
        shares: &[
            (0, 3.0 / 4.0),
            (3, 1.0 / 12.0),
            (4, 1.0 / 12.0),
            (5, 1.0 / 12.0),
        ],
    },
    Case {
        name: "a_longer_list_without_the_server_sends_its_clients_to_new_ones",
        before: &[0, 1],
        after: &[1, 2, 3],
        shares: &[(2, 1.0 / 2.0), (3, 1.0 / 2.0)],
    },
    Case {
        name: "a_list_that_is_not_longer_keeps_the_clients_of_its_servers",
        before: &[0, 1, 2],
        after: &[0, 3],
        shares: &[(0, 1.0)],
    },
    // pOld = O·(P-(O+N)) / ((O+N)·(P-O)) from here on.
    Case {
        name: "two_of_four_servers_and_a_new_one_get_a_sixth_and_two_thirds",
        before: &[0, 1, 2, 3],
        after: &[1, 2, 4],
        shares: &[(1, 1.0 / 6.0), (2, 1.0 / 6.0), (4, 2.0 / 3.0)],
    },
    Case {
        name: "one_of_five_servers_and_a_new_one_get_three_and_five_eighths",
        before: &[0, 1, 2, 3, 4],
        after: &[1, 5],
        shares: &[(1, 3.0 / 8.0), (5, 5.0 / 8.0)],
    },
    Case {
        name: "without_new_servers_the_old_ones_get_all",
        before: &[0, 1, 2],
        after: &[1, 2],
        shares: &[(1, 1.0 / 2.0), (2, 1.0 / 2.0)],
    },
    Case {
        name: "a_server_in_the_place_of_another_gets_all_its_clients",
        before: &[0, 1],
        after: &[1, 2],
        shares: &[(2, 1.0)],
    },
    Case {
        name: "without_old_servers_the_new_ones_get_all",
        before: &[0],
        after: &[1],
        shares: &[(1, 1.0)],
    },
];

/// A test for each case.
pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    CASES.iter().map(|case| {
        let name = format!("probabilities::{}", case.name);
        Trial::test(name, || play(case))
    })
}

fn play(case: &Case) -> Result<(), Failed> {
    let servers: Vec<TestServer> = (0..6)
        .map(|_| TestServer::start(Options::default()))
        .collect::<Result<_, _>>()?;
    let hosts: Vec<String> = servers.iter().map(TestServer::connect_string).collect();
    let list = |servers: &[usize]| {
        let list: Vec<&str> = servers.iter().map(|&i| hosts[i].as_str()).collect();
        list.join(",")
    };
    let (before, after) = (list(case.before), list(case.after));
    // A share of 1 allows no exception, and needs no statistics.
    let certain = case.shares.iter().all(|&(_, share)| share == 1.0);
    let handles = if certain { 100 } else { HANDLES };

    let mut counts = [0_u32; 6];
    for _ in 0..handles {
        keep_host_order(true);
        let zk = Zk::connect(&before, TIMEOUT);
        assert_eq!(zk.current_server(), hosts[0]);
        keep_host_order(false);
        assert_eq!(zk.set_servers(&after), rc::OK);
        let server = zk.current_server();
        let at = hosts.iter().position(|host| *host == server);
        let at = at.ok_or_else(|| Failed::from(format!("{server} is in no list")))?;
        if at == 0 {
            assert_eq!(
                zk.state(),
                state::CONNECTED,
                "who stays keeps its connection"
            );
        } else {
            zk.expect_session(state::CONNECTING);
        }
        counts[at] += 1;
    }
    for (server, &count) in counts.iter().enumerate() {
        let expected = case.shares.iter().find(|(known, _)| *known == server);
        let p = expected.map_or(0.0, |(_, share)| *share);
        let x = f64::from(count) / f64::from(handles);
        let surprise = f64::from(handles) * relative_entropy(x, p);
        if surprise > LIMIT {
            let text = format!("server {server} has {x} of the clients, not {p} ({surprise})");
            return Err(text.into());
        }
    }
    Ok(())
}

/// Of a coin that falls with probability `x`, relative to one with `p`.
fn relative_entropy(x: f64, p: f64) -> f64 {
    let term = |x: f64, p: f64| if x == 0.0 { 0.0 } else { x * (x / p).ln() };
    term(x, p) + term(1.0 - x, 1.0 - p)
}
