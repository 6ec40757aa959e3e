//! What a seed decides: the requests of each client and the faults, both in counts of requests.
//!
//! A seed cannot decide how long a request takes, which requests are in flight when a fault comes,
//! whom the servers elect, and so what a request finds.

use std::time::Duration;

use fastrand::Rng;

use crate::history::{Node, Op, REGISTERS, SLOTS, Session};

/// The requests of one session.
#[derive(Clone, Debug)]
pub struct Script {
    random: Rng,
    /// Most requests in flight.
    pub window: u32,
    /// Requests until the handle is closed, with those in flight.
    pub length: u32,
}

/// Sizes of the window: alone, and up to a long pipeline.
const WINDOWS: [u32; 5] = [1, 16, 64, 128, 256];

/// Which version a conditional request names.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    Any,
    Last,
    Wrong,
}

impl Script {
    /// The script of this session.
    pub fn new(seed: u64, session: Session) -> Self {
        let number = u64::from(session.client) << 16 | u64::from(session.number);
        let mut random = Rng::with_seed(seed ^ number.wrapping_add(1).wrapping_mul(MIX));
        Self {
            window: *random.choice(&WINDOWS).unwrap_or(&1),
            length: random.u32(2_000..40_000),
            random,
        }
    }

    /// The next request, and whether it is a synchronous call. `last` gives the version that a
    /// node was last seen with, which is the only thing that the seed does not decide.
    pub fn draw(&mut self, last: impl Fn(Node) -> i32) -> (Op, bool) {
        // In 10,000; most requests are reads, as in the services that ZooKeeper is made for.
        let dice = self.random.u32(0..10_000);
        let register = Node::Register(self.random.u16(0..REGISTERS));
        let slot = Node::Slot(self.random.u16(0..SLOTS));
        let watch = self.random.u32(0..20) == 0;
        let wanted = match self.random.u32(0..10) {
            0 => Wanted::Wrong,
            1..4 => Wanted::Last,
            _ => Wanted::Any,
        };
        let other = self.random.u16(1..REGISTERS);
        let version = |node| match wanted {
            Wanted::Any => -1,
            Wanted::Last => last(node),
            Wanted::Wrong => last(node).saturating_add(1000),
        };
        let (Node::Register(number) | Node::Slot(number)) = slot;
        match dice {
            0..4_500 => (Op::Get(register, watch), false),
            4_500..5_300 => (Op::Exists(register, watch), false),
            5_300..7_400 => (Op::Get(slot, watch), false),
            7_400..8_700 => (Op::Exists(slot, watch), false),
            8_700..8_850 => (Op::Children(watch), false),
            8_850..8_900 => (Op::Sync, false),
            8_900..9_250 => (Op::Set(register, version(register)), false),
            9_250..9_500 => (Op::Set(slot, version(slot)), false),
            9_500..9_730 => (Op::Create(number), false),
            9_730..9_880 => (Op::Delete(number, version(slot)), false),
            9_880..9_940 => {
                let Node::Register(first) = register else {
                    return (Op::Sync, false);
                };
                let second = (first + other) % REGISTERS;
                (Op::SetBoth(first, second, version(register)), false)
            }
            9_940..9_970 => (Op::Sequence, false),
            9_970..9_990 => (Op::Get(register, false), true),
            _ => (Op::Set(register, version(register)), true),
        }
    }
}

/// Spreads small numbers over all bits.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL of a server, which is started again after this time.
    Kill(usize, Duration),
    /// SIGSTOP of a server, and SIGCONT after this time.
    Pause(usize, Duration),
    /// All clients' connections to a server end.
    Cut(usize),
    /// The connection to a server on which so many more bytes pass in a direction ends there,
    /// wherever in a frame that is.
    CutAfter(usize, Toward, usize),
    /// Nothing passes between a server and its clients for this time, and nobody is told.
    Silence(usize, Duration),
    /// Another handle takes a client's session over and closes it.
    Expire(u16),
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toward {
    /// Replies and events.
    Client,
    /// Requests.
    Server,
}

