//! The nodes that everyone writes: each version has one writer, and versions and transactions
//! have the same order.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::report::{Kind, Report};
use crate::history::{Content, Id, Session, Stat};

#[derive(Debug, Default)]
struct Version {
    mzxid: i64,
    writer: Option<Id>,
    acknowledged: bool,
    /// The newest transaction that a session had seen when it was shown this version.
    shown_to: i64,
}

#[derive(Debug, Default)]
struct Register {
    versions: BTreeMap<i32, Version>,
    /// The version that a write gave.
    written: HashMap<Id, i32>,
    asked: HashSet<Id>,
    failed: HashSet<Id>,
    /// Writes of unknown outcome.
    open: u32,
    acknowledged: u32,
}

/// All shared nodes, by number.
#[derive(Debug, Default)]
pub(crate) struct Registers(HashMap<u16, Register>);

impl Registers {
    /// A write was asked for.
    pub(crate) fn ask(&mut self, number: u16, id: Id) {
        self.0.entry(number).or_default().asked.insert(id);
    }

    /// The call did not take the write.
    pub(crate) fn refuse(&mut self, number: u16, id: Id) {
        self.0.entry(number).or_default().asked.remove(&id);
    }

    /// It may have been applied or not.
    pub(crate) fn leave_open(&mut self, number: u16) {
        self.0.entry(number).or_default().open += 1;
    }

    /// It was reported as failed.
    pub(crate) fn fail(&mut self, number: u16, id: Id, report: &mut Report) {
        let register = self.0.entry(number).or_default();
        register.failed.insert(id);
        if let Some(version) = register.written.get(&id) {
            let text = format!("register {number} had {id} as version {version}");
            report.add(Kind::FailedButApplied, Some(id.session), text);
        }
    }

    /// It was acknowledged with these statistics.
    pub(crate) fn acknowledge(&mut self, number: u16, id: Id, stat: &Stat, report: &mut Report) {
        let register = self.0.entry(number).or_default();
        register.acknowledged += 1;
        register.learn(number, Some(id), stat, Some(id.session), report);
        let version = register.versions.entry(stat.version).or_default();
        version.acknowledged = true;
    }

    /// A session that had seen transaction `view` was shown the statistics, and the data if its
    /// writer is known.
    pub(crate) fn show(
        &mut self,
        number: u16,
        data: Option<Option<Id>>,
        stat: &Stat,
        view: i64,
        session: Option<Session>,
        report: &mut Report,
    ) {
        let register = self.0.entry(number).or_default();
        match data {
            // Only the first version is not written by a request.
            Some(None) if stat.version > 0 => {
                let text = format!("register {number}, version {}", stat.version);
                report.add(Kind::UnknownData, session, text);
            }
            Some(data) => register.learn(number, data, stat, session, report),
            None => register.learn(number, None, stat, session, report),
        }
        let version = register.versions.entry(stat.version).or_default();
        version.shown_to = version.shown_to.max(view);
    }

    /// What is there in the end, when all writes are over.
    pub(crate) fn close(&mut self, number: u16, content: &Content, report: &mut Report) {
        let (data, stat) = content;
        // Whoever reads now sees everything that was acknowledged.
        self.show(number, Some(*data), stat, 0, None, report);
        let register = self.0.entry(number).or_default();
        let last = register.versions.last_key_value();
        if let Some((newest, _)) = last.filter(|(newest, _)| **newest > stat.version) {
            let text = format!(
                "register {number} had version {newest} and ends with {}",
                stat.version
            );
            report.add(Kind::LostWrite, None, text);
        }
        let applied = i64::from(stat.version);
        let (least, open) = (i64::from(register.acknowledged), i64::from(register.open));
        if applied < least {
            let text = format!("register {number}: {least} acknowledged, {applied} applied");
            report.add(Kind::LostWrite, None, text);
        } else if applied > least + open {
            let text =
                format!("register {number}: {least} acknowledged, {open} open, {applied} applied");
            report.add(Kind::AppliedTwice, None, text);
        }
        let versions = register.versions.iter();
        for ((old, earlier), (new, later)) in versions.clone().zip(versions.skip(1)) {
            if later.mzxid <= earlier.mzxid {
                let text = format!(
                    "register {number}: version {old} by {:#x}, {new} by {:#x}",
                    earlier.mzxid, later.mzxid
                );
                report.add(Kind::NotLinear, None, text);
            }
            if later.mzxid <= earlier.shown_to {
                let text = format!(
                    "register {number}: a session that had seen {:#x} was shown version {old}, \
                     when {new} was written by {:#x}",
                    earlier.shown_to, later.mzxid
                );
                report.add(Kind::ZxidWentBack, None, text);
            }
        }
    }
}

impl Register {
    /// A version is known to be this transaction's, and this request's if one is named.
    fn learn(
        &mut self,
        number: u16,
        writer: Option<Id>,
        stat: &Stat,
        session: Option<Session>,
        report: &mut Report,
    ) {
        let version = self
            .versions
            .entry(stat.version)
            .or_insert_with(|| Version {
                mzxid: stat.mzxid,
                writer,
                ..Version::default()
            });
        let other_writer = matches!((version.writer, writer), (Some(a), Some(b)) if a != b);
        if version.mzxid != stat.mzxid || other_writer {
            let text = format!(
                "register {number}, version {}: by {:?} in {:#x}, and by {writer:?} in {:#x}",
                stat.version, version.writer, version.mzxid, stat.mzxid
            );
            report.add(Kind::LostWrite, session, text);
        }
        let Some(writer) = writer else { return };
        version.writer = Some(writer);
        if !self.asked.contains(&writer) {
            let text = format!("register {number} has {writer}");
            report.add(Kind::UnknownData, session, text);
        }
        if self.failed.contains(&writer) {
            let text = format!("register {number} has {writer}");
            report.add(Kind::FailedButApplied, session, text);
        }
        let first = *self.written.entry(writer).or_insert(stat.version);
        if first != stat.version {
            let text = format!(
                "register {number}: {writer} gave versions {first} and {}",
                stat.version
            );
            report.add(Kind::AppliedTwice, session, text);
        }
    }
}
