//! Four-letter words, and what a server says about itself.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longest wait for an answer. A server in between roles may never give one.
const PATIENCE: Duration = Duration::from_millis(500);

/// What part a server plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The only server.
    Standalone,
    /// Orders the ensemble's writes.
    Leader,
    /// Votes on them.
    Follower,
    /// Takes part without a vote.
    Observer,
    /// Without a quorum; serves clients that are content with reading.
    ReadOnly,
}

/// Sends a four-letter word, such as `ruok`, and gives the answer.
pub fn four_letter_word(server: SocketAddr, word: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&server, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(word.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// What the server serves as; `None` while it serves nobody, whatever the reason.
pub fn mode(server: SocketAddr) -> Option<Mode> {
    let answer = four_letter_word(server, "srvr").ok()?;
    let mode = answer
        .lines()
        .find_map(|line| line.strip_prefix("Mode: "))?;
    match mode {
        "standalone" => Some(Mode::Standalone),
        "leader" => Some(Mode::Leader),
        "follower" => Some(Mode::Follower),
        "observer" => Some(Mode::Observer),
        "read-only" => Some(Mode::ReadOnly),
        _ => None,
    }
}
