//! Access control lists and the identities they speak of (S-100…S-108).

mod lists;

pub(crate) use lists::AclLists;

use crate::text;
use base64::Engine as _;
use sha1::{Digest as _, Sha1};
use std::net::IpAddr;
use std::sync::Arc;
use zk_proto::records::{self, Id};
use zk_proto::{Code, Jute, List, Perms};

/// An identity of a connection (S-041, S-106).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AuthId {
    pub(crate) scheme: Box<str>,
    pub(crate) id: Box<str>,
}

impl AuthId {
    pub(crate) fn new(scheme: &str, id: &str) -> Self {
        Self {
            scheme: scheme.into(),
            id: id.into(),
        }
    }

    /// The name whoAmI shows (S-108).
    pub(crate) fn user(&self) -> &str {
        match (&*self.scheme, self.id.split_once(':')) {
            ("digest", Some((user, _))) => user,
            _ => &self.id,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub(crate) perms: i32,
    pub(crate) id: AuthId,
}

/// A node's list, with what it grants to everybody worked out beforehand.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct AclList {
    entries: Vec<Entry>,
    /// Permissions of `world:anyone`.
    world: i32,
}

impl AclList {
    pub(crate) fn new(entries: Vec<Entry>) -> Self {
        let world = entries
            .iter()
            .filter(|e| &*e.id.scheme == "world" && &*e.id.id == "anyone")
            .fold(0, |perms, e| perms | e.perms);
        Self { entries, world }
    }

    /// `world:anyone` with these permissions.
    pub(crate) fn world(perms: i32) -> Arc<Self> {
        Arc::new(Self::new(vec![Entry {
            perms,
            id: AuthId::new("world", "anyone"),
        }]))
    }

    /// True if a connection with these identities has one of the permissions (S-100).
    #[inline]
    pub(crate) fn allows(&self, wanted: i32, ids: &[AuthId]) -> bool {
        self.world & wanted != 0 || self.allows_by_identity(wanted, ids)
    }

    fn allows_by_identity(&self, wanted: i32, ids: &[AuthId]) -> bool {
        self.entries.is_empty()
            || ids.iter().any(|id| &*id.scheme == "super")
            || self.entries.iter().any(|entry| {
                entry.perms & wanted != 0 && ids.iter().any(|id| matches(&entry.id, id))
            })
    }

    /// `Ok` or NOAUTH.
    #[inline]
    pub(crate) fn check(&self, wanted: i32, ids: &[AuthId]) -> Result<(), Code> {
        if self.allows(wanted, ids) {
            Ok(())
        } else {
            Err(Code::NO_AUTH)
        }
    }

    /// Appends the list; the digests are hidden from those who may not change it (S-107).
    pub(crate) fn encode(&self, ids: &[AuthId], out: &mut Vec<u8>) {
        let masked = !self.allows(Perms::ADMIN, ids);
        (self.entries.len() as i32).encode(out);
        for entry in &self.entries {
            entry.perms.encode(out);
            text::write(out, &entry.id.scheme);
            if masked && &*entry.id.scheme == "digest" {
                let user = entry.id.id.split(':').next().unwrap_or_default();
                text::write(out, &format!("{user}:x"));
            } else {
                text::write(out, &entry.id.id);
            }
        }
    }
}

/// Checks and completes a list sent by a client (S-103).
fn fix_up(list: &List<'_, records::Acl<'_>>, ids: &[AuthId]) -> Result<AclList, Code> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut seen: Vec<records::Acl<'_>> = Vec::new();
    for acl in list.iter() {
        if seen.contains(&acl) {
            continue;
        }
        seen.push(acl);
        let Id { scheme, id } = acl.id;
        let scheme = scheme.map(text::read).ok_or(Code::INVALID_ACL)?;
        let id = id.map(text::read);
        let id = id.as_deref();
        let perms = acl.perms;
        match &*scheme {
            "world" if id == Some("anyone") => entries.push(Entry {
                perms,
                id: AuthId::new("world", "anyone"),
            }),
            "auth" => {
                let before = entries.len();
                let own = ids.iter().filter(|id| &*id.scheme == "digest").cloned();
                entries.extend(own.map(|id| Entry { perms, id }));
                if entries.len() == before {
                    return Err(Code::INVALID_ACL);
                }
            }
            "digest" | "ip" => {
                let id = id
                    .filter(|id| is_valid_id(&scheme, id))
                    .ok_or(Code::INVALID_ACL)?;
                entries.push(Entry {
                    perms,
                    id: AuthId::new(&scheme, id),
                });
            }
            _ => return Err(Code::INVALID_ACL),
        }
    }
    if entries.is_empty() {
        return Err(Code::INVALID_ACL);
    }
    Ok(AclList::new(entries))
}

/// S-104.
fn is_valid_id(scheme: &str, id: &str) -> bool {
    match scheme {
        // Two parts, empty ones at the end not counted.
        "digest" => id.trim_end_matches(':').split(':').count() == 2,
        _ => parse_network(id).is_some(),
    }
}

fn matches(entry: &AuthId, id: &AuthId) -> bool {
    entry.scheme == id.scheme
        && match &*id.scheme {
            "ip" => matches_network(&entry.id, &id.id),
            _ => entry.id == id.id,
        }
}

fn parse_network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(width);
    (bits <= width).then_some((address, bits))
}

fn matches_network(network: &str, address: &str) -> bool {
    let (Some((network, bits)), Ok(address)) = (parse_network(network), address.parse()) else {
        return false;
    };
    let (left, right, width) = match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits().into(), b.to_bits().into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    let difference: u128 = left ^ right;
    difference.checked_shr(width - bits).unwrap_or(0) == 0
}

/// `user:password` as the digest scheme stores it: `user:base64(SHA1("user:password"))` (S-106).
pub(crate) fn digest_id(credentials: &str) -> String {
    let user = credentials.split(':').next().unwrap_or_default();
    let hash = Sha1::digest(credentials.as_bytes());
    let hash = base64::engine::general_purpose::STANDARD.encode(hash);
    format!("{user}:{hash}")
}

/// Adds what an auth packet proves to a connection's identities (S-106).
pub(crate) fn authenticate(
    packet: &records::AuthPacket<'_>,
    super_digest: Option<&str>,
    ids: &mut Vec<AuthId>,
) -> Result<(), Code> {
    let mut add = |id: AuthId| {
        if !ids.contains(&id) {
            ids.push(id);
        }
    };
    match packet.scheme {
        Some(b"digest") => {
            let digest = digest_id(&text::read(packet.auth.unwrap_or_default()));
            if super_digest == Some(&digest) {
                add(AuthId::new("super", ""));
            }
            add(AuthId::new("digest", &digest));
            Ok(())
        }
        Some(b"ip") => Ok(()),
        _ => Err(Code::AUTH_FAILED),
    }
}

#[cfg(test)]
mod tests;
