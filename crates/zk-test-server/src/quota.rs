//! Quotas: the nodes below `/zookeeper/quota` and the counting behind them (S-185…S-188).

use crate::path;
use crate::tree::Tree;
use std::collections::BTreeSet;

const ROOT: &[u8] = b"/zookeeper/quota";
const LIMITS: &[u8] = b"/zookeeper_limits";
const STATS: &[u8] = b"/zookeeper_stats";

/// Which nodes have a quota.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    limited: BTreeSet<Box<[u8]>>,
}

/// Limits or usage; −1 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Amounts {
    count: i64,
    bytes: i64,
    count_hard: i64,
    bytes_hard: i64,
}

impl Amounts {
    fn parse(text: &[u8]) -> Self {
        let mut amounts = Self {
            count: -1,
            bytes: -1,
            count_hard: -1,
            bytes_hard: -1,
        };
        for item in text.split(|&b| b == b',' || b == b';') {
            let item = String::from_utf8_lossy(item);
            // A lone `=` may stand before the first semicolon.
            let item = item.strip_suffix('=').unwrap_or(&item);
            let Some((key, value)) = item.split_once('=') else {
                continue;
            };
            let value = value.trim().parse().unwrap_or(-1);
            match key.trim() {
                "count" => amounts.count = value,
                "bytes" => amounts.bytes = value,
                "countHardLimit" => amounts.count_hard = value,
                "byteHardLimit" => amounts.bytes_hard = value,
                _ => {}
            }
        }
        amounts
    }
}

/// The node that the quota node at `path`, with this last name, speaks of.
fn subject<'a>(path: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let subject = path.strip_prefix(ROOT)?.strip_suffix(name)?;
    (!subject.is_empty()).then_some(subject)
}

fn usage_text(count: i64, bytes: i64) -> String {
    format!("count={count},bytes={bytes}")
}

/// The text for a new usage node, `None` for every other path.
pub(crate) fn real_usage(tree: &Tree, path: &[u8]) -> Option<String> {
    let subject = subject(path, STATS)?;
    let (count, bytes) = tree.below(subject).fold((0, 0), |(count, bytes), node| {
        (count + 1, bytes + node.data_len() as i64)
    });
    Some(usage_text(count, bytes))
}

impl Quotas {
    pub(crate) fn node_created(&mut self, path: &[u8]) {
        if let Some(subject) = subject(path, LIMITS) {
            self.limited.insert(subject.into());
        }
    }

    pub(crate) fn node_deleted(&mut self, path: &[u8]) {
        if let Some(subject) = subject(path, LIMITS) {
            self.limited.remove(subject);
        }
    }

    /// The deepest node at or above `path` that has a quota (S-187).
    fn above<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        if self.limited.is_empty() {
            return None;
        }
        path::self_and_ancestors(path).find(|p| self.limited.contains(*p))
    }

    fn amounts(tree: &Tree, subject: &[u8], name: &[u8]) -> Option<Amounts> {
        let node = tree.get(&[ROOT, subject, name].concat())?;
        Some(Amounts::parse(node.data.as_deref().unwrap_or_default()))
    }

    /// True if the change would pass a hard limit (S-188).
    pub(crate) fn exceeds(&self, tree: &Tree, path: &[u8], nodes: i64, bytes: i64) -> bool {
        let Some(subject) = self.above(path) else {
            return false;
        };
        let (Some(limits), Some(usage)) = (
            Self::amounts(tree, subject, LIMITS),
            Self::amounts(tree, subject, STATS),
        ) else {
            return false;
        };
        let over = |limit: i64, used: i64, more: i64| {
            limit > -1 && more > 0 && used.saturating_add(more) > limit
        };
        over(limits.count_hard, usage.count, nodes) || over(limits.bytes_hard, usage.bytes, bytes)
    }

    /// Path and text of the usage node after a change at `path`; `None` without a quota above.
    pub(crate) fn usage_after(
        &self,
        tree: &Tree,
        path: &[u8],
        nodes: i64,
        bytes: i64,
    ) -> Option<(Vec<u8>, String)> {
        let subject = self.above(path)?;
        let usage = Self::amounts(tree, subject, STATS)?;
        let text = usage_text(
            usage.count.saturating_add(nodes),
            usage.bytes.saturating_add(bytes),
        );
        Some(([ROOT, subject, STATS].concat(), text))
    }
}
