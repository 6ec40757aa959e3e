//! What a successful reply says, by operation, with the chroot already taken off its paths.

use zk_proto::records::{Acl, ClientInfo, MultiReadResult, MultiResult, Results, Stat};
use zk_proto::{Buffer, DecodeError, List, Text};

/// A decoded reply body. Everything borrows from the received bytes.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// delete, set_acl, added and removed watches.
    Void,
    /// create, async.
    Path(&'a [u8]),
    /// create2.
    PathStat(&'a [u8], Stat),
    /// exists, set.
    Stat(Stat),
    /// get, getconfig, reconfig.
    Data(Buffer<'a>, Stat),
    /// get_children.
    Strings(List<'a, Text<'a>>),
    /// get_children2.
    StringsStat(List<'a, Text<'a>>, Stat),
    /// get_acl.
    Acl(List<'a, Acl<'a>>, Stat),
    /// multi: one result per operation.
    Multi(MultiOutcome<'a>),
    /// getEphemerals.
    Paths(Paths<'a>),
    /// getAllChildrenNumber.
    Number(i32),
    /// whoAmI.
    Identities(List<'a, ClientInfo<'a>>),
    /// Several reads: one result for each.
    MultiRead(MultiReadOutcome<'a>),
}

/// Paths of nodes, as the client knows them.
#[derive(Clone, Copy, Debug)]
pub struct Paths<'a> {
    list: List<'a, Text<'a>>,
    chroot: &'a [u8],
}

impl<'a> Paths<'a> {
    /// The server's paths, to be told relative to `chroot`.
    pub(crate) fn new(list: List<'a, Text<'a>>, chroot: &'a [u8]) -> Self {
        Self { list, chroot }
    }

    /// The paths, in the server's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Text<'a>> + Clone + use<'a> {
        let chroot = self.chroot;
        self.list
            .iter()
            .map(move |path| path.map(|path| super::paths::strip_chroot(chroot, path)))
    }
}

/// The results of several reads, in their order.
#[derive(Clone, Copy, Debug)]
pub struct MultiReadOutcome<'a>(Results<'a>);

impl<'a> MultiReadOutcome<'a> {
    /// Results behind a reply header.
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self(Results::new(body))
    }
}

impl<'a> Iterator for MultiReadOutcome<'a> {
    type Item = Result<MultiReadResult<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_read()
    }
}

/// The results of a transaction, in order of its operations.
#[derive(Clone, Copy, Debug)]
pub struct MultiOutcome<'a> {
    results: Results<'a>,
    chroot: &'a [u8],
}

impl<'a> MultiOutcome<'a> {
    /// Results behind a reply header, paths relative to `chroot`.
    pub(crate) fn new(body: &'a [u8], chroot: &'a [u8]) -> Self {
        Self {
            results: Results::new(body),
            chroot,
        }
    }
}

impl<'a> Iterator for MultiOutcome<'a> {
    type Item = Result<MultiResult<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut result = self.results.next_result()?;
        match &mut result {
            Ok(MultiResult::Create(r)) => {
                r.path = r.path.map(|p| super::paths::strip_chroot(self.chroot, p))
            }
            Ok(MultiResult::Create2(r)) => {
                r.path = r.path.map(|p| super::paths::strip_chroot(self.chroot, p))
            }
            _ => {}
        }
        Some(result)
    }
}
