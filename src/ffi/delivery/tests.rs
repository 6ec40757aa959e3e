use super::*;
use std::ffi::CStr;
use zk_proto::List;
use zk_proto::records::Stat as WireStat;

/// What a completion was called with.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    rc: c_int,
    text: Option<Vec<u8>>,
    length: c_int,
    version: Option<i32>,
    count: Option<i32>,
}

impl Seen {
    /// # Safety
    /// `stat` is NULL or valid.
    unsafe fn version(stat: *const Stat) -> Option<i32> {
        // SAFETY: promised by our caller.
        unsafe { stat.as_ref() }.map(|stat| stat.version)
    }
}

unsafe extern "C-unwind" fn on_data(
    rc: c_int,
    value: *const c_char,
    length: c_int,
    stat: *const Stat,
    data: *const c_void,
) {
    // SAFETY: the library passes data of this length; `data` is the test's own.
    unsafe {
        let text = (!value.is_null())
            .then(|| std::slice::from_raw_parts(value.cast(), length as usize).to_vec());
        *data.cast_mut().cast::<Seen>() = Seen {
            rc,
            text,
            length,
            version: Seen::version(stat),
            count: None,
        };
    }
}

unsafe extern "C-unwind" fn on_string_stat(
    rc: c_int,
    string: *const c_char,
    stat: *const Stat,
    data: *const c_void,
) {
    // SAFETY: the library passes NULL or a C string; `data` is the test's own.
    unsafe {
        let text = (!string.is_null()).then(|| CStr::from_ptr(string).to_bytes().to_vec());
        *data.cast_mut().cast::<Seen>() = Seen {
            rc,
            text,
            version: Seen::version(stat),
            ..Seen::default()
        };
    }
}

unsafe extern "C-unwind" fn on_strings_stat(
    rc: c_int,
    strings: *const String_vector,
    stat: *const Stat,
    data: *const c_void,
) {
    // SAFETY: the library passes NULL or a vector; `data` is the test's own.
    unsafe {
        *data.cast_mut().cast::<Seen>() = Seen {
            rc,
            version: Seen::version(stat),
            count: strings.as_ref().map(|vector| vector.count),
            ..Seen::default()
        };
    }
}

fn deliver(make: impl FnOnce(UserPtr) -> Async, result: Result<Outcome<'_>, Code>) -> Seen {
    let mut seen = Seen::default();
    let call = make(UserPtr((&raw mut seen).cast()));
    let mut scratch = Scratch::default();
    let args = call.args(result.as_ref().map_err(|code| *code), &mut scratch);
    // SAFETY: the arguments lie in `scratch` and in what the test received.
    unsafe { call.call(args) };
    seen
}

fn stat() -> WireStat {
    WireStat {
        version: 3,
        ..Default::default()
    }
}

#[test]
fn data_arrives_with_length_and_stat_and_null_data_with_minus_one() {
    let make = |data| Async::Data(Some(on_data), data);
    let seen = deliver(make, Ok(Outcome::Data(Some(b"abc"), stat())));
    let expected = Seen {
        text: Some(b"abc".to_vec()),
        length: 3,
        version: Some(3),
        ..Seen::default()
    };
    assert_eq!(seen, expected);
    let seen = deliver(make, Ok(Outcome::Data(None, stat())));
    assert_eq!((seen.text, seen.length), (None, -1));
    let seen = deliver(make, Ok(Outcome::Data(Some(b""), stat())));
    assert_eq!((seen.text, seen.length), (Some(vec![]), 0));
}

#[test]
fn a_path_arrives_terminated_and_with_its_stat() {
    let make = |data| Async::StringStat(Some(on_string_stat), data);
    let seen = deliver(make, Ok(Outcome::PathStat(b"/a", stat())));
    assert_eq!(seen.text.as_deref(), Some(&b"/a"[..]));
    assert_eq!(seen.version, Some(3));
}

#[test]
fn no_children_are_a_vector_and_not_null() {
    let make = |data| Async::StringsStat(Some(on_strings_stat), data);
    let seen = deliver(make, Ok(Outcome::StringsStat(List::new(&[]), stat())));
    assert_eq!((seen.rc, seen.count), (0, Some(0)));
}

#[test]
fn after_an_error_there_is_nothing_but_the_code() {
    let failed = Seen {
        rc: Code::NO_NODE.0,
        ..Seen::default()
    };
    let result = Err(Code::NO_NODE);
    assert_eq!(deliver(|d| Async::Data(Some(on_data), d), result), failed);
    let make = |data| Async::StringStat(Some(on_string_stat), data);
    assert_eq!(deliver(make, result), failed);
    let make = |data| Async::StringsStat(Some(on_strings_stat), data);
    assert_eq!(deliver(make, result), failed);
}

#[test]
fn an_outcome_of_another_call_is_a_marshalling_error() {
    let seen = deliver(|d| Async::Data(Some(on_data), d), Ok(Outcome::Void));
    assert_eq!(seen.rc, Code::MARSHALLING_ERROR.0);
}

#[test]
fn a_null_completion_drops_the_result() {
    let seen = deliver(|d| Async::Data(None, d), Err(Code::NO_NODE));
    assert_eq!(seen, Seen::default());
}

#[test]
fn watchers_are_equal_by_function_and_context() {
    unsafe extern "C-unwind" fn one(
        _: *mut zhandle_t,
        _: c_int,
        _: c_int,
        _: *const c_char,
        context: *mut c_void,
    ) {
        std::hint::black_box(context);
    }
    let mut contexts = [0u8; 2];
    let first: *mut c_void = (&raw mut contexts[0]).cast();
    let second: *mut c_void = (&raw mut contexts[1]).cast();
    assert_eq!(
        Watcher::new(Some(one), first),
        Watcher::new(Some(one), first)
    );
    assert_ne!(
        Watcher::new(Some(one), first),
        Watcher::new(Some(one), second)
    );
    assert_eq!(Watcher::new(None, first), None);
}
