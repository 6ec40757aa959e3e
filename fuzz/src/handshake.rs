//! The answer to the connect request: any bytes.
//!
//! The first byte tells how the client is set up, the second the size of the pieces that
//! arrive; the rest is what the server sends.

use zk_proto::frame::{self, Split};
use zk_proto::records::{ConnectResponse, PASSWORD_LEN};
use zk_proto::{Code, Jute};
use zookeeper_mt::core::State;
use zookeeper_mt::fuzzing::Client;

use crate::link::{PASSWORD, Record, check_connect_request, framed, request, welcome};

const RESUMES: u8 = 1;
const READ_ONLY: u8 = 2;
const CREDENTIAL: u8 = 4;
const WATCHED: u8 = 8;
const ONE_FRAME: u8 = 16;

/// The session that is resumed.
const SESSION: i64 = 0x0100_0000_0000_0007;
/// More than any frame that a client takes.
const TOO_LARGE: usize = (256 << 20) + 1;

/// What the first whole frame means for a client that has sent this session id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// No whole frame yet.
    Waiting,
    /// The attempt has failed.
    Failed,
    /// The session is gone.
    Expired,
    /// A session with this id.
    Session(i64, State),
}

fn expected(bytes: &[u8], sent: i64) -> Expected {
    let body = match frame::split(bytes, TOO_LARGE - 1) {
        Ok(Split::Frame(body)) => body,
        Ok(Split::Partial { .. }) => return Expected::Waiting,
        Err(_) => return Expected::Failed,
    };
    let Ok(response) = ConnectResponse::from_bytes(body) else {
        return Expected::Failed;
    };
    if sent != 0 && response.session_id != sent {
        return Expected::Expired;
    }
    if response.password.map(<[u8]>::len) != Some(PASSWORD_LEN) {
        return Expected::Failed;
    }
    let state = match response.read_only {
        Some(true) => State::ReadOnly,
        _ => State::Connected,
    };
    Expected::Session(response.session_id, state)
}

/// Connects, is answered, and checks what becomes of it.
pub fn run(data: &[u8]) {
    let Some((&[how, step], rest)) = data.split_first_chunk() else {
        return;
    };
    let bytes = if how & ONE_FRAME > 0 {
        framed(rest)
    } else {
        rest.to_vec()
    };
    let session = (how & RESUMES > 0).then_some((SESSION, PASSWORD));
    let read_only = how & READ_ONLY > 0;
    let mut client = Client::new(b"", session, read_only);
    let mut record = Record::default();
    assert!(client.connect());
    if how & CREDENTIAL > 0 {
        assert_eq!(client.add_auth(b"digest", b"a:b"), Ok(1));
    }
    let watcher = (how & WATCHED > 0).then_some(5);
    for kind in [6, 4] {
        client
            .ask(&request(kind, b"/a", &[]), watcher)
            .expect("good arguments");
    }
    let sent = client.send();
    let sent = check_connect_request(&sent, read_only).session_id;
    assert_eq!(sent, session.map_or(0, |(id, _)| id));

    let expected = expected(&bytes, sent);
    let step = if step == 0 {
        bytes.len().max(1)
    } else {
        step.into()
    };
    let mut open = true;
    for piece in bytes.chunks(step) {
        open = open && client.receive(piece);
    }
    record.note(&mut client);
    match expected {
        Expected::Waiting => {
            assert_eq!((open, client.state()), (true, State::Associating));
            assert!(record.codes.is_empty());
        }
        Expected::Failed => {
            assert_eq!((open, client.state()), (false, State::Closed));
            assert_eq!(record.codes, [Code::CONNECTION_LOSS; 2]);
            assert_eq!(record.state, None, "nobody hears of a failed attempt");
        }
        Expected::Expired => {
            assert_eq!((open, client.state()), (false, State::Expired));
            assert_eq!(record.codes, [Code::SESSION_EXPIRED; 2]);
            assert!(!client.connect());
        }
        // What stands behind the response may have ended the connection.
        Expected::Session(_, state) if open => assert_eq!(client.state(), state),
        Expected::Session(..) => assert!(record.state.is_some()),
    }

    // Whatever timeout was agreed on, its timers work.
    for ms in [0, 1, 60, 4_000, 1 << 32] {
        client.send();
        client.wait(ms);
    }
    record.note(&mut client);
    client.lose();
    record.note(&mut client);
    if client.connect() {
        let again = client.send();
        let again = check_connect_request(&again, read_only);
        if let Expected::Session(id, State::Connected) = expected {
            assert_eq!(again.session_id, id);
        }
        client.receive(&welcome(again.session_id.max(1)));
        record.note(&mut client);
    }
    record.close(client);
}
