//! The functions that the library calls, and the way from them to the right channel.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::RwLock;
use std::sync::mpsc::{Receiver, Sender, channel};

use zookeeper_mt::ffi::types::{Stat, zhandle_t};

/// What the program is told, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    /// Watcher, type, state, path.
    Event(u32, i32, i32, String),
    /// Tag of the asynchronous call, and its result or code.
    Done(u64, Result<Got, i32>),
}

impl Told {
    /// A session event.
    pub(crate) fn session(watcher: u32, state: i32) -> Self {
        Self::Event(watcher, super::event::SESSION, state, String::new())
    }

    /// An event of a node.
    pub(crate) fn node(watcher: u32, kind: i32, path: &str) -> Self {
        Self::Event(watcher, kind, super::state::CONNECTED, path.to_owned())
    }
}

/// The result of an asynchronous call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Got {
    Void,
    Path(String),
    Node(Node),
    Data(Vec<u8>, Node),
}

/// What the tests want of a `Stat`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Node {
    /// Transactions that created it, set it, changed its children.
    pub(crate) czxid: i64,
    pub(crate) mzxid: i64,
    pub(crate) pzxid: i64,
    pub(crate) version: i32,
    /// Session that an ephemeral node belongs to.
    pub(crate) owner: i64,
}

impl From<&Stat> for Node {
    fn from(stat: &Stat) -> Self {
        Self {
            czxid: stat.czxid,
            mzxid: stat.mzxid,
            pzxid: stat.pzxid,
            version: stat.version,
            owner: stat.ephemeralOwner,
        }
    }
}

impl Node {
    /// One to be filled in.
    pub(super) fn empty_stat() -> Stat {
        Stat {
            czxid: 0,
            mzxid: 0,
            ctime: 0,
            mtime: 0,
            version: 0,
            cversion: 0,
            aversion: 0,
            ephemeralOwner: 0,
            dataLength: 0,
            numChildren: 0,
            pzxid: 0,
        }
    }
}

/// The channels of all handles that there ever were; a handle's number is its index.
static CHANNELS: RwLock<Vec<Sender<Told>>> = RwLock::new(Vec::new());

/// Bits of a context that hold a tag or the number of a watcher; the others hold the handle's.
const TAG_BITS: u32 = 40;

/// A new number, and what its handle will be told.
pub(super) fn register() -> (usize, Receiver<Told>) {
    let (sender, receiver) = channel();
    let mut channels = CHANNELS.write().unwrap();
    channels.push(sender);
    (channels.len() - 1, receiver)
}

/// What the library hands back to our functions.
pub(super) fn context(handle: usize, tag: u64) -> usize {
    assert!(tag < 1 << TAG_BITS, "tag {tag} is too large");
    (handle << TAG_BITS) | usize::try_from(tag).expect("64 bits")
}

fn tell(context: usize, told: impl FnOnce(u64) -> Told) {
    let tag = context & ((1 << TAG_BITS) - 1);
    // A test that has seen enough no longer listens.
    let _ = CHANNELS.read().unwrap()[context >> TAG_BITS].send(told(tag as u64));
}

fn done(rc: c_int, data: *const c_void, got: impl FnOnce() -> Got) {
    let result = if rc == 0 { Ok(got()) } else { Err(rc) };
    tell(data.addr(), |tag| Told::Done(tag, result));
}

/// # Safety
/// `text` is NULL or a C string.
pub(super) unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return "(null)".to_owned();
    }
    // SAFETY: promised by our caller.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_string_lossy().into_owned()
}

/// # Safety
/// `stat` is valid.
unsafe fn node(stat: *const Stat) -> Node {
    // SAFETY: promised by our caller.
    Node::from(unsafe { &*stat })
}

pub(super) unsafe extern "C-unwind" fn on_event(
    _: *mut zhandle_t,
    kind: c_int,
    state: c_int,
    path: *const c_char,
    context: *mut c_void,
) {
    // SAFETY: the library passes a C string or NULL.
    let path = unsafe { text(path) };
    tell(context.addr(), |watcher| {
        Told::Event(watcher as u32, kind, state, path)
    });
}

pub(super) unsafe extern "C-unwind" fn on_void(rc: c_int, data: *const c_void) {
    done(rc, data, || Got::Void);
}

pub(super) unsafe extern "C-unwind" fn on_string(
    rc: c_int,
    value: *const c_char,
    data: *const c_void,
) {
    // SAFETY: a successful call passes a C string.
    done(rc, data, || Got::Path(unsafe { text(value) }));
}

pub(super) unsafe extern "C-unwind" fn on_stat(rc: c_int, stat: *const Stat, data: *const c_void) {
    // SAFETY: a successful call passes a valid structure.
    done(rc, data, || Got::Node(unsafe { node(stat) }));
}

pub(super) unsafe extern "C-unwind" fn on_data(
    rc: c_int,
    value: *const c_char,
    len: c_int,
    stat: *const Stat,
    data: *const c_void,
) {
    done(rc, data, || {
        let len = usize::try_from(len).unwrap_or(0);
        let bytes = if len == 0 {
            Vec::new()
        } else {
            // SAFETY: the library passes that many bytes.
            unsafe { std::slice::from_raw_parts(value.cast::<u8>(), len) }.to_vec()
        };
        // SAFETY: a successful call passes a valid structure.
        Got::Data(bytes, unsafe { node(stat) })
    });
}
