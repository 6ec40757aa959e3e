//! Frames recorded between the C library and a Java server.

/// Scenes that the C library played.
pub(in crate::core) const SCENES: [&str; 6] = [
    include_str!("../../../crates/zk-proto/tests/vectors/acl.txt"),
    include_str!("../../../crates/zk-proto/tests/vectors/errors.txt"),
    include_str!("../../../crates/zk-proto/tests/vectors/multi.txt"),
    include_str!("../../../crates/zk-proto/tests/vectors/nodes.txt"),
    include_str!("../../../crates/zk-proto/tests/vectors/session.txt"),
    include_str!("../../../crates/zk-proto/tests/vectors/watches.txt"),
];

pub(in crate::core) struct Vector {
    pub(in crate::core) from_client: bool,
    /// Operation, as the recorder names it.
    pub(in crate::core) op: &'static str,
    /// Length word and body.
    pub(in crate::core) frame: Vec<u8>,
}

impl Vector {
    /// What follows the length word.
    pub(in crate::core) fn body(&self) -> &[u8] {
        &self.frame[4..]
    }
}

/// All frames of all scenes, in order.
pub(in crate::core) fn recorded() -> Vec<Vector> {
    let lines = SCENES.iter().flat_map(|scene| scene.lines());
    lines
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
        .map(|line| {
            let mut words = line.split(' ');
            let connection = words.next().unwrap();
            Vector {
                from_client: connection.ends_with('>'),
                op: words.next().unwrap(),
                frame: words.flat_map(hex).collect(),
            }
        })
        .collect()
}

fn hex(word: &str) -> Vec<u8> {
    let digits = word.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
