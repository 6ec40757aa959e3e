//! Requests by hand: every operation, every error that one can provoke.

use super::Step;
use crate::support::*;
use zk_proto::{Op, Perms};

fn null_path(op: Op, rest: &[u8]) -> (Op, Vec<u8>) {
    (op, [&[0xff; 4][..], rest].concat())
}

/// Every operation, every error that one can provoke.
pub(super) fn directed() -> Vec<Step> {
    let world_read = [acl(Perms::READ, "world", "anyone")];
    let auth_all = [acl(Perms::ALL, "auth", "")];
    let node = |path: &str, data: Option<&[u8]>, list: &[_], flags| {
        (Op::Create, create_body(path, data, list, flags))
    };
    let create2 = |path: &str, flags| (Op::Create2, create_body(path, Some(b"x"), &[WORLD], flags));
    let container = |path: &str, flags| {
        (
            Op::CreateContainer,
            create_body(path, None, &[WORLD], flags),
        )
    };
    let mut steps: Vec<Step> = vec![
        (0, read(Op::GetChildren2, "/", false)),
        (0, read(Op::GetChildren2, "", false)),
        (0, read(Op::GetData, "", false)),
        (0, read(Op::GetChildren2, "/zookeeper", false)),
        (0, read(Op::Exists, "/zookeeper/quota", false)),
        (0, read(Op::GetData, "/zookeeper/config", false)),
        (0, on_path(Op::GetAcl, "/zookeeper/config")),
        (0, on_path(Op::GetAcl, "/")),
        (0, on_path(Op::GetAllChildrenNumber, "/")),
        (0, node("/a", None, &[WORLD], 0)),
        (0, node("/a", None, &[WORLD], 0)),
        (0, create2("/b", 0)),
        (0, create2("/b/s", 2)),
        (0, create("/b/e", 1)),
        (0, create("/b/e/c", 0)),
        (0, create("/b/es", 3)),
        (0, container("/c", 4)),
        (0, container("/c0", 0)),
        (0, container("/c2", 2)),
        (0, create("/plain4", 4)),
        (0, create_ttl("/t", 5, 100_000)),
        (0, create_ttl("/t", 6, 100_000)),
        (0, create_ttl("/x", 5, 0)),
        (0, create_ttl("/x", 5, 1 << 40)),
        (0, create_ttl("/x", 0, 5)),
        (0, create("/x", 5)),
        (0, create("/x", 7)),
        (0, create("/x", -1)),
        (0, create("/", 0)),
        (0, create("/", 2)),
        (0, create("", 0)),
        (0, create("", 2)),
        (0, create("nonsense", 0)),
        (0, create("non/sense", 0)),
        (0, create("/a/", 0)),
        (0, create("/a/", 2)),
        (0, create("/none/", 0)),
        (0, create("//", 0)),
        (0, create("/a//b", 0)),
        (0, create("/a/.", 0)),
        (0, create("/a/../b", 0)),
        (0, create("/a\0", 0)),
        (0, create("/a/\u{1}", 0)),
        (0, create("/a/\u{7f}", 0)),
        (0, create("/a/\u{a0}", 0)),
        (0, create("/a/\u{e000}", 0)),
        (0, create("/a/\u{fff0}", 0)),
        (0, create("/a/\u{ffff}", 0)),
        (0, create("/a/é", 0)),
        (0, create("/a/😀", 0)),
        (0, node("/x", None, &[], 0)),
        (0, node("/a//b", None, &[], 0)),
        (0, node("/none/b", None, &[], 0)),
        (0, node("/x", None, &[acl(31, "world", "me")], 0)),
        (0, node("/x", None, &[acl(31, "nonsense", "me")], 0)),
        (0, node("/x", None, &auth_all, 0)),
        (0, node("/x", None, &[acl(31, "digest", "a")], 0)),
        (0, node("/x", None, &[acl(31, "digest", "a:b:c")], 0)),
        (0, node("/x", None, &[acl(31, "ip", "1.2.3")], 0)),
        (0, node("/x", None, &[acl(31, "ip", "1.2.3.4/33")], 0)),
        (
            0,
            node("/odd", None, &[acl(99, "world", "anyone"), WORLD, WORLD], 0),
        ),
        (0, on_path(Op::GetAcl, "/odd")),
        (0, node("/ro", Some(b"r"), &world_read, 0)),
        (0, create("/ro/c", 0)),
        (0, set("/ro", b"", -1)),
        (0, set("/ro", b"", 9)),
        (0, delete("/ro/none")),
        (0, set_acl("/ro", &[WORLD], -1)),
        (0, set_acl("/ro", &[], -1)),
        (0, set_acl("/none", &[WORLD], -1)),
        (0, set_acl("/none", &[], -1)),
        (0, set_acl("/a", &[WORLD], 5)),
        (0, set_acl("/a", &[WORLD], 0)),
        (0, read(Op::Exists, "/a", false)),
        (0, set("/a", b"data", 0)),
        (0, set("/a", b"data", 0)),
        (0, set("/a", b"", -1)),
        (0, set("", b"", -1)),
        (0, set("/", b"root", -1)),
        (0, set("/a/", b"", -1)),
        (0, set("nonsense", b"", -1)),
        (0, set("/none", b"", -1)),
        (0, read(Op::GetData, "/a", false)),
        (0, read(Op::GetData, "/a/", false)),
        (0, read(Op::Exists, "nonsense", false)),
        (0, read(Op::Exists, "", false)),
        (0, read(Op::Exists, "/\0", false)),
        (0, read(Op::GetData, "/\0", false)),
        (0, read(Op::GetChildren, "/none", true)),
        (0, delete("")),
        (0, delete("/")),
        (0, delete("/zookeeper")),
        (0, delete("/zookeeper/config")),
        (0, delete("nonsense")),
        (0, delete("/\0")),
        (0, delete("/none")),
        (0, delete("/none/x")),
        (0, delete("/a/")),
        (0, delete("/b")),
        (0, numbered(Op::Delete, "/b", 4)),
        (0, numbered(Op::Delete, "/a", 4)),
        (0, on_path(Op::Sync, "/")),
        (0, on_path(Op::Sync, "nonsense")),
        (0, on_path(Op::Sync, "/😀")),
        (0, (Op::Sync, [&[0, 0, 0, 2][..], b"/\xff"].concat())),
        (0, on_path(Op::GetEphemerals, "/")),
        (0, on_path(Op::GetEphemerals, "/b/es")),
        (0, on_path(Op::GetEphemerals, " ")),
        (1, on_path(Op::GetEphemerals, "/")),
        (0, null_path(Op::GetEphemerals, &[])),
        (0, on_path(Op::GetAllChildrenNumber, "/b")),
        (0, on_path(Op::GetAllChildrenNumber, "")),
        (0, on_path(Op::GetAllChildrenNumber, "/none")),
        (0, (Op::WhoAmI, vec![])),
        (0, auth("digest", "bob:pw")),
        (0, auth("digest", "bob:pw")),
        (0, auth("digest", "foo")),
        (0, auth("ip", "")),
        (0, (Op::WhoAmI, vec![])),
        (1, auth("sasl", "")),
        (1, auth("world", "anyone")),
        (1, auth("nonsense", "")),
        (2, auth("digest", "super:test")),
        (2, (Op::WhoAmI, vec![])),
        (0, node("/mine", Some(b"m"), &auth_all, 0)),
        (0, on_path(Op::GetAcl, "/mine")),
        (1, on_path(Op::GetAcl, "/mine")),
        (1, read(Op::GetData, "/mine", true)),
        (1, read(Op::GetChildren, "/mine", true)),
        (2, on_path(Op::GetAcl, "/mine")),
        (2, set("/mine", b"super", -1)),
        (
            0,
            node(
                "/shared",
                None,
                &[acl(Perms::READ, "ip", "127.0.0.0/8"), acl(31, "auth", "")],
                0,
            ),
        ),
        (1, read(Op::GetData, "/shared", false)),
        (1, on_path(Op::GetAcl, "/shared")),
        (1, set("/shared", b"", -1)),
        (0, on_path(Op::GetAcl, "/shared")),
        (0, (Op::Sasl, vec![0, 0, 0, 0])),
        (0, (Op::Reconfig, [&[0xff; 12][..], &[0xff; 8]].concat())),
        (0, (Op::Reconfig, vec![1])),
        (0, read(Op::Exists, "/", false)),
    ];
    steps.extend(directed_multis());
    steps.extend(directed_watches());
    steps.push((0, (Op::CloseSession, vec![])));
    steps.push((0, read(Op::GetChildren2, "/b", false)));
    steps
}

