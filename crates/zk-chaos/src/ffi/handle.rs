//! A handle of the library, made safe: it is closed once, and only its owner uses it.

use std::ffi::CString;
use std::ptr;

use anyhow::{Context as _, Result, ensure};
use libc::{c_char, c_int};
use zk_proto::Code;
use zookeeper_mt::ffi::types::{self, String_vector, ZOO_NO_LOG_CLIENTENV, clientid_t, zhandle_t};

use super::api::Api;
use super::callbacks::{
    context, convert, names, on_children, on_created, on_data, on_event, on_ignored, on_named,
    on_stat, on_synced, on_void,
};
use super::transaction;
use crate::history::{Content, FIRST_EPHEMERAL, Id, Node, Op, Outcome, Session};
use crate::paths;
use crate::token::{Target, Token};

/// What names a session and proves that it is ours.
#[derive(Clone, Copy, Debug)]
pub struct ClientId(clientid_t);

/// An open handle. Dropping it closes it.
#[derive(Debug)]
pub struct Handle {
    api: &'static Api,
    zh: *mut zhandle_t,
    session: Option<Session>,
}

// SAFETY: handles may be used from any thread (C-516).
unsafe impl Send for Handle {}

/// Room for the data of any node of a run.
const ROOM: usize = 256;

impl Handle {
    /// Opens a handle whose callbacks the recorder hears.
    ///
    /// # Errors
    /// The library refuses the hosts.
    pub fn open(api: &'static Api, hosts: &str, timeout_ms: i32, session: Session) -> Result<Self> {
        transaction::install(api);
        Self::init(api, hosts, timeout_ms, Some(session), None)
    }

    /// Opens a handle that nobody hears, with a session of its own or another handle's.
    ///
    /// # Errors
    /// The library refuses the hosts.
    pub fn open_silently(
        api: &'static Api,
        hosts: &str,
        timeout_ms: i32,
        id: Option<&ClientId>,
    ) -> Result<Self> {
        Self::init(api, hosts, timeout_ms, None, id)
    }

    fn init(
        api: &'static Api,
        hosts: &str,
        timeout_ms: i32,
        session: Option<Session>,
        id: Option<&ClientId>,
    ) -> Result<Self> {
        let hosts = c_string(hosts)?;
        let watcher = if session.is_some() {
            on_event
        } else {
            on_ignored
        };
        let context = session.map_or(ptr::null_mut(), |session| context(Token::handle(session)));
        // SAFETY: a C string, a function that lives as long as the process, NULL or an id.
        let zh = unsafe {
            (api.zookeeper_init)(
                hosts.as_ptr(),
                Some(watcher),
                timeout_ms,
                id.map_or(ptr::null(), |id| &raw const id.0),
                context,
                ZOO_NO_LOG_CLIENTENV,
            )
        };
        ensure!(!zh.is_null(), "zookeeper_init gave no handle");
        Ok(Self { api, zh, session })
    }

    /// The state that the library is in.
    pub fn state(&self) -> i32 {
        // SAFETY: the handle is open.
        unsafe { (self.api.zoo_state)(self.zh) }
    }

    /// The session's credentials.
    pub fn client_id(&self) -> Option<ClientId> {
        // SAFETY: the handle is open; the id is copied at once.
        unsafe { (self.api.zoo_client_id)(self.zh).as_ref() }.map(|id| ClientId(*id))
    }

