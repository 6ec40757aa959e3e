//! What callers ask for, before it is encoded.

use zk_proto::records::{Acl, MultiOp, MultiReadOp};
use zk_proto::{AddWatchMode, Buffer, List, Text};

/// One request of the API. Paths are the caller's, without the chroot; `None` stands for a
/// NULL pointer and is refused as a bad argument.
#[derive(Clone, Copy, Debug)]
pub enum Request<'a> {
    /// create, create2, container and TTL creates (C-230…C-233, C-286).
    Create {
        /// Path, before any sequence number.
        path: Text<'a>,
        /// Data.
        data: Buffer<'a>,
        /// ACL; [`List::NULL`] is sent as an empty vector (C-248).
        acl: List<'a, Acl<'a>>,
        /// The mode, not range checked (C-277).
        mode: i32,
        /// Time to live in ms, −1 for the calls that have none.
        ttl: i64,
        /// True for the create2 family, whose outcome has a stat.
        stat: bool,
    },
    /// delete.
    #[allow(missing_docs, reason = "path and expected version, −1 for any")]
    Delete { path: Text<'a>, version: i32 },
    /// exists.
    #[allow(missing_docs, reason = "just the path")]
    Exists { path: Text<'a> },
    /// get.
    #[allow(missing_docs, reason = "just the path")]
    GetData { path: Text<'a> },
    /// The asynchronous getconfig: the config node, whatever the chroot (C-281).
    GetConfig,
    /// set.
    #[allow(
        missing_docs,
        reason = "path, new data and expected version, −1 for any"
    )]
    SetData {
        path: Text<'a>,
        data: Buffer<'a>,
        version: i32,
    },
    /// get_children.
    #[allow(missing_docs, reason = "just the path")]
    GetChildren { path: Text<'a> },
    /// get_children2.
    #[allow(missing_docs, reason = "just the path")]
    GetChildren2 { path: Text<'a> },
    /// async, which flushes the channel to the leader.
    #[allow(missing_docs, reason = "just the path")]
    Sync { path: Text<'a> },
    /// get_acl.
    #[allow(missing_docs, reason = "just the path")]
    GetAcl { path: Text<'a> },
    /// set_acl.
    SetAcl {
        /// Path.
        path: Text<'a>,
        /// New ACL.
        acl: List<'a, Acl<'a>>,
        /// Expected ACL version, −1 for any.
        version: i32,
        /// True if the outcome has the stat, which the C library drops.
        stat: bool,
    },
    /// reconfig; `None` strings are sent as null (C-244).
    #[allow(missing_docs, reason = "as the reconfig call takes them")]
    Reconfig {
        joining: Text<'a>,
        leaving: Text<'a>,
        members: Text<'a>,
        version: i64,
    },
    /// A transaction. Operations outside C-621 are refused by the layer that builds this.
    Multi(&'a [MultiOp<'a>]),
    /// addWatch (S-144); the watcher that comes with it stays until it is removed.
    #[allow(missing_docs, reason = "path, and whether descendants count")]
    AddWatch { path: Text<'a>, mode: AddWatchMode },
    /// Several reads in one request, each with a result of its own (S-178).
    MultiRead(&'a [MultiReadOp<'a>]),
    /// getEphemerals: the session's own ephemeral nodes whose paths start like this (S-143).
    GetEphemerals {
        /// `None`, nothing and `/` stand for all below the chroot.
        prefix: Text<'a>,
    },
    /// getAllChildrenNumber: how many descendants a node has (S-142).
    #[allow(missing_docs, reason = "just the path")]
    GetAllChildrenNumber { path: Text<'a> },
    /// whoAmI: the connection's identities (S-108).
    WhoAmI,
}
