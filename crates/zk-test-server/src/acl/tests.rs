use super::*;

fn acl<'a>(perms: i32, scheme: &'a str, id: &'a str) -> records::Acl<'a> {
    records::Acl {
        perms,
        id: Id {
            scheme: Some(scheme.as_bytes()),
            id: Some(id.as_bytes()),
        },
    }
}

fn fixed(list: &[records::Acl<'_>], ids: &[AuthId]) -> Result<Vec<(i32, String)>, Code> {
    let list = fix_up(&List::new(list), ids)?;
    let show = |e: &Entry| (e.perms, format!("{}:{}", e.id.scheme, e.id.id));
    Ok(list.entries.iter().map(show).collect())
}

#[test]
fn s411_digest_ids_are_the_real_servers() {
    assert_eq!(digest_id("bob:pw"), "bob:ikIaKsbtGweaHnb/jKn7OHqbunM=");
    assert_eq!(
        digest_id("super:test"),
        "super:D/InIHSb7yEEbrWz8b9l71RjZJU="
    );
    assert!(digest_id("foo").starts_with("foo:"));
}

#[test]
fn s103_lists_are_checked_and_completed() {
    let ids = [
        AuthId::new("ip", "127.0.0.1"),
        AuthId::new("digest", "bob:x"),
    ];
    assert_eq!(fixed(&[], &ids), Err(Code::INVALID_ACL));
    assert_eq!(
        fixed(&[acl(31, "world", "me")], &ids),
        Err(Code::INVALID_ACL)
    );
    assert_eq!(
        fixed(&[acl(31, "sasl", "me")], &ids),
        Err(Code::INVALID_ACL)
    );
    assert_eq!(
        fixed(&[acl(31, "auth", "")], &ids[..1]),
        Err(Code::INVALID_ACL)
    );
    let world = acl(99, "world", "anyone");
    assert_eq!(
        fixed(&[world, world, acl(3, "auth", "ignored")], &ids),
        Ok(vec![
            (99, "world:anyone".into()),
            (3, "digest:bob:x".into())
        ])
    );
}

#[test]
fn s104_ids_must_fit_their_scheme() {
    for (scheme, id, good) in [
        ("digest", "a:b", true),
        ("digest", "a:b:", true),
        ("digest", ":b", true),
        ("digest", "a", false),
        ("digest", "a:", false),
        ("digest", "a:b:c", false),
        ("ip", "10.0.0.1", true),
        ("ip", "10.0.0.0/8", true),
        ("ip", "::1/64", true),
        ("ip", "10.0.0.0/33", false),
        ("ip", "10.0.0", false),
        ("ip", "10.0.0.0/-1", false),
    ] {
        assert_eq!(
            fixed(&[acl(1, scheme, id)], &[]).is_ok(),
            good,
            "{scheme}:{id}"
        );
    }
}

#[test]
fn s100_s105_permissions_go_by_identity() {
    let list = |scheme, id| fix_up(&List::new(&[acl(Perms::READ, scheme, id)]), &[]).unwrap();
    let ip = |text| [AuthId::new("ip", text)];
    assert!(list("ip", "10.1.0.0/16").allows(Perms::READ, &ip("10.1.2.3")));
    assert!(list("ip", "0.0.0.0/0").allows(Perms::READ, &ip("10.1.2.3")));
    assert!(!list("ip", "10.1.0.0/16").allows(Perms::READ, &ip("10.2.2.3")));
    assert!(!list("ip", "10.1.0.0/16").allows(Perms::READ, &ip("::1")));
    let bob = list("digest", "bob:x");
    assert!(bob.allows(Perms::READ, &[AuthId::new("digest", "bob:x")]));
    assert!(!bob.allows(Perms::WRITE, &[AuthId::new("digest", "bob:x")]));
    assert!(bob.allows(Perms::WRITE, &[AuthId::new("super", "")]));
    assert!(!bob.allows(Perms::READ, &ip("127.0.0.1")));
    assert!(AclList::new(vec![]).allows(Perms::ADMIN, &[]));
}
