use crate::jute::records;
use crate::records::{Acl, ClientInfo, Stat};
use crate::{Buffer, Code, List, Text};

records! {
    /// create.
    CreateResponse<'a> {
        /// Path, sequence number included.
        path: Text<'a>,
    }

    /// create2, createContainer, createTTL.
    Create2Response<'a> {
        /// Path, sequence number included.
        path: Text<'a>,
        /// Stat right after the create.
        stat: Stat,
    }

    /// exists.
    ExistsResponse {
        /// The node's stat.
        stat: Stat,
    }

    /// getData, reconfig.
    GetDataResponse<'a> {
        /// The node's data.
        data: Buffer<'a>,
        /// Its stat.
        stat: Stat,
    }

    /// setData.
    SetDataResponse {
        /// Stat after the change.
        stat: Stat,
    }

    /// getACL.
    GetAclResponse<'a> {
        /// The node's ACL.
        acl: List<'a, Acl<'a>>,
        /// Its stat.
        stat: Stat,
    }

    /// setACL.
    SetAclResponse {
        /// Stat after the change.
        stat: Stat,
    }

    /// getChildren.
    GetChildrenResponse<'a> {
        /// Names, without the parent's path, in any order.
        children: List<'a, Text<'a>>,
    }

    /// getChildren2.
    GetChildren2Response<'a> {
        /// Names, without the parent's path, in any order.
        children: List<'a, Text<'a>>,
        /// The parent's stat.
        stat: Stat,
    }

    /// sync.
    SyncResponse<'a> {
        /// The path asked for.
        path: Text<'a>,
    }

    /// getEphemerals.
    GetEphemeralsResponse<'a> {
        /// Paths of the session's ephemeral nodes.
        paths: List<'a, Text<'a>>,
    }

    /// getAllChildrenNumber.
    GetAllChildrenNumberResponse {
        /// Number of descendants.
        total: i32,
    }

    /// addWatch.
    AddWatchResponse {
        /// Always 0.
        err: Code,
    }

    /// whoAmI.
    WhoAmIResponse<'a> {
        /// The connection's identities.
        infos: List<'a, ClientInfo<'a>>,
    }

    /// One step of a SASL dialogue.
    SaslResponse<'a> {
        /// Token of the mechanism.
        token: Buffer<'a>,
    }

    /// A failed operation inside a multi reply.
    ErrorResponse {
        /// Its code.
        err: Code,
    }

    /// A watch event; its header has xid −1.
    WatcherEvent<'a> {
        /// See [`crate::EventType`].
        kind: i32,
        /// See [`crate::SessionState`]; always 3 from a server.
        state: i32,
        /// The node.
        path: Text<'a>,
    }
}
