//! Random schedules: operations, losses, delays, restarts, moves; then the world heals and the
//! books must balance (C-264, C-432, C-434, C-481, C-511). Some requests have limits, some clients
//! limit their sessions or let requests wait for a connection.

use std::collections::HashMap;

use zk_proto::records::Stat;
use zk_proto::{Code, Op};
use zk_test_server::{Action, Close, When};

use super::hostile::assert_all_done;
use super::network::{Reach, Segments};
use super::pair::{Pair, Setup};
use super::program::{create, delete, set};
use super::record::{Answer, What};
use super::seeds::for_seeds;
use crate::core::{Request, SessionLimit, State};

const HOSTS: usize = 3;

/// What a request was for.
enum Purpose {
    /// Creates this node, which nobody else touches.
    Create(String),
    /// Sets this node, which nobody deletes.
    Set(String),
    /// Watches this node with a watcher that has the request's number.
    Watch(Op, String),
    Other,
}

struct Schedule {
    pair: Pair,
    rng: fastrand::Rng,
    asked: HashMap<u32, Purpose>,
    seed: u64,
}

impl Schedule {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut pair = Pair::new(Setup {
            hosts: HOSTS,
            // Short ones expire on the way, long ones live to the end.
            timeout: if rng.u8(..4) == 0 { 1000 } else { 60_000 },
            segments: [Segments::Whole, Segments::Random][rng.usize(..2)],
            seed,
            ..Setup::default()
        });
        let nodes: Vec<String> = (0..4)
            .flat_map(|n| [format!("/k{n}"), format!("/d{n}")])
            .collect();
        let creates: Vec<Request<'_>> = nodes.iter().map(|path| create(path, b"", 0)).collect();
        pair.rival(&creates);
        pair.core.keep_requests(rng.bool());
        if rng.bool() {
            pair.core.set_session_limit(Some(SessionLimit::OfTimeout));
        }
        Self {
            pair,
            rng,
            asked: HashMap::new(),
            seed,
        }
    }

    fn note(&mut self, asked: Result<u32, Code>, purpose: Purpose) {
        match asked {
            Ok(number) => {
                self.asked.insert(number, purpose);
                if self.rng.u8(..4) == 0 {
                    let ms = self.rng.u64(..100);
                    self.pair.outbox.limit_last(self.pair.now + ms);
                }
            }
            Err(code) => {
                assert_eq!(code, Code::INVALID_STATE);
                assert!(self.pair.core.state().is_terminal(), "seed {}", self.seed);
            }
        }
    }

    fn ask(&mut self) {
        let number = self.pair.asked + 1;
        let kept = format!("/k{}", self.rng.u8(..4));
        let any = ["/k0", "/k1", "/d0", "/d1", "/d2", "/d3", "/new0", "/new1"];
        let any = any[self.rng.usize(..any.len())].to_owned();
        let path = Some(any.as_bytes());
        match self.rng.u8(..8) {
            0 | 1 => {
                let own = format!("/w{number}");
                let asked = self.pair.try_ask(&create(&own, own.as_bytes(), 0), None);
                self.note(asked, Purpose::Create(own));
            }
            2 => {
                let asked = self.pair.try_ask(&set(&kept, b"mine"), None);
                self.note(asked, Purpose::Set(kept));
            }
            3 => {
                let asked = self.pair.try_ask(&Request::GetData { path }, Some(number));
                self.note(asked, Purpose::Watch(Op::GetData, any));
            }
            4 => {
                let asked = self.pair.try_ask(&Request::Exists { path }, Some(number));
                self.note(asked, Purpose::Watch(Op::Exists, any));
            }
            5 => {
                let asked = self
                    .pair
                    .try_ask(&Request::GetChildren2 { path }, Some(number));
                self.note(asked, Purpose::Watch(Op::GetChildren2, any));
            }
            6 => {
                let asked = self.pair.try_ask(&Request::Sync { path: Some(b"/") }, None);
                self.note(asked, Purpose::Other);
            }
            _ => {
                // Refused when all is over, which is fine here.
                let _ = self.pair.add_auth("digest", "a:b");
            }
        }
    }

    /// Somebody else changes something; it may fail.
    fn rival(&mut self) {
        let n = self.rng.u8(..4);
        let (kept, mortal, child) = (format!("/k{n}"), format!("/d{n}"), format!("/k{n}/c"));
        let fresh = format!("/new{}", n % 2);
        let request = match self.rng.u8(..6) {
            0 => set(&kept, b"theirs"),
            1 => delete(&mortal),
            2 => create(&mortal, b"", 0),
            3 => create(&child, b"", 0),
            4 => delete(&child),
            _ => create(&fresh, b"", 0),
        };
        self.pair.net.rival(0, &[request], self.pair.now);
    }

    fn fault(&mut self) {
        let pair = &mut self.pair;
        let host = self.rng.usize(..HOSTS);
        match self.rng.u8(..12) {
            0 | 1 => pair.cut_if_connected(),
            2 => pair.net.restart(0, pair.now),
            3 => pair.net.hosts[host].reach = Reach::Refuses,
            4 => pair.net.hosts[host].reach = Reach::Hole,
            5 | 6 => pair.net.hosts[host].reach = Reach::Up,
            7 => pair.net.lose_up = true,
            8 => pair.net.lose_down = true,
            9 => pair.blocked = true,
            10 => pair.net.latency = self.rng.u64(..20),
            _ => {
                let mut hosts: Vec<usize> = (0..HOSTS).collect();
                hosts.truncate(self.rng.usize(1..=HOSTS));
                pair.replace_servers(&hosts);
            }
        }
    }

    /// One request of the client's session is answered wrongly.
    fn spoil(&mut self) {
        let ops = [
            Op::Create,
            Op::SetData,
            Op::GetData,
            Op::Sync,
            Op::Notification,
            Op::SetWatches,
        ];
        let op = ops[self.rng.usize(..ops.len())];
        let actions = [
            Action::DropAndClose(Close::Reset),
            Action::LoseReplyAndClose(Close::Fin),
            Action::CutAfter(self.rng.u32(..30), Close::Fin),
            Action::Delay(self.rng.u32(..50)),
        ];
        // An event is lost with all that follows it, as no stream loses it alone.
        let first = usize::from(op == Op::Notification);
        let action = actions[self.rng.usize(first..actions.len())];
        let when = When {
            session: Some(self.pair.core.session_id),
            ..When::next(op)
        };
        self.pair.server().faults_mut().add(when, action);
    }

    fn step(&mut self) {
        match self.rng.u8(..20) {
            0..9 => self.ask(),
            9..12 => self.rival(),
            12 => self.fault(),
            13 => self.repair(),
            14 if self.rng.u8(..3) == 0 => self.spoil(),
            19 if self.rng.u8(..4) == 0 => {
                let ms = self.rng.u64(..3000);
                self.pair.run(ms);
            }
            _ => {
                let ms = self.rng.u64(..30);
                self.pair.run(ms);
            }
        }
    }

    fn repair(&mut self) {
        let pair = &mut self.pair;
        pair.net.lose_up = false;
        pair.net.lose_down = false;
        pair.blocked = false;
        for host in &mut pair.net.hosts {
            host.reach = Reach::Up;
        }
    }

    /// Everything works again; all that waits comes to an end.
    fn heal(&mut self) {
        self.repair();
        let pair = &mut self.pair;
        let now = super::network::at(pair.now);
        pair.server().clear_faults(now);
        pair.run(100_000);
        let state = pair.core.state();
        assert!(
            matches!(state, State::Connected | State::Expired),
            "{state:?}"
        );
    }

    fn check(&mut self) {
        assert_all_done(&self.pair);
        self.check_session_events();
        for (&number, purpose) in &self.asked {
            let result = self.pair.result(number);
            let server = &self.pair.net.servers[0];
            match (purpose, result) {
                (Purpose::Create(path), Ok(_)) => {
                    let (data, _) = server.node(path).expect("an acknowledged node");
                    assert_eq!(data.as_deref(), Some(path.as_bytes()));
                }
                (Purpose::Set(path), Ok(Answer::Stat(stat))) => {
                    let (_, now) = server.node(path).expect("a kept node");
                    assert!(now.version >= stat.version && now.mzxid >= stat.mzxid);
                }
                (Purpose::Set(_), Ok(other)) => panic!("{other:?}"),
                (Purpose::Watch(op, path), result) => {
                    let now = server.node(path).map(|(_, stat)| stat);
                    self.check_watch(number, *op, path, &result, now);
                }
                (Purpose::Create(_) | Purpose::Set(_) | Purpose::Other, _) => {}
            }
        }
    }

    /// Once told of a connection, watchers are told of its loss before they hear of another.
    fn check_session_events(&self) {
        let mut last = 1;
        for told in &self.pair.told {
            if let What::Session { state, watchers } = &told.what {
                assert_eq!(watchers.iter().filter(|&&w| w == 0).count(), 1);
                assert_eq!(watchers.last(), Some(&0));
                let expected: &[i32] = if last == 1 { &[3, -112] } else { &[1] };
                assert!(expected.contains(state), "{state} after {last}");
                last = *state;
            }
        }
    }

    /// A registered watch tells of a change that lasts, and never twice.
    fn check_watch(
        &self,
        watcher: u32,
        op: Op,
        path: &str,
        result: &Result<Answer, Code>,
        now: Option<Stat>,
    ) {
        let events = self.pair.told.iter().filter(|told| {
            matches!(&told.what, What::Node { watchers, path: at, .. }
                if watchers.contains(&watcher) && { assert_eq!(at, path); true })
        });
        let events = events.count();
        let changed = match (op, result) {
            (Op::Exists, Err(Code::NO_NODE)) => now.is_some(),
            (_, Err(_)) => {
                assert_eq!(events, 0, "a watch that never came to be");
                return;
            }
            (Op::GetChildren2, Ok(Answer::StringsStat(_, then))) => {
                now.is_none_or(|now| now.pzxid != then.pzxid)
            }
            (_, Ok(Answer::Stat(then) | Answer::Data(_, then))) => {
                now.is_none_or(|now| now.mzxid != then.mzxid)
            }
            (_, Ok(other)) => panic!("{other:?}"),
        };
        assert!(events <= 1, "watcher {watcher} was told {events} times");
        if changed && !self.pair.core.state().is_terminal() {
            assert_eq!(
                events, 1,
                "{op:?} watcher {watcher} of {path} missed a change"
            );
        }
    }
}

// C-264, C-432, C-434, C-481, C-511
#[test]
fn whatever_happens_requests_end_once_acknowledged_writes_stay_and_watches_fire() {
    for_seeds(200, |seed| {
        let mut schedule = Schedule::new(seed);
        for _ in 0..200 {
            schedule.step();
        }
        schedule.heal();
        schedule.check();
    });
}

// C-264, C-530, C-534, F-24
#[test]
fn a_handle_closed_at_any_moment_has_finished_every_request_once() {
    for_seeds(200, |seed| {
        let mut schedule = Schedule::new(seed);
        for _ in 0..schedule.rng.usize(1..100) {
            schedule.step();
        }
        schedule.pair.close();
        assert_all_done(&schedule.pair);
    });
}
