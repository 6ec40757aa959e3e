//! Requests of every kind, with and without a chroot: what goes over the wire, what comes back
//! (C-230…C-243, C-261, C-279…C-281, C-286, C-302, C-626, C-628).

use zk_proto::records::{
    Acl, CheckVersionRequest, CreateRequest, CreateTtlRequest, DeleteRequest, Id, MultiOp, Ops,
    SetDataRequest,
};
use zk_proto::{Code, List, Op, Reader, Text};

use super::pair::{Pair, Setup};
use super::program::{OPEN_ACL, create, delete, set};
use super::record::{Answer, OneResult};
use crate::core::Request;

const READ_ONLY_ACL: &[Acl<'static>] = &[Acl {
    perms: 1,
    id: Id {
        scheme: Some(b"world"),
        id: Some(b"anyone"),
    },
}];

/// A client under `chroot`, which exists.
fn under(chroot: &'static str) -> Pair {
    let mut pair = Pair::connected(Setup {
        chroot,
        ..Setup::default()
    });
    if !chroot.is_empty() {
        pair.rival(&[create(chroot, b"root", 0)]);
    }
    pair
}

fn make(path: &str, mode: i32, ttl: i64, stat: bool) -> Request<'_> {
    Request::Create {
        path: Some(path.as_bytes()),
        data: Some(b"data"),
        acl: List::new(OPEN_ACL),
        mode,
        ttl,
        stat,
    }
}

fn create_op(path: &str, flags: i32) -> CreateRequest<'_> {
    CreateRequest {
        path: Some(path.as_bytes()),
        data: Some(b"x"),
        acl: List::new(OPEN_ACL),
        flags,
    }
}

fn ask(pair: &mut Pair, request: &Request<'_>) -> Answer {
    let number = pair.ask(request);
    pair.answer(number)
}

// C-230…C-243, C-279, C-280
#[test]
fn every_kind_of_request_works_and_paths_carry_the_chroot_on_the_wire_only() {
    for chroot in ["", "/ch"] {
        let mut pair = under(chroot);
        let path = |p: &'static str| Some(p.as_bytes());

        assert_eq!(
            ask(&mut pair, &make("/a", 0, -1, false)),
            Answer::Path("/a".into())
        );
        let Answer::PathStat(made, stat) = ask(&mut pair, &make("/a/b", 0, -1, true)) else {
            panic!("create2 answers path and stat");
        };
        assert_eq!((made.as_str(), stat.data_length), ("/a/b", 4));
        assert_eq!(
            ask(&mut pair, &make("/a/s-", 2, -1, false)),
            Answer::Path("/a/s-0000000001".into())
        );
        let Answer::Stat(stat) = ask(&mut pair, &Request::Exists { path: path("/a") }) else {
            panic!("exists answers a stat");
        };
        assert_eq!(stat.num_children, 2);
        let Answer::Data(data, _) = ask(&mut pair, &Request::GetData { path: path("/a") }) else {
            panic!("get answers data");
        };
        assert_eq!(data.as_deref(), Some(&b"data"[..]));
        let Answer::Stat(stat) = ask(&mut pair, &set("/a", b"new")) else {
            panic!("set answers a stat");
        };
        assert_eq!((stat.version, stat.data_length), (1, 3));
        let request = Request::GetChildren { path: path("/a") };
        let Answer::Strings(mut names) = ask(&mut pair, &request) else {
            panic!("get_children answers names");
        };
        names.sort();
        assert_eq!(names, ["b", "s-0000000001"]);
        let request = Request::GetChildren2 { path: path("/a") };
        let Answer::StringsStat(names, stat) = ask(&mut pair, &request) else {
            panic!("get_children2 answers names and a stat");
        };
        assert_eq!((names.len(), stat.version), (2, 1));
        assert_eq!(
            ask(&mut pair, &Request::Sync { path: path("/a") }),
            Answer::Path("/a".into())
        );
        let request = Request::SetAcl {
            path: path("/a/b"),
            acl: List::new(READ_ONLY_ACL),
            version: -1,
            stat: false,
        };
        assert_eq!(ask(&mut pair, &request), Answer::Void);
        let request = Request::GetAcl { path: path("/a/b") };
        let Answer::Acl(acl, stat) = ask(&mut pair, &request) else {
            panic!("get_acl answers an ACL and a stat");
        };
        assert_eq!(acl, [(1, "world".to_owned(), "anyone".to_owned())]);
        assert_eq!(stat.aversion, 1);
        assert_eq!(ask(&mut pair, &delete("/a/s-0000000001")), Answer::Void);

        for sent in &pair.sent {
            let path: Text<'_> = sent.record();
            let expected = format!("{chroot}/a");
            assert!(
                path.unwrap().starts_with(expected.as_bytes()),
                "{:?}",
                sent.op()
            );
        }
        assert!(pair.server().node(&format!("{chroot}/a/b")).is_some());
    }
}

