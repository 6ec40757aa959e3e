//! Parsing of `host:port,host:port/chroot` (C-272, C-278).

use std::net::Ipv6Addr;

use super::paths;

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostPort {
    /// Name or address literal, as written, but without brackets if the syntax has them.
    pub(crate) host: Vec<u8>,
    /// Port; larger numbers are cut to 16 bits, as the C library's resolver does.
    pub(crate) port: u16,
}

/// Why a connect string is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectStringError {
    /// There is no entry at all: nothing but commas.
    NoHosts,
    /// An entry without a port, or with one that is not a positive decimal number.
    BadEntry,
    /// The part from the first `/` on is not a valid path.
    BadChroot,
}

/// What a host list may have that the C library refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Syntax {
    /// The port of entries that have none; `None` refuses such entries.
    pub default_port: Option<u16>,
    /// True if IPv6 literals may stand in brackets.
    pub brackets: bool,
}

/// Splits the chroot off, without its meaning for the host list: `(hosts, chroot)`.
/// A chroot of just `/` means none and is returned as empty.
pub(crate) fn split_chroot(text: &[u8]) -> Result<(&[u8], &[u8]), ConnectStringError> {
    let Some(at) = text.iter().position(|&b| b == b'/') else {
        return Ok((text, b""));
    };
    let (hosts, chroot) = text.split_at(at);
    match chroot {
        b"/" => Ok((hosts, b"")),
        _ if paths::is_valid(chroot, 0) => Ok((hosts, chroot)),
        _ => Err(ConnectStringError::BadChroot),
    }
}

/// Parses the host list, which must not contain a chroot. One bad entry fails it as a whole.
pub(crate) fn parse_hosts(
    text: &[u8],
    syntax: Syntax,
) -> Result<Vec<HostPort>, ConnectStringError> {
    let hosts = text
        .split(|&b| b == b',')
        .filter(|entry| !entry.is_empty())
        .map(|entry| parse_entry(entry, syntax))
        .collect::<Option<Vec<_>>>()
        .ok_or(ConnectStringError::BadEntry)?;
    if hosts.is_empty() {
        Err(ConnectStringError::NoHosts)
    } else {
        Ok(hosts)
    }
}

fn parse_entry(entry: &[u8], syntax: Syntax) -> Option<HostPort> {
    let entry = entry.trim_ascii_start();
    let (host, port) = if syntax.brackets && entry.starts_with(b"[") {
        split_brackets(entry)?
    } else {
        match entry.iter().rposition(|&b| b == b':') {
            Some(colon) => (entry.get(..colon)?, Some(entry.get(colon + 1..)?)),
            None => (entry, None),
        }
    };
    let port = match port {
        Some(port) => parse_port(port)?,
        None if host.is_empty() => return None,
        None => syntax.default_port?,
    };
    Some(HostPort {
        host: host.to_vec(),
        port,
    })
}

/// The IPv6 literal between brackets, perhaps with a zone behind `%`, and the port behind them.
fn split_brackets(entry: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let close = entry.iter().position(|&b| b == b']')?;
    let (host, rest) = (entry.get(1..close)?, entry.get(close + 1..)?);
    let mut parts = host.splitn(2, |&b| b == b'%');
    let address = std::str::from_utf8(parts.next()?).ok()?;
    address.parse::<Ipv6Addr>().ok()?;
    if parts.next().is_some_and(<[u8]>::is_empty) {
        return None;
    }
    match rest {
        [] => Some((host, None)),
        [b':', port @ ..] => Some((host, Some(port))),
        _ => None,
    }
}

