//! The operation codes of `proto.h`.
//!
//! The library itself uses [`zk_proto::Op`]; these numbers exist for C programs.

use libc::c_int;
use zk_proto::Op;

/// An event, in the place of a reply.
pub const ZOO_NOTIFY_OP: c_int = 0;
/// Create a node.
pub const ZOO_CREATE_OP: c_int = 1;
/// Delete a node.
pub const ZOO_DELETE_OP: c_int = 2;
/// Get the statistics of a node, or learn that it does not exist.
pub const ZOO_EXISTS_OP: c_int = 3;
/// Get a node's data.
pub const ZOO_GETDATA_OP: c_int = 4;
/// Set a node's data.
pub const ZOO_SETDATA_OP: c_int = 5;
/// Get a node's ACL.
pub const ZOO_GETACL_OP: c_int = 6;
/// Set a node's ACL.
pub const ZOO_SETACL_OP: c_int = 7;
/// Get the names of a node's children.
pub const ZOO_GETCHILDREN_OP: c_int = 8;
/// Wait until the server has caught up with the leader.
pub const ZOO_SYNC_OP: c_int = 9;
/// Keep the session alive.
pub const ZOO_PING_OP: c_int = 11;
/// Get the names of a node's children and its statistics.
pub const ZOO_GETCHILDREN2_OP: c_int = 12;
/// Check a node's version, in a transaction.
pub const ZOO_CHECK_OP: c_int = 13;
/// Do several operations as one transaction.
pub const ZOO_MULTI_OP: c_int = 14;
/// Create a node and get its statistics.
pub const ZOO_CREATE2_OP: c_int = 15;
/// Change the ensemble's configuration.
pub const ZOO_RECONFIG_OP: c_int = 16;
/// Ask whether a watch is set.
pub const ZOO_CHECK_WATCHES: c_int = 17;
/// Remove watches.
pub const ZOO_REMOVE_WATCHES: c_int = 18;
/// Create a container node.
pub const ZOO_CREATE_CONTAINER_OP: c_int = 19;
/// Delete a container node; servers only.
pub const ZOO_DELETE_CONTAINER_OP: c_int = 20;
/// Create a node with a time to live.
pub const ZOO_CREATE_TTL_OP: c_int = 21;
/// End the session.
pub const ZOO_CLOSE_OP: c_int = -11;
/// Add an identity to the connection.
pub const ZOO_SETAUTH_OP: c_int = 100;
/// Set watches again after a reconnection.
pub const ZOO_SETWATCHES_OP: c_int = 101;
/// A step of a SASL dialogue.
pub const ZOO_SASL_OP: c_int = 102;

const _: () = {
    let same = [
        (ZOO_NOTIFY_OP, Op::Notification),
        (ZOO_CREATE_OP, Op::Create),
        (ZOO_DELETE_OP, Op::Delete),
        (ZOO_EXISTS_OP, Op::Exists),
        (ZOO_GETDATA_OP, Op::GetData),
        (ZOO_SETDATA_OP, Op::SetData),
        (ZOO_GETACL_OP, Op::GetAcl),
        (ZOO_SETACL_OP, Op::SetAcl),
        (ZOO_GETCHILDREN_OP, Op::GetChildren),
        (ZOO_SYNC_OP, Op::Sync),
        (ZOO_PING_OP, Op::Ping),
        (ZOO_GETCHILDREN2_OP, Op::GetChildren2),
        (ZOO_CHECK_OP, Op::Check),
        (ZOO_MULTI_OP, Op::Multi),
        (ZOO_CREATE2_OP, Op::Create2),
        (ZOO_RECONFIG_OP, Op::Reconfig),
        (ZOO_CHECK_WATCHES, Op::CheckWatches),
        (ZOO_REMOVE_WATCHES, Op::RemoveWatches),
        (ZOO_CREATE_CONTAINER_OP, Op::CreateContainer),
        (ZOO_DELETE_CONTAINER_OP, Op::DeleteContainer),
        (ZOO_CREATE_TTL_OP, Op::CreateTtl),
        (ZOO_CLOSE_OP, Op::CloseSession),
        (ZOO_SETAUTH_OP, Op::Auth),
        (ZOO_SETWATCHES_OP, Op::SetWatches),
        (ZOO_SASL_OP, Op::Sasl),
    ];
    let mut index = 0;
    while index < same.len() {
        assert!(same[index].0 == same[index].1 as c_int);
        index += 1;
    }
};
