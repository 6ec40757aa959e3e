//! Limits of time for requests and sessions, requests that wait for a session, pauses that
//! requests do not end (F-2, F-17, F-19, F-23).

use zk_proto::{Code, Op};
use zk_test_server::{Action, When};

use super::network::Reach;
use super::pair::{Pair, Setup};
use super::program::{create, set};
use super::record::Answer;
use crate::core::{Backoff, Request, SessionLimit, State};

const GET: Request<'_> = Request::GetData { path: Some(b"/") };

/// Connected to a server whose answers take a second.
fn slow() -> Pair {
    let mut pair = Pair::connected(Setup {
        timeout: 60_000,
        ..Setup::default()
    });
    pair.net.latency = 500;
    pair
}

fn unconnected(hosts: usize) -> Pair {
    let mut pair = Pair::new(Setup {
        hosts,
        ..Setup::default()
    });
    for host in &mut pair.net.hosts {
        host.reach = Reach::Refuses;
    }
    pair
}

// F-23: a late reply is dropped, and connection and session live on.
#[test]
fn a_request_ends_with_its_time_and_the_late_reply_disturbs_nobody() {
    let mut pair = slow();
    let limited = pair.ask_within(300, &GET, None);
    let other = pair.exists("/", None);
    pair.run(299);
    assert!(pair.told.is_empty());
    pair.run(1);
    assert_eq!(pair.take_log(), ["done 1: -7"]);
    assert_eq!(limited, 1);
    pair.run(10_000);
    assert!(pair.result(other).is_ok());
    assert_eq!(pair.take_log(), ["done 2: 0"]);
    let next = pair.ask_within(5000, &GET, None);
    assert!(matches!(pair.answer(next), Answer::Data(..)));
    pair.run(100_000);
    assert!(pair.attempts.is_empty(), "the connection was lost");
}

// F-23
#[test]
fn a_reply_in_time_ends_the_deadline_and_the_request_once() {
    let mut pair = slow();
    let requests: Vec<u32> = (0..50).map(|_| pair.ask_within(1000, &GET, None)).collect();
    pair.run(5000);
    for request in requests {
        // Reply and deadline come in the same millisecond, and the reply is first.
        assert!(pair.result(request).is_ok());
    }
    assert!(pair.core.deadlines.is_empty());
}

// F-23: whoever was told of a failure expects no call of a watcher.
#[test]
fn a_request_that_timed_out_leaves_no_watch() {
    let mut pair = slow();
    pair.ask_within(300, &GET, Some(7));
    let with = pair.get("/", Some(8));
    pair.answer(with);
    pair.forget();
    pair.rival(&[set("/", b"x")]);
    pair.run(1000);
    assert_eq!(pair.log(), ["event 3 / to [8]"]);
}

// F-23, C-488: the server has removed the watch, so it is gone here too.
#[test]
fn a_removal_that_timed_out_holds_when_the_server_confirms_it() {
    let mut pair = slow();
    let watch = pair.get("/", Some(7));
    pair.answer(watch);
    pair.remove_watches("/", 2, Some(7), true).unwrap();
    pair.outbox.limit_last(pair.now + 300);
    pair.run(300);
    assert_eq!(pair.log().last().map(String::as_str), Some("done 2: -7"));
    assert!(pair.core.has_watch(2, b"/", Some(7)));
    pair.run(1000);
    assert!(!pair.core.has_watch(2, b"/", Some(7)));
}

// F-23: what timed out before it could be sent is not carried out later.
#[test]
fn a_request_that_timed_out_without_a_connection_is_never_sent() {
    let mut pair = unconnected(1);
    pair.net.hosts[0].reach = Reach::Hole;
    pair.settle();
    pair.ask_within(50, &create("/late", b"", 0), None);
    let kept = pair.ask_within(100_000, &create("/kept", b"", 0), None);
    pair.ask_within(20, &create("/later", b"", 0), None);
    let plain = pair.create("/plain", b"");
    pair.run(60);
    assert_eq!(pair.take_log(), ["done 3: -7", "done 1: -7"]);
    pair.core.keep_requests(true);
    pair.net.hosts[0].reach = Reach::Up;
    pair.answer(plain);
    assert!(pair.result(kept).is_ok());
    let creates = pair.ops().iter().filter(|&&op| op == Op::Create).count();
    assert_eq!(creates, 2);
    assert!(pair.server().node("/late").is_none());
}

// F-23: without a connection memory does not grow with requests that are over.
#[test]
fn requests_that_time_out_one_after_the_other_leave_nothing_behind() {
    let mut pair = unconnected(1);
    pair.core.keep_requests(true);
    for _ in 0..1000 {
        pair.ask_within(5, &set("/", &[7; 1000]), None);
        pair.run(1);
        assert!(pair.core.in_flight.len() <= 12);
    }
    pair.run(5);
    assert_eq!(pair.told.len(), 1000);
    assert!(pair.core.in_flight.is_empty() && pair.core.unsent.is_empty());
}

