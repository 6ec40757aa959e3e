//! Ports that stay free while a server that owns them is down.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

/// Below the ports that the kernel gives to outgoing connections: a client that keeps trying a
/// dead server's port could otherwise be given that very port, and keep the server from it.
const FALLBACK: Range<u16> = 10_000..32_000;

/// `count` different ports, each free on all of these addresses.
pub(crate) fn free(addresses: &[Ipv4Addr], count: usize) -> io::Result<Vec<u16>> {
    const ATTEMPTS: usize = 1000;
    let range = lasting();
    let mut ports = Vec::with_capacity(count);
    for _ in 0..ATTEMPTS {
        if ports.len() == count {
            return Ok(ports);
        }
        let port = fastrand::u16(range.clone());
        let is_free = |&address: &Ipv4Addr| TcpListener::bind((address, port)).is_ok();
        if !ports.contains(&port) && addresses.iter().all(is_free) {
            ports.push(port);
        }
    }
    Err(io::Error::other("no free ports"))
}

fn lasting() -> Range<u16> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let lowest_given_away = text.ok().and_then(|text| {
        let first = text.split_whitespace().next()?;
        first.parse::<u16>().ok()
    });
    match lowest_given_away {
        Some(lowest) if lowest > FALLBACK.start + 1000 => FALLBACK.start..lowest.min(FALLBACK.end),
        _ => FALLBACK,
    }
}