    /// Makes a request whose completion and watch carry its index. Gives what the call says.
    ///
    /// # Errors
    /// The handle is one that nobody hears.
    pub fn issue(&self, index: u32, op: Op) -> Result<Code> {
        let session = self.session.context("a silent handle makes no requests")?;
        let id = Id { session, index };
        let node = |node| {
            Ok::<_, anyhow::Error>((c_string(&paths::node(session, node))?, Target::Node(node)))
        };
        let (path, target) = match op {
            Op::Folder | Op::Children(_) => (c_string(&paths::folder(session))?, Target::Folder),
            Op::Get(of, _) | Op::Exists(of, _) | Op::Set(of, _) => node(of)?,
            Op::Create(slot) | Op::Delete(slot, _) => node(Node::Slot(slot))?,
            Op::SetBoth(first, ..) => node(Node::Register(first))?,
            Op::Sequence => (c_string(&paths::numbered())?, Target::Folder),
            Op::Sync => (c_string(paths::ROOT)?, Target::Folder),
            Op::Ghost(earlier, slot) => {
                let path = c_string(&paths::node(earlier, Node::Slot(slot)))?;
                (path, Target::Folder)
            }
        };
        let token = Token::request(id, target);
        let (api, zh, data) = (self.api, self.zh, context(token));
        let watcher =
            |watch: bool| -> types::watcher_fn { if watch { Some(on_event) } else { None } };
        let value = c_string(&id.to_string())?;
        let (text, size) = (value.as_ptr(), length(&value));
        let at = path.as_ptr();
        let rc = match op {
            Op::Get(_, watch) => {
                // SAFETY: the handle is open, strings live until the call returns, callbacks and
                // the numbers they get for ever. The same holds for all calls here.
                unsafe { (api.zoo_awget)(zh, at, watcher(watch), data, Some(on_data), data) }
            }
            Op::Exists(_, watch) => {
                // SAFETY: as above.
                unsafe { (api.zoo_awexists)(zh, at, watcher(watch), data, Some(on_stat), data) }
            }
            Op::Ghost(..) => {
                // SAFETY: as above.
                unsafe { (api.zoo_awexists)(zh, at, None, data, Some(on_stat), data) }
            }
            Op::Children(watch) => {
                let watcher = watcher(watch);
                let done: types::strings_stat_completion_t = Some(on_children);
                // SAFETY: as above.
                unsafe { (api.zoo_awget_children2)(zh, at, watcher, data, done, data) }
            }
            Op::Set(_, version) => {
                // SAFETY: as above.
                unsafe { (api.zoo_aset)(zh, at, text, size, version, Some(on_stat), data) }
            }
            Op::Delete(_, version) => {
                // SAFETY: as above.
                unsafe { (api.zoo_adelete)(zh, at, version, Some(on_void), data) }
            }
            Op::Folder | Op::Create(_) | Op::Sequence => {
                let done: types::string_stat_completion_t = match op {
                    Op::Sequence => Some(on_named),
                    _ => Some(on_created),
                };
                let (acl, mode) = (api.open_acl, mode(op));
                // SAFETY: as above; the ACL is the library's.
                unsafe { (api.zoo_acreate2)(zh, at, text, size, acl, mode, done, data) }
            }
            Op::Sync => {
                // SAFETY: as above.
                unsafe { (api.zoo_async)(zh, at, Some(on_synced), data) }
            }
            Op::SetBoth(_, second, version) => {
                let paths = [path, c_string(&paths::register(second))?];
                // SAFETY: the handle is open.
                let code = unsafe { transaction::start(api, zh, token, &paths, &value, version) };
                return Ok(code);
            }
        };
        Ok(Code(rc))
    }

    /// Makes a synchronous call that reads or sets a register.
    ///
    /// # Errors
    /// There is no such call.
    pub fn call(&self, index: u32, op: Op) -> Result<Outcome> {
        match op {
            Op::Get(Node::Register(number), _) => {
                let content = self.get(&paths::register(number))?;
                Ok(match content {
                    Ok((writer, stat)) => Outcome::Data(writer, stat),
                    Err(code) => Outcome::Failed(code),
                })
            }
            Op::Set(Node::Register(number), version) => {
                let session = self.session.context("a silent handle sets nothing")?;
                let value = c_string(&Id { session, index }.to_string())?;
                let path = c_string(&paths::register(number))?;
                let mut stat = empty();
                // SAFETY: the handle is open, all else lives until the call returns.
                let rc = unsafe {
                    (self.api.zoo_set2)(
                        self.zh,
                        path.as_ptr(),
                        value.as_ptr(),
                        length(&value),
                        version,
                        &raw mut stat,
                    )
                };
                Ok(match rc {
                    0 => Outcome::Stat(convert(&stat)),
                    rc => Outcome::Failed(Code(rc)),
                })
            }
            _ => anyhow::bail!("{op:?} has no synchronous form here"),
        }
    }

