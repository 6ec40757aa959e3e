//! Operations on nodes, their errors and their order: the core in virtual time.

use crate::support::*;
use crate::virtual_time::World;
use zk_proto::records::GetDataResponse;
use zk_proto::{Code, Jute, Op, Perms};
use zk_test_server::Options;

#[test]
fn s413_create_and_create_again_answer_as_the_real_server() {
    let mut world = World::new();
    let client = world.client();
    let (op, body) = create("/a", 0);
    world.send(client.conn, &request(1, op.into(), &body));
    world.send(client.conn, &request(2, op.into(), &body));
    let expected = [
        hex("00000001 0000000000000002 00000000 00000002 2f61"),
        hex("00000002 0000000000000003 ffffff92"),
    ];
    assert_eq!(world.frames(client.conn), expected);
}

#[test]
fn s417_s418_small_answers_are_the_real_servers_to_the_byte() {
    let mut world = World::new();
    let client = world.client();
    let (op, body) = auth("digest", "bob:pw");
    world.send(client.conn, &request(-4, op.into(), &body));
    let (op, body) = numbered(Op::AddWatch, "/a", 0);
    world.send(client.conn, &request(2, op.into(), &body));
    world.send(client.conn, &request(3, 102, &[0, 0, 0, 0]));
    let expected = [
        hex("fffffffc 0000000000000000 00000000"),
        hex("00000002 0000000000000001 00000000 00000000"),
        hex("00000003 0000000000000000 00000000 ffffffff"),
    ];
    assert_eq!(world.frames(client.conn), expected);
}

#[test]
fn s080_s084_a_fresh_tree_is_the_real_servers() {
    let mut world = World::new();
    let client = world.client();
    let root = world.ok(client, read(Op::GetChildren2, "/", false));
    assert_eq!(root.texts(), ["zookeeper"]);
    assert_eq!((root.stat().cversion, root.stat().num_children), (-1, 1));
    let inner = world.ok(client, read(Op::GetChildren2, "/zookeeper", false));
    assert_eq!(inner.texts(), ["config", "quota"]);
    assert_eq!(inner.stat().cversion, -2);
    let config = world.ok(client, read(Op::GetData, "/zookeeper/config", false));
    assert_eq!(config.stat().aversion, -1);
    assert_eq!(
        world.code(client, set("/zookeeper/config", b"", -1)),
        Code::NO_AUTH
    );
    world.ok(client, create("/zookeeper/mine", 0));
    assert_eq!(
        world.ok(client, read(Op::GetData, "", false)).body.len(),
        4 + 68
    );
}

#[test]
fn s082_stats_follow_every_kind_of_change() {
    let mut world = World::new();
    let client = world.client();
    world.ok(client, create("/a", 0));
    world.advance(5);
    let after_set = world.ok(client, set("/a", b"xy", 0)).stat();
    assert_eq!(
        (after_set.czxid, after_set.mzxid, after_set.pzxid),
        (2, 3, 2)
    );
    assert_eq!((after_set.version, after_set.data_length), (1, 2));
    assert_eq!(after_set.mtime - after_set.ctime, 5);
    world.ok(client, create("/a/b", 0));
    let after_acl = world.ok(client, set_acl("/a", &[WORLD], 0)).stat();
    assert_eq!(
        (after_acl.aversion, after_acl.version, after_acl.mzxid),
        (1, 1, 3)
    );
    assert_eq!(
        (after_acl.cversion, after_acl.pzxid, after_acl.num_children),
        (1, 4, 1)
    );
    world.ok(client, delete("/a/b"));
    let after_delete = world.ok(client, read(Op::Exists, "/a", false)).stat();
    assert_eq!((after_delete.cversion, after_delete.pzxid), (2, 6));
    assert_eq!(after_delete.num_children, 0);
}

#[test]
fn s086_null_and_empty_data_differ() {
    let mut world = World::new();
    let client = world.client();
    world.ok(
        client,
        (Op::Create, create_body("/null", None, &[WORLD], 0)),
    );
    world.ok(client, create("/empty", 0));
    let null = world.ok(client, read(Op::GetData, "/null", false));
    assert_eq!(GetDataResponse::from_bytes(&null.body).unwrap().data, None);
    let empty = world.ok(client, read(Op::GetData, "/empty", false));
    assert_eq!(
        GetDataResponse::from_bytes(&empty.body).unwrap().data,
        Some(&b""[..])
    );
    assert_eq!(null.stat().data_length, 0);
}

