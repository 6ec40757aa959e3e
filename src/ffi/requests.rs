//! Requests that the synchronous and the asynchronous calls share.

use std::ffi::{c_char, c_int};

use zk_proto::{Buffer, Code, Text};

use super::convert::{self, AclView, check_ttl, text};
use super::delivery::{Async, Cookie};
use super::guard;
use super::sync_call::Watch;
use super::types::{ACL_vector, zhandle_t};
use crate::core::Request;
use crate::runtime::skip_request_id;

/// The time to live of calls that have none.
pub(super) const NO_TTL: i64 = -1;

/// The arguments of a create, converted and checked.
pub(super) struct Create<'a> {
    path: Text<'a>,
    data: Buffer<'a>,
    acl: AclView<'a>,
    mode: c_int,
    ttl: i64,
}

impl<'a> Create<'a> {
    /// Checks the time to live first, as the original does (C-286).
    ///
    /// # Safety
    /// The pointers are NULL or lead to what the documentation of the creates asks for.
    pub(super) unsafe fn new(
        path: *const c_char,
        value: *const c_char,
        valuelen: c_int,
        acl: *const ACL_vector,
        mode: c_int,
        ttl: i64,
    ) -> Result<Self, Code> {
        check_ttl(mode, ttl)?;
        // SAFETY: promised by our caller.
        unsafe {
            Ok(Self {
                path: text(path),
                data: convert::data(value, valuelen)?,
                acl: AclView::new(acl)?,
                mode,
                ttl,
            })
        }
    }

    /// The request, with the stat wanted or not.
    pub(super) fn request(&self, stat: bool) -> Request<'_> {
        Request::Create {
            path: self.path,
            data: self.data,
            acl: self.acl.list(),
            mode: self.mode,
            ttl: self.ttl,
            stat,
        }
    }
}

pub(super) fn submit_create(
    zh: *const zhandle_t,
    create: Result<Create<'_>, Code>,
    stat: bool,
    call: Async,
) -> c_int {
    guard::request(zh, |handle| {
        let create = create.inspect_err(|_| skip_request_id())?;
        handle.submit(&create.request(stat), Cookie::Async(call), None)
    })
}

/// An asynchronous request from start to end. Part of each call, whose arguments need not go
/// through memory then.
#[inline(always)]
pub(super) fn submit(
    zh: *const zhandle_t,
    request: &Request<'_>,
    watch: Watch,
    call: Async,
) -> c_int {
    guard::request(zh, |handle| {
        let watcher = watch.resolve(handle);
        handle
            .submit(request, Cookie::Async(call), watcher)
            .inspect_err(|_| handle.hand_back())
    })
}

/// A reconfig request.
///
/// # Safety
/// The strings are NULL or C strings that outlive `'a`.
pub(super) unsafe fn reconfig<'a>(
    joining: *const c_char,
    leaving: *const c_char,
    members: *const c_char,
    version: i64,
) -> Request<'a> {
    // SAFETY: promised by our caller.
    unsafe {
        Request::Reconfig {
            joining: text(joining),
            leaving: text(leaving),
            members: text(members),
            version,
        }
    }
}

/// A set_acl request, with the stat wanted or not; NULL is no ACL (C-311).
pub(super) fn set_acl<'a>(
    path: Text<'a>,
    version: c_int,
    acl: &'a AclView<'a>,
    stat: bool,
) -> Result<Request<'a>, Code> {
    match acl {
        AclView::Null => Err(Code::BAD_ARGUMENTS),
        acl => Ok(Request::SetAcl {
            path,
            acl: acl.list(),
            version,
            stat,
        }),
    }
}
