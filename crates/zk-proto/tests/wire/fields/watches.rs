use zk_proto::records::*;
use zk_proto::{AddWatchMode, Code, EventType, List, Op, RemoveWatchType, SessionState, Xid};

use super::{reply, request, text};

#[test]
fn watch_events() {
    for (kind, path) in [
        (EventType::CREATED, "/w"),
        (EventType::CHANGED, "/w"),
        (EventType::CHILD, "/w"),
        (EventType::DELETED, "/w/c"),
    ] {
        let (header, event): (_, WatcherEvent<'_>) =
            reply("watches", "event", &format!("kind={kind},"));
        assert_eq!(header.xid, Xid::NOTIFICATION);
        let state = SessionState::CONNECTED;
        assert_eq!(
            event,
            WatcherEvent {
                kind,
                state,
                path: text(path)
            }
        );
    }
}

#[test]
fn watches_set_again() {
    let set: SetWatches<'_> = request("watches", "setWatches", "", Op::SetWatches);
    let data = [text("/w"), text("/w/quiet")];
    assert!(set.relative_zxid > 0);
    assert_eq!(set.data, List::new(&data));
    assert_eq!(set.exist, List::new(&[text("/w/none"), text("/w/nil")]));
    assert_eq!(set.child, List::new(&data[..1]));

    let some = [text("/r"), text("/none")];
    let expected = SetWatches2 {
        relative_zxid: 1 << 40,
        data: List::new(&some),
        exist: List::new(&some),
        child: List::new(&[]),
        persistent: List::new(&[Some(b"/r/c")]),
        persistent_recursive: List::new(&[Some(b"/r/a"), Some(b"/r/b")]),
    };
    let set: SetWatches2<'_> = request("newer", "setWatches2", "", Op::SetWatches2);
    assert_eq!(set, expected);
}

#[test]
fn watches_checked_removed_and_added() {
    let check: CheckWatchesRequest<'_> = request("watches", "checkWatches", "", Op::CheckWatches);
    let kind = RemoveWatchType::Data as i32;
    assert_eq!(
        check,
        CheckWatchesRequest {
            path: text("/w"),
            kind
        }
    );
    let remove: RemoveWatchesRequest<'_> =
        request("watches", "removeWatches", "", Op::RemoveWatches);
    let kind = RemoveWatchType::Any as i32;
    assert_eq!(
        remove,
        RemoveWatchesRequest {
            path: text("/w"),
            kind
        }
    );

    let add: AddWatchRequest<'_> = request("newer", "addWatch", "/r/c", Op::AddWatch);
    let mode = AddWatchMode::PersistentRecursive as i32;
    assert_eq!(
        add,
        AddWatchRequest {
            path: text("/r/c"),
            mode
        }
    );
    let (_, added): (_, AddWatchResponse) = reply("newer", "addWatch", "err=0} {");
    assert_eq!(added.err, Code::OK);
}
