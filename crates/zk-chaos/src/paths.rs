//! Where the nodes of a run are.

use crate::history::{Node, Session};

/// The parent of everything.
pub const ROOT: &str = "/chaos";
/// The parent of the registers.
pub const REGISTERS: &str = "/chaos/registers";
/// The parent of the sessions' folders.
pub const SESSIONS: &str = "/chaos/sessions";
/// The parent of the numbered nodes.
pub const SEQUENCE: &str = "/chaos/sequence";

/// A register's path.
pub fn register(number: u16) -> String {
    format!("{REGISTERS}/{number}")
}

/// The folder of a session's slots.
pub fn folder(session: Session) -> String {
    format!("{SESSIONS}/{session}")
}

/// The path of a node as this session knows it.
pub fn node(session: Session, node: Node) -> String {
    match node {
        Node::Register(number) => register(number),
        Node::Slot(slot) => format!("{SESSIONS}/{session}/{slot}"),
    }
}

/// What the numbered nodes' paths begin with.
pub fn numbered() -> String {
    format!("{SEQUENCE}/n-")
}

/// The session of a folder's name.
pub fn session(name: &str) -> Option<Session> {
    let (client, number) = name.split_once('-')?;
    Some(Session {
        client: client.parse().ok()?,
        number: number.parse().ok()?,
    })
}
