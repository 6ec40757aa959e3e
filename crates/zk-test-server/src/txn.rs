//! One transaction: writes with their checks in the real server's order, and a way back when a
//! later operation of a multi fails (S-110…S-125, S-173).

use crate::acl::{AclList, AclLists, AuthId};
use crate::path;
use crate::quota::{self, Quotas};
use crate::tree::{Node, Owner, Path, Tree};
use std::sync::Arc;
use zk_proto::records::{
    Acl, CheckVersionRequest, CreateRequest, CreateTtlRequest, DeleteRequest, SetAclRequest,
    SetDataRequest, Stat,
};
use zk_proto::{Code, CreateMode, EventType, List, Op, Perms};

/// A change that watchers are told of.
#[derive(Debug)]
pub(crate) struct Change {
    /// Created, deleted or changed; see [`EventType`].
    pub(crate) kind: i32,
    pub(crate) path: Path,
    /// Whom the watch ACL filter lets see it (S-211).
    pub(crate) acl: Arc<AclList>,
    /// The same for the event at the parent.
    pub(crate) parent_acl: Option<Arc<AclList>>,
}

/// How to take one step back.
#[derive(Debug)]
enum Undo {
    Create {
        path: Path,
        parent_pzxid: i64,
    },
    Delete {
        node: Box<Node>,
        parent_pzxid: i64,
    },
    Set {
        path: Path,
        data: Option<Box<[u8]>>,
        mzxid: i64,
        mtime: i64,
    },
    /// Quota bookkeeping, which touches nothing but the data.
    Data {
        path: Path,
        data: Option<Box<[u8]>>,
    },
}

/// What a transaction may look at besides the tree.
#[derive(Debug)]
pub(crate) struct TxnContext<'a> {
    pub(crate) zxid: i64,
    /// Wall clock, ms.
    pub(crate) time: i64,
    pub(crate) session: i64,
    /// Identities of the connection that asks.
    pub(crate) ids: &'a [AuthId],
    pub(crate) extended_types: bool,
    pub(crate) enforce_quota: bool,
    /// False for a session of a read-only server, which may own no ephemeral nodes.
    pub(crate) may_own_ephemerals: bool,
}

/// Writes of one zxid. Dropping it keeps them; [`Txn::roll_back`] takes them back.
#[derive(Debug)]
pub(crate) struct Txn<'a> {
    tree: &'a mut Tree,
    quotas: &'a mut Quotas,
    acls: &'a mut AclLists,
    cx: TxnContext<'a>,
    undo: Vec<Undo>,
    pub(crate) changes: Vec<Change>,
}

/// A create request of any kind, in common terms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Create<'a> {
    op: Op,
    path: &'a [u8],
    data: Option<&'a [u8]>,
    acl: List<'a, Acl<'a>>,
    flags: i32,
    ttl: i64,
}

impl<'a> Create<'a> {
    /// `None` if the path is null (S-047).
    pub(crate) fn new(op: Op, r: &CreateRequest<'a>) -> Option<Self> {
        Some(Self {
            op,
            path: r.path?,
            data: r.data,
            acl: r.acl,
            flags: r.flags,
            ttl: -1,
        })
    }

    /// The same for createTTL.
    pub(crate) fn with_ttl(r: &CreateTtlRequest<'a>) -> Option<Self> {
        Some(Self {
            op: Op::CreateTtl,
            path: r.path?,
            data: r.data,
            acl: r.acl,
            flags: r.flags,
            ttl: r.ttl,
        })
    }
}

/// Largest time to live, ms (S-116).
const MAX_TTL: i64 = 0xff_ffff_ffff;

