//! Names that only this program knows, and that it can move.
//!
//! The program defines `getaddrinfo` itself, so that the library's calls come here first. Names
//! that were not set go on to the system's resolver.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int};
use std::net::IpAddr;
use std::sync::{LazyLock, Mutex};

use libc::addrinfo;

#[derive(Default)]
struct Name {
    addresses: Vec<IpAddr>,
    lookups: usize,
}

static NAMES: LazyLock<Mutex<HashMap<String, Name>>> = LazyLock::new(Mutex::default);

/// From now on the name has these addresses; without any, looking it up fails for the moment.
pub(crate) fn set(name: &str, addresses: &[IpAddr]) {
    let mut names = NAMES.lock().unwrap();
    names.entry(name.to_owned()).or_default().addresses = addresses.to_vec();
}

/// How often the name was looked up.
pub(crate) fn lookups(name: &str) -> usize {
    NAMES.lock().unwrap()[name].lookups
}

/// The addresses of a name that was set, as the texts of numeric hosts.
fn known(name: &str) -> Option<Vec<CString>> {
    let mut names = NAMES.lock().unwrap();
    let name = names.get_mut(name)?;
    name.lookups += 1;
    let text = |address: &IpAddr| CString::new(address.to_string()).expect("no NUL in it");
    Some(name.addresses.iter().map(text).collect())
}

type Getaddrinfo = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *const addrinfo,
    *mut *mut addrinfo,
) -> c_int;

fn system() -> Getaddrinfo {
    // SAFETY: a C string; the system's C library has the symbol.
    let function = unsafe { libc::dlsym(libc::RTLD_NEXT, c"getaddrinfo".as_ptr()) };
    assert!(!function.is_null());
    // SAFETY: that is the function's type.
    unsafe { std::mem::transmute::<*mut libc::c_void, Getaddrinfo>(function) }
}

/// # Safety
/// As for the system's function.
#[unsafe(no_mangle)]
unsafe extern "C" fn getaddrinfo(
    node: *const c_char,
    service: *const c_char,
    hints: *const addrinfo,
    result: *mut *mut addrinfo,
) -> c_int {
    let system = system();
    let name = if node.is_null() {
        None
    } else {
        // SAFETY: not NULL, so the caller promises a C string.
        unsafe { CStr::from_ptr(node) }.to_str().ok()
    };
    let Some(hosts) = name.and_then(known) else {
        // SAFETY: the caller promises these arguments.
        return unsafe { system(node, service, hints, result) };
    };
    let mut end = result;
    for host in &hosts {
        // SAFETY: `end` is where the list so far ends; the rest is as the caller promises.
        let error = unsafe { system(host.as_ptr(), service, hints, end) };
        assert_eq!(error, 0, "{host:?}");
        // SAFETY: the system's resolver has appended entries, whose last one points nowhere.
        while let Some(entry) = unsafe { end.read().as_mut() } {
            end = &raw mut entry.ai_next;
        }
    }
    if hosts.is_empty() { libc::EAI_AGAIN } else { 0 }
}
