//! What is written down of a run: requests, completions and events, each in the order in which its
//! client saw them.
//!
//! A history is one stream of [`Event`]s of all clients. If an event stands behind another one, it
//! did not happen before it: an issue is written down before the call, a completion by the
//! callback. So the checker needs no clock.

use std::fmt;

use zk_proto::Code;

/// Nodes that all clients read and set; none of them is ever deleted.
pub const REGISTERS: u16 = 32;
/// Nodes of one session, which nobody else writes.
pub const SLOTS: u16 = 48;
/// The first of a session's slots that are ephemeral nodes.
pub const FIRST_EPHEMERAL: u16 = 32;

/// One handle of one client; clients open one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Session {
    /// The client, from 0.
    pub client: u16,
    /// Which of the client's handles, from 0.
    pub number: u16,
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.client, self.number)
    }
}

/// A request, unique in the run. It is also the data that the request writes, so that each value
/// tells where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    /// Who asked.
    pub session: Session,
    /// Which of the session's requests, from 0.
    pub index: u32,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.session, self.index)
    }
}

impl Id {
    /// The request whose data this is; `None` if no client wrote it.
    pub fn parse(data: &[u8]) -> Option<Self> {
        let mut parts = str::from_utf8(data).ok()?.split('-');
        let id = Self {
            session: Session {
                client: parts.next()?.parse().ok()?,
                number: parts.next()?.parse().ok()?,
            },
            index: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(id)
    }
}

/// A node whose data is read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// A shared node.
    Register(u16),
    /// A node of the asking session.
    Slot(u16),
}

/// What is asked of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Creates the folder of the session's slots.
    Folder,
    /// Reads data, with a watch of its own if so.
    Get(Node, bool),
    /// Asks for the statistics, with a watch of its own if so.
    Exists(Node, bool),
    /// Lists the session's slots, with a watch of its own if so.
    Children(bool),
    /// Sets data if the node has this version; -1 for any.
    Set(Node, i32),
    /// Sets two registers in one transaction, if the first one has this version.
    SetBoth(u16, u16, i32),
    /// Creates a slot.
    Create(u16),
    /// Deletes a slot if it has this version; -1 for any.
    Delete(u16, i32),
    /// Creates a node whose name the server numbers.
    Sequence,
    /// Waits for what the leader has.
    Sync,
    /// Asks for an ephemeral slot of an earlier session of this client, which has expired.
    Ghost(Session, u16),
}

/// The statistics of a node that the checker knows about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Transaction that created the node.
    pub czxid: i64,
    /// Transaction that last set its data.
    pub mzxid: i64,
    /// Transaction that last added or removed a child.
    pub pzxid: i64,
    /// How often the data was set.
    pub version: i32,
    /// Session of an ephemeral node, or 0.
    pub owner: i64,
}

impl Stat {
    /// The newest transaction that can be seen here.
    pub fn newest(&self) -> i64 {
        self.czxid.max(self.mzxid).max(self.pzxid)
    }
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a code that is not `OK`.
    Failed(Code),
    /// `OK` with nothing to tell.
    Done,
    /// `OK`; exists, set or a created slot.
    Stat(Stat),
    /// `OK` with data that came from this request, or from none of the run's.
    Data(Option<Id>, Stat),
    /// `OK` with these slots, and how many other names.
    Children(Vec<u16>, Stat),
    /// `OK`; the path of a new sequential node.
    Created(String, Stat),
    /// `OK`; both registers of a transaction.
    Both([Stat; 2]),
}

/// Something that happened to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A handle is about to be made.
    Opened,
    /// A request is about to be made, answered by a completion.
    Issued(u32, Op),
    /// The call took the request not, with this code: no completion may follow.
    Refused(u32, Code),
    /// The completion of a request ran.
    Completed(u32, Outcome),
    /// A synchronous call is about to be made.
    Called(u32, Op),
    /// It came back.
    Returned(u32, Outcome),
    /// The watch of a request was called for a node event of this type; the path was right or not.
    Fired(u32, i32, bool),
    /// The watch of a request was called for a session event with this state.
    Told(u32, i32),
    /// The handle's own watcher was called for a session event with this state, when the handle's
    /// session had this number.
    State(i32, i64),
    /// Another handle is about to take the session over, and to close it. The server may leave out
    /// replies then, which the client takes for a broken connection.
    TakenOver,
    /// The handle is about to be closed.
    Closing,
    /// The handle was closed.
    Closed,
}

/// One line of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// To whom.
    pub session: Session,
    /// What.
    pub what: What,
}

/// The data of a node and its statistics.
pub type Content = (Option<Id>, Stat);

/// All nodes of the run, as a client reads them when nobody writes.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The shared nodes.
    pub registers: Vec<(u16, Content)>,
    /// The slots that exist.
    pub slots: Vec<(Session, u16, Content)>,
    /// The numbered nodes, by path.
    pub sequence: Vec<(String, Content)>,
}

/// What the checker is given, in this order.
#[derive(Clone, Debug)]
pub enum Line {
    /// Something happened.
    Event(Event),
    /// This is there, and nobody writes. If true, enough time has passed since the last session
    /// ended for its ephemeral nodes to be gone.
    Tree(Tree, bool),
    /// There is no more.
    End,
}
