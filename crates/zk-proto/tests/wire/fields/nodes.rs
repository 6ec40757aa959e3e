use zk_proto::records::*;
use zk_proto::{CreateMode, List, Op, Perms};

use super::{OPEN, id, reply, request, text};

#[test]
fn creates() {
    let expected = CreateRequest {
        path: text("/n/es-"),
        data: text("es"),
        acl: List::new(&OPEN),
        flags: CreateMode::EphemeralSequential as i32,
    };
    let create: CreateRequest<'_> = request("nodes", "create", "/n/es-", Op::Create);
    assert_eq!(create, expected);
    let (_, created): (_, CreateResponse<'_>) = reply("nodes", "create", "/n/es-");
    assert_eq!(created.path, text("/n/es-0000000004"));

    let null: CreateRequest<'_> = request("nodes", "create", "/n/null", Op::Create);
    let empty: CreateRequest<'_> = request("nodes", "create", "/n/empty", Op::Create);
    assert_eq!((null.data, empty.data), (None, text("")));
}

#[test]
fn creates_that_are_answered_with_a_stat() {
    let container: CreateRequest<'_> = request("nodes", "createContainer", "", Op::CreateContainer);
    assert_eq!(container.flags, CreateMode::Container as i32);
    let (_, made): (_, Create2Response<'_>) = reply("nodes", "createContainer", "");
    assert_eq!(made.path, text("/n/container"));
    assert_eq!((made.stat.ephemeral_owner, made.stat.data_length), (0, 1));
    assert_eq!(made.stat.czxid, made.stat.pzxid);

    let expected = CreateTtlRequest {
        path: text("/n/ttl-"),
        data: text("t"),
        acl: List::new(&OPEN),
        flags: CreateMode::PersistentSequentialWithTtl as i32,
        ttl: 0xff_ffff_ffff,
    };
    let ttl: CreateTtlRequest<'_> = request("nodes", "createTTL", "/n/ttl-", Op::CreateTtl);
    assert_eq!(ttl, expected);

    let create2: CreateRequest<'_> = request("nodes", "create2", "/n/c2-", Op::Create2);
    assert_eq!(create2.flags, CreateMode::EphemeralSequential as i32);
    let (_, created): (_, Create2Response<'_>) = reply("nodes", "create2", "/n/c2-");
    assert_ne!(created.stat.ephemeral_owner, 0);
    assert_eq!(created.stat.data_length, 0);
}

#[test]
fn reads() {
    let expected = WatchedPathRequest {
        path: text("/n"),
        watch: false,
    };
    for (name, op) in [
        ("exists", Op::Exists),
        ("getData", Op::GetData),
        ("getChildren", Op::GetChildren),
        ("getChildren2", Op::GetChildren2),
    ] {
        let asked: WatchedPathRequest<'_> = request("nodes", name, "/n\"", op);
        assert_eq!(asked, expected, "{name}");
    }
    let watching: WatchedPathRequest<'_> = request("watches", "exists", "/w\"", Op::Exists);
    assert!(watching.watch);

    let (_, exists): (_, ExistsResponse) = reply("nodes", "exists", "");
    let (_, data): (_, GetDataResponse<'_>) = reply("nodes", "getData", "hello");
    assert_eq!((data.data, data.stat), (text("hello"), exists.stat));
    assert_eq!((exists.stat.data_length, exists.stat.version), (5, 0));
    let (_, null): (_, GetDataResponse<'_>) = reply("nodes", "getData", "data=null");
    assert_eq!((null.data, null.stat.data_length), (None, 0));

    let (_, names): (_, GetChildrenResponse<'_>) = reply("nodes", "getChildren", "");
    let (_, both): (_, GetChildren2Response<'_>) = reply("nodes", "getChildren2", "");
    assert_eq!(names.children, both.children);
    assert_eq!(names.children.len(), both.stat.num_children as usize);
    assert!(names.children.iter().any(|name| name == text("ü€")));

    let count: PathRequest<'_> = request(
        "newer",
        "getAllChildrenNumber",
        "",
        Op::GetAllChildrenNumber,
    );
    assert_eq!(count.path, text("/r"));
    let (_, count): (_, GetAllChildrenNumberResponse) = reply("newer", "getAllChildrenNumber", "");
    assert_eq!(count.total, 3);
}

#[test]
fn writes() {
    let expected = SetDataRequest {
        path: text("/n"),
        data: text("again"),
        version: 1,
    };
    let set: SetDataRequest<'_> = request("nodes", "setData", "again", Op::SetData);
    assert_eq!(set, expected);
    let (_, set): (_, SetDataResponse) = reply("nodes", "setData", "version=2,");
    assert!(set.stat.mzxid > set.stat.czxid && set.stat.mtime >= set.stat.ctime);

    let expected = DeleteRequest {
        path: text("/n/empty"),
        version: 1,
    };
    let delete: DeleteRequest<'_> = request("nodes", "delete", "/n/empty", Op::Delete);
    assert_eq!(delete, expected);
    let delete: PathRequest<'_> = request("newer", "deleteContainer", "", Op::DeleteContainer);
    assert_eq!(delete.path, text("/r/container"));
}

/// Strings are bytes: what the server makes of a character beyond the basic plane is not UTF-8.
#[test]
fn sync_echoes_the_path() {
    let sync: PathRequest<'_> = request("nodes", "sync", "", Op::Sync);
    let (_, synced): (_, SyncResponse<'_>) = reply("nodes", "sync", "");
    assert_eq!((sync.path, synced.path), (text("/n"), text("/n")));

    let sync: PathRequest<'_> = request("newer", "sync", "xf0", Op::Sync);
    assert_eq!(sync.path, text("/😀"));
    let (_, synced): (_, SyncResponse<'_>) = reply("newer", "sync", "xed");
    assert_eq!(synced.path, Some(&b"/\xed\xa0\xbd\xed\xb8\x80"[..]));
}

#[test]
fn access_control_lists() {
    let bob = id("digest", "bob:ikIaKsbtGweaHnb/jKn7OHqbunM=");
    let some = Perms::READ | Perms::WRITE | Perms::CREATE;
    let three = [
        Acl {
            perms: Perms::READ,
            id: id("world", "anyone"),
        },
        Acl {
            perms: some,
            id: id("ip", "127.0.0.1"),
        },
        Acl {
            perms: Perms::ALL,
            id: bob,
        },
    ];
    let create: CreateRequest<'_> = request("acl", "create", "/acl", Op::Create);
    assert_eq!(create.acl, List::new(&three));
    let (_, stored): (_, GetAclResponse<'_>) = reply("acl", "getACL", "127.0.0.1");
    assert_eq!(stored.acl, List::new(&three));
    assert_eq!(stored.stat.aversion, 0);

    // What is asked for as `auth:` is stored as the identity of who asked.
    let create: CreateRequest<'_> = request("acl", "create", "/mine", Op::Create);
    let asked = [Acl {
        perms: Perms::ALL,
        id: id("auth", ""),
    }];
    assert_eq!(create.acl, List::new(&asked));
    let (_, stored): (_, GetAclResponse<'_>) = reply("acl", "getACL", "acl=[{perms=31");
    assert_eq!(stored.acl, List::new(&three[2..]));

    let expected = SetAclRequest {
        path: text("/mine"),
        acl: List::new(&OPEN),
        version: 7,
    };
    let set: SetAclRequest<'_> = request("acl", "setACL", "/mine", Op::SetAcl);
    assert_eq!(set, expected);
    let (_, set): (_, SetAclResponse) = reply("acl", "setACL", "stat");
    assert_eq!((set.stat.aversion, set.stat.version), (1, 0));
}
