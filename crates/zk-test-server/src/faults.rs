//! Faults on demand: what a test tells the server to do wrong.
//!
//! Rules look at requests, one at a time; the first that matches acts. The other switches act on
//! connections, old or new. All of it is plain data: the core consults it, a test changes it
//! through [`crate::ServerCore::faults_mut`], [`crate::TestServer::faults`] or the control port.

use crate::connection::{Close, ConnId};
use zk_proto::{Code, Op};

/// Names a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleId(pub u64);

/// Which requests a rule acts on; every condition that is set must hold.
///
/// [`Op::CreateSession`] stands for the connect request, [`Op::Notification`] for watch events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// The operation.
    pub op: Option<Op>,
    /// The session that asks.
    pub session: Option<i64>,
    /// The connection it comes on.
    pub conn: Option<ConnId>,
    /// The request's path, a chroot included; a multi has none.
    pub path: Option<Vec<u8>>,
    /// Matches to let pass first.
    pub skip: u32,
    /// Matches to act on after that; `None` is for ever.
    pub times: Option<u32>,
}

impl When {
    /// The next request of this kind.
    pub fn next(op: Op) -> Self {
        Self {
            op: Some(op),
            times: Some(1),
            ..Self::default()
        }
    }
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Does not execute the request and answers this code. For a connect request: a bare reply
    /// header in place of the response (S-244).
    Fail(Code),
    /// Does not execute the request and answers nothing (S-371).
    Drop,
    /// Does not execute the request and closes the connection.
    DropAndClose(Close),
    /// Executes it and answers nothing (S-370).
    LoseReply,
    /// Executes it, then closes the connection in place of the answer (S-370).
    LoseReplyAndClose(Close),
    /// Holds the reply, and all that follows on the connection, for so many ms.
    Delay(u32),
    /// Holds the reply, and all that follows, until [`crate::ServerCore::release`].
    Hold,
    /// Sends only so many bytes of the reply's frame, length word included, then closes (S-389).
    CutAfter(u32, Close),
    /// Answers with this xid (S-380).
    Xid(i32),
    /// Answers with this length word (S-391).
    LengthWord(i32),
    /// Answers with this zxid in the header (S-381).
    Zxid(i64),
}

/// A rule and what became of it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub id: RuleId,
    /// What it looks for.
    pub when: When,
    /// What it does.
    pub action: Action,
    /// How often it acted.
    pub hits: u32,
    /// Matches seen, those let pass included.
    seen: u32,
}

/// What becomes of a new TCP connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnAccept {
    /// It is served.
    #[default]
    Serve,
    /// It is closed at once, unread.
    Close,
    /// It stays open; what it sends is thrown away.
    Silent,
    /// It stays open; what it sends is left in the kernel until reading resumes.
    Stop,
}

/// A request as rules see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) op: Op,
    pub(crate) session: Option<i64>,
    pub(crate) conn: ConnId,
    pub(crate) path: Option<&'a [u8]>,
}

/// All faults of a server; none by default.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Vec<Rule>,
    next_rule: u64,
    /// The listening socket is closed: connects are refused.
    pub refuse: bool,
    /// What new connections meet.
    pub on_accept: OnAccept,
    /// Only so many of the next connections meet it; `None` is all.
    pub on_accept_times: Option<u32>,
    /// New connections are closed after so many bytes of output.
    pub output_limit: Option<u64>,
    /// Connect responses carry this timeout, ms; the session itself keeps the negotiated one.
    pub answer_timeout: Option<i32>,
    /// Connect responses carry this session id.
    pub answer_session: Option<i64>,
    /// Connect responses carry this password.
    pub answer_password: Option<[u8; 16]>,
}

impl Faults {
    /// Adds a rule behind the others.
    pub fn add(&mut self, when: When, action: Action) -> RuleId {
        self.next_rule += 1;
        let id = RuleId(self.next_rule);
        self.rules.push(Rule {
            id,
            when,
            action,
            hits: 0,
            seen: 0,
        });
        id
    }

    /// Removes a rule; false if there is none of that name.
    pub fn remove(&mut self, id: RuleId) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.id != id);
        before != self.rules.len()
    }

    /// Every rule, used up ones included.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// How often a rule acted; 0 for an unknown one.
    pub fn hits(&self, id: RuleId) -> u32 {
        let rule = self.rules.iter().find(|rule| rule.id == id);
        rule.map_or(0, |rule| rule.hits)
    }

    #[inline]
    pub(crate) fn has_rules(&self) -> bool {
        !self.rules.is_empty()
    }

    /// The action for a request; counts the hit.
    pub(crate) fn act(&mut self, facts: &Facts<'_>) -> Option<Action> {
        let rule = self.rules.iter_mut().find_map(|rule| {
            if !rule.matches(facts) {
                return None;
            }
            rule.seen = rule.seen.saturating_add(1);
            (rule.seen > rule.when.skip).then_some(rule)
        })?;
        rule.hits += 1;
        Some(rule.action)
    }

    /// What the connection that arrives now meets; counts it.
    pub(crate) fn accept(&mut self) -> OnAccept {
        match &mut self.on_accept_times {
            Some(0) => OnAccept::Serve,
            Some(left) => {
                *left -= 1;
                self.on_accept
            }
            None => self.on_accept,
        }
    }
}

impl Rule {
    fn matches(&self, facts: &Facts<'_>) -> bool {
        let When {
            op,
            session,
            conn,
            path,
            skip: _,
            times,
        } = &self.when;
        times.is_none_or(|times| self.hits < times)
            && op.is_none_or(|op| op == facts.op)
            && conn.is_none_or(|conn| conn == facts.conn)
            && session.is_none_or(|session| Some(session) == facts.session)
            && path.as_deref().is_none_or(|path| Some(path) == facts.path)
    }
}
