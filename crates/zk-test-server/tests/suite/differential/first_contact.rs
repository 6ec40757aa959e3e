//! The first bytes of a connection, and four-letter words.

use crate::java;
use crate::socket::{dial, read_frame, word};
use crate::support::*;
use std::io::Write as _;
use std::net::SocketAddr;
use zk_proto::Jute;
use zk_proto::records::ConnectResponse;
use zk_test_server::{Options, TestServer};

/// What a connection gives for these bytes: frames with ids masked. The second part waits for
/// the answer to the first, which the Java server may otherwise never give.
fn first_contact(addr: SocketAddr, first: &[u8], then: Option<&[u8]>) -> Vec<String> {
    let mut stream = dial(addr);
    stream.write_all(first).expect("sent");
    let mut seen = Vec::new();
    while let Some(frame) = read_frame(&mut stream) {
        let masked = match ConnectResponse::from_bytes(&frame) {
            Ok(response) if seen.is_empty() => {
                let ids = (response.session_id == 0, response.password.map(<[u8]>::len));
                format!("{} {} {ids:?}", frame.len(), response.timeout)
            }
            // Without the zxid, which depends on what came before.
            _ => format!("{:?} {:?}", frame.get(..4), frame.get(12..)),
        };
        seen.push(masked);
        if let (1, Some(then)) = (seen.len(), then) {
            stream.write_all(then).expect("sent");
        }
    }
    seen
}

/// Connect records and what may follow them, good and bad; each ends its connection.
fn first_bytes() -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let close = || Some(request(9, -11, &[]));
    let good = connect_request(0, &[0; 16], 10_000);
    let mut future = good.clone();
    future[8] = 1;
    let mut all = vec![
        (good.clone(), close()),
        (frame(&good[4..good.len() - 1]), close()),
        (future, None),
        (connect_request(77, &[0; 16], 10_000), None),
        (connect_request(77, b"short", 10_000), None),
        (frame(&[0; 20]), None),
        (frame(&[]), None),
        ((-1i32).to_be_bytes().to_vec(), None),
        (1_048_576i32.to_be_bytes().to_vec(), None),
        (b"abcd".to_vec(), None),
    ];
    for timeout in [-1, 0, 1, 6001, i32::MAX] {
        all.push((connect_request(0, &[], timeout), close()));
    }
    let mut behind: Vec<Vec<u8>> = vec![
        frame(&[]),
        frame(&[0; 7]),
        (-1i32).to_be_bytes().to_vec(),
        1_048_576i32.to_be_bytes().to_vec(),
        request(1, 100, &[0]),
        request(1, 102, &[0]),
        [request(77, 11, b"more"), request(9, -11, &[])].concat(),
        [request(77, -10, &[]), request(9, -11, &[])].concat(),
    ];
    behind.extend([0, 10, 23, 99, 108, 999, -1, -2, i32::MIN].map(|op| request(7, op, &[])));
    all.extend(behind.into_iter().map(|then| (good.clone(), Some(then))));
    all
}

#[test]
fn first_bytes_of_a_connection_are_answered_as_by_the_java_server() {
    let Some(java) = java::start("first_bytes_of_a_connection") else {
        return;
    };
    let ours = TestServer::start(Options::default()).expect("our server");
    for (first, then) in first_bytes() {
        let expected = first_contact(java.address(0), &first, then.as_deref());
        let actual = first_contact(ours.addr(), &first, then.as_deref());
        assert_eq!(actual, expected, "{first:?} {then:?}");
    }
}

/// The parts of a four-letter word's answer that do not vary.
fn keys(text: &str) -> Vec<String> {
    let key = |line: &str| {
        line.split([':', '=', '\t'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    text.lines().map(key).collect()
}

#[test]
fn four_letter_words_have_the_java_servers_lines() {
    let Some(java) = java::start("four_letter_words_have_the_java_servers_lines") else {
        return;
    };
    let ours = TestServer::start(Options::default()).expect("our server");
    for name in ["ruok", "isro", "wchs", "wchc", "wchp", "srst"] {
        assert_eq!(
            word(ours.addr(), name),
            word(java.address(0), name),
            "{name}"
        );
    }
    for name in ["srvr", "conf"] {
        assert_eq!(
            keys(&word(ours.addr(), name)),
            keys(&word(java.address(0), name)),
            "{name}"
        );
    }
    let known = keys(&word(java.address(0), "mntr"));
    for key in keys(&word(ours.addr(), "mntr")) {
        assert!(known.contains(&key), "{key}");
    }
}
