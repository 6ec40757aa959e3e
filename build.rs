//! Link settings of the shared library, and its one C file.

fn main() {
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libzookeeper_mt.so.2");
    println!("cargo::rerun-if-changed=src/ffi/log_shim.c");
    cc::Build::new()
        .file("src/ffi/log_shim.c")
        // A program may leave its log callback by ending the thread; that unwinding has to pass.
        .flag("-fexceptions")
        .warnings(true)
        .extra_warnings(true)
        .warnings_into_errors(true)
        .compile("zookeeper_mt_log_shim");
}