/// Bodies that do not decode, null paths where 3.8 treats them as 3.9 does.
pub(super) fn malformed() -> Vec<Step> {
    let mut steps = Vec::new();
    for (op, rest) in [
        (Op::Create, &create_body("", None, &[WORLD], 0)[4..]),
        (Op::Delete, &[0xff; 4]),
        (Op::Exists, &[0]),
        (Op::GetData, &[0]),
        (Op::SetData, &[0xff; 8]),
        (Op::GetAcl, &[]),
        (Op::SetAcl, &set_acl("", &[WORLD], -1).1[4..]),
        (Op::GetChildren, &[0]),
        (Op::GetChildren2, &[0]),
        (Op::Sync, &[]),
        (Op::GetAllChildrenNumber, &[]),
    ] {
        steps.push((0, null_path(op, rest)));
        steps.push((0, (op, vec![0, 0, 0, 5, b'/'])));
        steps.push((0, (op, vec![0xff, 0xff, 0xff, 0xfe])));
    }
    for op in [
        Op::Multi,
        Op::MultiRead,
        Op::CheckWatches,
        Op::RemoveWatches,
        Op::AddWatch,
        Op::SetWatches,
    ] {
        steps.push((0, (op, vec![1, 2, 3])));
    }
    steps
}

fn directed_multis() -> Vec<Step> {
    let check = |path: &str, version| numbered(Op::Check, path, version);
    let many: &[&[(Op, Vec<u8>)]] = &[
        &[],
        &[check("/a", -1)],
        &[check("/a", -1), delete("/none"), check("/a", -1)],
        &[
            create("/m", 0),
            set("/m", b"x", 0),
            check("/m", 1),
            create("/m/s", 2),
            create("/m/s", 2),
        ],
        &[create("/m", 0)],
        &[delete("/m"), create("/m/x", 0)],
        &[set("/m", b"y", 1), create("/m/e", 1), create("/m/e/x", 0)],
        &[create_ttl("/m3", 5, 1000)],
        &[
            (Op::CreateContainer, create_body("/m4", None, &[WORLD], 4)),
            delete("/m4"),
        ],
        &[set_acl("/m", &[WORLD], -1)],
        &[create("/x/", 0)],
        &[read(Op::GetData, "/m", false)],
        &[create("/x", 0), read(Op::GetData, "/m", false)],
        &[on_path(Op::DeleteContainer, "/m")],
        &[create_ttl("/x", 5, 0)],
        &[check("nonsense", 0)],
        &[check("/none", 0)],
        &[(Op::Create, create_body("/x", None, &[], 0))],
        &[set("/none", b"", -1), set("/a", b"", -1)],
    ];
    let mut steps: Vec<Step> = vec![
        (1, numbered(Op::AddWatch, "/", 1)),
        (2, numbered(Op::AddWatch, "/m", 0)),
    ];
    for parts in many {
        steps.push((0, multi(Op::Multi, parts)));
        steps.push((0, read(Op::GetChildren2, "/m", false)));
    }
    let reads: &[&[(Op, Vec<u8>)]] = &[
        &[],
        &[
            read(Op::GetData, "/m", true),
            read(Op::GetChildren, "/m", true),
            read(Op::GetData, "/none", true),
        ],
        &[read(Op::GetData, "/mine", true)],
    ];
    steps.extend(reads.iter().map(|parts| (1, multi(Op::MultiRead, parts))));
    steps.push((0, set("/m", b"", -1)));
    steps.push((1, numbered(Op::RemoveWatches, "/", 3)));
    steps.push((2, numbered(Op::RemoveWatches, "/m", 3)));
    steps
}

