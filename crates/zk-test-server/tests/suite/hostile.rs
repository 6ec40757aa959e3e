//! Bytes that no client would send: they close their own connection at most.

use crate::support::*;
use crate::virtual_time::World;
use proptest::prelude::*;
use zk_proto::Op;

/// The operations a server might execute, and some that do not exist.
fn any_op() -> impl Strategy<Value = i32> {
    prop_oneof![
        8 => proptest::sample::select(Op::ALL).prop_map(i32::from),
        1 => any::<i32>(),
    ]
}

/// A frame with a plausible header, then bytes or a plausible path and bytes.
fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let body = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..64),
        (0..4usize, proptest::collection::vec(0..3u8, 0..48)).prop_map(|(path, rest)| {
            let path = ["/", "/a", "/a/b", "//\u{1}"][path].as_bytes();
            [&(path.len() as i32).to_be_bytes(), path, &rest].concat()
        }),
    ];
    (any::<i32>(), any_op(), body).prop_map(|(xid, op, body)| request(xid, op, &body))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_harm_no_other_connection(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        connected: bool,
    ) {
        let mut world = World::new();
        let witness = world.client();
        let conn = if connected { world.client().conn } else { world.open() };
        world.send(conn, &bytes);
        world.advance(1);
        world.ok(witness, read(Op::Exists, "/zookeeper", false));
    }

    #[test]
    fn random_frames_harm_no_other_connection(
        frames in proptest::collection::vec(any_frame(), 1..20),
        step in 1..100usize,
    ) {
        let mut world = World::new();
        let witness = world.client();
        let client = world.client();
        for piece in frames.concat().chunks(step) {
            world.send(client.conn, piece);
        }
        world.advance(1);
        world.ok(witness, read(Op::Exists, "/zookeeper", false));
        // Every whole frame was answered at most once, and in whole frames.
        let replies = world.replies(client);
        prop_assert!(replies.len() <= frames.len() * 4);
        prop_assert!(world.bytes(client.conn).is_empty());
    }
}

#[test]
fn counts_and_lengths_that_lie_allocate_nothing() {
    let mut world = World::new();
    let client = world.client();
    let huge = [0x7f, 0xff, 0xff, 0xff];
    for (op, prefix) in [
        (
            Op::Create,
            [&hex("00000002 2f61 ffffffff")[..], &huge].concat(),
        ),
        (Op::GetData, huge.to_vec()),
        (Op::SetWatches, [&[0; 8][..], &huge].concat()),
        (Op::Multi, huge.to_vec()),
    ] {
        world.call(client, (op, prefix));
    }
    world.ok(client, read(Op::Exists, "/", false));
}
