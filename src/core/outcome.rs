//! What a successful reply says, by operation, with the chroot already taken off its paths.

use zk_proto::records::{Acl, MultiResult, Results, Stat};
use zk_proto::{Buffer, DecodeError, List, Text};

/// A decoded reply body. Everything borrows from the received bytes.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// delete, set_acl, removed watches.
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
