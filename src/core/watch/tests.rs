use std::collections::HashSet;

use zk_proto::records::{RequestHeader, SetWatches, SetWatches2};
use zk_proto::{List, Reader, frame};

use super::*;

const PATH: &[u8] = b"/a";

fn with(entries: &[(Table, u8)]) -> Watches<u8> {
    let mut watches = Watches::default();
    for &(table, watcher) in entries {
        watches.add(table, PATH.into(), watcher);
    }
    watches
}

#[test]
fn an_equal_watch_on_the_same_path_is_registered_once() {
    let mut watches = with(&[(Table::Data, 1), (Table::Data, 2), (Table::Data, 1)]);
    assert_eq!(watches.fire(EventType::CHANGED, PATH), [1, 2]);
    assert!(
        watches.fire(EventType::CHANGED, PATH).is_empty(),
        "watches fire once"
    );
}

#[test]
fn each_event_type_takes_its_tables() {
    let all = [(Table::Data, 1), (Table::Exist, 2), (Table::Child, 3)];
    for (kind, told, left) in [
        (EventType::CREATED, &[2, 1][..], &[3][..]),
        (EventType::CHANGED, &[2, 1], &[3]),
        (EventType::DELETED, &[3, 2, 1], &[]),
        (EventType::CHILD, &[3], &[2, 1]),
        (EventType::NOT_WATCHING, &[], &[3, 2, 1]),
        (EventType::SESSION, &[], &[3, 2, 1]),
    ] {
        let mut watches = with(&all);
        assert_eq!(watches.fire(kind, PATH), told, "event {kind}");
        assert!(watches.fire(kind, b"/other").is_empty());
        assert_eq!(watches.everyone(&0), [left, &[0]].concat(), "event {kind}");
    }
}

#[test]
fn a_watcher_in_several_tables_is_told_once_per_event() {
    let mut watches = with(&[
        (Table::Data, 1),
        (Table::Exist, 1),
        (Table::Child, 1),
        (Table::Data, 2),
    ]);
    assert_eq!(watches.fire(EventType::DELETED, PATH), [1, 2]);
}

#[test]
fn session_events_reach_everyone_once_with_the_global_watcher_last() {
    let mut watches = with(&[(Table::Data, 9), (Table::Child, 1), (Table::Exist, 2)]);
    watches.add(Table::Data, b"/b"[..].into(), 1);
    assert_eq!(watches.everyone(&9), [1, 2, 9]);
    assert_eq!(watches.everyone(&9), [1, 2, 9], "they stay registered");
}

#[test]
fn removal_looks_at_the_tables_of_its_kind() {
    for (kind, table, hit) in [
        (1, Table::Child, true),
        (1, Table::Data, false),
        (2, Table::Data, true),
        (2, Table::Exist, true),
        (2, Table::Child, false),
        (3, Table::Exist, true),
        (3, Table::Persistent, true),
        (3, Table::Recursive, true),
        (0, Table::Data, false),
        (4, Table::Data, false),
        (4, Table::Persistent, true),
        (4, Table::Recursive, false),
        (5, Table::Recursive, true),
        (5, Table::Persistent, false),
        (6, Table::Persistent, false),
    ] {
        let mut watches = with(&[(table, 1)]);
        assert_eq!(
            watches.has(kind, PATH, Some(1)),
            hit,
            "kind {kind} {table:?}"
        );
        assert!(!watches.has(kind, PATH, Some(2)));
        assert!(!watches.has(kind, b"/b", Some(1)));
        watches.remove(kind, PATH, Some(1));
        assert_eq!(watches.everyone(&0).len() == 1, hit);
    }
}

#[test]
fn no_watcher_matches_everything_even_nothing() {
    let mut watches = with(&[(Table::Data, 1), (Table::Data, 2), (Table::Child, 3)]);
    assert!(watches.has(2, b"/nowhere", None));
    watches.remove(2, PATH, None);
    assert_eq!(watches.everyone(&0), [3, 0]);
}

