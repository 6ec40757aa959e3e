//! The proxy by lines of text.
//!
//! ```text
#![doc = include_str!("help.txt")]
//! ```

use std::time::Duration;

use zk_proto::Op;

use crate::fault::{Action, Edit, What, When};
use crate::frame::Direction;
use crate::proxy::Proxy;

/// What the commands are, for people.
pub const HELP: &str = include_str!("help.txt");

/// How long a command may wait for a client.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs commands on a proxy.
#[derive(Debug)]
pub struct Script<'a> {
    proxy: &'a Proxy,
    mark: usize,
}

impl<'a> Script<'a> {
    /// Commands for this proxy.
    pub fn new(proxy: &'a Proxy) -> Self {
        Self { proxy, mark: 0 }
    }

    /// Runs one line and returns the answer's words.
    ///
    /// # Errors
    /// The line is not a command, or what it waits for does not come within 20 seconds.
    pub fn run(&mut self, line: &str) -> Result<String, String> {
        let mut words = Words(line.split_whitespace());
        let answer = self.command(&mut words)?;
        match words.0.next() {
            None => Ok(answer),
            Some(word) => Err(format!("unexpected '{word}'")),
        }
    }

    fn command(&mut self, words: &mut Words<'_>) -> Result<String, String> {
        let proxy = self.proxy;
        match words.text()? {
            "on" => {
                let mut when = words.when()?;
                let mut word = words.text()?;
                while let Some((name, value)) = word.split_once('=') {
                    when = match name {
                        "skip" => when.skip(number(value)?),
                        "times" if value == "all" => when.times(usize::MAX),
                        "times" => when.times(number(value)?),
                        "conn" => when.connection(number(value)?),
                        _ => return Err(format!("unknown option '{name}'")),
                    };
                    word = words.text()?;
                }
                proxy.add(when, words.action(word)?);
            }
            "cut" => proxy.cut(),
            "reset" => proxy.reset(),
            "cut-after" => {
                let direction = match words.text()? {
                    "client" => Direction::ToClient,
                    "server" => Direction::ToServer,
                    other => return Err(format!("'{other}' is neither client nor server")),
                };
                proxy.cut_after(direction, words.number()?);
            }
            "hold" => proxy.hold(),
            "release" => proxy.release(),
            "refuse" => proxy
                .refuse(words.switch()?)
                .map_err(|error| error.to_string())?,
            "clear" => proxy.clear(),
            "mark" => self.mark = proxy.view(|view| view.frames().len()),
            "await" => {
                let (when, wanted) = (words.when()?, words.number()?);
                let mark = self.mark;
                let seen = proxy.wait(PATIENCE, |view| view.count_from(mark, &when) >= wanted);
                return if seen { done() } else { Err(late()) };
            }
            "await-accepted" => {
                let wanted = words.number()?;
                let seen = proxy.wait(PATIENCE, |view| view.accepted() >= wanted);
                return if seen { done() } else { Err(late()) };
            }
            "await-closed" => {
                let wanted = words.number()?;
                let seen = proxy.wait(PATIENCE, |view| view.closed_by_client() >= wanted);
                return if seen { done() } else { Err(late()) };
            }
            "count" => {
                let when = words.when()?;
                let count = proxy.view(|view| view.count_from(self.mark, &when));
                return Ok(count.to_string());
            }
            "accepted" => return Ok(proxy.view(|view| view.accepted()).to_string()),
            "size" => {
                let when = words.when()?;
                let size = proxy.view(|view| {
                    let mut frames = view.frames().iter().rev();
                    frames
                        .find(|frame| when.matches(frame))
                        .map(|frame| frame.body.len() + zk_proto::frame::PREFIX)
                });
                return size.map(|size| size.to_string()).ok_or_else(late);
            }
            "interval" => {
                let when = words.when()?;
                let interval = proxy.view(|view| {
                    let mut frames = view.frames().iter().rev();
                    let mut next = || frames.find(|frame| when.matches(frame));
                    let (last, before) = (next()?, next()?);
                    Some(last.at.duration_since(before.at))
                });
                return interval
                    .map(|time| time.as_millis().to_string())
                    .ok_or_else(late);
            }
            other => return Err(format!("unknown command '{other}'")),
        }
        done()
    }
}