impl<'a> Txn<'a> {
    pub(crate) fn new(
        tree: &'a mut Tree,
        quotas: &'a mut Quotas,
        acls: &'a mut AclLists,
        cx: TxnContext<'a>,
    ) -> Self {
        Self {
            tree,
            quotas,
            acls,
            cx,
            undo: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// Creates a node; returns its path and stat (S-110…S-116).
    pub(crate) fn create(&mut self, r: &Create<'_>) -> Result<(Path, Stat), Code> {
        let mode = CreateMode::from_i32(r.flags).ok_or(Code::BAD_ARGUMENTS)?;
        if mode.has_ttl() && !self.cx.extended_types {
            return Err(Code::UNIMPLEMENTED);
        }
        let is_ttl_op = r.op == Op::CreateTtl;
        if mode.has_ttl() != is_ttl_op || is_ttl_op && !(1..=MAX_TTL).contains(&r.ttl) {
            return Err(Code::BAD_ARGUMENTS);
        }
        if mode.is_ephemeral() && !self.cx.may_own_ephemerals {
            return Err(Code::EPHEMERAL_ON_LOCAL_SESSION);
        }
        let parent_path = path::parent_for_write(r.path).ok_or(Code::BAD_ARGUMENTS)?;
        let acl = self.acls.fix_up(&r.acl, self.cx.ids)?;
        let parent = self.tree.get(parent_path).ok_or(Code::NO_NODE)?;
        parent.acl.check(Perms::CREATE, self.cx.ids)?;
        let path: Path = if mode.is_sequential() {
            let number = format!("{:010}", parent.child_creates);
            [r.path, number.as_bytes()].concat().into()
        } else {
            r.path.into()
        };
        if !path::is_valid(&path) {
            return Err(Code::BAD_ARGUMENTS);
        }
        if self.tree.get(&path).is_some() {
            return Err(Code::NODE_EXISTS);
        }
        if matches!(parent.owner(), Owner::Session(_)) {
            return Err(Code::NO_CHILDREN_FOR_EPHEMERALS);
        }
        let (parent_acl, parent_pzxid) = (Arc::clone(&parent.acl), parent.pzxid);
        let bytes = r.data.map_or(0, <[u8]>::len) as i64;
        self.check_quota(&path, 1, bytes)?;
        let owner = match mode {
            _ if r.op == Op::CreateContainer => Owner::Container,
            _ if is_ttl_op => Owner::Ttl(r.ttl),
            _ if mode.is_ephemeral() => Owner::Session(self.cx.session),
            _ => Owner::Persistent,
        };
        self.changes.push(Change {
            kind: EventType::CREATED,
            path: Path::clone(&path),
            acl: Arc::clone(&acl),
            parent_acl: Some(parent_acl),
        });
        self.undo.push(Undo::Create {
            path: Path::clone(&path),
            parent_pzxid,
        });
        let (zxid, time) = (self.cx.zxid, self.cx.time);
        let node = Node::new(Path::clone(&path), r.data, acl, owner, zxid, time);
        let stat = node.stat();
        self.tree.insert(node);
        self.quotas.node_created(&path);
        self.count_quota(&path, 1, bytes);
        self.fill_quota_stats(&path);
        Ok((path, stat))
    }

    /// S-120.
    pub(crate) fn delete(&mut self, r: &DeleteRequest<'_>) -> Result<(), Code> {
        let path = r.path.unwrap_or_default();
        let parent = parent_for_delete(path)?;
        let parent = self.tree.get(parent).ok_or(Code::NO_NODE)?;
        parent.acl.check(Perms::DELETE, self.cx.ids)?;
        let node = self.tree.get(path).ok_or(Code::NO_NODE)?;
        check_version(node.version, r.version)?;
        if node.child_count() > 0 {
            return Err(Code::NOT_EMPTY);
        }
        self.remove(path);
        Ok(())
    }

    /// S-124: asks for no rights and deletes any node without children.
    pub(crate) fn delete_container(&mut self, path: &[u8]) -> Result<(), Code> {
        parent_for_delete(path)?;
        let node = self.tree.get(path).ok_or(Code::NO_NODE)?;
        if node.child_count() > 0 {
            return Err(Code::NOT_EMPTY);
        }
        if matches!(node.owner(), Owner::Session(_)) {
            return Err(Code::BAD_VERSION);
        }
        self.remove(path);
        Ok(())
    }

    /// Deletes without any check: ends of sessions.
    pub(crate) fn remove(&mut self, path: &[u8]) {
        let parent = self.tree.get(path::parent(path));
        let parent_pzxid = parent.map_or(0, |p| p.pzxid);
        let parent_acl = parent.map(|p| Arc::clone(&p.acl));
        let Some(node) = self.tree.remove(path, self.cx.zxid) else {
            return;
        };
        self.changes.push(Change {
            kind: EventType::DELETED,
            path: Path::clone(node.path()),
            acl: Arc::clone(&node.acl),
            parent_acl,
        });
        self.quotas.node_deleted(path);
        self.count_quota(path, -1, -(node.data_len() as i64));
        self.undo.push(Undo::Delete { node, parent_pzxid });
    }

    /// S-121.
    pub(crate) fn set_data(&mut self, r: &SetDataRequest<'_>) -> Result<Stat, Code> {
        let path = r.path.unwrap_or_default();
        if !path::is_valid(path) {
            return Err(Code::BAD_ARGUMENTS);
        }
        let node = self.tree.get(path).ok_or(Code::NO_NODE)?;
        node.acl.check(Perms::WRITE, self.cx.ids)?;
        let growth = r.data.map_or(0, <[u8]>::len) as i64 - node.data_len() as i64;
        self.check_quota(path, 0, growth)?;
        check_version(node.version, r.version)?;
        let (mzxid, mtime, acl) = (node.mzxid, node.mtime, Arc::clone(&node.acl));
        let path: Path = path.into();
        let data = self.tree.replace_data(&path, r.data.map(Box::from));
        let node = self.tree.get_mut(&path).ok_or(Code::NO_NODE)?;
        node.version = node.version.wrapping_add(1);
        node.mzxid = self.cx.zxid;
        node.mtime = self.cx.time;
        let stat = node.stat();
        self.changes.push(Change {
            kind: EventType::CHANGED,
            path: Path::clone(&path),
            acl,
            parent_acl: None,
        });
        self.count_quota(&path, 0, growth);
        self.undo.push(Undo::Set {
            path,
            data,
            mzxid,
            mtime,
        });
        Ok(stat)
    }

    /// S-122. Not part of a multi, so it needs no way back.
    pub(crate) fn set_acl(&mut self, r: &SetAclRequest<'_>) -> Result<Stat, Code> {
        let path = r.path.unwrap_or_default();
        if !path::is_valid(path) {
            return Err(Code::BAD_ARGUMENTS);
        }
        let acl = self.acls.fix_up(&r.acl, self.cx.ids)?;
        let node = self.tree.get_mut(path).ok_or(Code::NO_NODE)?;
        node.acl.check(Perms::ADMIN, self.cx.ids)?;
        check_version(node.aversion, r.version)?;
        node.acl = acl;
        node.aversion = node.aversion.wrapping_add(1);
        Ok(node.stat())
    }

    /// S-123.
    pub(crate) fn check(&self, r: &CheckVersionRequest<'_>) -> Result<(), Code> {
        let path = r.path.unwrap_or_default();
        if !path::is_valid(path) {
            return Err(Code::BAD_ARGUMENTS);
        }
        let node = self.tree.get(path).ok_or(Code::NO_NODE)?;
        node.acl.check(Perms::READ, self.cx.ids)?;
        check_version(node.version, r.version)
    }

    /// Takes every write back; the tree is as it was before.
    pub(crate) fn roll_back(&mut self) {
        self.changes.clear();
        for step in std::mem::take(&mut self.undo).into_iter().rev() {
            match step {
                Undo::Create { path, parent_pzxid } => {
                    self.tree.undo_insert(&path, parent_pzxid);
                    self.quotas.node_deleted(&path);
                }
                Undo::Delete { node, parent_pzxid } => {
                    self.quotas.node_created(node.path());
                    self.tree.undo_remove(node, parent_pzxid);
                }
                Undo::Set {
                    path,
                    data,
                    mzxid,
                    mtime,
                } => {
                    self.tree.replace_data(&path, data);
                    if let Some(node) = self.tree.get_mut(&path) {
                        node.version = node.version.wrapping_sub(1);
                        (node.mzxid, node.mtime) = (mzxid, mtime);
                    }
                }
                Undo::Data { path, data } => {
                    self.tree.replace_data(&path, data);
                }
            }
        }
    }

    fn check_quota(&self, path: &[u8], nodes: i64, bytes: i64) -> Result<(), Code> {
        if self.cx.enforce_quota && self.quotas.exceeds(self.tree, path, nodes, bytes) {
            return Err(Code::QUOTA_EXCEEDED);
        }
        Ok(())
    }

    /// Keeps the usage node of the quota above `path` true (S-186).
    fn count_quota(&mut self, path: &[u8], nodes: i64, bytes: i64) {
        if let Some((stats, text)) = self.quotas.usage_after(self.tree, path, nodes, bytes) {
            self.put_quietly(&stats, &text);
        }
    }

    /// A usage node starts with the real totals (S-186).
    fn fill_quota_stats(&mut self, path: &[u8]) {
        if let Some(text) = quota::real_usage(self.tree, path) {
            self.put_quietly(path, &text);
        }
    }

    fn put_quietly(&mut self, path: &[u8], text: &str) {
        let data = self.tree.replace_data(path, Some(text.as_bytes().into()));
        self.undo.push(Undo::Data {
            path: path.into(),
            data,
        });
    }
}

fn parent_for_delete(path: &[u8]) -> Result<&[u8], Code> {
    path::parent_for_write(path)
        .filter(|_| !path::is_special(path))
        .ok_or(Code::BAD_ARGUMENTS)
}

fn check_version(actual: i32, expected: i32) -> Result<(), Code> {
    if expected == -1 || expected == actual {
        Ok(())
    } else {
        Err(Code::BAD_VERSION)
    }
}
