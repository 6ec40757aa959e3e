//! What the client was told and what it sent, in owned form.

use std::fmt;

use zk_proto::records::{ConnectRequest, MultiReadResult, MultiResult, RequestHeader, Stat};
use zk_proto::{Code, Jute, Op, Text};

use crate::core::{Millis, Outcome};

/// A decoded reply.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Void,
    Path(String),
    PathStat(String, Stat),
    Stat(Stat),
    Data(Option<Vec<u8>>, Stat),
    Strings(Vec<String>),
    StringsStat(Vec<String>, Stat),
    Acl(Vec<(i32, String, String)>, Stat),
    Multi(Vec<OneResult>),
    Number(i32),
    Identities(Vec<(String, String)>),
    MultiRead(Vec<OneRead>),
}

/// One result of several reads.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum OneRead {
    Data(Option<Vec<u8>>),
    Children(Vec<String>),
    Error(Code),
}

/// One result of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum OneResult {
    Create(String),
    Create2(String, Stat),
    SetData(Stat),
    Delete,
    Check,
    Error(Code),
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.escape_ascii().to_string())
}

fn opt(bytes: Text<'_>) -> String {
    text(bytes.unwrap_or_default())
}

impl Answer {
    pub(super) fn of(outcome: Outcome<'_>) -> Self {
        match outcome {
            Outcome::Void => Self::Void,
            Outcome::Path(path) => Self::Path(text(path)),
            Outcome::PathStat(path, stat) => Self::PathStat(text(path), stat),
            Outcome::Stat(stat) => Self::Stat(stat),
            Outcome::Data(data, stat) => Self::Data(data.map(<[u8]>::to_vec), stat),
            Outcome::Strings(names) => Self::Strings(names.iter().map(opt).collect()),
            Outcome::StringsStat(names, stat) => {
                Self::StringsStat(names.iter().map(opt).collect(), stat)
            }
            Outcome::Acl(acl, stat) => Self::Acl(
                acl.iter()
                    .map(|a| (a.perms, opt(a.id.scheme), opt(a.id.id)))
                    .collect(),
                stat,
            ),
            Outcome::Multi(results) => Self::Multi(
                results
                    .map(|result| match result.unwrap() {
                        MultiResult::Create(r) => OneResult::Create(opt(r.path)),
                        MultiResult::Create2(r) => OneResult::Create2(opt(r.path), r.stat),
                        MultiResult::SetData(r) => OneResult::SetData(r.stat),
                        MultiResult::Delete => OneResult::Delete,
                        MultiResult::Check => OneResult::Check,
                        MultiResult::Error(code) => OneResult::Error(code),
                    })
                    .collect(),
            ),
            Outcome::Paths(paths) => Self::Strings(paths.iter().map(opt).collect()),
            Outcome::Number(number) => Self::Number(number),
            Outcome::Identities(list) => Self::Identities(
                list.iter()
                    .map(|info| (opt(info.scheme), opt(info.user)))
                    .collect(),
            ),
            Outcome::MultiRead(results) => Self::MultiRead(
                results
                    .map(|result| match result.unwrap() {
                        MultiReadResult::GetData(r) => OneRead::Data(r.data.map(<[u8]>::to_vec)),
                        MultiReadResult::GetChildren(r) => {
                            OneRead::Children(r.children.iter().map(opt).collect())
                        }
                        MultiReadResult::Error(code) => OneRead::Error(code),
                    })
                    .collect(),
            ),
        }
    }
}

/// One thing the client was told. Its `Display` is what most tests compare.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Done {
        cookie: u32,
        result: Result<Answer, Code>,
    },
    Node {
        watchers: Vec<u32>,
        kind: i32,
        state: i32,
        path: String,
    },
    Removed {
        watchers: Vec<u32>,
        path: String,
    },
    Session {
        watchers: Vec<u32>,
        state: i32,
    },
    Auth {
        credential: u32,
        code: Code,
    },
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { cookie, result } => {
                let code = result.as_ref().err().map_or(0, |code| code.0);
                write!(f, "done {cookie}: {code}")
            }
            Self::Node {
                watchers,
                kind,
                path,
                ..
            } => write!(f, "event {kind} {path} to {watchers:?}"),
            Self::Removed { watchers, path } => write!(f, "removed {path} to {watchers:?}"),
            Self::Session { watchers, state } => write!(f, "session {state} to {watchers:?}"),
            Self::Auth { credential, code } => write!(f, "auth {credential}: {}", code.0),
        }
    }
}

/// The same with its moment.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) at: Millis,
    pub(super) what: What,
}

/// A frame that the client has sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) at: Millis,
    /// It is the first one on its connection.
    pub(super) first: bool,
    pub(super) body: Vec<u8>,
}

impl Sent {
    /// Its operation; the connect request counts as [`Op::CreateSession`].
    pub(super) fn op(&self) -> Op {
        if self.first {
            return Op::CreateSession;
        }
        Op::from_i32(self.header().op).unwrap()
    }

    pub(super) fn header(&self) -> RequestHeader {
        RequestHeader::from_bytes(&self.body).unwrap()
    }

    /// The record behind the header.
    pub(super) fn record<'a, T: Jute<'a>>(&'a self) -> T {
        T::from_bytes(&self.body[8..]).unwrap()
    }

    pub(super) fn connect(&self) -> ConnectRequest<'_> {
        assert!(self.first);
        ConnectRequest::from_bytes(&self.body).unwrap()
    }
}
