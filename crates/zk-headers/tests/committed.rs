//! The headers in the repository.

use std::error::Error;
use std::fs;
use std::path::Path;

#[test]
fn the_committed_headers_are_those_of_the_source() -> Result<(), Box<dyn Error + Send + Sync>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (path, text) in zk_headers::generate(&root)? {
        let committed = fs::read_to_string(root.join(&path))?;
        let current = committed == text;
        assert!(
            current,
            "{} is old: cargo run -p zk-headers",
            path.display()
        );
    }
    Ok(())
}

#[test]
fn no_line_of_a_header_is_longer_than_99_characters() -> Result<(), Box<dyn Error + Send + Sync>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (path, text) in zk_headers::generate(&root)? {
        let long: Vec<_> = text.lines().filter(|line| line.len() > 99).collect();
        assert!(long.is_empty(), "{}: {long:#?}", path.display());
    }
    Ok(())
}