#[test]
fn s087_sequence_numbers_count_all_creates_of_children() {
    let mut world = World::new();
    let client = world.client();
    world.ok(client, create("/q", 0));
    let path = |world: &mut World, name, flags| world.ok(client, create(name, flags)).text();
    assert_eq!(path(&mut world, "/q/x-", 2), "/q/x-0000000000");
    assert_eq!(path(&mut world, "/q/plain", 0), "/q/plain");
    assert_eq!(world.code(client, create("/q/plain", 0)), Code::NODE_EXISTS);
    world.ok(client, delete("/q/plain"));
    assert_eq!(path(&mut world, "/q/", 3), "/q/0000000002");
    assert_eq!(path(&mut world, "/", 2), "/0000000001");
}

#[test]
fn s110_create_errors_come_in_the_real_servers_order() {
    let mut world = World::with(Options {
        extended_types: false,
        ..Options::default()
    });
    let client = world.client();
    world.ok(client, create("/e", 1));
    let no_acl = |path: &str, flags| (Op::Create, create_body(path, None, &[], flags));
    for (request, code) in [
        (no_acl("nonsense", 7), Code::BAD_ARGUMENTS),
        (create_ttl("nonsense", 5, 10), Code::UNIMPLEMENTED),
        (no_acl("nonsense", 0), Code::BAD_ARGUMENTS),
        (no_acl("/a//b", 0), Code::INVALID_ACL),
        (create("/missing/b", 0), Code::NO_NODE),
        (create("/b/", 0), Code::NO_NODE),
        (create("/a b/../c", 0), Code::NO_NODE),
        (create("/zookeeper/config/x", 0), Code::NO_AUTH),
        (create("/..", 0), Code::BAD_ARGUMENTS),
        (create("/\u{1}", 0), Code::BAD_ARGUMENTS),
        (create("/😀", 0), Code::BAD_ARGUMENTS),
        (create("/a\0", 0), Code::BAD_ARGUMENTS),
        (create("/", 0), Code::NODE_EXISTS),
        (create("/e", 0), Code::NODE_EXISTS),
        (create("/e/child", 0), Code::NO_CHILDREN_FOR_EPHEMERALS),
    ] {
        let zxid = world.core.zxid();
        let reply = world.call(client, request.clone());
        assert_eq!((reply.err, reply.zxid), (code, zxid + 1), "{request:?}");
        assert!(reply.body.is_empty());
    }
}

#[test]
fn s085_s114_s116_containers_and_ttl_nodes_look_persistent() {
    let mut world = World::new();
    let client = world.client();
    let container = (Op::CreateContainer, create_body("/c", None, &[WORLD], 4));
    assert_eq!(world.ok(client, container).stat().ephemeral_owner, 0);
    assert_eq!(
        world
            .ok(client, create_ttl("/t", 5, 1000))
            .stat()
            .ephemeral_owner,
        0
    );
    assert_eq!(
        world.ok(client, create_ttl("/t-", 6, 1000)).text(),
        "/t-0000000002"
    );
    world.ok(client, create("/plain", 4));
    for request in [
        create_ttl("/x", 5, 0),
        create_ttl("/x", 5, -5),
        create_ttl("/x", 5, 1 << 40),
        create_ttl("/x", 0, -1),
        create_ttl("/x", 0, 5),
        create("/x", 5),
        (Op::CreateContainer, create_body("/x", None, &[WORLD], 6)),
    ] {
        assert_eq!(
            world.code(client, request.clone()),
            Code::BAD_ARGUMENTS,
            "{request:?}"
        );
    }
}

