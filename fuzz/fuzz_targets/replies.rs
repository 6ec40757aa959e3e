//! See [`zk_fuzz::replies`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zk_fuzz::bounded(data, zk_fuzz::replies::run));