impl Fault {
    /// The number of the kind.
    pub fn kind(self) -> usize {
        match self {
            Self::Kill(..) => 0,
            Self::Pause(..) => 1,
            Self::Cut(_) => 2,
            Self::CutAfter(..) => 3,
            Self::Silence(..) => 4,
            Self::Expire(_) => 5,
        }
    }

    /// The name of a kind.
    pub fn name(kind: usize) -> &'static str {
        const NAMES: [&str; KINDS] = [
            "server killed",
            "server paused",
            "connections cut",
            "connection cut within a frame",
            "network silent",
            "session expired",
        ];
        NAMES.get(kind).copied().unwrap_or_default()
    }
}

/// How many kinds of faults there are.
pub const KINDS: usize = 6;

/// The faults of a run, without end.
#[derive(Debug)]
pub struct Faults {
    random: Rng,
    servers: usize,
    clients: u16,
    /// The kinds that are still to come in this round.
    round: Vec<usize>,
}

impl Faults {
    /// The faults of this seed.
    pub fn new(seed: u64, servers: usize, clients: u16) -> Self {
        Self {
            random: Rng::with_seed(seed.wrapping_mul(MIX)),
            servers,
            clients,
            round: Vec::new(),
        }
    }

    /// After how many more requests of all clients the next fault comes, and which. Each round of
    /// faults has all kinds, so that a short run has them too.
    pub fn draw(&mut self) -> (u64, Fault) {
        if self.round.is_empty() {
            self.round = (0..KINDS).chain([2, 3, 3]).collect();
            self.random.shuffle(&mut self.round);
        }
        let after = self.random.u64(3_000..20_000);
        let server = self.random.usize(0..self.servers.max(1));
        let ms = |range| Duration::from_millis(range);
        let fault = match self.round.pop() {
            Some(0) => Fault::Kill(server, ms(self.random.u64(0..1_500))),
            Some(1) => Fault::Pause(server, ms(self.random.u64(100..6_000))),
            Some(2) => Fault::Cut(server),
            Some(3) => {
                let toward = if self.random.bool() {
                    Toward::Client
                } else {
                    Toward::Server
                };
                Fault::CutAfter(server, toward, self.random.usize(1..20_000))
            }
            Some(4) => Fault::Silence(server, ms(self.random.u64(100..6_000))),
            _ => Fault::Expire(self.random.u16(0..self.clients.max(1))),
        };
        (after, fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(seed: u64, number: u16) -> Vec<(Op, bool)> {
        let mut script = Script::new(seed, Session { client: 3, number });
        (0..1_000).map(|_| script.draw(|_| 7)).collect()
    }

    #[test]
    fn a_seed_repeats_requests_and_faults() {
        let faults = |seed| {
            let mut faults = Faults::new(seed, 3, 12);
            (0..100).map(|_| faults.draw()).collect::<Vec<_>>()
        };
        assert_eq!(requests(1, 0), requests(1, 0));
        assert_ne!(requests(1, 0), requests(2, 0));
        assert_ne!(requests(1, 0), requests(1, 1));
        assert_eq!(faults(1), faults(1));
        assert_ne!(faults(1), faults(2));
    }

    #[test]
    fn versions_do_not_change_what_comes_next() {
        let session = Session {
            client: 0,
            number: 0,
        };
        let (mut one, mut other) = (Script::new(5, session), Script::new(5, session));
        for _ in 0..1_000 {
            let ((one, _), (other, _)) = (one.draw(|_| 0), other.draw(|_| 9));
            assert_eq!(std::mem::discriminant(&one), std::mem::discriminant(&other));
        }
    }

    #[test]
    fn a_round_has_every_kind_of_fault() {
        let mut faults = Faults::new(9, 3, 12);
        let mut seen = [0; KINDS];
        for _ in 0..9 {
            seen[faults.draw().1.kind()] += 1;
        }
        assert_eq!(seen, [1, 1, 2, 3, 1, 1]);
    }
}