fn parse_port(port: &[u8]) -> Option<u16> {
    // As strtol and getaddrinfo read it: white space and one plus sign may lead (C-272).
    let port = port.trim_ascii_start();
    let port = port.strip_prefix(b"+").unwrap_or(port);
    if port.is_empty() || !port.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = port.iter().fold(0u64, |n, b| {
        n.saturating_mul(10).saturating_add(u64::from(b - b'0'))
    });
    (number != 0).then_some(number as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Result<Vec<(String, u16)>, ConnectStringError> {
        hosts_in(Syntax::default(), text)
    }

    fn hosts_in(syntax: Syntax, text: &str) -> Result<Vec<(String, u16)>, ConnectStringError> {
        let list = parse_hosts(text.as_bytes(), syntax)?;
        Ok(list
            .into_iter()
            .map(|h| (String::from_utf8(h.host).unwrap(), h.port))
            .collect())
    }

    #[test]
    fn lists_split_at_commas_and_skip_empty_entries() {
        assert_eq!(
            hosts("a:1,,b:2,"),
            Ok(vec![("a".into(), 1), ("b".into(), 2)])
        );
        assert_eq!(hosts("  a:1"), Ok(vec![("a".into(), 1)]));
        assert_eq!(hosts("a :1"), Ok(vec![("a ".into(), 1)]));
    }

    #[test]
    fn the_port_follows_the_last_colon() {
        assert_eq!(hosts("::1:2181"), Ok(vec![("::1".into(), 2181)]));
        assert_eq!(hosts("[::1]:2181"), Ok(vec![("[::1]".into(), 2181)]));
        for same in ["a:1", "a: 1", "a:+1", "a: +1"] {
            assert_eq!(hosts(same), Ok(vec![("a".into(), 1)]), "{same:?}");
        }
        assert_eq!(hosts("a:99999"), Ok(vec![("a".into(), 99999u32 as u16)]));
    }

    #[test]
    fn one_bad_entry_fails_the_whole_list() {
        for bad in [
            "a", "a:", "a:0", "a:0x10", "a:1 ", "a:1,b", " ", "a:-1", "a:1x", "a:++1", "a:+ 1",
        ] {
            assert_eq!(hosts(bad), Err(ConnectStringError::BadEntry), "{bad:?}");
        }
    }

    #[test]
    fn a_list_of_nothing_is_told_apart() {
        assert_eq!(hosts(","), Err(ConnectStringError::NoHosts));
        assert_eq!(hosts(""), Err(ConnectStringError::NoHosts));
    }

    // F-12: an opt-in
    #[test]
    fn entries_without_a_port_get_the_default_one_if_there_is_one() {
        let syntax = Syntax {
            default_port: Some(2181),
            ..Syntax::default()
        };
        assert_eq!(
            hosts_in(syntax, "a,b:7, c"),
            Ok(vec![
                ("a".into(), 2181),
                ("b".into(), 7),
                ("c".into(), 2181)
            ])
        );
        for bad in ["a:", "a:0", "a:x", " ", "a, "] {
            let parsed = hosts_in(syntax, bad);
            assert_eq!(parsed, Err(ConnectStringError::BadEntry), "{bad:?}");
        }
    }

    // F-13: an opt-in
    #[test]
    fn ipv6_literals_may_stand_in_brackets_with_their_zone_if_the_syntax_has_them() {
        let mut syntax = Syntax {
            brackets: true,
            ..Syntax::default()
        };
        assert_eq!(
            hosts_in(syntax, "[::1]:7,::1:8,[fe80::1%eth0]:9,a:10"),
            Ok(vec![
                ("::1".into(), 7),
                ("::1".into(), 8),
                ("fe80::1%eth0".into(), 9),
                ("a".into(), 10)
            ])
        );
        for bad in [
            "[::1]",
            "[::1",
            "[]:1",
            "[a]:1",
            "[127.0.0.1]:1",
            "[::1]7",
            "[::1]:",
            "[::1]]:1",
            "[::1%]:1",
            "[[::1]]:1",
            "[::1] :1",
        ] {
            let parsed = hosts_in(syntax, bad);
            assert_eq!(parsed, Err(ConnectStringError::BadEntry), "{bad:?}");
        }
        syntax.default_port = Some(2181);
        assert_eq!(hosts_in(syntax, "[::1]"), Ok(vec![("::1".into(), 2181)]));
    }

    #[test]
    fn the_chroot_starts_at_the_first_slash_and_must_be_a_valid_path() {
        assert_eq!(
            split_chroot(b"a:1,b:2/x/y"),
            Ok((&b"a:1,b:2"[..], &b"/x/y"[..]))
        );
        assert_eq!(split_chroot(b"a:1/"), Ok((&b"a:1"[..], &b""[..])));
        assert_eq!(split_chroot(b"a:1"), Ok((&b"a:1"[..], &b""[..])));
        for bad in ["a:1/x/", "a:1//", "a:1/x//y", "a:1/./x"] {
            assert_eq!(
                split_chroot(bad.as_bytes()),
                Err(ConnectStringError::BadChroot),
                "{bad:?}"
            );
        }
    }
}
