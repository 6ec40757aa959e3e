//! Nodes that the server numbers: no name twice, and numbers in the order of the transactions.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::report::{Kind, Report};
use crate::history::{Content, Id, Stat};

/// Digits of the number at the end of a name.
const DIGITS: usize = 10;

#[derive(Debug, Default)]
pub(crate) struct Sequence {
    asked: HashSet<Id>,
    acknowledged: BTreeMap<String, (Id, i64)>,
}

impl Sequence {
    pub(crate) fn ask(&mut self, id: Id) {
        self.asked.insert(id);
    }

    /// The request did not make a node.
    pub(crate) fn fail(&mut self, id: Id) {
        self.asked.remove(&id);
    }

    pub(crate) fn acknowledge(&mut self, path: String, id: Id, stat: &Stat, report: &mut Report) {
        let number = path
            .len()
            .checked_sub(DIGITS)
            .and_then(|start| path.get(start..));
        if !number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
            let text = format!("{path} has no number");
            report.add(Kind::SequenceOrder, Some(id.session), text);
        }
        if let Some((first, _)) = self.acknowledged.get(&path) {
            let text = format!("{path} was given to {first} and {id}");
            report.add(Kind::SequenceOrder, Some(id.session), text);
        }
        self.acknowledged.insert(path, (id, stat.czxid));
    }

    /// What is there in the end.
    pub(crate) fn close(&self, nodes: &[(String, Content)], report: &mut Report) {
        let mut names: Vec<_> = self.acknowledged.iter().collect();
        names.sort_by_key(|(_, (_, czxid))| *czxid);
        for ((earlier, _), (later, _)) in names.iter().zip(names.iter().skip(1)) {
            if earlier >= later {
                let text = format!("{later} was created after {earlier}");
                report.add(Kind::SequenceOrder, None, text);
            }
        }
        let present: HashMap<&str, Option<Id>> = nodes
            .iter()
            .map(|(path, (data, _))| (path.as_str(), *data))
            .collect();
        for (path, (id, _)) in &self.acknowledged {
            match present.get(path.as_str()) {
                Some(Some(data)) if data == id => {}
                found => {
                    let text = format!("{path} of {id} has {found:?}");
                    report.add(Kind::LostWrite, Some(id.session), text);
                }
            }
        }
        let mut seen: HashMap<Id, &str> = HashMap::new();
        for (path, (data, _)) in nodes {
            let Some(id) = data.filter(|id| self.asked.contains(id)) else {
                let text = format!("{path} has {data:?}, which failed or was never asked for");
                report.add(Kind::FailedButApplied, None, text);
                continue;
            };
            if let Some(first) = seen.insert(id, path) {
                let text = format!("{id} made {first} and {path}");
                report.add(Kind::AppliedTwice, Some(id.session), text);
            }
        }
    }
}