// F-23: limits in any order, some over before there is a connection, some never.
#[test]
fn any_mixture_of_limits_ends_each_request_once_and_sends_the_rest_in_order() {
    let mut rng = fastrand::Rng::with_seed(11);
    for _ in 0..50 {
        let mut pair = unconnected(1);
        pair.core.keep_requests(true);
        pair.settle();
        let limits: Vec<u64> = (0..rng.usize(1..60)).map(|_| rng.u64(1..2000)).collect();
        for (n, &ms) in limits.iter().enumerate() {
            let path = format!("/n{n}");
            pair.ask_within(ms, &create(&path, b"", 0), None);
        }
        pair.run(1000);
        pair.net.hosts[0].reach = Reach::Up;
        pair.run(5000);
        let sent: Vec<u32> = pair
            .sent
            .iter()
            .filter(|sent| sent.op() == Op::Create)
            .map(|sent| {
                let request: zk_proto::records::CreateRequest<'_> = sent.record();
                let path = request.path.unwrap();
                std::str::from_utf8(&path[2..]).unwrap().parse().unwrap()
            })
            .collect();
        assert!(sent.is_sorted());
        for (n, &ms) in limits.iter().enumerate() {
            let result = pair.result(n as u32 + 1);
            let was_sent = sent.contains(&(n as u32));
            assert_eq!(result.is_ok(), was_sent, "request {n} with {ms} ms");
            assert!(was_sent || result == Err(Code::OPERATION_TIMEOUT));
            assert!(ms > 1000 || !was_sent);
        }
    }
}

// F-23: a request that has timed out is outstanding at the server, and is told of no loss.
#[test]
fn a_loss_after_the_deadline_finishes_only_the_others() {
    let mut pair = slow();
    pair.ask_within(100, &GET, None);
    pair.get("/", None);
    pair.run(100);
    assert_eq!(pair.take_log(), ["done 1: -7"]);
    pair.cut();
    pair.run(1);
    assert_eq!(pair.take_log(), ["session 1 to [0]", "done 2: -4"]);
}

// F-17
#[test]
fn a_session_out_of_reach_for_four_thirds_of_its_timeout_expires_once() {
    let mut pair = Pair::connected(Setup::default());
    pair.core.set_session_limit(Some(SessionLimit::OfTimeout));
    pair.get("/", Some(7));
    pair.run(1000);
    pair.forget();
    let heard = pair.core.last_received;
    pair.net.hosts[0].reach = Reach::Refuses;
    pair.cut();
    pair.run(heard + 7999 - pair.now);
    assert_eq!(pair.take_log(), ["session 1 to [7, 0]"]);
    pair.core.keep_requests(true);
    pair.get("/", None);
    pair.run(1);
    assert_eq!(pair.take_log(), ["session -112 to [7, 0]", "done 2: -112"]);
    assert_eq!(pair.core.state(), State::Expired);
    assert_eq!(pair.try_ask(&GET, None), Err(Code::INVALID_STATE));
    assert_eq!(pair.add_auth("digest", "a:b"), Err(Code::INVALID_STATE));
    pair.forget();
    pair.net.hosts[0].reach = Reach::Up;
    pair.run(100_000);
    assert!(pair.attempts.is_empty() && pair.told.is_empty());
}

// F-17: whatever the client waits for: an answer, a connection, the end of a pause.
#[test]
fn a_session_expires_in_time_however_its_servers_are_out_of_reach() {
    for reach in [Reach::Refuses, Reach::Hole, Reach::Up] {
        let mut pair = Pair::connected(Setup::default());
        pair.core.set_session_limit(Some(SessionLimit::Fixed(5000)));
        let heard = pair.core.last_received;
        pair.net.hosts[0].reach = reach;
        pair.net.lose_up = true;
        if reach != Reach::Up {
            pair.cut();
        }
        pair.run_until("the end", |pair| pair.core.state().is_terminal());
        assert_eq!(pair.now, heard + 5000, "{reach:?}");
        assert_eq!(
            pair.take_log(),
            ["session 1 to [0]", "session -112 to [0]"],
            "{reach:?}"
        );
    }
}

// F-17
#[test]
fn a_session_that_comes_back_in_time_or_has_never_been_does_not_expire() {
    let mut pair = unconnected(1);
    pair.core.set_session_limit(Some(SessionLimit::OfTimeout));
    pair.run(100_000);
    assert!(pair.told.is_empty(), "there was no session yet");
    pair.net.hosts[0].reach = Reach::Up;
    pair.connect();
    for _ in 0..10 {
        pair.net.hosts[0].reach = Reach::Refuses;
        pair.cut();
        pair.run(5000);
        pair.net.hosts[0].reach = Reach::Up;
        pair.connect();
    }
    pair.run(100_000);
    assert!(pair.log().iter().all(|told| !told.contains("-112")));
    assert_eq!(pair.core.state(), State::Connected);
}

