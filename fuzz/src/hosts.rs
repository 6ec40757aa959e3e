//! The connect string: hosts, ports and chroot, any bytes.

use zookeeper_mt::fuzzing::connect_string;

/// Parses, and compares with what the rules say word by word (C-272, C-278).
pub fn run(text: &[u8]) {
    // A C string ends at its first NUL.
    let text = text.split(|&b| b == 0).next().unwrap_or_default();
    assert_eq!(connect_string(text), by_the_rules(text));
}

type Parsed = (Vec<(Vec<u8>, u16)>, Vec<u8>);

fn by_the_rules(text: &[u8]) -> Option<Parsed> {
    let slash = text.iter().position(|&b| b == b'/').unwrap_or(text.len());
    let (hosts, chroot) = text.split_at(slash);
    let chroot = if chroot == b"/" { &b""[..] } else { chroot };
    if !chroot.is_empty() && !is_path(chroot, false) {
        return None;
    }
    let mut servers = Vec::new();
    for entry in hosts.split(|&b| b == b',') {
        if !entry.is_empty() {
            servers.push(server(entry)?);
        }
    }
    (!servers.is_empty()).then(|| (servers, chroot.to_vec()))
}

fn server(entry: &[u8]) -> Option<(Vec<u8>, u16)> {
    let text: String = entry.iter().map(|&b| char::from(b)).collect();
    let (host, port) = text.trim_start_matches(is_space).rsplit_once(':')?;
    let port = port.trim_start_matches(is_space);
    let digits = port.strip_prefix('+').unwrap_or(port);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return None;
    }
    // What has no room in 64 bits counts as the largest number that has.
    let number = significant.parse::<u64>().unwrap_or(u64::MAX);
    // Each byte is a character here.
    let host = host.chars().map(|c| c as u8).collect();
    Some((host, number as u16))
}

fn is_space(c: char) -> bool {
    c.is_ascii_whitespace()
}

/// True for a valid path; one to which digits will be appended may end in a slash or dots.
pub(crate) fn is_path(path: &[u8], sequential: bool) -> bool {
    if path == b"/" {
        return true;
    }
    let segments: Vec<&[u8]> = path.split(|&b| b == b'/').collect();
    let Some((b"", names)) = segments.split_first().map(|(first, rest)| (*first, rest)) else {
        return false;
    };
    let bad_name = |(i, name): (usize, &&[u8])| {
        let dots = matches!(*name, b"" | b"." | b"..");
        dots && !(sequential && i + 1 == names.len())
            || name.iter().any(|&b| (1..0x1f).contains(&b))
    };
    !names.is_empty() && !names.iter().enumerate().any(bad_name)
}
