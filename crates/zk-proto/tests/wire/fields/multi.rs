use zk_proto::records::*;
use zk_proto::{Code, CreateMode, Jute, List};

use super::{OPEN, text};
use crate::fixture::Direction::{Reply, Request};
use crate::fixture::body;

#[test]
fn multi_requests_and_results() {
    let mut ops = Ops::new(&body("multi", Request, "multi", "/m/e-")[8..]);
    let mut next = || ops.next_op().map(|op| op.unwrap());
    let create = |path, data, flags: CreateMode| {
        let flags = flags as i32;
        let acl = List::new(&OPEN);
        Some(MultiOp::Create(CreateRequest {
            path: text(path),
            data,
            acl,
            flags,
        }))
    };
    assert_eq!(next(), create("/m", text("x"), CreateMode::Persistent));
    assert_eq!(
        next(),
        create("/m/e-", None, CreateMode::EphemeralSequential)
    );
    let set = SetDataRequest {
        path: text("/m"),
        data: text("yy"),
        version: 0,
    };
    assert_eq!(next(), Some(MultiOp::SetData(set)));
    let check = CheckVersionRequest {
        path: text("/m"),
        version: 1,
    };
    assert_eq!(next(), Some(MultiOp::Check(check)));
    assert_eq!(next(), create("/m/c", text(""), CreateMode::Persistent));
    let delete = DeleteRequest {
        path: text("/m/c"),
        version: -1,
    };
    assert_eq!(next(), Some(MultiOp::Delete(delete)));
    assert_eq!(next(), None);

    let mut results = Results::new(&body("multi", Reply, "multi", "/m/e-")[16..]);
    let mut next = || results.next_result().map(|result| result.unwrap());
    let created = |path| Some(MultiResult::Create(CreateResponse { path: text(path) }));
    assert_eq!(next(), created("/m"));
    assert_eq!(next(), created("/m/e-0000000000"));
    let Some(MultiResult::SetData(set)) = next() else {
        panic!("not a setData");
    };
    assert_eq!((set.stat.version, set.stat.data_length), (1, 2));
    assert_eq!(set.stat.czxid, set.stat.mzxid);
    assert_eq!(next(), Some(MultiResult::Check));
    assert_eq!(next(), created("/m/c"));
    assert_eq!(next(), Some(MultiResult::Delete));
    assert_eq!(next(), None);
}

#[test]
fn failed_multi() {
    let bytes = body("multi", Reply, "multi", "error -103");
    // The header knows nothing of the failure.
    assert_eq!(ReplyHeader::from_bytes(bytes).unwrap().err, Code::OK);
    let mut results = Results::new(&bytes[16..]);
    let results: Result<Vec<_>, _> = std::iter::from_fn(|| results.next_result()).collect();
    let behind = Code::RUNTIME_INCONSISTENCY;
    let expected = [Code::OK, Code::BAD_VERSION, behind, behind];
    assert_eq!(results.unwrap(), expected.map(MultiResult::Error));
}

/// 3.8 answers create2 inside a multi like create, without a stat; containers and nodes with a
/// time to live get the stat.
#[test]
fn newer_creates_in_a_multi() {
    let mut ops = Ops::new(&body("newer", Request, "multi", "create2")[8..]);
    let mut next = || ops.next_op().map(|op| op.unwrap());
    assert!(matches!(next(), Some(MultiOp::Create2(r)) if r.path == text("/r/two")));
    assert!(matches!(next(), Some(MultiOp::CreateContainer(r)) if r.flags == 4));
    assert!(matches!(next(), Some(MultiOp::CreateTtl(r)) if r.ttl == 60_000 && r.flags == 6));
    assert!(matches!(next(), Some(MultiOp::Check(r)) if r.version == 0));
    assert_eq!(next(), None);

    let mut results = Results::new(&body("newer", Reply, "multi", "/r/two")[16..]);
    let mut next = || results.next_result().map(|result| result.unwrap());
    assert!(matches!(next(), Some(MultiResult::Create(r)) if r.path == text("/r/two")));
    for (path, data_length) in [("/r/container", 0), ("/r/ttl-0000000005", 1)] {
        let Some(MultiResult::Create2(made)) = next() else {
            panic!("{path} has no stat");
        };
        assert_eq!(
            (made.path, made.stat.data_length),
            (text(path), data_length)
        );
    }
    assert_eq!(next(), Some(MultiResult::Check));
    assert_eq!(next(), None);
}

#[test]
fn multi_read() {
    let mut ops = Ops::new(&body("newer", Request, "multiRead", "/none")[8..]);
    let mut next = || ops.next_read().map(|op| op.unwrap());
    let read = |path, watch| WatchedPathRequest {
        path: text(path),
        watch,
    };
    assert_eq!(next(), Some(MultiReadOp::GetData(read("/r", false))));
    assert_eq!(next(), Some(MultiReadOp::GetChildren(read("/none", true))));
    assert_eq!(next(), Some(MultiReadOp::GetChildren(read("/r", false))));
    assert_eq!(next(), Some(MultiReadOp::GetData(read("/none", false))));
    assert_eq!(next(), None);

    let mut results = Results::new(&body("newer", Reply, "multiRead", "data of")[16..]);
    let mut next = || results.next_read().map(|result| result.unwrap());
    let missing = Some(MultiReadResult::Error(Code::NO_NODE));
    assert!(matches!(next(), Some(MultiReadResult::GetData(r)) if r.stat.num_children == 3));
    assert_eq!(next(), missing);
    assert!(matches!(next(), Some(MultiReadResult::GetChildren(r)) if r.children.len() == 3));
    assert_eq!(next(), missing);
    assert_eq!(next(), None);
}
