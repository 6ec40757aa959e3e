//! The connect string: hosts, ports and chroot, any bytes.

use std::net::Ipv6Addr;

use zookeeper_mt::fuzzing::{Syntax, connect_string};

/// Parses in each syntax, and compares with what the rules say word by word (C-272, C-278).
pub fn run(text: &[u8]) {
    // A C string ends at its first NUL.
    let text = text.split(|&b| b == 0).next().unwrap_or_default();
    for default_port in [None, Some(2181)] {
        for brackets in [false, true] {
            let syntax = Syntax {
                default_port,
                brackets,
            };
            let expected = by_the_rules(text, syntax);
            assert_eq!(connect_string(text, syntax), expected, "{syntax:?}");
        }
    }
}

type Parsed = (Vec<(Vec<u8>, u16)>, Vec<u8>);

fn by_the_rules(text: &[u8], syntax: Syntax) -> Option<Parsed> {
    let slash = text.iter().position(|&b| b == b'/').unwrap_or(text.len());
    let (hosts, chroot) = text.split_at(slash);
    let chroot = if chroot == b"/" { &b""[..] } else { chroot };
    if !chroot.is_empty() && !is_path(chroot, false) {
        return None;
    }
    let mut servers = Vec::new();
    for entry in hosts.split(|&b| b == b',') {
        if !entry.is_empty() {
            // Each byte is a character here.
            let text: String = entry.iter().map(|&b| char::from(b)).collect();
            let (host, port) = server(text.trim_start_matches(is_space), syntax)?;
            servers.push((host.chars().map(|c| c as u8).collect(), port));
        }
    }
    (!servers.is_empty()).then(|| (servers, chroot.to_vec()))
}

fn server(entry: &str, syntax: Syntax) -> Option<(&str, u16)> {
    let (host, port) = match entry.strip_prefix('[').filter(|_| syntax.brackets) {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            let address = match host.split_once('%') {
                Some((_, "")) => return None,
                Some((address, _)) => address,
                None => host,
            };
            address.parse::<Ipv6Addr>().ok()?;
            let port = match port {
                "" => None,
                port => Some(port.strip_prefix(':')?),
            };
            (host, port)
        }
        None => match entry.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None if entry.is_empty() => return None,
            None => (entry, None),
        },
    };
    let Some(port) = port else {
        return Some((host, syntax.default_port?));
    };
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
