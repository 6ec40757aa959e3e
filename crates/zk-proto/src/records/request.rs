use crate::jute::records;
use crate::records::Acl;
use crate::{Buffer, List, Text};

records! {
    /// create, create2, createContainer.
    CreateRequest<'a> {
        /// Path, before any sequence number.
        path: Text<'a>,
        /// Data.
        data: Buffer<'a>,
        /// ACL.
        acl: List<'a, Acl<'a>>,
        /// See [`crate::CreateMode`].
        flags: i32,
    }

    /// createTTL.
    CreateTtlRequest<'a> {
        /// Path, before any sequence number.
        path: Text<'a>,
        /// Data.
        data: Buffer<'a>,
        /// ACL.
        acl: List<'a, Acl<'a>>,
        /// See [`crate::CreateMode`].
        flags: i32,
        /// Time to live, ms.
        ttl: i64,
    }

    /// delete.
    DeleteRequest<'a> {
        /// Path.
        path: Text<'a>,
        /// Version the node must have, −1 for any.
        version: i32,
    }

    /// exists, getData, getChildren, getChildren2.
    WatchedPathRequest<'a> {
        /// Path.
        path: Text<'a>,
        /// True to leave a watch.
        watch: bool,
    }

    /// getACL, sync, getAllChildrenNumber, deleteContainer.
    PathRequest<'a> {
        /// Path.
        path: Text<'a>,
    }

    /// setData.
    SetDataRequest<'a> {
        /// Path.
        path: Text<'a>,
        /// New data.
        data: Buffer<'a>,
        /// Version the node must have, −1 for any.
        version: i32,
    }

    /// setACL.
    SetAclRequest<'a> {
        /// Path.
        path: Text<'a>,
        /// New ACL.
        acl: List<'a, Acl<'a>>,
        /// ACL version the node must have, −1 for any.
        version: i32,
    }

    /// check, inside a multi.
    CheckVersionRequest<'a> {
        /// Path.
        path: Text<'a>,
        /// Version the node must have, −1 for any.
        version: i32,
    }

    /// reconfig; all three strings may be null.
    ReconfigRequest<'a> {
        /// Servers that join.
        joining: Text<'a>,
        /// Ids of servers that leave.
        leaving: Text<'a>,
        /// The whole new membership; wins over the other two.
        members: Text<'a>,
        /// Config version it must start from, −1 for any.
        config_id: i64,
    }

    /// checkWatches.
    CheckWatchesRequest<'a> {
        /// Path.
        path: Text<'a>,
        /// See [`crate::RemoveWatchType`].
        kind: i32,
    }

    /// removeWatches.
    RemoveWatchesRequest<'a> {
        /// Path.
        path: Text<'a>,
        /// See [`crate::RemoveWatchType`].
        kind: i32,
    }

    /// addWatch.
    AddWatchRequest<'a> {
        /// Path.
        path: Text<'a>,
        /// See [`crate::AddWatchMode`].
        mode: i32,
    }

    /// getEphemerals.
    GetEphemeralsRequest<'a> {
        /// Plain string prefix of the paths wanted.
        prefix: Text<'a>,
    }

    /// auth.
    AuthPacket<'a> {
        /// Always 0.
        kind: i32,
        /// Authentication scheme.
        scheme: Text<'a>,
        /// Credential in the scheme's own form.
        auth: Buffer<'a>,
    }

    /// One step of a SASL dialogue.
    SaslRequest<'a> {
        /// Token of the mechanism.
        token: Buffer<'a>,
    }

    /// setWatches.
    SetWatches<'a> {
        /// Last zxid of the replies seen; later changes are reported as events.
        relative_zxid: i64,
        /// Paths of data watches.
        data: List<'a, Text<'a>>,
        /// Paths of watches on missing nodes.
        exist: List<'a, Text<'a>>,
        /// Paths of child watches.
        child: List<'a, Text<'a>>,
    }

    /// setWatches2.
    SetWatches2<'a> {
        /// Last zxid of the replies seen; later changes are reported as events.
        relative_zxid: i64,
        /// Paths of data watches.
        data: List<'a, Text<'a>>,
        /// Paths of watches on missing nodes.
        exist: List<'a, Text<'a>>,
        /// Paths of child watches.
        child: List<'a, Text<'a>>,
        /// Paths of persistent watches.
        persistent: List<'a, Text<'a>>,
        /// Paths of persistent recursive watches.
        persistent_recursive: List<'a, Text<'a>>,
    }
}
