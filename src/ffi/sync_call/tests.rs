use super::*;
use std::thread;

fn path_of(text: &[u8], size: c_int) -> [c_char; 8] {
    let mut buffer = [-1; 8];
    // SAFETY: no test passes a size above 8.
    unsafe { store_string(buffer.as_mut_ptr(), size, text) };
    buffer
}

fn as_chars(text: &[u8; 8]) -> [c_char; 8] {
    text.map(|b| b as c_char)
}

#[test]
fn a_path_is_cut_to_its_buffer_and_terminated() {
    let x = 0xff;
    assert_eq!(path_of(b"/a", 8), as_chars(&[b'/', b'a', 0, x, x, x, x, x]));
    assert_eq!(
        path_of(b"/abc", 3),
        as_chars(&[b'/', b'a', 0, x, x, x, x, x])
    );
    assert_eq!(path_of(b"/a", 1), as_chars(&[0, x, x, x, x, x, x, x]));
    for none in [0, -1, c_int::MIN] {
        assert_eq!(path_of(b"/a", none), [-1; 8]);
    }
}

fn data_of(data: Buffer<'_>, size: c_int) -> ([c_char; 4], c_int) {
    let mut buffer = [-1; 4];
    let mut length = size;
    // SAFETY: no test passes a size above 4.
    unsafe { store_data(buffer.as_mut_ptr(), &raw mut length, data) };
    (buffer, length)
}

#[test]
fn data_is_cut_to_its_buffer_and_the_cut_length_told() {
    assert_eq!(data_of(Some(&[1, 2]), 4), ([1, 2, -1, -1], 2));
    assert_eq!(data_of(Some(&[1, 2, 3]), 2), ([1, 2, -1, -1], 2));
    assert_eq!(data_of(Some(&[1, 2, 3]), 0), ([-1; 4], 0));
    assert_eq!(data_of(Some(&[1, 2, 3]), -1), ([-1; 4], -1));
    assert_eq!(data_of(Some(&[]), 4), ([-1; 4], 0));
    assert_eq!(data_of(None, 4), ([-1; 4], -1));
}

#[test]
fn a_length_below_minus_one_or_none_is_refused() {
    let check = |mut length: c_int| {
        // SAFETY: the length is an int.
        unsafe { Out::data(ptr::null_mut(), &raw mut length, ptr::null_mut()) }.map(drop)
    };
    assert_eq!(check(0), Ok(()));
    assert_eq!(check(-1), Ok(()));
    assert_eq!(check(-2), Err(Code::BAD_ARGUMENTS));
    // SAFETY: NULL is allowed.
    let none = unsafe { Out::data(ptr::null_mut(), ptr::null_mut(), ptr::null_mut()) };
    assert_eq!(none.map(drop), Err(Code::BAD_ARGUMENTS));
}

#[test]
fn the_waiting_caller_finds_the_stat_written() {
    let mut stat = convert::stat(&records::Stat::default());
    let mut thread = None;
    let result = wait(
        &Calls::default(),
        Out::Stat(UserPtr(&raw mut stat)),
        |cookie| {
            let Cookie::Sync(call) = cookie else {
                return Err(Code::SYSTEM_ERROR);
            };
            let received = records::Stat {
                version: 5,
                ..Default::default()
            };
            thread = Some(thread::spawn(move || {
                call.finish(Ok(&Outcome::Stat(received)));
            }));
            Ok(())
        },
    );
    assert_eq!(result, Ok(()));
    assert_eq!(stat.version, 5);
    thread.unwrap().join().unwrap();
}

#[test]
fn a_result_after_the_caller_gave_up_is_not_stored() {
    let mut stat = convert::stat(&records::Stat::default());
    let mut kept = None;
    let result = wait(
        &Calls::default(),
        Out::Stat(UserPtr(&raw mut stat)),
        |cookie| {
            kept = Some(cookie);
            Err(Code::INVALID_STATE)
        },
    );
    assert_eq!(result, Err(Code::INVALID_STATE));
    let Some(Cookie::Sync(call)) = kept else {
        panic!("no call");
    };
    let received = records::Stat {
        version: 5,
        ..Default::default()
    };
    call.finish(Ok(&Outcome::Stat(received)));
    assert_eq!(stat.version, 0);
}

#[test]
fn only_a_call_that_got_its_result_serves_again() {
    let calls = Calls::default();
    let mut seen = Vec::new();
    let mut call = |finish: bool| {
        wait(&calls, Out::Nothing, |cookie| {
            let Cookie::Sync(call) = cookie else {
                return Err(Code::SYSTEM_ERROR);
            };
            seen.push(call.clone());
            if !finish {
                return Err(Code::INVALID_STATE);
            }
            call.finish(Ok(&Outcome::Void));
            Ok(())
        })
    };
    assert_eq!(call(true), Ok(()));
    assert_eq!(call(false), Err(Code::INVALID_STATE));
    assert_eq!(call(true), Ok(()));
    assert!(Arc::ptr_eq(&seen[0], &seen[1]));
    assert!(!Arc::ptr_eq(&seen[1], &seen[2]));
}

#[test]
fn children_are_copied_into_memory_that_c_can_free() {
    let mut vector = String_vector {
        count: 77,
        data: ptr::null_mut(),
    };
    let names = [Some(&b"a"[..]), Some(b"bc")];
    let out = Out::Strings(UserPtr(&raw mut vector), UserPtr(ptr::null_mut()));
    let result = Outcome::StringsStat(zk_proto::List::new(&names), records::Stat::default());
    // SAFETY: the vector is ours; the stat is NULL.
    assert_eq!(unsafe { out.store(Ok(&result)) }, Code::OK);
    assert_eq!(vector.count, 2);
    for (i, name) in [c"a", c"bc"].into_iter().enumerate() {
        // SAFETY: the vector has two strings, made by libc's allocator, freed once.
        unsafe {
            let string = *vector.data.add(i);
            assert_eq!(std::ffi::CStr::from_ptr(string), name);
            libc::free(string.cast());
        }
    }
    // SAFETY: made by libc's allocator, freed once.
    unsafe { libc::free(vector.data.cast()) };
}