#[test]
fn s118_the_reaper_takes_used_containers_and_old_ttl_nodes() {
    let mut world = World::with(Options {
        container_check_ms: 1000,
        tick_ms: 100_000,
        ..Options::default()
    });
    let client = world.client_with_timeout(i32::MAX);
    for path in ["/used", "/unused"] {
        let body = create_body(path, None, &[WORLD], 4);
        world.ok(client, (Op::CreateContainer, body));
    }
    world.ok(client, create("/plain", 4));
    for path in ["/plain/c", "/used/c"] {
        world.ok(client, create(path, 0));
        world.ok(client, delete(path));
    }
    world.ok(client, create_ttl("/renewed", 5, 1500));
    world.ok(client, create_ttl("/old", 5, 1500));
    world.ok(client, read(Op::Exists, "/old", true));
    world.advance(1000);
    assert!(world.core.node("/used").is_none());
    assert!(world.core.node("/old").is_some());
    world.ok(client, set("/renewed", b"", -1));
    let zxid = world.core.zxid();
    world.advance(1000);
    assert!(world.core.node("/old").is_none());
    assert_eq!(world.events(client), [(2, "/old".into())]);
    for path in ["/renewed", "/unused", "/plain"] {
        assert!(world.core.node(path).is_some(), "{path}");
    }
    assert_eq!(world.core.zxid(), zxid + 1);
}

#[test]
fn s120_s081_delete_errors_come_in_the_real_servers_order() {
    let mut world = World::new();
    let client = world.client();
    world.ok(client, create("/a", 0));
    world.ok(client, create("/a/b", 0));
    let closed = [acl(Perms::READ, "world", "anyone")];
    world.ok(client, (Op::Create, create_body("/ro", None, &closed, 0)));
    for (request, code) in [
        (delete("nonsense"), Code::BAD_ARGUMENTS),
        (delete("/"), Code::BAD_ARGUMENTS),
        (delete(""), Code::BAD_ARGUMENTS),
        (delete("/zookeeper"), Code::BAD_ARGUMENTS),
        (delete("/zookeeper/config"), Code::BAD_ARGUMENTS),
        (delete("/missing/x"), Code::NO_NODE),
        (delete("/ro/missing"), Code::NO_AUTH),
        (delete("/missing"), Code::NO_NODE),
        (numbered(Op::Delete, "/a", 7), Code::BAD_VERSION),
        (delete("/a"), Code::NOT_EMPTY),
        (delete("/a/b"), Code::OK),
        (delete("/ro"), Code::OK),
    ] {
        assert_eq!(world.code(client, request.clone()), code, "{request:?}");
    }
}

#[test]
fn s124_delete_container_takes_any_childless_node() {
    let mut world = World::new();
    let client = world.client();
    world.ok(client, create("/a", 0));
    world.ok(client, create("/a/e", 1));
    for (path, code) in [
        ("/zookeeper/quota", Code::BAD_ARGUMENTS),
        ("/missing", Code::NO_NODE),
        ("/a", Code::NOT_EMPTY),
        ("/a/e", Code::BAD_VERSION),
    ] {
        assert_eq!(
            world.code(client, on_path(Op::DeleteContainer, path)),
            code,
            "{path}"
        );
    }
    world.ok(client, delete("/a/e"));
    world.ok(client, on_path(Op::DeleteContainer, "/a"));
}

#[test]
fn s121_s122_set_errors_come_in_the_real_servers_order() {
    let mut world = World::new();
    let client = world.client();
    world.ok(client, create("/a", 0));
    let closed = [acl(Perms::READ, "world", "anyone")];
    world.ok(client, (Op::Create, create_body("/ro", None, &closed, 0)));
    for (request, code) in [
        (set("/a/", b"", 9), Code::BAD_ARGUMENTS),
        (set("/missing", b"", 9), Code::NO_NODE),
        (set("/ro", b"", 9), Code::NO_AUTH),
        (set("/a", b"", 9), Code::BAD_VERSION),
        (set_acl("/a/", &[], 9), Code::BAD_ARGUMENTS),
        (set_acl("/missing", &[], 9), Code::INVALID_ACL),
        (set_acl("/missing", &[WORLD], 9), Code::NO_NODE),
        (set_acl("/ro", &[WORLD], 9), Code::NO_AUTH),
        (set_acl("/a", &[WORLD], 9), Code::BAD_VERSION),
    ] {
        assert_eq!(world.code(client, request.clone()), code, "{request:?}");
    }
}

