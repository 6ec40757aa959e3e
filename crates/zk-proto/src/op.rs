//! Operation numbers (S-070).

macro_rules! ops {
    ($($(#[$meta:meta])* $name:ident = $value:literal),* $(,)?) => {
        /// A request type, as written in a request header or a multi header.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum Op { $($(#[$meta])* $name = $value),* }

        impl Op {
            /// Every operation, in numeric order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The operation with this number, if there is one.
            #[inline]
            pub fn from_i32(value: i32) -> Option<Self> {
                match value { $($value => Some(Self::$name),)* _ => None }
            }
        }
    };
}

ops! {
    /// Server to client: a watch event.
    Notification = 0,
    /// Creates a node; the reply holds its path.
    Create = 1,
    /// Deletes a node.
    Delete = 2,
    /// Asks for a node's stat.
    Exists = 3,
    /// Reads a node's data and stat.
    GetData = 4,
    /// Replaces a node's data.
    SetData = 5,
    /// Reads a node's ACL.
    GetAcl = 6,
    /// Replaces a node's ACL.
    SetAcl = 7,
    /// Lists a node's children.
    GetChildren = 8,
    /// Flushes the channel between the server and the leader.
    Sync = 9,
    /// Keeps the session alive.
    Ping = 11,
    /// Lists a node's children and its stat.
    GetChildren2 = 12,
    /// Checks a version; only inside a multi.
    Check = 13,
    /// A transaction.
    Multi = 14,
    /// Creates a node; the reply holds its path and stat.
    Create2 = 15,
    /// Changes the ensemble.
    Reconfig = 16,
    /// Asks whether the server holds a watch.
    CheckWatches = 17,
    /// Removes watches.
    RemoveWatches = 18,
    /// Creates a container node.
    CreateContainer = 19,
    /// Deletes an empty container node.
    DeleteContainer = 20,
    /// Creates a node with a time to live.
    CreateTtl = 21,
    /// Several reads in one request.
    MultiRead = 22,
    /// Adds an identity to the connection.
    Auth = 100,
    /// Re-arms watches after a reconnect.
    SetWatches = 101,
    /// One step of a SASL dialogue.
    Sasl = 102,
    /// Lists the session's ephemeral nodes.
    GetEphemerals = 103,
    /// Counts all descendants.
    GetAllChildrenNumber = 104,
    /// Re-arms watches, persistent ones included.
    SetWatches2 = 105,
    /// Adds a persistent watch.
    AddWatch = 106,
    /// Lists the connection's identities.
    WhoAmI = 107,
    /// Internal to the servers: opens a session.
    CreateSession = -10,
    /// Ends the session.
    CloseSession = -11,
    /// A failed operation inside a multi reply, and the end mark of a multi.
    Error = -1,
}

impl From<Op> for i32 {
    #[inline]
    fn from(op: Op) -> Self {
        op as Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_map_back_to_their_operation() {
        for &op in Op::ALL {
            assert_eq!(Op::from_i32(op.into()), Some(op));
        }
        for unknown in [10, 23, 99, 999, i32::MIN] {
            assert_eq!(Op::from_i32(unknown), None);
        }
    }
}