fn directed_watches() -> Vec<Step> {
    let mut steps: Vec<Step> = vec![
        (0, create("/w", 0)),
        (1, read(Op::GetData, "/w", true)),
        (1, read(Op::GetChildren, "/w", true)),
        (2, read(Op::Exists, "/w/c", true)),
        (0, create("/w/c", 0)),
        (0, set("/w", b"1", -1)),
        (0, set("/w", b"2", -1)),
        (1, read(Op::GetData, "/w", true)),
        (1, read(Op::GetChildren2, "/w", true)),
        (2, numbered(Op::AddWatch, "/w", 0)),
        (0, delete("/w/c")),
        (0, delete("/w")),
        (0, create("/w", 0)),
        (
            1,
            set_watches(
                Op::SetWatches,
                0,
                &[&["/w", "/none"], &["/w", "/none"], &["/w", "/none"]],
            ),
        ),
        (
            1,
            set_watches(
                Op::SetWatches,
                1 << 40,
                &[&["/w", "/none"], &["/w", "/none"], &["/w", "/none"]],
            ),
        ),
        (
            1,
            set_watches(Op::SetWatches2, 1 << 40, &[&[], &[], &[], &["/p"], &["/r"]]),
        ),
        (0, create("/none", 0)),
        (0, create("/p", 0)),
        (0, create("/p/x", 0)),
        (0, create("/r", 0)),
        (0, create("/r/x", 0)),
        (0, set("/w", b"3", -1)),
        (0, delete("/w")),
        (1, numbered(Op::AddWatch, "nonsense", 0)),
        (1, numbered(Op::AddWatch, "/w", 2)),
        (1, numbered(Op::AddWatch, "/w", -1)),
    ];
    // 3.8 takes types 1 and 2 for persistent watches too, so only standard ones are compared.
    steps.push((0, create("/std", 0)));
    for op in [Op::CheckWatches, Op::RemoveWatches] {
        for kind in [1, 2, 3, 6, 0, -1] {
            for path in ["/none", "/std"] {
                steps.push((1, read(Op::GetData, "/std", true)));
                steps.push((1, read(Op::GetChildren, "/std", kind == 1)));
                steps.push((1, numbered(op, path, kind)));
            }
        }
    }
    steps
}
