//! The tree of nodes: what is stored, and the bookkeeping a single change needs (S-080…S-088).
//!
//! Decides nothing about rights, versions or paths; callers check first. Lookups take raw path
//! bytes and allocate nothing.

use crate::acl::AclList;
use crate::path;
use foldhash::fast::FixedState;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use zk_proto::Perms;
use zk_proto::records::Stat;

/// A path that several tables share.
pub(crate) type Path = Arc<[u8]>;

/// What keeps a node alive (S-085).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Persistent,
    Session(i64),
    Container,
    /// Time to live, ms.
    Ttl(i64),
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// `None` is null data, which differs from empty data (S-086).
    pub(crate) data: Option<Arc<[u8]>>,
    pub(crate) acl: Arc<AclList>,
    pub(crate) owner: Owner,
    pub(crate) czxid: i64,
    pub(crate) mzxid: i64,
    pub(crate) pzxid: i64,
    pub(crate) ctime: i64,
    pub(crate) mtime: i64,
    pub(crate) version: i32,
    /// Creates of children; the number in sequence names, not the one on the wire (S-087).
    pub(crate) child_creates: i32,
    pub(crate) aversion: i32,
    pub(crate) children: BTreeSet<Box<[u8]>>,
}

impl Node {
    pub(crate) fn new(
        data: Option<&[u8]>,
        acl: Arc<AclList>,
        owner: Owner,
        zxid: i64,
        time: i64,
    ) -> Self {
        Self {
            data: data.map(Arc::from),
            acl,
            owner,
            czxid: zxid,
            mzxid: zxid,
            pzxid: zxid,
            ctime: time,
            mtime: time,
            version: 0,
            child_creates: 0,
            aversion: 0,
            children: BTreeSet::new(),
        }
    }

    pub(crate) fn data_len(&self) -> usize {
        self.data.as_ref().map_or(0, |d| d.len())
    }

    #[inline]
    pub(crate) fn stat(&self) -> Stat {
        let num_children = self.children.len() as i32;
        Stat {
            czxid: self.czxid,
            mzxid: self.mzxid,
            ctime: self.ctime,
            mtime: self.mtime,
            version: self.version,
            // Creates and deletes of children (S-084).
            cversion: self
                .child_creates
                .wrapping_mul(2)
                .wrapping_sub(num_children),
            aversion: self.aversion,
            ephemeral_owner: match self.owner {
                Owner::Session(id) => id,
                _ => 0,
            },
            data_length: self.data_len() as i32,
            num_children,
            pzxid: self.pzxid,
        }
    }
}

/// The nodes by path, and indexes over them.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: HashMap<Path, Node, FixedState>,
    ephemerals: BTreeMap<i64, BTreeSet<Path>>,
    /// Containers and nodes with a time to live: what the reaper looks at (S-118).
    perishable: BTreeSet<Path>,
    data_size: usize,
}

impl Tree {
    /// A fresh tree (S-080).
    pub(crate) fn new() -> Self {
        let mut tree = Self {
            nodes: HashMap::default(),
            ephemerals: BTreeMap::new(),
            perishable: BTreeSet::new(),
            data_size: 0,
        };
        let open = AclList::world(Perms::ALL);
        let mut add = |path: &[u8], acl, aversion, children: &[&[u8]]| {
            let mut node = Node::new(Some(b""), acl, Owner::Persistent, 0, 0);
            node.aversion = aversion;
            node.children = children.iter().map(|&name| name.into()).collect();
            tree.nodes.insert(path.into(), node);
        };
        add(b"/", Arc::clone(&open), 0, &[b"zookeeper"]);
        add(b"/zookeeper", Arc::clone(&open), 0, &[b"config", b"quota"]);
        add(b"/zookeeper/quota", open, 0, &[]);
        add(b"/zookeeper/config", AclList::world(Perms::READ), -1, &[]);
        tree
    }

    #[inline]
    pub(crate) fn get(&self, path: &[u8]) -> Option<&Node> {
        self.nodes.get(path::normal(path))
    }

    pub(crate) fn get_mut(&mut self, path: &[u8]) -> Option<&mut Node> {
        self.nodes.get_mut(path::normal(path))
    }

    /// Number of nodes, the root counted once.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Bytes of all paths and data, as mntr reports them.
    pub(crate) fn data_size(&self) -> usize {
        self.data_size
    }

    /// Descendants of a node.
    pub(crate) fn count_below(&self, path: &[u8]) -> usize {
        self.below(path).count() - usize::from(self.get(path).is_some())
    }

    /// The node itself and everything below it.
    pub(crate) fn below(&self, path: &[u8]) -> impl Iterator<Item = &Node> {
        let top = path::normal(path).to_vec();
        self.nodes
            .iter()
            .filter(move |(p, _)| path::is_at_or_below(p, &top))
            .map(|(_, node)| node)
    }

