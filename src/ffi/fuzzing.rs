//! What fuzz targets check of the conversions to C: a completion and an entry of a completion
//! queue must both hold exactly what was decoded, in memory that a C program may read.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use zk_proto::records::{self, Acl};
use zk_proto::{Buffer, EventType, List, Text};

use super::convert;
use super::delivery::Async;
use super::entry::{self, Subject};
use super::ext_queue::{
    ZOOX_ACL, ZOOX_DATA, ZOOX_NONE, ZOOX_STRING, ZOOX_STRINGS, zoox_acl, zoox_entry,
};
use super::pointer::UserPtr;
use super::scratch::Scratch;
use super::transaction;
use super::types::{ACL_vector, Stat, String_vector};
use crate::core::Outcome;

/// What a C program can see of an outcome. Strings end at their first NUL.
#[derive(Debug, Default, PartialEq, Eq)]
struct View {
    calls: u32,
    rc: c_int,
    data: Option<Vec<u8>>,
    texts: Vec<Option<Vec<u8>>>,
    perms: Vec<i32>,
    stat: Option<[i64; 11]>,
}

impl View {
    fn of(outcome: Outcome<'_>) -> Self {
        let mut view = Self {
            calls: 1,
            ..Self::default()
        };
        match outcome {
            Outcome::Path(path) => view.text(Some(path)),
            Outcome::PathStat(path, stat) => {
                view.text(Some(path));
                view.stat = Some(numbers(&convert::stat(&stat)));
            }
            Outcome::Stat(stat) => view.stat = Some(numbers(&convert::stat(&stat))),
            Outcome::Data(data, stat) => {
                view.data = data.map(<[u8]>::to_vec);
                view.stat = Some(numbers(&convert::stat(&stat)));
            }
            Outcome::Strings(list) => view.list(list),
            Outcome::StringsStat(list, stat) => {
                view.list(list);
                view.stat = Some(numbers(&convert::stat(&stat)));
            }
            Outcome::Paths(paths) => paths.iter().for_each(|path| view.text(path)),
            Outcome::Acl(list, stat) => {
                for acl in list {
                    view.perms.push(acl.perms);
                    view.text(acl.id.scheme);
                    view.text(acl.id.id);
                }
                view.stat = Some(numbers(&convert::stat(&stat)));
            }
            _ => {}
        }
        view
    }

    fn list<'a>(&mut self, list: List<'a, Text<'a>>) {
        list.iter().for_each(|text| self.text(text));
    }

    fn text(&mut self, text: Text<'_>) {
        let until_nul = |text: &[u8]| text.split(|&b| b == 0).next().map(<[u8]>::to_vec);
        self.texts.push(text.and_then(until_nul));
    }

    /// The same for an entry, which has empty texts in place of null ones.
    fn without_null(mut self) -> Self {
        for text in &mut self.texts {
            text.get_or_insert_default();
        }
        self
    }
}

fn numbers(stat: &Stat) -> [i64; 11] {
    [
        stat.czxid,
        stat.mzxid,
        stat.ctime,
        stat.mtime,
        stat.version.into(),
        stat.cversion.into(),
        stat.aversion.into(),
        stat.ephemeralOwner,
        stat.dataLength.into(),
        stat.numChildren.into(),
        stat.pzxid,
    ]
}

/// Hands an outcome to a completion function and to an entry, and checks what arrives.
///
/// # Panics
/// If either differs from the outcome.
pub(crate) fn check_completion(outcome: Outcome<'_>) {
    let mut seen = View::default();
    let data = UserPtr((&raw mut seen).cast::<c_void>());
    let call = match outcome {
        Outcome::Void => Async::Void(Some(on_void), data),
        Outcome::Path(_) => Async::String(Some(on_string), data),
        Outcome::PathStat(..) => Async::StringStat(Some(on_string_stat), data),
        Outcome::Stat(_) => Async::Stat(Some(on_stat), data),
        Outcome::Data(..) => Async::Data(Some(on_data), data),
        Outcome::Strings(_) => Async::Strings(Some(on_strings), data),
        Outcome::StringsStat(..) => Async::StringsStat(Some(on_strings_stat), data),
        Outcome::Acl(..) => Async::Acl(Some(on_acl), data),
        Outcome::Paths(_) => Async::Strings(Some(on_strings), data),
        Outcome::Number(_) => return convert_only(outcome, Async::Number(None, data)),
        Outcome::Identities(_) => return convert_only(outcome, Async::Identities(None, data)),
        Outcome::MultiRead(results) => {
            let count = u32::try_from(results.count()).expect("as many as a frame holds");
            return convert_only(outcome, Async::Reads(None, data, count));
        }
        Outcome::Multi(results) => {
            // Every result decodes, as the whole was accepted.
            assert!(results.into_iter().all(|result| result.is_ok()));
            return transaction::fuzzing::check(&outcome, results.count());
        }
    };
    let expected = View::of(outcome);
    let mut scratch = Scratch::default();
    let args = call.args(Ok(&outcome), &mut scratch);
    // SAFETY: the arguments lead into `scratch` and the outcome, which both live on; nothing is
    // unwound.
    unsafe { call.call(args) };
    assert_eq!(seen, expected);
    check_entry(outcome, expected.without_null());
}

