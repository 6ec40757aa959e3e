//! See [`zk_fuzz::handshake`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zk_fuzz::bounded(data, zk_fuzz::handshake::run));