#[test]
fn re_arming_is_split_into_packets_that_a_server_accepts() {
    let mut watches = Watches::default();
    let mut expected = HashSet::new();
    for n in 0..5_000 {
        let path: Box<[u8]> = format!("/{n:0>99}").into_bytes().into();
        let table = [Table::Data, Table::Exist, Table::Child][n % 3];
        expected.insert((n % 3, path.clone()));
        watches.add(table, path, 1u8);
    }
    let mut out = Vec::new();
    watches.append_set_watches(77, &mut out);

    let (mut rest, mut packets, mut seen) = (&out[..], 0, HashSet::new());
    while let Ok(frame::Split::Frame(body)) = frame::split(rest, 128 * 1024) {
        let mut reader = Reader::new(body);
        let header: RequestHeader = reader.read().unwrap();
        assert_eq!((header.xid, header.op), (-8, 101));
        let packet: SetWatches<'_> = reader.read().unwrap();
        assert_eq!(packet.relative_zxid, 77);
        for (index, list) in [packet.data, packet.exist, packet.child]
            .into_iter()
            .enumerate()
        {
            seen.extend(list.iter().map(|path| (index, Box::from(path.unwrap()))));
        }
        packets += 1;
        rest = &rest[frame::PREFIX + body.len()..];
    }
    assert!(rest.is_empty());
    assert_eq!(packets, 4, "500,000 bytes of paths in chunks of 128 KiB");
    assert_eq!(seen, expected);
}

#[test]
fn nothing_is_sent_without_watches() {
    let mut out = Vec::new();
    Watches::<u8>::default().append_set_watches(1, &mut out);
    assert!(out.is_empty());
}

/// The packets that set these watches again: operation and number of paths of each table.
fn packets(watches: &Watches<u8>) -> Vec<(i32, [usize; 5])> {
    let mut out = Vec::new();
    watches.append_set_watches(77, &mut out);
    let (mut rest, mut packets) = (&out[..], Vec::new());
    while let Ok(frame::Split::Frame(body)) = frame::split(rest, 128 * 1024) {
        let mut reader = Reader::new(body);
        let header: RequestHeader = reader.read().unwrap();
        assert_eq!(header.xid, -8);
        let packet = if header.op == 105 {
            reader.read().unwrap()
        } else {
            let packet: SetWatches<'_> = reader.read().unwrap();
            SetWatches2 {
                relative_zxid: packet.relative_zxid,
                data: packet.data,
                exist: packet.exist,
                child: packet.child,
                persistent: List::NULL,
                persistent_recursive: List::NULL,
            }
        };
        assert_eq!(packet.relative_zxid, 77);
        assert!(reader.rest().is_empty());
        let lists = [
            packet.data,
            packet.exist,
            packet.child,
            packet.persistent,
            packet.persistent_recursive,
        ];
        packets.push((header.op, lists.map(|list| list.len())));
        rest = &rest[frame::PREFIX + body.len()..];
    }
    assert!(rest.is_empty());
    packets
}

#[test]
fn the_newer_packet_is_sent_only_for_watches_that_stay() {
    assert_eq!(
        packets(&with(&[(Table::Data, 1)])),
        [(101, [1, 0, 0, 0, 0])]
    );
    assert_eq!(
        packets(&with(&[(Table::Child, 1), (Table::Persistent, 1)])),
        [(105, [0, 0, 1, 1, 0])]
    );
    assert_eq!(
        packets(&with(&[(Table::Recursive, 1), (Table::Recursive, 2)])),
        [(105, [0, 0, 0, 0, 1])]
    );
}

