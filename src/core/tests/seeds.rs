//! Random tests that tell how to repeat a failure.

/// Runs one seed only, if set.
const ONLY: &str = "ZK_TEST_SEED";

/// Says which seed it was if the test panics.
struct Witness(u64);

impl Drop for Witness {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let seed = self.0;
            eprintln!("failed with seed {seed}; {ONLY}={seed} repeats it alone");
        }
    }
}

/// Runs a test with each of so many seeds.
pub(super) fn for_seeds(count: u64, test: impl Fn(u64)) {
    let only = std::env::var(ONLY).ok();
    let seeds = match only.as_deref().map(str::parse) {
        Some(Ok(seed)) => seed..seed + 1,
        Some(Err(e)) => panic!("{ONLY}: {e}"),
        None => 0..count,
    };
    for seed in seeds {
        let _witness = Witness(seed);
        test(seed);
    }
}