#[test]
fn s101_s106_s107_rights_follow_the_connections_identities() {
    let mut world = World::with(Options {
        super_digest: Some("super:D/InIHSb7yEEbrWz8b9l71RjZJU=".into()),
        ..Options::default()
    });
    let (bob, stranger, root) = (world.client(), world.client(), world.client());
    world.ok(bob, auth("digest", "bob:pw"));
    world.ok(root, auth("digest", "super:test"));
    let own = [
        acl(Perms::ALL, "auth", ""),
        acl(Perms::READ, "ip", "127.0.0.0/8"),
    ];
    world.ok(bob, (Op::Create, create_body("/bob", Some(b"x"), &own, 0)));
    world.ok(stranger, read(Op::GetData, "/bob", false));
    assert_eq!(world.code(stranger, set("/bob", b"", -1)), Code::NO_AUTH);
    let texts = |reply: Reply| String::from_utf8_lossy(&reply.body).into_owned();
    assert!(texts(world.ok(stranger, on_path(Op::GetAcl, "/bob"))).contains("bob:x"));
    assert!(
        texts(world.ok(bob, on_path(Op::GetAcl, "/bob")))
            .contains("bob:ikIaKsbtGweaHnb/jKn7OHqbunM=")
    );
    world.ok(root, set("/bob", b"", -1));
    let who = texts(world.ok(root, (Op::WhoAmI, vec![])));
    for part in ["ip", "127.0.0.1", "digest", "super"] {
        assert!(who.contains(part), "{who}");
    }
    assert_eq!(
        world.code(stranger, auth("nonsense", "x")),
        Code::AUTH_FAILED
    );
    assert!(world.is_closed(stranger.conn));
}

#[test]
fn s140_s141_s092_reads_tell_missing_from_denied() {
    let mut world = World::new();
    let client = world.client();
    let closed = [acl(Perms::WRITE, "world", "anyone")];
    world.ok(client, (Op::Create, create_body("/w", None, &closed, 0)));
    for op in [Op::GetData, Op::GetChildren, Op::GetChildren2, Op::Exists] {
        assert_eq!(world.code(client, read(op, "/w", true)), Code::NO_AUTH);
        assert_eq!(world.core.watch_count(), 0);
        let missing = if op == Op::Exists { 1 } else { 0 };
        assert_eq!(world.code(client, read(op, "/none", true)), Code::NO_NODE);
        assert_eq!(world.core.watch_count(), missing);
        assert_eq!(
            world.code(client, read(op, "//nonsense/", false)),
            Code::NO_NODE
        );
    }
    for op in [Op::GetAcl, Op::GetAllChildrenNumber] {
        assert_eq!(world.code(client, on_path(op, "/w")), Code::NO_AUTH);
        assert_eq!(world.code(client, on_path(op, "/none")), Code::NO_NODE);
    }
    assert_eq!(
        world.code(client, read(Op::Exists, "/\0", false)),
        Code::BAD_ARGUMENTS
    );
}

#[test]
fn s142_s143_s126_descendants_ephemerals_and_sync() {
    let mut world = World::new();
    let (client, other) = (world.client(), world.client());
    assert_eq!(
        world
            .ok(client, on_path(Op::GetAllChildrenNumber, "/"))
            .body,
        3i32.to_be_bytes()
    );
    for (path, flags) in [("/a", 0), ("/a/e1", 1), ("/a/e2", 1), ("/ab", 1)] {
        world.ok(client, create(path, flags));
    }
    assert_eq!(
        world
            .ok(client, on_path(Op::GetAllChildrenNumber, "/a"))
            .body,
        2i32.to_be_bytes()
    );
    let list =
        |world: &mut World, who, prefix| world.ok(who, on_path(Op::GetEphemerals, prefix)).texts();
    assert_eq!(list(&mut world, client, "/a/"), ["/a/e1", "/a/e2"]);
    assert_eq!(list(&mut world, client, "/"), ["/a/e1", "/a/e2", "/ab"]);
    assert!(list(&mut world, other, "/").is_empty());
    assert_eq!(
        world.ok(client, on_path(Op::Sync, "non/sense")).text(),
        "non/sense"
    );
    let emoji = world.ok(client, on_path(Op::Sync, "/😀"));
    assert_eq!(emoji.body, hex("00000007 2F EDA0BD EDB880"));
}