// F-39
#[test]
fn packets_with_watches_that_stay_are_split_too() {
    let mut watches = Watches::default();
    for n in 0..3_000 {
        let path: Box<[u8]> = format!("/{n:0>99}").into_bytes().into();
        let table = [Table::Data, Table::Persistent, Table::Recursive][n % 3];
        watches.add(table, path, 1u8);
    }
    let packets = packets(&watches);
    let mut sums = [0; 5];
    for (_, counts) in &packets {
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    assert_eq!(sums, [1_000, 0, 0, 1_000, 1_000]);
    assert_eq!(packets.len(), 3, "312,000 bytes in packets of 128 KiB");
    assert!(packets.iter().all(|(op, _)| *op == 105));
}

#[test]
fn watches_that_stay_are_told_again_and_again() {
    for (table, kinds) in [
        (Table::Persistent, &[1, 2, 3, 4][..]),
        (Table::Recursive, &[1, 2, 3]),
    ] {
        let mut watches = with(&[(table, 1), (table, 2)]);
        for kind in [-2, -1, 0, 1, 2, 3, 4, 5, 7] {
            let expected: &[u8] = if kinds.contains(&kind) { &[1, 2] } else { &[] };
            for _ in 0..2 {
                assert_eq!(watches.fire(kind, PATH), expected, "{table:?} {kind}");
            }
        }
        assert_eq!(watches.everyone(&0), [1, 2, 0]);
    }
}

#[test]
fn recursive_watches_hear_of_the_node_and_of_those_below_it() {
    for (watched, hears, not) in [
        (
            "/a/b",
            &["/a/b", "/a/b/c", "/a/b/c/d"][..],
            &["/a", "/", "/a/bc", "/b/a/b", "/a/b2/c", "", "a/b"][..],
        ),
        ("/", &["/", "/a", "/a/b"], &[""]),
    ] {
        let mut watches = Watches::default();
        watches.add(Table::Recursive, watched.as_bytes().into(), 1u8);
        for path in hears {
            let told = watches.fire(EventType::CREATED, path.as_bytes());
            assert_eq!(told, [1], "{watched} {path}");
        }
        for path in not {
            let told = watches.fire(EventType::CREATED, path.as_bytes());
            assert!(told.is_empty(), "{watched} {path}");
        }
        // A persistent watch does not.
        let mut watches = Watches::default();
        watches.add(Table::Persistent, watched.as_bytes().into(), 1u8);
        assert_eq!(watches.fire(3, watched.as_bytes()), [1]);
        assert!(watches.fire(3, hears[1].as_bytes()).is_empty());
    }
}

#[test]
fn a_watcher_that_stays_and_fires_once_as_well_is_told_once() {
    let mut watches = with(&[
        (Table::Data, 1),
        (Table::Persistent, 1),
        (Table::Recursive, 1),
        (Table::Recursive, 2),
    ]);
    watches.add(Table::Recursive, b"/"[..].into(), 2);
    assert_eq!(watches.fire(EventType::CHANGED, PATH), [1, 2]);
    assert_eq!(watches.fire(EventType::CHANGED, PATH), [1, 2]);
}

#[test]
fn removal_tells_those_that_would_have_stayed() {
    let all = [
        (Table::Data, 1),
        (Table::Persistent, 1),
        (Table::Persistent, 2),
        (Table::Recursive, 1),
        (Table::Recursive, 3),
    ];
    for (kind, watcher, ended, left) in [
        (1, None, &[][..], 5),
        (2, Some(1), &[], 4),
        (3, Some(1), &[1], 2),
        (3, None, &[1, 2, 3], 0),
        (4, None, &[1, 2], 3),
        (4, Some(2), &[2], 4),
        (5, Some(2), &[], 5),
        (5, Some(3), &[3], 4),
        (9, None, &[], 5),
    ] {
        let mut watches = with(&all);
        assert_eq!(
            watches.remove(kind, PATH, watcher),
            ended,
            "{kind} {watcher:?}"
        );
        let tables = DELIVERY_ORDER.map(|t| watches.table(t).values().flatten().count());
        assert_eq!(tables.iter().sum::<usize>(), left, "{kind} {watcher:?}");
    }
}

#[test]
fn only_the_end_of_the_last_watch_that_stays_concerns_the_server() {
    let stays = [(Table::Persistent, 1), (Table::Persistent, 2)];
    let both = [
        (Table::Data, 1),
        (Table::Persistent, 1),
        (Table::Recursive, 2),
    ];
    for (entries, kind, watcher, last) in [
        (&[(Table::Data, 1)][..], 3, Some(1), false),
        (&[(Table::Data, 1)], 3, None, false),
        (&stays, 4, Some(1), false),
        (&stays, 4, None, true),
        (&stays, 3, None, true),
        (&stays[..1], 4, Some(1), true),
        (&stays[..1], 3, Some(1), true),
        (&stays[..1], 4, Some(2), false),
        (&stays[..1], 5, Some(1), false),
        (&both, 3, Some(1), false),
        (&both, 4, Some(1), true),
        (&both, 5, Some(2), true),
        (&both, 2, Some(1), false),
    ] {
        let watches = with(entries);
        assert_eq!(
            watches.is_last_that_stays(kind, PATH, watcher),
            last,
            "{entries:?} {kind} {watcher:?}"
        );
        assert!(!watches.is_last_that_stays(kind, b"/b", watcher));
    }
}

#[test]
fn without_a_watcher_types_that_stay_match_only_what_is_there() {
    let watches = with(&[(Table::Persistent, 1)]);
    assert!(watches.has(4, PATH, None));
    assert!(!watches.has(5, PATH, None));
    assert!(!watches.has(4, b"/b", None));
}