// C-279, C-280
#[test]
fn the_root_under_a_chroot_is_the_chroot_itself() {
    let mut pair = under("/ch");
    let Answer::Data(data, _) = ask(&mut pair, &Request::GetData { path: Some(b"/") }) else {
        panic!("get answers data");
    };
    assert_eq!(data.as_deref(), Some(&b"root"[..]));
    assert_eq!(
        ask(&mut pair, &Request::Sync { path: Some(b"/") }),
        Answer::Path("/".into())
    );
    // A path of one byte, whichever, stands for it too.
    assert_eq!(
        ask(&mut pair, &Request::Sync { path: Some(b"x") }),
        Answer::Path("/".into())
    );
    pair.get("/", Some(7));
    pair.settle();
    pair.forget();
    pair.rival(&[set("/ch", b"x")]);
    pair.settle();
    assert_eq!(pair.log(), ["event 3 / to [7]"]);
}

// C-280
#[test]
fn events_lose_the_chroot_and_watches_are_re_armed_with_it() {
    let mut pair = under("/ch");
    pair.exists("/a", Some(7));
    pair.settle();
    pair.forget();
    pair.cut();
    pair.rival(&[create("/ch/a", b"", 0)]);
    pair.settle();
    assert_eq!(pair.log()[2..], ["event 1 /a to [7]"]);
}

// C-280: passed on as it is.
#[test]
fn a_path_outside_of_the_chroot_is_not_touched() {
    let mut pair = under("/ch");
    pair.net.lose_up = true;
    pair.create("/a", b"");
    pair.settle();
    let mut reply = pair.sent[0].header().xid.to_be_bytes().to_vec();
    reply.extend([0; 12]);
    reply.extend(b"\0\0\0\x06/other");
    pair.inject_frame(&reply);
    pair.settle();
    assert_eq!(pair.result(1), Ok(Answer::Path("/other".into())));
}

// C-202
#[test]
fn null_strings_in_replies_read_as_empty_ones() {
    let mut pair = Pair::connected(Setup::default());
    pair.net.lose_up = true;
    pair.create("/a", b"");
    pair.children("/", None);
    pair.settle();
    for (sent, body) in pair.sent.clone().iter().zip([
        &[0xff, 0xff, 0xff, 0xff][..],
        &[0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, b'x'],
    ]) {
        let mut reply = sent.header().xid.to_be_bytes().to_vec();
        reply.extend([0; 12]);
        reply.extend(body);
        pair.inject_frame(&reply);
    }
    pair.settle();
    assert_eq!(pair.result(1), Ok(Answer::Path(String::new())));
    assert_eq!(
        pair.result(2),
        Ok(Answer::Strings(vec![String::new(), "x".into()]))
    );
}

// C-232, C-233, C-286: the server answers path and stat whatever the call.
#[test]
fn container_and_ttl_creates_answer_a_path_or_a_path_and_a_stat() {
    let cases = [
        (4, -1, Op::CreateContainer),
        (5, 1000, Op::CreateTtl),
        (6, 1000, Op::CreateTtl),
    ];
    for chroot in ["", "/ch"] {
        for (mode, ttl, op) in cases {
            let mut pair = under(chroot);
            let Answer::Path(path) = ask(&mut pair, &make("/a", mode, ttl, false)) else {
                panic!("create answers a path");
            };
            let suffix = if mode == 6 { "0000000000" } else { "" };
            assert_eq!(path, format!("/a{suffix}"));
            let Answer::PathStat(path, stat) = ask(&mut pair, &make("/b", mode, ttl, true)) else {
                panic!("create2 answers path and stat");
            };
            assert!(path.starts_with("/b") && stat.data_length == 4);
            assert_eq!(pair.ops(), [op, op]);
        }
    }
}

