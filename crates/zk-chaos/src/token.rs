//! What callbacks get as their context: a number that says which request they belong to.
//!
//! A pointer would have to stay valid for callbacks that come too late or twice, which is what the
//! checker is there to find.

use crate::history::{Id, Node, Session};

const INDEX_BITS: u32 = 30;
const NUMBER_BITS: u32 = 14;
const CLIENT_BITS: u32 = 8;
const TARGET_BITS: u32 = 12;

/// The index that stands for the handle itself.
const HANDLE: u32 = (1 << INDEX_BITS) - 1;
/// Most requests of one session.
pub(crate) const MOST_REQUESTS: u32 = HANDLE - 1;
/// Most clients.
pub const MOST_CLIENTS: u16 = 1 << CLIENT_BITS;
/// Most sessions of a client.
pub(crate) const MOST_SESSIONS: u16 = 1 << NUMBER_BITS;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Node(Node),
    /// The session's folder, or nothing that has versions or watches.
    Folder,
}

const FOLDER: u64 = (1 << TARGET_BITS) - 1;
const SLOT: u64 = 1 << (TARGET_BITS - 1);

/// A request, or the handle if there is no index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) session: Session,
    pub(crate) index: Option<u32>,
    pub(crate) target: Target,
}

impl Token {
    pub(crate) fn handle(session: Session) -> Self {
        Self {
            session,
            index: None,
            target: Target::Folder,
        }
    }

    pub(crate) fn request(id: Id, target: Target) -> Self {
        Self {
            session: id.session,
            index: Some(id.index),
            target,
        }
    }

    pub(crate) fn pack(self) -> u64 {
        let target = match self.target {
            Target::Node(Node::Register(number)) => u64::from(number),
            Target::Node(Node::Slot(slot)) => SLOT | u64::from(slot),
            Target::Folder => FOLDER,
        };
        let index = u64::from(self.index.unwrap_or(HANDLE));
        let session =
            u64::from(self.session.client) << NUMBER_BITS | u64::from(self.session.number);
        (session << INDEX_BITS | index) << TARGET_BITS | target
    }

    pub(crate) fn unpack(packed: u64) -> Self {
        let bits = |shift: u32, count: u32| packed >> shift & ((1 << count) - 1);
        let target = bits(0, TARGET_BITS);
        let index = bits(TARGET_BITS, INDEX_BITS) as u32;
        let number = (target & !SLOT) as u16;
        Self {
            session: Session {
                client: bits(TARGET_BITS + INDEX_BITS + NUMBER_BITS, CLIENT_BITS) as u16,
                number: bits(TARGET_BITS + INDEX_BITS, NUMBER_BITS) as u16,
            },
            index: (index != HANDLE).then_some(index),
            target: match target {
                FOLDER => Target::Folder,
                slot if slot & SLOT != 0 => Target::Node(Node::Slot(number)),
                _ => Target::Node(Node::Register(number)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_as_it_was() {
        let session = Session {
            client: MOST_CLIENTS - 1,
            number: MOST_SESSIONS - 1,
        };
        let (first, last) = (0, MOST_REQUESTS);
        for index in [first, last] {
            for target in [
                Target::Folder,
                Target::Node(Node::Slot(47)),
                Target::Node(Node::Register(0)),
            ] {
                let token = Token::request(Id { session, index }, target);
                assert_eq!(Token::unpack(token.pack()), token);
            }
        }
        let handle = Token::handle(session);
        assert_eq!(Token::unpack(handle.pack()), handle);
    }
}
