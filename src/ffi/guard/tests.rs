use super::*;
use std::cell::RefCell;
use std::ffi::{CStr, c_char};
use std::net::TcpListener;
use std::ptr;

use crate::ffi::types::{String_vector, ZOO_NO_LOG_CLIENTENV};
use crate::ffi::{
    async_ops, async_reads, auth, handle, init, interest, log, multi, sync_ops, sync_reads, watches,
};

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps what is logged on the test's own thread.
unsafe extern "C-unwind" fn keep(message: *const c_char) {
    // SAFETY: the library passes a C string.
    let message = unsafe { CStr::from_ptr(message) };
    LINES.with_borrow_mut(|lines| lines.push(message.to_string_lossy().into_owned()));
}

/// A handle that stays unconnected: its server accepts but never answers.
fn open() -> (*mut zhandle_t, TcpListener) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = std::ffi::CString::new(server.local_addr().unwrap().to_string()).unwrap();
    // SAFETY: the host is a C string, and NULL is allowed for the rest.
    let zh = unsafe {
        init::zookeeper_init2(
            host.as_ptr(),
            None,
            30_000,
            ptr::null(),
            ptr::null_mut(),
            ZOO_NO_LOG_CLIENTENV,
            Some(keep),
        )
    };
    assert!(!zh.is_null());
    (zh, server)
}

/// Calls every function that answers a missing handle with ZBADARGUMENTS.
fn answers(zh: *mut zhandle_t) -> Vec<c_int> {
    let path = c"/p".as_ptr();
    let (text, none, acl) = (ptr::null(), ptr::null(), ptr::null());
    let (data, buffer, stat) = (ptr::null(), ptr::null_mut(), ptr::null_mut());
    let (context, strings) = (ptr::null_mut(), ptr::null_mut::<String_vector>());
    let mut length = 0;
    let length = &raw mut length;
    let (mut fd, mut events) = (0, 0);
    let mut time = libc::timeval {
        tv_sec: 0,
        tv_usec: 0,
    };
    // SAFETY: all arguments are valid; NULL is allowed where it is passed.
    unsafe {
        vec![
            async_ops::zoo_acreate(zh, path, text, -1, acl, 0, None, data),
            async_ops::zoo_acreate_ttl(zh, path, text, -1, acl, 5, 9, None, data),
            async_ops::zoo_acreate2(zh, path, text, -1, acl, 0, None, data),
            async_ops::zoo_acreate2_ttl(zh, path, text, -1, acl, 5, 9, None, data),
            async_ops::zoo_adelete(zh, path, -1, None, data),
            async_ops::zoo_areconfig(zh, none, none, none, -1, None, data),
            async_ops::zoo_aset(zh, path, text, -1, -1, None, data),
            async_ops::zoo_async(zh, path, None, data),
            async_ops::zoo_aget_acl(zh, path, None, data),
            async_reads::zoo_aexists(zh, path, 0, None, data),
            async_reads::zoo_awexists(zh, path, None, context, None, data),
            async_reads::zoo_aget(zh, path, 1, None, data),
            async_reads::zoo_awget(zh, path, None, context, None, data),
            async_reads::zoo_agetconfig(zh, 1, None, data),
            async_reads::zoo_awgetconfig(zh, None, context, None, data),
            async_reads::zoo_aget_children(zh, path, 1, None, data),
            async_reads::zoo_awget_children(zh, path, None, context, None, data),
            async_reads::zoo_aget_children2(zh, path, 1, None, data),
            async_reads::zoo_awget_children2(zh, path, None, context, None, data),
            sync_ops::zoo_create(zh, path, text, -1, acl, 0, buffer, 0),
            sync_ops::zoo_create_ttl(zh, path, text, -1, acl, 5, 9, buffer, 0),
            sync_ops::zoo_create2(zh, path, text, -1, acl, 0, buffer, 0, stat),
            sync_ops::zoo_create2_ttl(zh, path, text, -1, acl, 5, 9, buffer, 0, stat),
            sync_ops::zoo_delete(zh, path, -1),
            sync_ops::zoo_reconfig(zh, none, none, none, -1, buffer, length, stat),
            sync_ops::zoo_set(zh, path, text, -1, -1),
            sync_ops::zoo_set2(zh, path, text, -1, -1, stat),
            sync_ops::zoo_get_acl(zh, path, ptr::null_mut(), stat),
            sync_reads::zoo_exists(zh, path, 1, stat),
            sync_reads::zoo_wexists(zh, path, None, context, stat),
            sync_reads::zoo_get(zh, path, 1, buffer, length, stat),
            sync_reads::zoo_wget(zh, path, None, context, buffer, length, stat),
            sync_reads::zoo_getconfig(zh, 1, buffer, length, stat),
            sync_reads::zoo_wgetconfig(zh, None, context, buffer, length, stat),
            sync_reads::zoo_get_children(zh, path, 1, strings),
            sync_reads::zoo_wget_children(zh, path, None, context, strings),
            sync_reads::zoo_get_children2(zh, path, 1, strings, stat),
            sync_reads::zoo_wget_children2(zh, path, None, context, strings, stat),
            multi::zoo_multi(zh, 0, ptr::null(), ptr::null_mut()),
            multi::zoo_amulti(zh, 0, ptr::null(), ptr::null_mut(), None, data),
            watches::zoo_remove_watches(zh, path, 3, None, context, 0),
            watches::zoo_remove_all_watches(zh, path, 3, 0),
            watches::zoo_aremove_watches(zh, path, 3, None, context, 0, ptr::null_mut(), data),
            watches::zoo_aremove_all_watches(zh, path, 3, 0, ptr::null_mut(), data),
            auth::zoo_add_auth(zh, c"digest".as_ptr(), text, 0, None, data),
            auth::zoo_lock_auth(zh),
            auth::zoo_unlock_auth(zh),
            handle::zoo_set_servers(zh, c"127.0.0.1:1".as_ptr()),
            handle::zoo_set_servers_resolution_delay(zh, 0),
            handle::is_unrecoverable(zh),
            interest::zookeeper_interest(zh, &raw mut fd, &raw mut events, &raw mut time),
            interest::zookeeper_process(zh, 1),
            handle::zookeeper_close(zh),
        ]
    }
}