#[allow(clippy::unnecessary_wraps, reason = "the usual answer of a command")]
fn done() -> Result<String, String> {
    Ok(String::new())
}

fn late() -> String {
    "it did not come".to_owned()
}

/// The words of a line.
struct Words<'a>(std::str::SplitWhitespace<'a>);

impl<'a> Words<'a> {
    fn text(&mut self) -> Result<&'a str, String> {
        self.0
            .next()
            .ok_or_else(|| "the line is too short".to_owned())
    }

    fn number<T: std::str::FromStr>(&mut self) -> Result<T, String> {
        number(self.text()?)
    }

    fn switch(&mut self) -> Result<bool, String> {
        match self.text()? {
            "on" => Ok(true),
            "off" => Ok(false),
            other => Err(format!("'{other}' is neither on nor off")),
        }
    }

    fn bytes(&mut self) -> Result<Vec<u8>, String> {
        let text = self.text()?;
        let bad = || format!("'{text}' is not hexadecimal");
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let digits = digits
            .filter(|digits| digits.len() % 2 == 0)
            .ok_or_else(bad)?;
        Ok(digits
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect())
    }

    fn when(&mut self) -> Result<When, String> {
        Ok(match self.text()? {
            "connect" => When::connect_request(),
            "response" => When::connect_response(),
            "event" => When::event(),
            "request" => When::new(Direction::ToServer, self.what()?),
            "reply" => When::new(Direction::ToClient, self.what()?),
            other => return Err(format!("unknown frame '{other}'")),
        })
    }

    fn what(&mut self) -> Result<What, String> {
        let name = self.text()?;
        if name == "any" {
            return Ok(What::Operation);
        }
        let op = Op::ALL.iter().find(|op| format!("{op:?}") == name);
        let op = op.ok_or_else(|| format!("unknown operation '{name}'"))?;
        Ok(What::Op((*op).into()))
    }

    fn action(&mut self, name: &str) -> Result<Action, String> {
        let edit = match name {
            "cut" => {
                let after = self.number()?;
                return Ok(Action::Cut { after });
            }
            "reset" => {
                let after = self.number()?;
                return Ok(Action::Reset { after });
            }
            "dribble" => {
                let gap = Duration::from_micros(self.number()?);
                return Ok(Action::Dribble { gap });
            }
            "delay" => return Ok(Action::Delay(Duration::from_millis(self.number()?))),
            "hold" => return Ok(Action::Hold),
            "drop" => return Ok(Action::Drop),
            "xid" => Edit::Xid(self.number()?),
            "xid-by" => Edit::XidBy(self.number()?),
            "zxid" => Edit::Zxid(self.number()?),
            "err" => Edit::Err(self.number()?),
            "timeout" => Edit::Timeout(self.number()?),
            "session" => Edit::SessionId(self.number()?),
            "password" => Edit::Password(self.bytes()?),
            "read-only" => Edit::ReadOnly(match self.text()? {
                "on" => Some(true),
                "off" => Some(false),
                "absent" => None,
                other => return Err(format!("unknown '{other}'")),
            }),
            "length" => {
                let length = self.number()?;
                if length > LONGEST {
                    return Err(format!("at most {LONGEST} bytes"));
                }
                Edit::Length(length)
            }
            "length-word" => Edit::LengthWord(self.number()?),
            "body" => Edit::Body(self.bytes()?),
            "reply-body" => Edit::ReplyBody(self.bytes()?),
            "before" => Edit::Before(self.bytes()?),
            other => return Err(format!("unknown action '{other}'")),
        };
        Ok(Action::Edit(edit))
    }
}

/// A frame is not filled up beyond this.
const LONGEST: usize = 16 << 20;

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("'{text}' is not a number"))
}
