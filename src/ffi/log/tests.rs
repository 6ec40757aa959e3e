use super::*;

fn prefix(level: u32) -> Prefix<'static> {
    let mut time = local_time(0);
    (time.tm_year, time.tm_mon, time.tm_mday) = (126, 10, 2);
    (time.tm_hour, time.tm_min, time.tm_sec) = (1, 56, 31);
    Prefix {
        time,
        millis: 7,
        pid: 10793,
        thread: 0x7f6c_0226_3740,
        level,
        function: b"log_env",
        line: 1250,
    }
}

#[test]
fn a_line_has_the_form_that_log_readers_parse() {
    let mut buffer = [1; LINE_MAX];
    let length = format(&mut buffer, &prefix(3), b"hello");
    let line = CStr::from_bytes_until_nul(&buffer).unwrap();
    assert_eq!(
        line,
        c"2026-11-02 01:56:31,007:10793(0x7f6c02263740):ZOO_INFO@log_env@1250: hello"
    );
    assert_eq!(length, line.to_bytes().len());
}

#[test]
fn levels_have_the_names_of_the_original() {
    for (level, name) in [(1, "ERROR"), (2, "WARN"), (3, "INFO"), (4, "DEBUG")] {
        let mut buffer = [0; LINE_MAX];
        format(&mut buffer, &prefix(level), b"");
        let line = CStr::from_bytes_until_nul(&buffer).unwrap();
        let wanted = format!(":ZOO_{name}@");
        assert!(line.to_str().unwrap().contains(&wanted), "{line:?}");
    }
}

#[test]
fn a_long_message_is_cut_and_terminated() {
    let mut buffer = [1; LINE_MAX];
    let length = format(&mut buffer, &prefix(1), &[b'x'; 2 * LINE_MAX]);
    assert_eq!(length, LINE_MAX - 1);
    assert_eq!(buffer[LINE_MAX - 1], 0);
    assert_eq!(buffer[LINE_MAX - 2], b'x');
}

#[test]
fn log_message_formats_its_arguments_and_calls_the_callback() {
    use std::cell::RefCell;
    thread_local! {
        static SEEN: RefCell<String> = const { RefCell::new(String::new()) };
    }
    unsafe extern "C-unwind" fn keep(message: *const c_char) {
        // SAFETY: the library passes a C string.
        let message = unsafe { CStr::from_ptr(message) }.to_str().unwrap();
        SEEN.with(|seen| *seen.borrow_mut() = message.to_owned());
    }
    type Variadic = unsafe extern "C-unwind" fn(
        log_callback_fn,
        ZooLogLevel,
        c_int,
        *const c_char,
        *const c_char,
        ...
    );
    // SAFETY: this is the function's true type, which Rust cannot define it with.
    let log_message: Variadic = unsafe { std::mem::transmute(log_message as *const ()) };
    let (function, format) = (c"f".as_ptr(), c"%d %s %.1f %ld".as_ptr());
    // SAFETY: the arguments are what the format asks for.
    unsafe {
        log_message(
            Some(keep),
            2,
            9,
            function,
            format,
            -5,
            c"abc".as_ptr(),
            1.5,
            1i64 << 40,
        )
    };
    SEEN.with(|seen| {
        let seen = seen.borrow();
        assert!(
            seen.ends_with(":ZOO_WARN@f@9: -5 abc 1.5 1099511627776"),
            "{seen}"
        );
    });
}