// C-230, C-231
#[test]
fn ephemeral_nodes_belong_to_the_session_and_go_with_it() {
    let mut pair = Pair::connected(Setup::default());
    let session = pair.server().sessions()[0];
    let Answer::PathStat(path, stat) = ask(&mut pair, &make("/e-", 3, -1, true)) else {
        panic!("create2 answers path and stat");
    };
    assert_eq!(
        (path.as_str(), stat.ephemeral_owner),
        ("/e-0000000000", session)
    );
    pair.cut();
    pair.connect();
    assert!(pair.server().node(&path).is_some(), "the session lives on");
    pair.close();
    assert!(pair.server().node(&path).is_none());
}

// C-302, C-306
#[test]
fn null_data_and_empty_data_are_told_apart() {
    let mut pair = Pair::connected(Setup::default());
    for (path, data) in [("/null", None), ("/empty", Some(&b""[..]))] {
        let request = Request::Create {
            path: Some(path.as_bytes()),
            data,
            acl: List::new(OPEN_ACL),
            mode: 0,
            ttl: -1,
            stat: false,
        };
        ask(&mut pair, &request);
        let request = Request::GetData {
            path: Some(path.as_bytes()),
        };
        let Answer::Data(got, _) = ask(&mut pair, &request) else {
            panic!("get answers data");
        };
        assert_eq!(got.as_deref(), data);
    }
}

// C-248
#[test]
fn a_null_acl_is_sent_as_an_empty_one_and_refused_by_the_server() {
    let mut pair = Pair::connected(Setup::default());
    let request = Request::Create {
        path: Some(b"/a"),
        data: Some(b""),
        acl: List::NULL,
        mode: 0,
        ttl: -1,
        stat: false,
    };
    let number = pair.ask(&request);
    pair.settle();
    assert_eq!(pair.result(number), Err(Code::INVALID_ACL));
}

