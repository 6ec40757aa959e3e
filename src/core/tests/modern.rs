//! Requests that the C library does not know, with and without a chroot (S-108, S-142, S-143,
//! S-178).

use zk_proto::records::{MultiReadOp, WatchedPathRequest};
use zk_proto::{Code, Text};

use super::pair::{Pair, Setup};
use super::program::create;
use super::record::{Answer, OneRead};
use crate::core::Request;

/// A client under `chroot`, with two ephemeral nodes.
fn under(chroot: &'static str) -> Pair {
    let mut pair = Pair::connected(Setup {
        chroot,
        ..Setup::default()
    });
    if !chroot.is_empty() {
        pair.rival(&[create(chroot, b"", 0), create("/chx", b"", 0)]);
    }
    pair.ask(&create("/a", b"data", 0));
    pair.ask(&create("/a/e1", b"", 1));
    pair.ask(&create("/e2", b"", 1));
    pair.settle();
    pair.forget();
    pair
}

fn ask(pair: &mut Pair, request: &Request<'_>) -> Answer {
    let number = pair.ask(request);
    pair.answer(number)
}

fn read(path: &str) -> WatchedPathRequest<'_> {
    let path = Some(path.as_bytes());
    WatchedPathRequest { path, watch: false }
}

#[test]
fn several_reads_have_a_result_or_an_error_each() {
    for chroot in ["", "/ch"] {
        let mut pair = under(chroot);
        let reads = [
            MultiReadOp::GetData(read("/a")),
            MultiReadOp::GetChildren(read("/none")),
            MultiReadOp::GetData(read("/none")),
            MultiReadOp::GetChildren(read("/a")),
        ];
        assert_eq!(
            ask(&mut pair, &Request::MultiRead(&reads)),
            Answer::MultiRead(vec![
                OneRead::Data(Some(b"data".to_vec())),
                OneRead::Error(Code::NO_NODE),
                OneRead::Error(Code::NO_NODE),
                OneRead::Children(vec!["e1".into()]),
            ])
        );
        assert_eq!(
            ask(&mut pair, &Request::MultiRead(&[])),
            Answer::MultiRead(Vec::new())
        );
    }
}

#[test]
fn a_bad_path_among_several_reads_is_refused() {
    let mut pair = under("");
    let reads = [
        MultiReadOp::GetData(read("/a")),
        MultiReadOp::GetChildren(read("bad")),
    ];
    let refused = pair.try_ask(&Request::MultiRead(&reads), None);
    assert_eq!(refused, Err(Code::BAD_ARGUMENTS));
}

#[test]
fn own_ephemeral_nodes_are_listed_by_the_beginning_of_their_paths() {
    for chroot in ["", "/ch"] {
        let mut pair = under(chroot);
        let mut list = |prefix: Text<'static>| {
            let Answer::Strings(mut paths) = ask(&mut pair, &Request::GetEphemerals { prefix })
            else {
                panic!("getEphemerals answers paths");
            };
            paths.sort();
            paths
        };
        for all in [None, Some(&b""[..]), Some(b"/")] {
            assert_eq!(list(all), ["/a/e1", "/e2"], "{chroot:?} {all:?}");
        }
        assert_eq!(list(Some(b"/a")), ["/a/e1"]);
        assert_eq!(list(Some(b"/e")), ["/e2"]);
        assert!(list(Some(b"/x")).is_empty());
        let prefix = Some(&b"x"[..]);
        let refused = pair.try_ask(&Request::GetEphemerals { prefix }, None);
        assert_eq!(refused, Err(Code::BAD_ARGUMENTS));
    }
}

#[test]
fn nodes_of_a_neighbour_with_the_chroots_name_in_front_are_not_listed() {
    let mut neighbour = under("/ch");
    neighbour.chroot = b"/chx".to_vec();
    neighbour.ask(&create("/e", b"", 1));
    neighbour.settle();
    neighbour.chroot = b"/ch".to_vec();
    let Answer::Strings(mut paths) = ask(&mut neighbour, &Request::GetEphemerals { prefix: None })
    else {
        panic!("getEphemerals answers paths");
    };
    paths.sort();
    assert_eq!(paths, ["/a/e1", "/e2"]);
}

#[test]
fn descendants_are_counted() {
    for chroot in ["", "/ch"] {
        let mut pair = under(chroot);
        let mut count = |path: &'static str| {
            let path = Some(path.as_bytes());
            ask(&mut pair, &Request::GetAllChildrenNumber { path })
        };
        assert_eq!(count("/a"), Answer::Number(1));
        if !chroot.is_empty() {
            assert_eq!(count("/"), Answer::Number(3));
        }
        let path = Some(&b"/none"[..]);
        let missing = pair.ask(&Request::GetAllChildrenNumber { path });
        pair.settle();
        assert_eq!(pair.result(missing), Err(Code::NO_NODE));
    }
}

#[test]
fn the_server_tells_who_the_client_is() {
    let mut pair = under("");
    pair.add_auth("digest", "bob:secret").unwrap();
    pair.settle();
    let Answer::Identities(identities) = ask(&mut pair, &Request::WhoAmI) else {
        panic!("whoAmI answers identities");
    };
    assert_eq!(identities.len(), 2);
    assert!(identities.contains(&("digest".into(), "bob".into())));
    assert!(identities.iter().any(|(scheme, _)| scheme == "ip"));
}
