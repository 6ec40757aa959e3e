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
        (0, Table::Data, false),
        (4, Table::Data, false),
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
    while let Ok(frame::Split::Frame(body)) = frame::split(rest, 200 * 1024) {
        let mut reader = zk_proto::Reader::new(body);
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