#[test]
fn calls_without_a_handle_are_bad_arguments() {
    let bad = |codes: Vec<c_int>| codes.iter().all(|code| *code == Code::BAD_ARGUMENTS.0);
    assert!(bad(answers(ptr::null_mut())));
    assert!(bad(answers(ptr::without_provenance_mut(0x7f12_3456_7890))));
}

#[test]
fn calls_on_a_closed_handle_are_bad_arguments_and_touch_nothing() {
    let (zh, _server) = open();
    // SAFETY: the handle is open, and then it need not be any more.
    unsafe { assert_eq!(handle::zookeeper_close(zh), 0) };
    assert!(
        answers(zh)
            .iter()
            .all(|code| *code == Code::BAD_ARGUMENTS.0)
    );
    // SAFETY: closed handles are allowed.
    unsafe {
        assert_eq!(handle::zoo_state(zh), 0);
        assert!(handle::zoo_client_id(zh).is_null());
        assert!(log::zoo_get_log_callback(zh).is_none());
    }
}

#[test]
fn a_panic_is_logged_and_leaves_a_handle_that_can_only_be_closed() {
    let (zh, _server) = open();
    LINES.with_borrow_mut(Vec::clear);
    assert_eq!(code(zh, |_| panic!("boom")), Code::SYSTEM_ERROR.0);
    let lines = LINES.with_borrow_mut(std::mem::take);
    assert!(lines.iter().any(|line| line.contains("boom")), "{lines:?}");
    // SAFETY: the handle is open, the path a C string.
    unsafe {
        let refused = sync_ops::zoo_delete(zh, c"/p".as_ptr(), -1);
        assert_ne!(refused, Code::OK.0);
        assert_eq!(handle::zookeeper_close(zh), 0);
    }
}

#[test]
fn a_panic_without_a_handle_gives_the_failure_value() {
    assert_eq!(plain(7, || panic!("boom")), 7);
    assert_eq!(plain(7, || 8), 8);
}