#[test]
fn s128_reconfig_is_disabled() {
    let mut world = World::new();
    let client = world.client();
    let body = [&[0xff; 12][..], &(-1i64).to_be_bytes()].concat();
    assert_eq!(
        world.code(client, (Op::Reconfig, body)),
        Code::RECONFIG_DISABLED
    );
}

#[test]
fn s185_s186_s188_quotas_count_and_hard_limits_hold() {
    let mut world = World::with(Options {
        enforce_quota: true,
        ..Options::default()
    });
    let client = world.client();
    let make = |world: &mut World, path: &str, data: &[u8]| {
        world.code(
            client,
            (Op::Create, create_body(path, Some(data), &[WORLD], 0)),
        )
    };
    let usage = |world: &World| {
        let (data, stat) = world
            .core
            .node("/zookeeper/quota/x/zookeeper_stats")
            .unwrap();
        assert_eq!(stat.version, 0);
        String::from_utf8(data.unwrap()).unwrap()
    };
    assert_eq!(make(&mut world, "/x", b"abc"), Code::OK);
    assert_eq!(make(&mut world, "/x/y", b"de"), Code::OK);
    assert_eq!(make(&mut world, "/zookeeper/quota/x", b""), Code::OK);
    let limits = b"count=-1,bytes=-1=;byteHardLimit=8;countHardLimit=3";
    assert_eq!(
        make(&mut world, "/zookeeper/quota/x/zookeeper_limits", limits),
        Code::OK
    );
    assert_eq!(
        make(&mut world, "/zookeeper/quota/x/zookeeper_stats", b""),
        Code::OK
    );
    assert_eq!(usage(&world), "count=2,bytes=5");
    assert_eq!(make(&mut world, "/x/z", b"12345"), Code::QUOTA_EXCEEDED);
    assert_eq!(make(&mut world, "/x/z", b"123"), Code::OK);
    assert_eq!(make(&mut world, "/x/w", b""), Code::QUOTA_EXCEEDED);
    assert_eq!(
        world.code(client, set("/x/y", b"123", 9)),
        Code::QUOTA_EXCEEDED
    );
    assert_eq!(world.code(client, set("/x/y", b"", -1)), Code::OK);
    assert_eq!(usage(&world), "count=3,bytes=6");
    let failing = multi(Op::Multi, &[delete("/x/y"), delete("/missing")]);
    world.ok(client, failing);
    assert_eq!(usage(&world), "count=3,bytes=6");
    world.ok(client, delete("/x/y"));
    assert_eq!(usage(&world), "count=2,bytes=6");
}

#[test]
fn s243_a_read_only_server_serves_reads_and_refuses_the_rest() {
    let mut world = World::with(Options {
        read_only: true,
        ..Options::default()
    });
    let plain = world.open();
    world.send(plain, &connect_request(0, &[0; 16], 10_000));
    assert!(world.is_closed(plain) && world.bytes(plain).is_empty());
    let conn = world.open();
    let mut bytes = connect_request(0, &[0; 16], 10_000);
    *bytes.last_mut().unwrap() = 1;
    world.send(conn, &bytes);
    assert_eq!(world.frames(conn)[0].last(), Some(&1));
    assert_eq!(world.core.zxid(), 0);
    for (request_body, code) in [
        (read(Op::GetData, "/", true), Code::OK),
        (on_path(Op::Sync, "/"), Code::NOT_READ_ONLY),
        (create("/a", 0), Code::NOT_READ_ONLY),
        (multi(Op::Multi, &[]), Code::NOT_READ_ONLY),
        ((Op::Ping, vec![]), Code::OK),
    ] {
        world.send(conn, &request(1, request_body.0.into(), &request_body.1));
        let frames = world.frames(conn);
        assert_eq!(Reply::parse(&frames[0]).err, code, "{request_body:?}");
    }
    world.core.set_read_only(false, world.now);
    world.drain();
    assert!(world.is_closed(conn));
    assert!(world.core.sessions().is_empty());
}