    /// Creates a persistent node without data.
    ///
    /// # Errors
    /// The path has a NUL.
    pub fn create(&self, path: &str) -> Result<Code> {
        let path = c_string(path)?;
        // SAFETY: the handle is open; no buffer for the name is wanted.
        let rc = unsafe {
            (self.api.zoo_create)(
                self.zh,
                path.as_ptr(),
                ptr::null(),
                -1,
                self.api.open_acl,
                0,
                ptr::null_mut(),
                0,
            )
        };
        Ok(Code(rc))
    }

    /// Writes a node without data: what the handle reads after that is not older.
    ///
    /// # Errors
    /// The path has a NUL.
    pub fn touch(&self, path: &str) -> Result<Code> {
        let path = c_string(path)?;
        // SAFETY: the handle is open; no statistics are wanted.
        let rc = unsafe {
            (self.api.zoo_set2)(self.zh, path.as_ptr(), ptr::null(), -1, -1, ptr::null_mut())
        };
        Ok(Code(rc))
    }

    /// Reads a node, or says why not.
    ///
    /// # Errors
    /// The path has a NUL.
    pub fn get(&self, path: &str) -> Result<Result<Content, Code>> {
        let path = c_string(path)?;
        let mut buffer = [0u8; ROOM];
        let mut size = c_int::try_from(ROOM)?;
        let mut stat = empty();
        // SAFETY: the handle is open; the buffer has that size; all lives until the call returns.
        let rc = unsafe {
            (self.api.zoo_get)(
                self.zh,
                path.as_ptr(),
                0,
                buffer.as_mut_ptr().cast::<c_char>(),
                &raw mut size,
                &raw mut stat,
            )
        };
        if rc != 0 {
            return Ok(Err(Code(rc)));
        }
        let data = usize::try_from(size)
            .ok()
            .and_then(|size| buffer.get(..size));
        Ok(Ok((data.and_then(Id::parse), convert(&stat))))
    }

    /// Lists a node's children, or says why not.
    ///
    /// # Errors
    /// The path has a NUL.
    pub fn children(&self, path: &str) -> Result<Result<Vec<String>, Code>> {
        let path = c_string(path)?;
        let mut strings = String_vector {
            count: 0,
            data: ptr::null_mut(),
        };
        // SAFETY: the handle is open; the vector is overwritten.
        let rc =
            unsafe { (self.api.zoo_get_children)(self.zh, path.as_ptr(), 0, &raw mut strings) };
        if rc != 0 {
            return Ok(Err(Code(rc)));
        }
        // SAFETY: the call succeeded, so it is one of the library's.
        let names = unsafe { names(&strings) };
        // SAFETY: as above, and freed once.
        unsafe { (self.api.deallocate_String_vector)(&raw mut strings) };
        Ok(Ok(names))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nobody can use it after this.
        unsafe { (self.api.zookeeper_close)(self.zh) };
        if let Some(session) = self.session {
            transaction::forget(session);
        }
    }
}

fn mode(op: Op) -> c_int {
    const PERSISTENT: c_int = 0;
    const EPHEMERAL: c_int = 1;
    const PERSISTENT_SEQUENTIAL: c_int = 2;
    match op {
        Op::Sequence => PERSISTENT_SEQUENTIAL,
        Op::Create(slot) if slot >= FIRST_EPHEMERAL => EPHEMERAL,
        _ => PERSISTENT,
    }
}

fn empty() -> types::Stat {
    // SAFETY: a record of integers, for which zeros are a value.
    unsafe { std::mem::zeroed() }
}

pub(super) fn c_string(text: &str) -> Result<CString> {
    CString::new(text).with_context(|| format!("{text:?} has a NUL"))
}

/// The length of our own short texts.
pub(super) fn length(text: &CString) -> c_int {
    c_int::try_from(text.as_bytes().len()).unwrap_or(c_int::MAX)
}
