use zk_proto::frame::{self, Split};

use crate::fixture::{Direction, Shape, Vector, all};
use crate::kinds::{Decoded, OPS, decode};

fn decode_whole(vector: &Vector) -> Decoded {
    let body = &vector.frame[frame::PREFIX..];
    decode(vector.direction, &vector.name, body).unwrap_or_else(|error| panic!("{vector}: {error}"))
}

#[test]
fn wire_bytes_from_the_original_decode_and_encode_exactly() {
    for vector in all().iter().filter(|v| v.shape == Shape::Whole) {
        let decoded = decode_whole(vector);
        assert_eq!(decoded.meaning(), vector.meaning, "{vector}");
        let mut frame = Vec::new();
        frame::append(&mut frame, |out| out.extend_from_slice(&decoded.bytes));
        // The tail of an unknown operation's request means nothing.
        if vector.name == "unknown" && vector.direction == Direction::Request {
            assert_eq!(frame[4..], vector.frame[4..12], "{vector}");
        } else {
            assert_eq!(frame, vector.frame, "{vector}");
        }
    }
}

#[test]
fn bytes_behind_a_record_are_ignored() {
    let mut seen = 0;
    for vector in all().iter().filter(|v| v.shape == Shape::Padded) {
        let decoded = decode_whole(vector);
        assert_eq!(decoded.meaning(), vector.meaning, "{vector}");
        let (record, tail) = vector.frame[frame::PREFIX..].split_at(decoded.bytes.len());
        assert_eq!(decoded.bytes, record, "{vector}");
        assert!(!tail.is_empty(), "{vector}");
        seen += 1;
    }
    assert_ne!(seen, 0);
}

#[test]
fn requests_that_the_original_server_could_not_decode_are_errors() {
    let mut seen = 0;
    for vector in all().iter().filter(|v| v.shape == Shape::Malformed) {
        let body = &vector.frame[frame::PREFIX..];
        let decoded = decode(vector.direction, &vector.name, body);
        assert!(decoded.is_err(), "{vector}: {decoded:?}");
        seen += 1;
    }
    assert_ne!(seen, 0);
}

#[test]
fn truncation_at_every_length_is_an_error() {
    for vector in all().iter().filter(|v| v.shape == Shape::Whole) {
        let decoded = decode_whole(vector);
        for cut in 0..decoded.bytes.len() {
            let body = &decoded.bytes[..cut];
            match decode(vector.direction, &vector.name, body) {
                Err(_) => {}
                // The last byte of the connect records is optional.
                Ok(short) => {
                    let expected = decoded.meaning();
                    let (start, last) = expected.rsplit_once('=').unwrap();
                    assert_eq!(vector.name, "connect", "{vector} cut at {cut}");
                    assert_eq!(cut + 1, decoded.bytes.len(), "{vector} cut at {cut}");
                    assert_ne!(last, "absent}", "{vector} cut at {cut}");
                    assert_eq!(short.meaning(), format!("{start}=absent}}"), "{vector}");
                    assert_eq!(short.bytes, body, "{vector}");
                }
            }
        }
    }
}

#[test]
fn a_frame_is_split_off_when_its_last_byte_is_there() {
    for vector in all() {
        let frame = &vector.frame;
        for cut in 0..frame.len() {
            let need = if cut < frame::PREFIX {
                frame::PREFIX
            } else {
                frame.len()
            };
            assert_eq!(
                frame::split(&frame[..cut], frame::DEFAULT_MAX),
                Ok(Split::Partial { need }),
                "{vector} cut at {cut}"
            );
        }
        let mut more = frame.clone();
        more.extend_from_slice(b"next");
        assert_eq!(
            frame::split(&more, frame::DEFAULT_MAX),
            Ok(Split::Frame(&frame[frame::PREFIX..])),
            "{vector}"
        );
    }
}

/// True if some vector of this direction and name means something that contains `part`.
fn recorded(direction: Direction, name: &str, part: &str) -> bool {
    all().iter().any(|v| {
        v.direction == direction
            && v.name == name
            && v.shape == Shape::Whole
            && v.meaning.contains(part)
    })
}

#[test]
fn every_operation_is_recorded_in_both_directions() {
    // Refused by the server that was recorded: reconfig is off, and only the server itself may
    // delete containers.
    let refused = ["reconfig", "deleteContainer"];
    for (name, ..) in OPS {
        assert!(recorded(Direction::Request, name, ""), "{name}");
        let success = if refused.contains(name) {
            "err=-"
        } else {
            "err=0"
        };
        assert!(recorded(Direction::Reply, name, success), "{name}");
    }
    for direction in [Direction::Request, Direction::Reply] {
        for (name, part) in [
            ("connect", "read_only=false"),
            ("connect", "read_only=absent"),
        ] {
            assert!(recorded(direction, name, part), "{name} {direction:?}");
        }
    }
    for kind in 1..=4 {
        assert!(
            recorded(Direction::Reply, "event", &format!("kind={kind},")),
            "event {kind}"
        );
    }
}

#[test]
fn every_entry_of_multi_and_multi_read_is_recorded() {
    for (name, direction, entries) in [
        (
            "multi",
            Direction::Request,
            &[
                "create",
                "create2",
                "createContainer",
                "createTTL",
                "delete",
                "setData",
                "check",
            ][..],
        ),
        (
            "multi",
            Direction::Reply,
            &[
                "create",
                "create2",
                "setData",
                "delete",
                "check",
                "error 0",
                "error -2",
                "error -103",
            ],
        ),
        ("multiRead", Direction::Request, &["getData", "getChildren"]),
        (
            "multiRead",
            Direction::Reply,
            &["getData", "getChildren", "error -101"],
        ),
    ] {
        for entry in entries {
            assert!(
                recorded(direction, name, &format!(" {entry} ")),
                "{name} {direction:?} {entry}"
            );
        }
    }
}

#[test]
fn every_error_that_was_provoked_is_recorded() {
    for code in [
        -5, -6, -8, -101, -102, -103, -108, -110, -111, -114, -115, -121, -123,
    ] {
        let part = format!("err={code}}}");
        let found = all()
            .iter()
            .any(|v| v.direction == Direction::Reply && v.meaning.contains(&part));
        assert!(found, "{code}");
    }
}
