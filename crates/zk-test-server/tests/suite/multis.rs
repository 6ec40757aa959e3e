//! Transactions and batches of reads: the core in virtual time.

use crate::support::*;
use crate::virtual_time::World;
use zk_proto::records::{MultiReadResult, MultiResult, Results};
use zk_proto::{Code, Op};

#[test]
fn s415_s416_multis_answer_as_the_real_server() {
    let mut world = World::new();
    let client = world.client();
    world.ok(client, create("/a", 0));
    world.ok(client, set("/a", b"", -1));
    world.ok(client, set("/a", b"", -1));
    let check = || numbered(Op::Check, "/a", -1);
    let (op, body) = multi(Op::Multi, &[check(), delete("/missing"), check()]);
    world.send(client.conn, &request(5, op.into(), &body));
    let (op, body) = multi(Op::Multi, &[check(), delete("/a")]);
    world.send(client.conn, &request(6, op.into(), &body));
    let expected = [
        hex(
            "00000005 0000000000000005 00000000 ffffffff 00 00000000 00000000
             ffffffff 00 ffffff9b ffffff9b ffffffff 00 fffffffe fffffffe ffffffff 01 ffffffff",
        ),
        hex("00000006 0000000000000006 00000000 0000000d 00 00000000
             00000002 00 00000000 ffffffff 01 ffffffff"),
    ];
    assert_eq!(world.frames(client.conn), expected);
}

#[test]
fn s172_a_failed_multi_leaves_no_trace_but_its_zxid() {
    let mut world = World::new();
    let (client, watcher) = (world.client(), world.client());
    world.ok(client, create("/a", 0));
    world.ok(client, create("/a/b", 1));
    world.ok(watcher, numbered(Op::AddWatch, "/", 1));
    let look = |world: &World| {
        ["/", "/a", "/a/b", "/a/c", "/a/s0000000001"].map(|path| world.core.node(path))
    };
    let before = look(&world);
    let parts = [
        set("/a", b"new", -1),
        delete("/a/b"),
        create("/a/b", 0),
        create("/a/c", 1),
        create("/a/s", 2),
        set("/a/c", b"x", 0),
        delete("/missing"),
    ];
    let reply = world.ok(client, multi(Op::Multi, &parts));
    assert_eq!(reply.zxid, 5);
    assert_eq!(look(&world), before);
    assert!(world.events(watcher).is_empty());
    assert_eq!(
        world.ok(client, on_path(Op::GetEphemerals, "/")).texts(),
        ["/a/b"]
    );
    world.ok(client, multi(Op::Multi, &parts[..6]));
    let kinds: Vec<i32> = world.events(watcher).iter().map(|e| e.0).collect();
    assert_eq!(kinds, [3, 2, 1, 1, 1, 3]);
}

#[test]
fn s170_multis_of_other_shapes_are_refused_whole() {
    let mut world = World::new();
    let client = world.client();
    let good = || create("/a", 0);
    for part in [
        set_acl("/a", &[WORLD], 0),
        read(Op::GetData, "/", false),
        create("/b", 9),
        on_path(Op::DeleteContainer, "/a"),
    ] {
        let zxid = world.core.zxid();
        let reply = world.call(client, multi(Op::Multi, &[good(), part]));
        assert_eq!((reply.err, reply.zxid), (Code::MARSHALLING_ERROR, zxid + 1));
    }
    let empty = world.ok(client, multi(Op::Multi, &[]));
    assert_eq!(empty.body, hex("ffffffff 01 ffffffff"));
    assert!(world.core.node("/a").is_none());
}

#[test]
fn s171_s173_operations_of_a_multi_see_each_other() {
    let mut world = World::new();
    let client = world.client();
    let parts = [
        create("/a", 0),
        (Op::CreateContainer, create_body("/a/c", None, &[WORLD], 4)),
        create("/a/s", 2),
        set("/a", b"x", 0),
        numbered(Op::Check, "/a", 1),
    ];
    let reply = world.ok(client, multi(Op::Multi, &parts));
    let types: Vec<i32> = {
        let mut results = Results::new(&reply.body);
        std::iter::from_fn(|| results.next_result())
            .map(|result| match result.expect("a result") {
                MultiResult::Create(_) => 1,
                MultiResult::Create2(_) => 15,
                MultiResult::SetData(_) => 5,
                MultiResult::Check => 13,
                other => panic!("{other:?}"),
            })
            .collect()
    };
    assert_eq!(types, [1, 15, 1, 5, 13]);
    assert!(world.core.node("/a/s0000000001").is_some());
}

#[test]
fn s178_multi_reads_fail_one_by_one_and_leave_no_watch() {
    let mut world = World::new();
    let client = world.client();
    world.ok(client, create("/a", 0));
    let zxid = world.core.zxid();
    let parts = [
        read(Op::GetData, "/a", true),
        read(Op::GetData, "/missing", true),
        read(Op::GetChildren, "/", true),
    ];
    let reply = world.ok(client, multi(Op::MultiRead, &parts));
    let mut results = Results::new(&reply.body);
    assert!(matches!(
        results.next_read(),
        Some(Ok(MultiReadResult::GetData(_)))
    ));
    assert!(matches!(
        results.next_read(),
        Some(Ok(MultiReadResult::Error(Code::NO_NODE)))
    ));
    assert!(matches!(
        results.next_read(),
        Some(Ok(MultiReadResult::GetChildren(_)))
    ));
    assert!(results.next_read().is_none());
    assert_eq!((world.core.watch_count(), world.core.zxid()), (0, zxid));
    let mixed = multi(Op::MultiRead, &[read(Op::Exists, "/a", false)]);
    assert_eq!(world.code(client, mixed), Code::MARSHALLING_ERROR);
}
