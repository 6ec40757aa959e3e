//! From host names to addresses, by the system's resolver (C-273).

use std::ffi::CString;
use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// Addresses of `host`, with `port`, in the resolver's order. Blocks unless the host is an
/// address literal. The error is an errno: ENOENT for a name that does not exist, ENOMEM, else
/// EINVAL (C-271). The C library's build does not know the GNU resolver's own codes, such as
/// "no address", so these are EINVAL, too.
pub fn resolve(host: &[u8], port: u16) -> Result<Vec<SocketAddr>, i32> {
    if let Some(ip) = literal(host) {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let name = CString::new(host).map_err(|_| libc::EINVAL)?;
    let mut result = lookup(&name, libc::AI_ADDRCONFIG);
    if matches!(result, Err(libc::EAI_BADFLAGS)) {
        result = lookup(&name, 0);
    }
    let addresses = result.map_err(|error| match error {
        libc::EAI_NONAME => libc::ENOENT,
        libc::EAI_MEMORY => libc::ENOMEM,
        _ => libc::EINVAL,
    })?;
    Ok(addresses
        .into_iter()
        .map(|mut address| {
            address.set_port(port);
            address
        })
        .collect())
}

/// The address, if the host is written as one; such hosts never change.
pub fn literal(host: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(host).ok()?.parse().ok()
}

fn lookup(name: &CString, flags: i32) -> Result<Vec<SocketAddr>, i32> {
    let mut hints = MaybeUninit::<libc::addrinfo>::zeroed();
    // SAFETY: all-zero is a valid addrinfo: no flags, null pointers.
    let hints = unsafe { hints.assume_init_mut() };
    hints.ai_family = libc::AF_UNSPEC;
    hints.ai_socktype = libc::SOCK_STREAM;
    hints.ai_protocol = libc::IPPROTO_TCP;
    hints.ai_flags = flags;
    let mut list: *mut libc::addrinfo = std::ptr::null_mut();
    // SAFETY: `name` is a terminated string, `hints` an initialised addrinfo, `list` writable;
    // no service is asked for.
    let error = unsafe { libc::getaddrinfo(name.as_ptr(), std::ptr::null(), hints, &raw mut list) };
    if error != 0 {
        return Err(error);
    }
    let mut addresses = Vec::new();
    let mut next = list;
    // SAFETY: getaddrinfo has returned a list whose entries live until freeaddrinfo below.
    while let Some(entry) = unsafe { next.as_ref() } {
        addresses.extend(socket_address(entry));
        next = entry.ai_next;
    }
    // SAFETY: `list` came from getaddrinfo and no reference into it is left.
    unsafe { libc::freeaddrinfo(list) };
    Ok(addresses)
}

fn socket_address(entry: &libc::addrinfo) -> Option<SocketAddr> {
    match entry.ai_family {
        libc::AF_INET => {
            // SAFETY: for this family ai_addr points to a sockaddr_in.
            let v4 = unsafe { &*entry.ai_addr.cast::<libc::sockaddr_in>() };
            Some(SocketAddr::new(
                Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr)).into(),
                0,
            ))
        }
        libc::AF_INET6 => {
            // SAFETY: for this family ai_addr points to a sockaddr_in6.
            let v6 = unsafe { &*entry.ai_addr.cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            // The scope of a link-local address is part of where it leads.
            Some(SocketAddrV6::new(ip, 0, v6.sin6_flowinfo, v6.sin6_scope_id).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_need_no_resolver_and_ipv6_has_no_brackets() {
        assert_eq!(
            resolve(b"127.0.0.1", 7),
            Ok(vec!["127.0.0.1:7".parse().unwrap()])
        );
        assert_eq!(resolve(b"::1", 7), Ok(vec!["[::1]:7".parse().unwrap()]));
        assert_eq!(literal(b"localhost"), None);
        assert_eq!(literal(b"[::1]"), None);
    }

    #[test]
    fn localhost_resolves_to_loopback() {
        let addresses = resolve(b"localhost", 2181).unwrap();
        assert!(!addresses.is_empty());
        assert!(
            addresses
                .iter()
                .all(|a| a.ip().is_loopback() && a.port() == 2181),
            "{addresses:?}"
        );
    }

    #[test]
    fn a_name_with_a_nul_byte_is_an_invalid_argument() {
        assert_eq!(resolve(b"a\0b", 1), Err(libc::EINVAL));
    }
}
