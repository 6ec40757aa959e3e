//! Link settings of the shared library.

fn main() {
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libzookeeper_mt.so.2");
}
