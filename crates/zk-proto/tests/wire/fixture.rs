//! Reads the recorded vectors.

use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Reply,
}

/// What is known of how a request's body was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Whole,
    /// The body is not the operation's record.
    Malformed,
    /// Bytes follow the record.
    Padded,
}

/// One recorded frame.
#[derive(Debug)]
pub(crate) struct Vector {
    pub(crate) scene: String,
    pub(crate) line: usize,
    pub(crate) direction: Direction,
    pub(crate) shape: Shape,
    /// The operation, or `connect`, `event` or `unknown`.
    pub(crate) name: String,
    /// Length word included.
    pub(crate) frame: Vec<u8>,
    /// The recorder's own reading of the frame.
    pub(crate) meaning: String,
}

impl fmt::Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.txt:{} ({})", self.scene, self.line, self.name)
    }
}

/// Every recorded frame.
pub(crate) fn all() -> &'static [Vector] {
    static ALL: OnceLock<Vec<Vector>> = OnceLock::new();
    ALL.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files.iter().flat_map(|file| read(file)).collect()
    })
}

/// The body of the first frame of this kind in `scene` whose meaning contains `part`.
#[track_caller]
pub(crate) fn body(scene: &str, direction: Direction, name: &str, part: &str) -> &'static [u8] {
    let vector = all().iter().find(|v| {
        v.scene == scene && v.direction == direction && v.name == name && v.meaning.contains(part)
    });
    match vector {
        Some(vector) => &vector.frame[4..],
        None => panic!("scene {scene} has no {name} {direction:?} with {part}"),
    }
}

fn read(file: &Path) -> Vec<Vector> {
    let scene = file.file_stem().unwrap().to_str().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let mut vectors = Vec::new();
    while let Some((number, line)) = lines.next() {
        let meaning = lines
            .next()
            .and_then(|(_, line)| line.strip_prefix("   = "))
            .unwrap_or_else(|| panic!("{scene}.txt:{}: no meaning follows", number + 1));
        vectors.push(parse(scene, number + 1, line, meaning));
    }
    vectors
}

fn parse(scene: &str, line: usize, text: &str, meaning: &str) -> Vector {
    let mut words = text.split(' ');
    let direction = match words.next().and_then(|word| word.chars().last()) {
        Some('>') => Direction::Request,
        Some('<') => Direction::Reply,
        _ => panic!("{scene}.txt:{line}: no direction"),
    };
    let name = words.next().unwrap();
    let (shape, name) = match name.split_once(':') {
        None => (Shape::Whole, name),
        Some(("malformed", name)) => (Shape::Malformed, name),
        Some(("padded", name)) => (Shape::Padded, name),
        Some(_) => panic!("{scene}.txt:{line}: no such shape"),
    };
    // Whatever its request was like, a reply from the server is whole.
    let shape = if direction == Direction::Reply {
        Shape::Whole
    } else {
        shape
    };
    Vector {
        scene: scene.to_owned(),
        line,
        direction,
        shape,
        name: name.to_owned(),
        frame: hex(&words.collect::<String>()),
        meaning: meaning.to_owned(),
    }
}

/// Bytes from hex digits; spaces and `|` may stand between them.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| !" |\n".contains(*c))
        .map(|c| c.to_digit(16).unwrap())
        .collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    assert!(rest.is_empty(), "half a byte in {text}");
    pairs
        .iter()
        .map(|[high, low]| (high << 4 | low) as u8)
        .collect()
}
