//! The tree of nodes: what is stored, and the bookkeeping a single change needs (S-080…S-088).
//!
//! Decides nothing about rights, versions or paths; callers check first. Lookups take raw path
//! bytes and allocate nothing.
//!
//! Trees of a million nodes are to fit where tests run, so a node is stored once, in a block of its
//! own: the table holds a pointer to it, its path is shared with the parent's set of children, and
//! what most nodes do not have stands elsewhere.

use crate::acl::AclList;
use crate::path;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher as _;
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

#[derive(Debug)]
pub(crate) struct Node {
    path: Path,
    /// `None` is null data, which differs from empty data (S-086).
    pub(crate) data: Option<Box<[u8]>>,
    pub(crate) acl: Arc<AclList>,
    /// `None` stands for a persistent node that never had children.
    rare: Option<Box<Rare>>,
    pub(crate) czxid: i64,
    pub(crate) mzxid: i64,
    pub(crate) pzxid: i64,
    pub(crate) ctime: i64,
    pub(crate) mtime: i64,
    pub(crate) version: i32,
    /// Creates of children; the number in sequence names, not the one on the wire (S-087).
    pub(crate) child_creates: i32,
    pub(crate) aversion: i32,
}

/// What few nodes have.
#[derive(Debug)]
struct Rare {
    owner: Owner,
    /// Whole paths, as the children themselves hold them.
    children: BTreeSet<Path>,
}

impl Rare {
    fn new(owner: Owner) -> Box<Self> {
        Box::new(Self {
            owner,
            children: BTreeSet::new(),
        })
    }
}