// C-622, C-626, C-279, C-280, C-631
#[test]
fn a_transaction_that_succeeds_has_one_result_per_operation() {
    for chroot in ["", "/ch"] {
        let mut pair = under(chroot);
        let ops = [
            MultiOp::Create(create_op("/a", 0)),
            MultiOp::Create(create_op("/a/s-", 2)),
            MultiOp::CreateContainer(create_op("/c", 4)),
            MultiOp::SetData(SetDataRequest {
                path: Some(b"/a"),
                data: Some(b"yy"),
                version: 0,
            }),
            MultiOp::Check(CheckVersionRequest {
                path: Some(b"/a"),
                version: 1,
            }),
            MultiOp::Create2(create_op("/d", 0)),
            MultiOp::Delete(DeleteRequest {
                path: Some(b"/d"),
                version: -1,
            }),
            MultiOp::CreateTtl(CreateTtlRequest {
                path: Some(b"/t"),
                data: None,
                acl: List::new(OPEN_ACL),
                flags: 5,
                ttl: 1000,
            }),
        ];
        let Answer::Multi(results) = ask(&mut pair, &Request::Multi(&ops)) else {
            panic!("multi answers results");
        };
        let seen: Vec<String> = results
            .iter()
            .map(|result| match result {
                OneResult::Create(path) => format!("create {path}"),
                OneResult::Create2(path, stat) => format!("create2 {path} {}", stat.data_length),
                OneResult::SetData(stat) => format!("set {}", stat.version),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(
            seen,
            [
                "create /a",
                "create /a/s-0000000000",
                "create2 /c 1",
                "set 1",
                "Check",
                "create2 /d 1",
                "Delete",
                "create2 /t 0"
            ]
        );
        let mut reader = Reader::new(&pair.sent[0].body);
        reader.take(8).unwrap();
        let mut wire = Ops::new(reader.rest());
        let paths: Vec<Vec<u8>> = std::iter::from_fn(|| wire.next_op())
            .map(|op| match op.unwrap() {
                MultiOp::Create(r) | MultiOp::Create2(r) | MultiOp::CreateContainer(r) => r.path,
                MultiOp::CreateTtl(r) => r.path,
                MultiOp::Delete(r) => r.path,
                MultiOp::SetData(r) => r.path,
                MultiOp::Check(r) => r.path,
            })
            .map(|path| path.unwrap().to_vec())
            .collect();
        let expected = ["/a", "/a/s-", "/c", "/a", "/a", "/d", "/d", "/t"];
        assert_eq!(paths, expected.map(|p| format!("{chroot}{p}").into_bytes()));
    }
}

// C-628
#[test]
fn a_transaction_that_fails_tells_the_culprit() {
    let mut pair = Pair::connected(Setup::default());
    let ops = [
        MultiOp::Create(create_op("/a", 0)),
        MultiOp::Delete(DeleteRequest {
            path: Some(b"/none"),
            version: -1,
        }),
        MultiOp::Create(create_op("/b", 0)),
    ];
    let answer = ask(&mut pair, &Request::Multi(&ops));
    let codes = [Code::OK, Code::NO_NODE, Code::RUNTIME_INCONSISTENCY];
    assert_eq!(answer, Answer::Multi(codes.map(OneResult::Error).to_vec()));
    assert!(pair.server().node("/a").is_none(), "nothing of it was done");
}

// C-624
#[test]
fn an_empty_transaction_succeeds() {
    let mut pair = Pair::connected(Setup::default());
    assert_eq!(
        ask(&mut pair, &Request::Multi(&[])),
        Answer::Multi(Vec::new())
    );
}

// C-260, C-275, C-279, C-286, C-623: refused before anything is queued.
#[test]
fn bad_arguments_are_refused_and_nothing_is_sent() {
    let mut pair = Pair::connected(Setup::default());
    let bad_path = create_op("/a/", 0);
    let multi = [
        MultiOp::Create(create_op("/a", 0)),
        MultiOp::Create(bad_path),
    ];
    for (request, code) in [
        (make("relative", 0, -1, false), Code::BAD_ARGUMENTS),
        (make("/a/", 0, -1, false), Code::BAD_ARGUMENTS),
        (make("", 0, -1, false), Code::BAD_ARGUMENTS),
        (make("/a", 5, -1, false), Code::BAD_ARGUMENTS),
        (make("/a", 5, 0, false), Code::BAD_ARGUMENTS),
        (make("/a", 6, 0x100_0000_0000, true), Code::BAD_ARGUMENTS),
        (make("/a", 0, 0, false), Code::BAD_ARGUMENTS),
        (Request::GetData { path: None }, Code::BAD_ARGUMENTS),
        (Request::Sync { path: Some(b"//") }, Code::BAD_ARGUMENTS),
        (Request::Multi(&multi), Code::MARSHALLING_ERROR),
    ] {
        assert_eq!(pair.try_ask(&request, None), Err(code), "{request:?}");
    }
    pair.settle();
    assert!(pair.sent.is_empty() && pair.log().is_empty());
}

// C-264, C-511: pipelined requests are answered in the order they were asked.
#[test]
fn completions_come_in_call_order_whatever_the_segmentation() {
    use super::network::Segments;
    for segments in [Segments::Whole, Segments::Bytes, Segments::Random] {
        let mut pair = Pair::connected(Setup {
            segments,
            latency: 3,
            ..Setup::default()
        });
        for n in 0..40 {
            match n % 4 {
                0 => pair.create(&format!("/n{n}"), b"some data"),
                1 => pair.get("/none", None),
                2 => pair.children("/", Some(n)),
                _ => pair.exists("/", Some(n)),
            };
        }
        pair.run(100);
        let done: Vec<String> = pair
            .log()
            .into_iter()
            .filter(|l| l.starts_with("done"))
            .collect();
        let expected: Vec<String> = (1..=40)
            .map(|n| format!("done {n}: {}", if n % 4 == 2 { -101 } else { 0 }))
            .collect();
        assert_eq!(done, expected, "{segments:?}");
    }
}
