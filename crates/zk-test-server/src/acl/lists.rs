//! Lists of all nodes, each stored once: a tree has many nodes and few different lists.

use super::{AclList, AuthId, fix_up};
use foldhash::fast::FixedState;
use std::collections::HashSet;
use std::sync::Arc;
use zk_proto::records::{self, Id};
use zk_proto::{Code, List, Perms};

/// So many lists are kept without asking whether anything still uses them.
const FEW: usize = 16;

/// The lists that are in use.
#[derive(Debug)]
pub(crate) struct AclLists {
    /// Everything to everybody, which is nearly every node's.
    open: Arc<AclList>,
    others: HashSet<Arc<AclList>, FixedState>,
    /// Number of `others` at which those without a user are looked for.
    sweep_at: usize,
}

impl AclLists {
    pub(crate) fn new() -> Self {
        Self {
            open: AclList::world(Perms::ALL),
            others: HashSet::default(),
            sweep_at: FEW,
        }
    }

    /// Checks and completes a list sent by a client (S-103).
    pub(crate) fn fix_up(
        &mut self,
        list: &List<'_, records::Acl<'_>>,
        ids: &[AuthId],
    ) -> Result<Arc<AclList>, Code> {
        if is_open(list) {
            return Ok(Arc::clone(&self.open));
        }
        let list = fix_up(list, ids)?;
        if let Some(known) = self.others.get(&list) {
            return Ok(Arc::clone(known));
        }
        if self.others.len() >= self.sweep_at {
            self.others.retain(|list| Arc::strong_count(list) > 1);
            self.sweep_at = FEW.max(2 * self.others.len());
        }
        let list = Arc::new(list);
        self.others.insert(Arc::clone(&list));
        Ok(list)
    }
}

/// True for a list of nothing but `world:anyone` with all permissions.
fn is_open(list: &List<'_, records::Acl<'_>>) -> bool {
    let everybody = records::Acl {
        perms: Perms::ALL,
        id: Id {
            scheme: Some(b"world"),
            id: Some(b"anyone"),
        },
    };
    let mut acls = list.iter();
    acls.next() == Some(everybody) && acls.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(lists: &mut AclLists, perms: i32, user: &str) -> Arc<AclList> {
        let (scheme, id) = match user {
            "anyone" => ("world", user.to_owned()),
            _ => ("digest", format!("{user}:hash")),
        };
        let acl = records::Acl {
            perms,
            id: Id {
                scheme: Some(scheme.as_bytes()),
                id: Some(id.as_bytes()),
            },
        };
        lists.fix_up(&List::new(&[acl]), &[]).expect("a good list")
    }

    #[test]
    fn equal_lists_are_stored_once_and_different_ones_apart() {
        let mut lists = AclLists::new();
        let wanted = [(31, "anyone"), (1, "anyone"), (31, "bob"), (31, "eve")];
        let first = wanted.map(|(perms, user)| fixed(&mut lists, perms, user));
        let second = wanted.map(|(perms, user)| fixed(&mut lists, perms, user));
        for (i, list) in first.iter().enumerate() {
            let twins = second.iter().filter(|other| Arc::ptr_eq(list, other));
            assert_eq!(twins.count(), 1);
            assert!(Arc::ptr_eq(list, &second[i]));
        }
        assert_eq!(*first[0], *AclList::world(Perms::ALL));
        assert_eq!(*first[1], *AclList::world(Perms::READ));
    }

    #[test]
    fn lists_that_no_node_has_any_more_are_dropped_in_time() {
        let mut lists = AclLists::new();
        let users = (0..100).map(|n| format!("user{n}"));
        let used: Vec<_> = users.map(|u| fixed(&mut lists, 1, &u)).collect();
        for n in 0..10_000 {
            fixed(&mut lists, 1, &format!("passer-by{n}"));
        }
        assert!(lists.others.len() <= 2 * used.len());
        for list in &used {
            assert!(lists.others.contains(list));
        }
    }
}
