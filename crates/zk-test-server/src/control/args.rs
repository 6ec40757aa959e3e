//! Words of a command line: `verb word key=value …`.

use crate::connection::{Close, ConnId};
use crate::core::ServerCore;
use crate::faults::{Action, When};
use std::str::{FromStr, SplitWhitespace};
use zk_proto::{Code, Op};

/// The words of one line that have not been used yet.
pub(super) struct Args<'a> {
    words: Vec<&'a str>,
}

impl<'a> Args<'a> {
    pub(super) fn new(words: SplitWhitespace<'a>) -> Self {
        Self {
            words: words.collect(),
        }
    }

    /// Takes the first word that is not `key=value`.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let at = self.words.iter().position(|word| !word.contains('='))?;
        Some(self.words.remove(at))
    }

    pub(super) fn need_word(&mut self, what: &str) -> Result<&'a str, String> {
        self.word().ok_or_else(|| format!("{what} is missing"))
    }

    /// Takes the value of `key=`.
    fn text(&mut self, key: &str) -> Option<&'a str> {
        let value = |word: &'a str| word.strip_prefix(key)?.strip_prefix('=');
        let at = self.words.iter().position(|word| value(word).is_some())?;
        value(self.words.remove(at))
    }

    pub(super) fn number<T: Number>(&mut self, key: &str) -> Result<Option<T>, String> {
        self.text(key).map(parse).transpose()
    }

    /// Refuses what no one has asked for.
    pub(super) fn end(&self) -> Result<(), String> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => Err(format!("unknown argument {word}")),
        }
    }

    /// `on` or `off`, and nothing behind it.
    pub(super) fn last_switch(&mut self) -> Result<bool, String> {
        let word = self.need_word("on or off")?;
        self.end()?;
        match word {
            "on" => Ok(true),
            "off" => Ok(false),
            other => Err(format!("{other} is neither on nor off")),
        }
    }

    /// `conn=N`, `session=ID` or `all`: the connections meant.
    pub(super) fn target(&mut self, core: &ServerCore) -> Result<Vec<ConnId>, String> {
        if let Some(id) = self.number("conn")? {
            return Ok(vec![ConnId(id)]);
        }
        if let Some(session) = self.number("session")? {
            let conn = core.connection_of(session);
            return conn
                .map(|conn| vec![conn])
                .ok_or_else(|| format!("session {session:#x} has no connection"));
        }
        match self.word() {
            Some("all") => Ok(core.connections()),
            _ => Err("conn=N, session=ID or all is missing".to_owned()),
        }
    }

    /// `how=fin` or `how=reset`; in order if not given.
    pub(super) fn how(&mut self) -> Result<Close, String> {
        match self.text("how") {
            None | Some("fin") => Ok(Close::Fin),
            Some("reset") => Ok(Close::Reset),
            Some(other) => Err(format!("how={other} is neither fin nor reset")),
        }
    }

    pub(super) fn when(&mut self) -> Result<When, String> {
        Ok(When {
            op: self.text("op").map(op).transpose()?,
            session: self.number("session")?,
            conn: self.number("conn")?.map(ConnId),
            path: self.text("path").map(|path| path.as_bytes().to_vec()),
            skip: self.number("skip")?.unwrap_or(0),
            times: self.number("times")?,
        })
    }

    /// What a rule does, with its one argument.
    pub(super) fn action(&mut self) -> Result<Action, String> {
        let name = self.need_word("an action")?;
        Ok(match name {
            "fail" => Action::Fail(code(self.need_text("code")?)?),
            "drop" => Action::Drop,
            "drop-close" => Action::DropAndClose(self.how()?),
            "lose" => Action::LoseReply,
            "lose-close" => Action::LoseReplyAndClose(self.how()?),
            "delay" => Action::Delay(self.need_number("ms")?),
            "hold" => Action::Hold,
            "cut" => Action::CutAfter(self.need_number("bytes")?, self.how()?),
            "xid" => Action::Xid(self.need_number("value")?),
            "zxid" => Action::Zxid(self.need_number("value")?),
            "length" => Action::LengthWord(self.need_number("value")?),
            other => return Err(format!("unknown action {other}")),
        })
    }

    fn need_text(&mut self, key: &str) -> Result<&'a str, String> {
        self.text(key).ok_or_else(|| format!("{key}= is missing"))
    }

    pub(super) fn need_number<T: Number>(&mut self, key: &str) -> Result<T, String> {
        parse(self.need_text(key)?)
    }
}

/// Integers in decimal, or in hexadecimal behind `0x`.
pub(super) trait Number: FromStr + TryFrom<i128> {}

impl<T: FromStr + TryFrom<i128>> Number for T {}

pub(super) fn parse<T: Number>(text: &str) -> Result<T, String> {
    let number = match text.strip_prefix("0x") {
        // Session ids are written as unsigned words.
        Some(digits) => u64::from_str_radix(digits, 16).ok().and_then(|n| {
            T::try_from(n.into())
                .or_else(|_| T::try_from((n as i64).into()))
                .ok()
        }),
        None => text.parse().ok(),
    };
    number.ok_or_else(|| format!("{text} is not a number here"))
}

fn op(name: &str) -> Result<Op, String> {
    match name {
        "connect" => return Ok(Op::CreateSession),
        "event" => return Ok(Op::Notification),
        _ => {}
    }
    let is_named = |op: &&Op| format!("{op:?}").eq_ignore_ascii_case(name);
    let op = Op::ALL.iter().find(is_named).copied();
    op.ok_or_else(|| format!("unknown operation {name}"))
}

fn code(name: &str) -> Result<Code, String> {
    let named = Code::ALL
        .iter()
        .find(|code| code.name().is_some_and(|n| n.eq_ignore_ascii_case(name)));
    match named {
        Some(&code) => Ok(code),
        None => parse(name).map(Code),
    }
}
