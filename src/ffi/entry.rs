//! Writes the entries of completion queues: a head, a payload, zeros up to a multiple of 8.
//!
//! The head's fields go to the offsets of [`zoox_entry`], in the machine's byte order.

use std::ffi::c_void;
use std::mem::offset_of;

use zk_proto::records::{Acl, ClientInfo, MultiReadResult, Stat};
use zk_proto::{Buffer, Code, EventType, List, Text};

use super::ext_multi::{ZOOX_READ_CHILDREN, ZOOX_READ_DATA};
use super::ext_queue::{
    ZOOX_ACL, ZOOX_AUTH, ZOOX_COMPLETION, ZOOX_DATA, ZOOX_EVENT, ZOOX_IDENTITIES, ZOOX_NUMBER,
    ZOOX_READS, ZOOX_RESULTS, ZOOX_STRING, ZOOX_STRINGS, zoox_acl, zoox_entry, zoox_read_entry,
    zoox_result,
};
use super::transaction::{Answer, MultiResults};
use super::types;
use super::types::zhandle_t;
use crate::core::{MultiReadOutcome, Outcome};

const HEAD: usize = size_of::<zoox_entry>();

/// What an entry is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    pub(super) zh: *mut zhandle_t,
    pub(super) data: *mut c_void,
}

/// Appends the entry of a call that has ended.
pub(super) fn completion(out: &mut Vec<u8>, subject: Subject, result: Result<&Outcome<'_>, Code>) {
    let mut entry = Entry::start(out, ZOOX_COMPLETION, subject);
    match result {
        Ok(outcome) => entry.outcome(outcome),
        Err(code) => entry.rc(code),
    }
    entry.finish();
}

/// Appends the entry of a transaction that has ended.
pub(super) fn transaction(
    out: &mut Vec<u8>,
    subject: Subject,
    results: &MultiResults,
    result: Result<&Outcome<'_>, Code>,
) {
    let mut entry = Entry::start(out, ZOOX_COMPLETION, subject);
    entry.payload(ZOOX_RESULTS, 0, results.len());
    let table = entry.table(results.len() * size_of::<zoox_result>());
    let code = results.answer(result, |i, _, answer| {
        entry.result(table + i * size_of::<zoox_result>(), answer);
    });
    entry.rc(code);
    entry.finish();
}

/// Appends the entry of a credential that was accepted or not.
pub(super) fn auth(out: &mut Vec<u8>, subject: Subject, code: Code) {
    let mut entry = Entry::start(out, ZOOX_AUTH, subject);
    entry.rc(code);
    entry.finish();
}

