//! What a new handle logs about its surroundings (C-605).

use std::ffi::{CStr, c_char, c_int};
use std::mem::MaybeUninit;

use super::log_sink::Sink;
use super::types::ZOO_VERSION;
use crate::log::{Level, Line};

/// Logs the client's environment, one line for each property.
pub(super) fn log(sink: &Sink) {
    if !sink.wants(Level::Info) {
        return;
    }
    let system = System::read();
    let properties = [
        (
            "zookeeper.version",
            format!("zookeeper C client {ZOO_VERSION}"),
        ),
        ("host.name", system.host),
        ("os.name", system.name),
        ("os.arch", system.release),
        ("os.version", system.version),
        ("user.name", login_name()),
        ("user.home", home()),
        ("user.dir", directory()),
    ];
    for (key, value) in properties {
        let line = Line {
            level: Level::Info,
            function: "log_env",
            line: line!(),
            text: format!("Client environment:{key}={value}"),
        };
        sink.write(&line);
    }
}

/// What `uname` tells. The original calls the release "arch".
#[derive(Default)]
struct System {
    host: String,
    name: String,
    release: String,
    version: String,
}

impl System {
    fn read() -> Self {
        let mut names = MaybeUninit::<libc::utsname>::zeroed();
        // SAFETY: the function fills the structure, and zeros are a valid one if it fails.
        let names = unsafe {
            libc::uname(names.as_mut_ptr());
            names.assume_init()
        };
        Self {
            host: field(&names.nodename),
            name: field(&names.sysname),
            release: field(&names.release),
            version: field(&names.version),
        }
    }
}

/// The text of a fixed array, up to its NUL.
fn field(chars: &[c_char]) -> String {
    let bytes: Vec<u8> = chars
        .iter()
        .take_while(|c| **c != 0)
        .map(|c| *c as u8)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

unsafe extern "C" {
    fn getlogin_r(name: *mut c_char, size: usize) -> c_int;
}

fn login_name() -> String {
    let mut name = [0; 256];
    // SAFETY: the buffer is that long.
    if unsafe { getlogin_r(name.as_mut_ptr(), name.len()) } == 0 {
        field(&name)
    } else {
        "(null)".to_owned()
    }
}

/// The home directory that the system's user database has for this user.
fn home() -> String {
    let mut entry = MaybeUninit::<libc::passwd>::zeroed();
    let mut texts = [0; 4096];
    let mut found = std::ptr::null_mut();
    // SAFETY: all pointers lead to what the function takes, the buffer is that long, and
    // `found` then leads to `entry`, whose texts are in the buffer.
    unsafe {
        let result = libc::getpwuid_r(
            libc::getuid(),
            entry.as_mut_ptr(),
            texts.as_mut_ptr(),
            texts.len(),
            &raw mut found,
        );
        if result == 0 && !found.is_null() && !(*found).pw_dir.is_null() {
            let home = CStr::from_ptr((*found).pw_dir);
            return home.to_string_lossy().into_owned();
        }
    }
    "<NA>".to_owned()
}

fn directory() -> String {
    match std::env::current_dir() {
        Ok(directory) => directory.to_string_lossy().into_owned(),
        Err(_) => "<toolong>".to_owned(),
    }
}