/// Lays out the arguments and writes the entry, without looking at what is in them.
fn convert_only(outcome: Outcome<'_>, call: Async) {
    let mut scratch = Scratch::default();
    call.args(Ok(&outcome), &mut scratch);
    let mut out = Vec::new();
    entry::completion(&mut out, subject(), Ok(&outcome));
    assert_eq!(head_of(&out).rc, 0);
}

/// Writes the entry of an event and checks it.
///
/// # Panics
/// If it differs from the event.
pub(crate) fn check_event(kind: i32, state: i32, path: &[u8]) {
    if kind == EventType::SESSION {
        return;
    }
    let mut out = Vec::new();
    entry::event(&mut out, subject(), kind, state, path);
    let head = head_of(&out);
    assert_eq!((head.r#type, head.state), (kind, state));
    let mut expected = View::default();
    expected.text(Some(path));
    assert_eq!(payload(&head, &out).texts, expected.texts);
}

fn subject() -> Subject {
    Subject {
        zh: ptr::without_provenance_mut(0x1238),
        data: ptr::without_provenance_mut(77),
    }
}

fn check_entry(outcome: Outcome<'_>, expected: View) {
    // Behind something else, as offsets count from the entry's own start.
    let mut out = vec![0xee; 64];
    entry::completion(&mut out, subject(), Ok(&outcome));
    let bytes = out.split_off(64);
    let head = head_of(&bytes);
    let mut seen = payload(&head, &bytes);
    seen.calls = 1;
    assert_eq!(seen, expected);
}

fn head_of(bytes: &[u8]) -> zoox_entry {
    assert!(bytes.len() >= size_of::<zoox_entry>() && bytes.len().is_multiple_of(8));
    // SAFETY: the bytes are at least a head, any bits of which make a value.
    let head = unsafe { bytes.as_ptr().cast::<zoox_entry>().read_unaligned() };
    assert_eq!(head.size as usize, bytes.len());
    head
}

/// What a program reads in an entry.
fn payload(head: &zoox_entry, bytes: &[u8]) -> View {
    let mut view = View {
        rc: head.rc,
        stat: (head.has_stat == 1).then(|| numbers(&head.stat)),
        ..View::default()
    };
    let rest = &bytes[size_of::<zoox_entry>()..];
    let length = usize::try_from(head.length).ok();
    match head.payload {
        ZOOX_NONE => {}
        ZOOX_DATA => view.data = length.map(|length| rest[..length].to_vec()),
        ZOOX_STRING => view.texts.push(Some(terminated(rest, length.unwrap()))),
        ZOOX_STRINGS => {
            let mut names = &rest[..length.unwrap()];
            for _ in 0..head.count {
                let name = CStr::from_bytes_until_nul(names).unwrap().to_bytes();
                view.texts.push(Some(name.to_vec()));
                names = &names[name.len() + 1..];
            }
            assert!(names.is_empty());
        }
        ZOOX_ACL => {
            for i in 0..head.count as usize {
                let at = i * size_of::<zoox_acl>();
                let record = &rest[at..at + size_of::<zoox_acl>()];
                // SAFETY: the record has this size, and any bits of it make a value.
                let acl = unsafe { record.as_ptr().cast::<zoox_acl>().read_unaligned() };
                view.perms.push(acl.perms);
                for (offset, length) in [(acl.scheme, acl.scheme_length), (acl.id, acl.id_length)] {
                    let text = terminated(&bytes[offset as usize..], length as usize);
                    view.texts.push(Some(text));
                }
            }
        }
        other => panic!("payload {other}"),
    }
    view
}

fn terminated(bytes: &[u8], length: usize) -> Vec<u8> {
    assert_eq!(bytes[length], 0);
    bytes[..length].to_vec()
}

/// The view behind the `data` of a completion, with its call counted.
///
/// # Safety
/// `data` is what [`check_completion`] gave along.
unsafe fn view<'a>(rc: c_int, data: *const c_void) -> &'a mut View {
    // SAFETY: promised by our caller; the view outlives the call.
    let view = unsafe { &mut *data.cast_mut().cast::<View>() };
    view.calls += 1;
    view.rc = rc;
    view
}

/// # Safety
/// `string` is NULL or a C string.
unsafe fn copy(string: *const c_char) -> Option<Vec<u8>> {
    // SAFETY: promised by our caller.
    (!string.is_null()).then(|| unsafe { CStr::from_ptr(string) }.to_bytes().to_vec())
}

/// # Safety
/// `stat` is NULL or a stat.
unsafe fn numbers_at(stat: *const Stat) -> Option<[i64; 11]> {
    // SAFETY: promised by our caller.
    unsafe { stat.as_ref() }.map(numbers)
}

/// # Safety
/// `vector` is a vector of `count` C strings or NULLs.
unsafe fn texts(vector: *const String_vector, view: &mut View) {
    // SAFETY: promised by our caller.
    unsafe {
        for i in 0..(*vector).count as usize {
            view.texts.push(copy(*(*vector).data.add(i)));
        }
    }
}

unsafe extern "C-unwind" fn on_void(rc: c_int, data: *const c_void) {
    // SAFETY: called by `check_completion`.
    unsafe { view(rc, data) };
}

unsafe extern "C-unwind" fn on_stat(rc: c_int, stat: *const Stat, data: *const c_void) {
    // SAFETY: called by `check_completion`, with what the library promises programs.
    unsafe { view(rc, data).stat = numbers_at(stat) };
}

unsafe extern "C-unwind" fn on_data(
    rc: c_int,
    value: *const c_char,
    length: c_int,
    stat: *const Stat,
    data: *const c_void,
) {
    // SAFETY: called by `check_completion`, with what the library promises programs.
    unsafe {
        let view = view(rc, data);
        let bytes: Buffer<'_> = convert::data(value, length).expect("a length of -1 or more");
        view.data = bytes.map(<[u8]>::to_vec);
        view.stat = numbers_at(stat);
    }
}

unsafe extern "C-unwind" fn on_strings(
    rc: c_int,
    strings: *const String_vector,
    data: *const c_void,
) {
    // SAFETY: called by `check_completion`, with what the library promises programs.
    unsafe { texts(strings, view(rc, data)) };
}

unsafe extern "C-unwind" fn on_strings_stat(
    rc: c_int,
    strings: *const String_vector,
    stat: *const Stat,
    data: *const c_void,
) {
    // SAFETY: called by `check_completion`, with what the library promises programs.
    unsafe {
        let view = view(rc, data);
        texts(strings, view);
        view.stat = numbers_at(stat);
    }
}

unsafe extern "C-unwind" fn on_string(rc: c_int, value: *const c_char, data: *const c_void) {
    // SAFETY: called by `check_completion`, with what the library promises programs.
    unsafe {
        let text = copy(value);
        view(rc, data).texts.push(text);
    }
}

unsafe extern "C-unwind" fn on_string_stat(
    rc: c_int,
    value: *const c_char,
    stat: *const Stat,
    data: *const c_void,
) {
    // SAFETY: called by `check_completion`, with what the library promises programs.
    unsafe {
        let view = view(rc, data);
        view.texts.push(copy(value));
        view.stat = numbers_at(stat);
    }
}

unsafe extern "C-unwind" fn on_acl(
    rc: c_int,
    acl: *mut ACL_vector,
    stat: *mut Stat,
    data: *const c_void,
) {
    // SAFETY: called by `check_completion`, with what the library promises programs.
    unsafe {
        let view = view(rc, data);
        for i in 0..(*acl).count as usize {
            let entry = &*(*acl).data.add(i);
            view.perms.push(entry.perms);
            view.texts.push(copy(entry.id.scheme));
            view.texts.push(copy(entry.id.id));
        }
        view.stat = numbers_at(stat);
    }
}

/// What the library makes of an ACL that a program gives, entry by entry: permissions, scheme
/// and id.
#[allow(clippy::type_complexity, reason = "said by the sentence above")]
pub fn acl_from_program(
    entries: &[(i32, Option<&CStr>, Option<&CStr>)],
) -> Vec<(i32, Option<Vec<u8>>, Option<Vec<u8>>)> {
    let pointer = |text: &Option<&CStr>| text.map_or(ptr::null(), CStr::as_ptr).cast_mut();
    let mut entries: Vec<super::types::ACL> = entries
        .iter()
        .map(|(perms, scheme, id)| super::types::ACL {
            perms: *perms,
            id: super::types::Id {
                scheme: pointer(scheme),
                id: pointer(id),
            },
        })
        .collect();
    let vector = ACL_vector {
        count: convert::length(entries.len()),
        data: entries.as_mut_ptr(),
    };
    // SAFETY: vector, entries and strings live until the end of this function.
    let view = unsafe { convert::AclView::new(&raw const vector) }.expect("there is memory");
    let owned = |text: Text<'_>| text.map(<[u8]>::to_vec);
    let copy = |acl: Acl<'_>| {
        let records::Id { scheme, id } = acl.id;
        (acl.perms, owned(scheme), owned(id))
    };
    view.list().iter().map(copy).collect()
}