impl Node {
    pub(crate) fn new(
        path: Path,
        data: Option<&[u8]>,
        acl: Arc<AclList>,
        owner: Owner,
        zxid: i64,
        time: i64,
    ) -> Box<Self> {
        Box::new(Self {
            path,
            data: data.map(Box::from),
            acl,
            rare: (owner != Owner::Persistent).then(|| Rare::new(owner)),
            czxid: zxid,
            mzxid: zxid,
            pzxid: zxid,
            ctime: time,
            mtime: time,
            version: 0,
            child_creates: 0,
            aversion: 0,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn owner(&self) -> Owner {
        self.rare.as_ref().map_or(Owner::Persistent, |r| r.owner)
    }

    pub(crate) fn child_count(&self) -> usize {
        self.rare.as_ref().map_or(0, |r| r.children.len())
    }

    /// Names of the children, in their order.
    pub(crate) fn children(&self) -> impl Iterator<Item = &[u8]> {
        let name_at = path::name_below(&self.path);
        let paths = self.rare.iter().flat_map(|r| &r.children);
        paths.filter_map(move |path| path.get(name_at..))
    }

    fn add_child(&mut self, path: Path) {
        let rare = self
            .rare
            .get_or_insert_with(|| Rare::new(Owner::Persistent));
        rare.children.insert(path);
    }

    fn remove_child(&mut self, path: &[u8]) {
        if let Some(rare) = &mut self.rare {
            rare.children.remove(path);
        }
    }

    pub(crate) fn data_len(&self) -> usize {
        self.data.as_ref().map_or(0, |d| d.len())
    }

    #[inline]
    pub(crate) fn stat(&self) -> Stat {
        let num_children = self.child_count() as i32;
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
            ephemeral_owner: match self.owner() {
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
    nodes: HashTable<Box<Node>>,
    hasher: FixedState,
    ephemerals: BTreeMap<i64, BTreeSet<Path>>,
    /// Containers and nodes with a time to live: what the reaper looks at (S-118).
    perishable: BTreeSet<Path>,
    data_size: usize,
}

impl Tree {
    /// A fresh tree (S-080).
    pub(crate) fn new() -> Self {
        let mut tree = Self {
            nodes: HashTable::new(),
            hasher: FixedState::default(),
            ephemerals: BTreeMap::new(),
            perishable: BTreeSet::new(),
            data_size: 0,
        };
        let open = AclList::world(Perms::ALL);
        let mut add = |path: &[u8], acl: &Arc<AclList>, aversion| {
            let acl = Arc::clone(acl);
            let mut node = Node::new(path.into(), Some(b""), acl, Owner::Persistent, 0, 0);
            node.aversion = aversion;
            tree.link(node, |_| {});
        };
        add(b"/", &open, 0);
        add(b"/zookeeper", &open, 0);
        add(b"/zookeeper/quota", &open, 0);
        add(b"/zookeeper/config", &AclList::world(Perms::READ), -1);
        // Nodes that the server makes itself are not counted.
        tree.data_size = 0;
        tree
    }

    #[inline]
    pub(crate) fn get(&self, path: &[u8]) -> Option<&Node> {
        let path = path::normal(path);
        let hash = self.hasher.hash_one(path);
        let node = self.nodes.find(hash, |node| *node.path == *path)?;
        Some(node)
    }

    pub(crate) fn get_mut(&mut self, path: &[u8]) -> Option<&mut Node> {
        let path = path::normal(path);
        let hash = self.hasher.hash_one(path);
        let node = self.nodes.find_mut(hash, |node| *node.path == *path)?;
        Some(node)
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
        let nodes = self.nodes.iter().map(|node| &**node);
        nodes.filter(move |node| path::is_at_or_below(&node.path, &top))
    }

    /// Adds a node that is not there yet, counting it at its parent, which exists (S-082).
    pub(crate) fn insert(&mut self, node: Box<Node>) {
        let zxid = node.czxid;
        self.link(node, |parent| {
            parent.child_creates = parent.child_creates.wrapping_add(1);
            parent.pzxid = zxid;
        });
    }

    /// Removes a node without children.
    pub(crate) fn remove(&mut self, path: &[u8], zxid: i64) -> Option<Box<Node>> {
        self.unlink(path, |parent| parent.pzxid = zxid)
    }

    /// Takes an insert back; `parent_pzxid` is the parent's from before.
    pub(crate) fn undo_insert(&mut self, path: &[u8], parent_pzxid: i64) {
        self.unlink(path, |parent| {
            parent.child_creates = parent.child_creates.wrapping_sub(1);
            parent.pzxid = parent_pzxid;
        });
    }

    /// Takes a removal back.
    pub(crate) fn undo_remove(&mut self, node: Box<Node>, parent_pzxid: i64) {
        self.link(node, |parent| parent.pzxid = parent_pzxid);
    }

    /// Replaces a node's data, nothing else; returns the old data.
    pub(crate) fn replace_data(
        &mut self,
        path: &[u8],
        data: Option<Box<[u8]>>,
    ) -> Option<Box<[u8]>> {
        let new_len = data.as_ref().map_or(0, |d| d.len());
        let node = self.get_mut(path)?;
        let old_len = node.data_len();
        let old = std::mem::replace(&mut node.data, data);
        self.data_size = (self.data_size + new_len).saturating_sub(old_len);
        old
    }

    fn link(&mut self, node: Box<Node>, update_parent: impl FnOnce(&mut Node)) {
        if node.path.len() > 1
            && let Some(parent) = self.get_mut(path::parent(&node.path))
        {
            parent.add_child(Arc::clone(&node.path));
            update_parent(parent);
        }
        match node.owner() {
            Owner::Session(id) => {
                let paths = self.ephemerals.entry(id).or_default();
                paths.insert(Arc::clone(&node.path));
            }
            Owner::Container | Owner::Ttl(_) => {
                self.perishable.insert(Arc::clone(&node.path));
            }
            Owner::Persistent => {}
        }
        self.data_size += node.path.len() + node.data_len();
        let hash = self.hasher.hash_one(&*node.path);
        self.nodes
            .insert_unique(hash, node, |node| self.hasher.hash_one(&*node.path));
    }

    fn unlink(&mut self, path: &[u8], update_parent: impl FnOnce(&mut Node)) -> Option<Box<Node>> {
        let hash = self.hasher.hash_one(path);
        let found = self.nodes.find_entry(hash, |node| *node.path == *path);
        let (node, _) = found.ok()?.remove();
        if let Some(parent) = self.get_mut(path::parent(path)) {
            parent.remove_child(path);
            update_parent(parent);
        }
        match node.owner() {
            Owner::Session(id) => {
                if let Some(paths) = self.ephemerals.get_mut(&id) {
                    paths.remove(path);
                    if paths.is_empty() {
                        self.ephemerals.remove(&id);
                    }
                }
            }
            Owner::Container | Owner::Ttl(_) => {
                self.perishable.remove(path);
            }
            Owner::Persistent => {}
        }
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
                node.child_count() == 0
                    && match node.owner() {
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