// F-19
#[test]
fn a_request_survives_failed_attempts_only_if_it_may_wait() {
    for keeps in [false, true] {
        let mut pair = unconnected(3);
        pair.net.hosts[2].reach = Reach::Up;
        pair.core.keep_requests(keeps);
        let first = pair.create("/a", b"");
        let second = pair.create("/a/b", b"");
        pair.connect();
        pair.run(100);
        let expected = if keeps {
            Ok(())
        } else {
            Err(Code::CONNECTION_LOSS)
        };
        assert_eq!(pair.result(first).map(drop), expected);
        assert_eq!(pair.result(second).map(drop), expected);
        assert_eq!(pair.server().node("/a/b").is_some(), keeps);
    }
}

// F-19, C-432: what may have been sent fails, and nothing behind it overtakes it.
#[test]
fn a_loss_fails_everything_outstanding_also_when_requests_may_wait() {
    let mut pair = Pair::connected(Setup::default());
    pair.core.keep_requests(true);
    pair.server()
        .faults_mut()
        .add(When::next(Op::SetData), Action::LoseReply);
    pair.set("/", b"1");
    pair.settle();
    pair.blocked = true;
    pair.set("/", b"2");
    pair.settle();
    pair.set("/", b"3");
    pair.net.hosts[0].reach = Reach::Refuses;
    pair.cut();
    pair.settle();
    let lost = ["session 1 to [0]", "done 1: -4", "done 2: -4", "done 3: -4"];
    assert_eq!(pair.take_log(), lost);
    let later = pair.set("/", b"4");
    pair.run(3000);
    assert!(pair.told.is_empty());
    pair.net.hosts[0].reach = Reach::Up;
    pair.answer(later);
}

// F-19, C-565
#[test]
fn completions_of_credentials_wait_with_the_requests() {
    let mut pair = unconnected(1);
    pair.core.keep_requests(true);
    pair.add_auth("digest", "a:1").unwrap();
    pair.get("/", None);
    pair.run(5000);
    assert!(pair.told.is_empty());
    pair.net.hosts[0].reach = Reach::Up;
    pair.connect();
    pair.run(10);
    let mut log = pair.log();
    log.sort();
    assert_eq!(log, ["auth 1: 0", "done 1: 0", "session 3 to [0]"]);
    assert_eq!(
        pair.ops(),
        [Op::CreateSession, Op::Auth, Op::GetData],
        "the credential goes first (C-431)"
    );
}

// F-19
#[test]
fn requests_that_wait_end_with_the_handle() {
    let mut pair = unconnected(1);
    pair.core.keep_requests(true);
    pair.get("/", None);
    pair.run(100);
    pair.get("/", None);
    pair.close();
    assert_eq!(pair.log(), ["done 1: -116", "done 2: -116"]);
}

// F-2, C-422
#[test]
fn a_program_that_repeats_failing_requests_sets_the_pace_unless_there_is_a_backoff() {
    let attempts_in_a_second = |backoff| {
        let mut pair = unconnected(1);
        pair.core.set_backoff(backoff);
        for _ in 0..1000 {
            pair.get("/", None);
            pair.run(1);
        }
        pair.run(10_000);
        assert_eq!(pair.told.len(), 1000, "each request ends");
        pair.attempts
            .iter()
            .filter(|(at, _)| *at < pair.now - 10_000)
            .count()
    };
    assert!(attempts_in_a_second(None) >= 900);
    let (first, longest) = (100, 400);
    let paced = attempts_in_a_second(Some(Backoff { first, longest }));
    // At 0, 50…100, 150…300, then every 200…400 ms.
    assert!((4..=7).contains(&paced), "{paced} attempts");
}

// F-2
#[test]
fn growing_pauses_start_anew_when_a_session_was_on() {
    let mut pair = unconnected(2);
    let (first, longest) = (10, 100_000);
    pair.core.set_backoff(Some(Backoff { first, longest }));
    pair.run(10_000);
    let few = pair.attempts.len();
    assert!(few <= 2 * 12, "{few} attempts");
    pair.net.hosts[0].reach = Reach::Up;
    pair.connect();
    pair.forget();
    pair.net.hosts[0].reach = Reach::Refuses;
    pair.cut();
    pair.run(40);
    assert!(pair.attempts.len() >= 4, "{:?}", pair.tried());
}

// F-2: an idle handle in the default configuration.
#[test]
fn whatever_their_number_servers_that_refuse_are_tried_at_a_bounded_rate() {
    for hosts in 1..=6 {
        let mut pair = unconnected(hosts);
        pair.run(30_000);
        // A pass per 100 ms, a sixtieth of the session timeout.
        assert!(pair.attempts.len() <= hosts * 301);
        let tried = pair.tried();
        for host in 0..hosts {
            let times = tried.iter().filter(|&&t| t == host).count();
            assert!(times + 1 >= tried.len() / hosts, "host {host} is neglected");
        }
    }
}