/// Appends the entry of an event.
pub(super) fn event(out: &mut Vec<u8>, subject: Subject, kind: i32, state: i32, path: &[u8]) {
    let mut entry = Entry::start(out, ZOOX_EVENT, subject);
    entry.put(offset_of!(zoox_entry, r#type), &kind.to_ne_bytes());
    entry.put(offset_of!(zoox_entry, state), &state.to_ne_bytes());
    debug_assert!(kind != EventType::SESSION || path.is_empty());
    entry.string(path);
    entry.finish();
}

/// An entry under construction, at the end of the buffer.
struct Entry<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Entry<'a> {
    fn start(out: &'a mut Vec<u8>, kind: u32, subject: Subject) -> Self {
        let start = out.len();
        out.resize(start + HEAD, 0);
        let mut entry = Self { out, start };
        entry.put(offset_of!(zoox_entry, kind), &kind.to_ne_bytes());
        let zh = subject.zh.addr();
        entry.put(offset_of!(zoox_entry, zh), &zh.to_ne_bytes());
        let data = subject.data.expose_provenance();
        entry.put(offset_of!(zoox_entry, data), &data.to_ne_bytes());
        entry
    }

    /// Writes at an offset from the start of the entry.
    fn put<const N: usize>(&mut self, offset: usize, bytes: &[u8; N]) {
        let at = self.start + offset;
        if let Some(place) = self.out.get_mut(at..at + N) {
            place.copy_from_slice(bytes);
        }
    }

    /// The offset of what is appended next.
    fn offset(&self) -> usize {
        self.out.len() - self.start
    }

    fn rc(&mut self, code: Code) {
        self.put(offset_of!(zoox_entry, rc), &code.0.to_ne_bytes());
    }

    fn payload(&mut self, kind: u32, length: usize, count: usize) {
        self.put(offset_of!(zoox_entry, payload), &kind.to_ne_bytes());
        self.put(offset_of!(zoox_entry, length), &int(length).to_ne_bytes());
        self.put(offset_of!(zoox_entry, count), &int(count).to_ne_bytes());
    }

    fn outcome(&mut self, outcome: &Outcome<'_>) {
        match outcome {
            Outcome::Void => {}
            Outcome::Path(path) => self.string(path),
            Outcome::PathStat(path, stat) => {
                self.stat(stat);
                self.string(path);
            }
            Outcome::Stat(stat) => self.stat(stat),
            Outcome::Data(data, stat) => {
                self.stat(stat);
                self.data(*data);
            }
            Outcome::Strings(list) => self.strings(list.iter()),
            Outcome::Paths(paths) => self.strings(paths.iter()),
            Outcome::StringsStat(list, stat) => {
                self.stat(stat);
                self.strings(list.iter());
            }
            Outcome::Acl(list, stat) => {
                self.stat(stat);
                self.acl(*list);
            }
            Outcome::Number(number) => {
                self.payload(ZOOX_NUMBER, 0, 0);
                self.put(offset_of!(zoox_entry, count), &number.to_ne_bytes());
            }
            Outcome::Identities(list) => self.identities(*list),
            Outcome::MultiRead(results) => self.reads(*results),
            // The runtime decodes by the request, so this is a bug.
            Outcome::Multi(_) => self.rc(Code::MARSHALLING_ERROR),
        }
    }

    fn data(&mut self, data: Buffer<'_>) {
        self.payload(ZOOX_DATA, 0, 0);
        let length = data.map_or(-1, |data| int(data.len()));
        self.put(offset_of!(zoox_entry, length), &length.to_ne_bytes());
        self.out.extend_from_slice(data.unwrap_or_default());
    }

    fn string(&mut self, text: &[u8]) {
        let length = self.text(text);
        self.payload(ZOOX_STRING, length, 0);
    }

    fn strings<'l>(&mut self, names: impl ExactSizeIterator<Item = Text<'l>>) {
        let count = names.len();
        let length = self.texts(names);
        self.payload(ZOOX_STRINGS, length, count);
    }

    /// Appends texts and returns their length with all NULs.
    fn texts<'l>(&mut self, texts: impl Iterator<Item = Text<'l>>) -> usize {
        let before = self.offset();
        for text in texts {
            self.text(text.unwrap_or_default());
        }
        self.offset() - before
    }

    fn acl<'l>(&mut self, list: List<'l, Acl<'l>>) {
        self.payload(ZOOX_ACL, 0, list.len());
        let table = self.table(list.len() * size_of::<zoox_acl>());
        for (i, acl) in list.iter().enumerate() {
            let at = table + i * size_of::<zoox_acl>();
            self.put(at, &acl.perms.to_ne_bytes());
            self.named_text(at + offset_of!(zoox_acl, scheme), acl.id.scheme);
            self.named_text(at + offset_of!(zoox_acl, id), acl.id.id);
        }
    }

    fn identities<'l>(&mut self, list: List<'l, ClientInfo<'l>>) {
        self.payload(ZOOX_IDENTITIES, 0, list.len());
        let table = self.table(list.len() * size_of::<zoox_acl>());
        for (i, identity) in list.iter().enumerate() {
            let at = table + i * size_of::<zoox_acl>();
            self.named_text(at + offset_of!(zoox_acl, scheme), identity.scheme);
            self.named_text(at + offset_of!(zoox_acl, id), identity.user);
        }
    }

    fn reads(&mut self, results: MultiReadOutcome<'_>) {
        let results = results.map_while(Result::ok);
        let count = results.clone().count();
        self.payload(ZOOX_READS, 0, count);
        let table = self.table(count * size_of::<zoox_read_entry>());
        for (i, result) in results.enumerate() {
            self.read(table + i * size_of::<zoox_read_entry>(), result);
        }
    }

    fn read(&mut self, at: usize, result: MultiReadResult<'_>) {
        use zoox_read_entry as R;
        let offset = word(self.offset());
        let (kind, length, count) = match result {
            MultiReadResult::Error(code) => {
                return self.put(at + offset_of!(R, err), &code.0.to_ne_bytes());
            }
            MultiReadResult::GetData(r) => {
                self.put(at + offset_of!(R, has_stat), &1u32.to_ne_bytes());
                self.stat_at(at + offset_of!(R, stat), &r.stat);
                self.out.extend_from_slice(r.data.unwrap_or_default());
                let length = r.data.map_or(-1, |data| int(data.len()));
                (ZOOX_READ_DATA, length, 0)
            }
            MultiReadResult::GetChildren(r) => {
                let length = int(self.texts(r.children.iter()));
                (ZOOX_READ_CHILDREN, length, int(r.children.len()))
            }
        };
        self.put(at + offset_of!(R, r#type), &kind.to_ne_bytes());
        self.put(at + offset_of!(R, payload), &offset.to_ne_bytes());
        self.put(at + offset_of!(R, length), &length.to_ne_bytes());
        self.put(at + offset_of!(R, count), &count.to_ne_bytes());
    }

    /// Space for structures; returns its offset.
    fn table(&mut self, bytes: usize) -> usize {
        let offset = self.offset();
        self.out.resize(self.out.len() + bytes, 0);
        offset
    }

    fn result(&mut self, at: usize, answer: Result<Answer<'_>, Code>) {
        match answer {
            Ok(Answer::Done) => {}
            Ok(Answer::Path(path)) => {
                self.named_text(at + offset_of!(zoox_result, path), Some(path));
            }
            Ok(Answer::PathStat(path, stat)) => {
                self.named_text(at + offset_of!(zoox_result, path), Some(path));
                self.result_stat(at, &stat);
            }
            Ok(Answer::Stat(stat)) => self.result_stat(at, &stat),
            Err(code) => self.put(at + offset_of!(zoox_result, err), &code.0.to_ne_bytes()),
        }
    }

    fn result_stat(&mut self, at: usize, stat: &Stat) {
        let yes = 1u32.to_ne_bytes();
        self.put(at + offset_of!(zoox_result, has_stat), &yes);
        self.stat_at(at + offset_of!(zoox_result, stat), stat);
    }

    /// Appends a text and stores its offset and its length, which stands behind.
    fn named_text(&mut self, at: usize, text: Text<'_>) {
        let offset = word(self.offset());
        let length = word(self.text(text.unwrap_or_default()));
        self.put(at, &offset.to_ne_bytes());
        self.put(at + size_of::<u32>(), &length.to_ne_bytes());
    }

    /// Appends a text as a C program would see it, up to its first NUL, and returns its length.
    fn text(&mut self, text: &[u8]) -> usize {
        let length = text.iter().position(|&b| b == 0).unwrap_or(text.len());
        self.out
            .extend_from_slice(text.get(..length).unwrap_or_default());
        self.out.push(0);
        length
    }

    fn stat(&mut self, stat: &Stat) {
        self.put(offset_of!(zoox_entry, has_stat), &1u32.to_ne_bytes());
        self.stat_at(offset_of!(zoox_entry, stat), stat);
    }

    fn stat_at(&mut self, at: usize, stat: &Stat) {
        use types::Stat as C;
        self.put(at + offset_of!(C, czxid), &stat.czxid.to_ne_bytes());
        self.put(at + offset_of!(C, mzxid), &stat.mzxid.to_ne_bytes());
        self.put(at + offset_of!(C, ctime), &stat.ctime.to_ne_bytes());
        self.put(at + offset_of!(C, mtime), &stat.mtime.to_ne_bytes());
        self.put(at + offset_of!(C, version), &stat.version.to_ne_bytes());
        self.put(at + offset_of!(C, cversion), &stat.cversion.to_ne_bytes());
        self.put(at + offset_of!(C, aversion), &stat.aversion.to_ne_bytes());
        let owner = stat.ephemeral_owner.to_ne_bytes();
        self.put(at + offset_of!(C, ephemeralOwner), &owner);
        let length = stat.data_length.to_ne_bytes();
        self.put(at + offset_of!(C, dataLength), &length);
        let children = stat.num_children.to_ne_bytes();
        self.put(at + offset_of!(C, numChildren), &children);
        self.put(at + offset_of!(C, pzxid), &stat.pzxid.to_ne_bytes());
    }

    fn finish(mut self) {
        let size = self.offset().next_multiple_of(8);
        self.out.resize(self.start + size, 0);
        self.put(offset_of!(zoox_entry, size), &word(size).to_ne_bytes());
    }
}

/// Entries are made of frames, which are far shorter than 4 GiB.
fn word(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn int(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
