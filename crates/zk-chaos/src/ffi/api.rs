//! The functions of the library.

use std::path::Path;

use anyhow::{Context as _, Result};
use libc::{FILE, c_char, c_int, c_uint, c_void};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use zookeeper_mt::ffi::types::{
    ACL_vector, Stat, String_vector, clientid_t, data_completion_t, stat_completion_t,
    string_completion_t, string_stat_completion_t, strings_stat_completion_t, void_completion_t,
    watcher_fn, zhandle_t, zoo_op_result_t, zoo_op_t,
};

type Handle = *mut zhandle_t;
type Text = *const c_char;
type Data = *const c_void;

macro_rules! api {
    ($($name:ident: fn($($argument:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        /// The functions that are used, under their C names.
        #[derive(Debug)]
        #[expect(non_snake_case, reason = "the names of zookeeper.h")]
        pub struct Api {
            $(pub(super) $name: unsafe extern "C-unwind" fn($($argument),*) $(-> $result)?,)*
            pub(super) open_acl: *const ACL_vector,
        }

        impl Api {
            fn find(library: &Library) -> Result<Self> {
                Ok(Self {
                    $(
                        // SAFETY: the library declares the function so; zk-headers' tests hold its
                        // headers to the types of zookeeper_mt, which are used here.
                        $name: *unsafe { library.get(concat!(stringify!($name), "\0").as_bytes()) }
                            .context(stringify!($name))?,
                    )*
                    open_acl: {
                        // SAFETY: as above, for a data object.
                        let symbol = unsafe { library.get::<*const ACL_vector>(b"ZOO_OPEN_ACL_UNSAFE\0") };
                        symbol.context("ZOO_OPEN_ACL_UNSAFE")?.into_raw().cast()
                    },
                })
            }
        }
    };
}

api! {
    zookeeper_init: fn(Text, watcher_fn, c_int, *const clientid_t, *mut c_void, c_int) -> Handle;
    zookeeper_close: fn(Handle) -> c_int;
    zoo_client_id: fn(Handle) -> *const clientid_t;
    zoo_state: fn(Handle) -> c_int;
    zoo_set_debug_level: fn(c_uint);
    zoo_set_log_stream: fn(*mut FILE);
    zoo_awget: fn(Handle, Text, watcher_fn, *mut c_void, data_completion_t, Data) -> c_int;
    zoo_awexists: fn(Handle, Text, watcher_fn, *mut c_void, stat_completion_t, Data) -> c_int;
    zoo_awget_children2: fn(
        Handle, Text, watcher_fn, *mut c_void, strings_stat_completion_t, Data,
    ) -> c_int;
    zoo_aset: fn(Handle, Text, Text, c_int, c_int, stat_completion_t, Data) -> c_int;
    zoo_adelete: fn(Handle, Text, c_int, void_completion_t, Data) -> c_int;
    zoo_acreate2: fn(
        Handle, Text, Text, c_int, *const ACL_vector, c_int, string_stat_completion_t, Data,
    ) -> c_int;
    zoo_async: fn(Handle, Text, string_completion_t, Data) -> c_int;
    zoo_amulti: fn(
        Handle, c_int, *const zoo_op_t, *mut zoo_op_result_t, void_completion_t, Data,
    ) -> c_int;
    zoo_set_op_init: fn(*mut zoo_op_t, Text, Text, c_int, c_int, *mut Stat);
    zoo_create: fn(
        Handle, Text, Text, c_int, *const ACL_vector, c_int, *mut c_char, c_int,
    ) -> c_int;
    zoo_get: fn(Handle, Text, c_int, *mut c_char, *mut c_int, *mut Stat) -> c_int;
    zoo_set2: fn(Handle, Text, Text, c_int, c_int, *mut Stat) -> c_int;
    zoo_get_children: fn(Handle, Text, c_int, *mut String_vector) -> c_int;
    deallocate_String_vector: fn(*mut String_vector) -> c_int;
}

// SAFETY: functions and a constant of a library that is never unloaded; all threads may use them.
unsafe impl Send for Api {}
// SAFETY: as above.
unsafe impl Sync for Api {}

impl Api {
    /// Loads the library, for good: its threads may outlive every handle. Its log goes to the
    /// file, down to information, or nowhere.
    ///
    /// # Errors
    /// It is not there, or not such a library.
    pub fn load(path: &Path, log: Option<&Path>) -> Result<&'static Self> {
        // SAFETY: the caller names a ZooKeeper client library, whose initialisers do no harm.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
        let library = library.with_context(|| format!("cannot load {}", path.display()))?;
        let api: &'static Self = Box::leak(Box::new(Self::find(&library)?));
        std::mem::forget(library);
        let level = if let Some(log) = log {
            let path = super::handle::c_string(&log.display().to_string())?;
            // SAFETY: two C strings.
            let stream = unsafe { libc::fopen(path.as_ptr(), c"w".as_ptr()) };
            anyhow::ensure!(!stream.is_null(), "cannot write {}", log.display());
            // SAFETY: an open stream, which nobody closes.
            unsafe { (api.zoo_set_log_stream)(stream) };
            3
        } else {
            0
        };
        // SAFETY: any level will do.
        unsafe { (api.zoo_set_debug_level)(level) };
        Ok(api)
    }
}
