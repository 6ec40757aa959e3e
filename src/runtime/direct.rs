//! Deliveries to clients that take them on the spot instead of on the completion thread.

use zk_proto::EventType;

use super::Client;
use super::dispatcher::{borrowed, outcome};
use crate::core::{Delivery, strip_chroot};

/// Hands one delivery over; its ranges lie in `input`. The client runs none of the program's
/// code, so this returns.
pub(super) fn deliver<C: Client>(
    client: &C,
    chroot: &[u8],
    input: &[u8],
    item: Delivery<C::Cookie, C::Watcher>,
    scratch: &mut C::Scratch,
) {
    match item {
        Delivery::Reply(reply) => {
            let result = outcome(&reply, input, chroot);
            if C::is_sync(&reply.cookie) {
                client.finish_sync(reply.cookie, borrowed(&result));
            } else {
                client.complete(reply.cookie, borrowed(&result), scratch);
            }
        }
        Delivery::Node {
            watchers,
            kind,
            state,
            path,
        } => {
            let path = strip_chroot(chroot, input.get(path).unwrap_or_default());
            for watcher in &watchers {
                client.watch_event(watcher, kind, state, path, scratch);
            }
        }
        Delivery::Removed {
            watchers,
            state,
            path,
        } => {
            let (kind, path) = (
                EventType::PERSISTENT_WATCH_REMOVED,
                strip_chroot(chroot, &path),
            );
            for watcher in &watchers {
                client.watch_event(watcher, kind, state as i32, path, scratch);
            }
        }
        Delivery::Session { watchers, state } => {
            for watcher in &watchers {
                client.watch_event(watcher, EventType::SESSION, state as i32, b"", scratch);
            }
        }
    }
}