    /// Adds a node whose parent exists, counting it there (S-082).
    pub(crate) fn insert(&mut self, path: &Path, node: Node) {
        let zxid = node.czxid;
        self.link(path, node);
        if let Some(parent) = self.get_mut(path::parent(path)) {
            parent.child_creates = parent.child_creates.wrapping_add(1);
            parent.pzxid = zxid;
        }
    }

    /// Removes a node without children.
    pub(crate) fn remove(&mut self, path: &[u8], zxid: i64) -> Option<Node> {
        let node = self.unlink(path)?;
        if let Some(parent) = self.get_mut(path::parent(path)) {
            parent.pzxid = zxid;
        }
        Some(node)
    }

    /// Takes an insert back; `parent_pzxid` is the parent's from before.
    pub(crate) fn undo_insert(&mut self, path: &[u8], parent_pzxid: i64) {
        self.unlink(path);
        if let Some(parent) = self.get_mut(path::parent(path)) {
            parent.child_creates = parent.child_creates.wrapping_sub(1);
            parent.pzxid = parent_pzxid;
        }
    }

    /// Takes a removal back.
    pub(crate) fn undo_remove(&mut self, path: &Path, node: Node, parent_pzxid: i64) {
        self.link(path, node);
        if let Some(parent) = self.get_mut(path::parent(path)) {
            parent.pzxid = parent_pzxid;
        }
    }

    /// Replaces a node's data, nothing else; returns the old data.
    pub(crate) fn replace_data(
        &mut self,
        path: &[u8],
        data: Option<Arc<[u8]>>,
    ) -> Option<Arc<[u8]>> {
        let new_len = data.as_ref().map_or(0, |d| d.len());
        let node = self.nodes.get_mut(path::normal(path))?;
        let old_len = node.data_len();
        let old = std::mem::replace(&mut node.data, data);
        self.data_size = (self.data_size + new_len).saturating_sub(old_len);
        old
    }

    fn link(&mut self, path: &Path, node: Node) {
        if let Some((parent, name)) = path::split(path)
            && let Some(parent) = self.get_mut(parent)
        {
            parent.children.insert(name.into());
        }
        match node.owner {
            Owner::Session(id) => {
                self.ephemerals
                    .entry(id)
                    .or_default()
                    .insert(Arc::clone(path));
            }
            Owner::Container | Owner::Ttl(_) => {
                self.perishable.insert(Arc::clone(path));
            }
            Owner::Persistent => {}
        }
        self.data_size += path.len() + node.data_len();
        self.nodes.insert(Arc::clone(path), node);
    }

    fn unlink(&mut self, path: &[u8]) -> Option<Node> {
        let node = self.nodes.remove(path)?;
        if let Some((parent, name)) = path::split(path)
            && let Some(parent) = self.get_mut(parent)
        {
            parent.children.remove(name);
        }
        if let Owner::Session(id) = node.owner
            && let Some(paths) = self.ephemerals.get_mut(&id)
        {
            paths.remove(path);
            if paths.is_empty() {
                self.ephemerals.remove(&id);
            }
        }
        self.perishable.remove(path);
        self.data_size = self.data_size.saturating_sub(path.len() + node.data_len());
        Some(node)
    }

    /// A session's ephemeral nodes.
    pub(crate) fn ephemerals_of(&self, session: i64) -> impl Iterator<Item = &Path> {
        self.ephemerals.get(&session).into_iter().flatten()
    }

    /// Sessions that own ephemeral nodes, and their nodes.
    pub(crate) fn ephemerals(&self) -> impl ExactSizeIterator<Item = (i64, &BTreeSet<Path>)> {
        self.ephemerals.iter().map(|(&id, paths)| (id, paths))
    }

    /// Containers and nodes with a time to live that are to be deleted now (S-118).
    pub(crate) fn reapable(&self, wall_ms: i64, never_used_ms: i64) -> Vec<Path> {
        let is_due = |path: &&Path| {
            self.get(path).is_some_and(|node| {
                node.children.is_empty()
                    && match node.owner {
                        Owner::Container if node.child_creates > 0 => true,
                        Owner::Container => {
                            never_used_ms > 0 && wall_ms.saturating_sub(node.ctime) > never_used_ms
                        }
                        Owner::Ttl(ttl) => wall_ms.saturating_sub(node.mtime) > ttl,
                        Owner::Persistent | Owner::Session(_) => false,
                    }
            })
        };
        self.perishable.iter().filter(is_due).cloned().collect()
    }

    /// True if the reaper has anything to look at.
    pub(crate) fn has_perishable(&self) -> bool {
        !self.perishable.is_empty()
    }
}
