//! A whole session, as a list of steps: the program asks, the server answers as it likes, time
//! passes, connections break.

use std::collections::VecDeque;

use arbitrary::{Arbitrary, Unstructured};
use zk_proto::records::{ConnectResponse, WatcherEvent};
use zk_proto::{Code, Jute, Xid};
use zookeeper_mt::core::State;
use zookeeper_mt::fuzzing::Client;

use crate::link::{
    PASSWORD, PATHS, Record, check_connect_request, framed, reply, request, welcome, xids,
};

/// Steps of one session. More would only repeat.
const STEPS: usize = 200;
const SESSION: i64 = 7;
/// Time of requests that have a limit, ms.
const LIMIT: u64 = 500;

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    /// A request, on a path, with a watch.
    Ask(u8, u8, Option<u8>),
    RemoveWatches(u8, u8, Option<u8>),
    AddAuth,
    /// The expected reply.
    Reply(i64, Answer, &'a [u8]),
    /// A reply to another request, or to none.
    Stray(i32, Answer, &'a [u8]),
    /// A control packet.
    Control(u8, Answer),
    /// A node event.
    Event(i8, i8, u8),
    /// Bytes that need not be a frame.
    Raw(&'a [u8]),
    /// Half of the expected reply; the rest follows with the next step.
    Half(&'a [u8]),
    Wait(u16),
    Hangup,
    /// An attempt to connect, answered honestly.
    Connect,
    /// An attempt to connect, answered by this.
    ConnectTo(i32, bool, i8, bool),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Answer {
    Ok,
    NoNode,
    Other(i32),
}

impl Answer {
    fn code(self) -> Code {
        match self {
            Self::Ok => Code::OK,
            Self::NoNode => Code::NO_NODE,
            Self::Other(code) => Code(code),
        }
    }
}

#[derive(Debug)]
struct World {
    client: Client,
    record: Record,
    /// Ids of requests that wait for their replies.
    asked: VecDeque<i32>,
}

/// Plays the session. However it goes, everything that was asked ends once and in order.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(how) = u8::arbitrary(&mut input) else {
        return;
    };
    let chroot: &[u8] = if how & 1 > 0 { b"/ch" } else { b"" };
    let session = (how & 2 > 0).then_some((SESSION, PASSWORD));
    let mut world = World {
        client: Client::new(chroot, session, how & 4 > 0),
        record: Record::default(),
        asked: VecDeque::new(),
    };
    world.client.keep_requests(how & 16 > 0);
    world.record.any_order = how & 32 > 0;
    if how & 8 > 0 {
        world.step(&Step::Connect);
    }
    for _ in 0..STEPS {
        // Without bytes there would still be steps, of zeros.
        if input.is_empty() {
            break;
        }
        let Ok(step) = Step::arbitrary(&mut input) else {
            break;
        };
        world.step(&step);
        world.record.note(&mut world.client);
    }
    world.record.close(world.client);
}

impl World {
    fn step(&mut self, step: &Step<'_>) {
        let client = &mut self.client;
        // Refused calls have no effect, which is all that counts here.
        match *step {
            Step::Ask(kind, path, watcher) => {
                let watcher = watcher.map(|watcher| u32::from(watcher % 4) + 1);
                let asked = client.ask(&request(kind, path_of(path), &[]), watcher);
                if asked.is_ok() && self.record.any_order && kind & 1 > 0 {
                    client.limit_last(LIMIT);
                }
                self.send();
            }
            Step::RemoveWatches(path, kind, watcher) => {
                let watcher = watcher.map(|watcher| u32::from(watcher % 4) + 1);
                let kind = i32::from(kind % 6);
                let _ = client.remove_watches(path_of(path), kind, watcher);
                self.send();
            }
            Step::AddAuth => {
                let _ = client.add_auth(b"digest", b"a:b");
                self.send();
            }
            Step::Reply(zxid, answer, body) => {
                if let Some(&xid) = self.asked.front() {
                    self.receive(&reply(xid, zxid, answer.code(), body));
                }
            }
            Step::Stray(xid, answer, body) => {
                self.receive(&reply(xid, 1, answer.code(), body));
            }
            Step::Control(kind, answer) => {
                let xids = [
                    Xid::NOTIFICATION,
                    Xid::PING,
                    Xid::AUTH,
                    Xid::SET_WATCHES,
                    -3,
                ];
                let xid = xids[usize::from(kind) % xids.len()];
                self.receive(&reply(xid, 1, answer.code(), b""));
            }
            Step::Event(kind, state, path) => {
                let event = WatcherEvent {
                    kind: kind.into(),
                    state: state.into(),
                    path: Some(path_of(path)),
                };
                self.receive(&reply(Xid::NOTIFICATION, -1, Code::OK, &event.to_bytes()));
            }
            Step::Raw(bytes) => self.receive(bytes),
            Step::Half(body) => {
                if let Some(&xid) = self.asked.front() {
                    let mut bytes = reply(xid, 1, Code::OK, body);
                    bytes.truncate(bytes.len() / 2);
                    self.receive(&bytes);
                }
            }
            Step::Wait(ms) => {
                client.wait(ms.into());
                self.send();
            }
            Step::Hangup => client.lose(),
            Step::Connect => self.connect(|id| welcome(id.max(SESSION))),
            Step::ConnectTo(timeout, same, password, read_only) => self.connect(|id| {
                let length = usize::try_from(password).ok().map(|length| length.min(16));
                let response = ConnectResponse {
                    protocol_version: 0,
                    timeout,
                    session_id: if same { id } else { id ^ 1 },
                    password: length.map(|length| &PASSWORD[..length]),
                    read_only: Some(read_only),
                };
                framed(&response.to_bytes())
            }),
        }
    }

    fn connect(&mut self, answer: impl FnOnce(i64) -> Vec<u8>) {
        if !self.client.connect() {
            return;
        }
        self.asked.clear();
        let sent = self.client.send();
        let read_only = zk_proto::frame::PREFIX + 44;
        let read_only = sent.get(read_only) == Some(&1);
        let id = check_connect_request(&sent, read_only).session_id;
        assert_eq!(self.client.state(), State::Associating);
        self.receive(&answer(id));
    }

    fn send(&mut self) {
        let sent = self.client.send();
        if self.client.state().is_live() {
            self.asked.extend(xids(&sent));
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        if !self.client.receive(bytes) {
            self.asked.clear();
            return;
        }
        let before = self.record.codes.len();
        self.record.note(&mut self.client);
        let answered = self.record.codes.len() - before;
        if self.record.any_order {
            // A late reply ends no request: taken as answered is what was meant to be.
            self.asked.pop_front();
        } else {
            assert!(answered <= self.asked.len(), "more answers than questions");
            self.asked.drain(..answered);
        }
        self.send();
    }
}

fn path_of(number: u8) -> &'static [u8] {
    PATHS[usize::from(number) % PATHS.len()]
}
