//! The reply to one request of each kind: any body behind any header.
//!
//! The first byte chooses the request, the second how it is answered, the third the size of the
//! pieces that arrive; the rest is the reply's body, or, of hostile headers, all of the frame.

use zk_proto::Code;
use zk_proto::records::{CheckVersionRequest, DeleteRequest, MultiOp};
use zookeeper_mt::core::State;
use zookeeper_mt::fuzzing::Client;

use crate::link::{Record, framed, reply, request, welcome, xids};

const UNDER_CHROOT: u8 = 1;
const WATCHED: u8 = 2;
const FAILED: u8 = 4;
const ANY_HEADER: u8 = 8;
const CUT: u8 = 16;

/// Asks, answers and checks what becomes of it.
pub fn run(data: &[u8]) {
    let Some((&[kind, how, step], body)) = data.split_first_chunk() else {
        return;
    };
    let chroot: &[u8] = if how & UNDER_CHROOT > 0 { b"/ch" } else { b"" };
    let mut client = Client::new(chroot, None, false);
    let mut record = Record::default();
    client.connect();
    client.send();
    assert!(client.receive(&welcome(7)));
    record.note(&mut client);
    assert_eq!(client.state(), State::Connected);

    let path = Some(&b"/a"[..]);
    let ops = [
        MultiOp::Delete(DeleteRequest { path, version: -1 }),
        MultiOp::Check(CheckVersionRequest { path, version: 3 }),
    ];
    let watcher = (how & WATCHED > 0).then_some(5);
    let asked = client.ask(&request(kind, b"/a", &ops), watcher);
    assert_eq!(asked, Ok(1));
    // A second one, which what comes behind the first reply may answer.
    let asked = client.ask(&request(6, b"/a", &ops), watcher);
    assert_eq!(asked, Ok(2));
    let [xid, _] = xids(&client.send())[..] else {
        panic!("not two requests");
    };
    let mut bytes = if how & ANY_HEADER > 0 {
        framed(body)
    } else if how & FAILED > 0 {
        reply(xid, 1, Code::NO_NODE, body)
    } else {
        reply(xid, 1, Code::OK, body)
    };
    if how & CUT > 0 {
        bytes.pop();
    }
    let step = if step == 0 { bytes.len() } else { step.into() };
    let mut open = true;
    for piece in bytes.chunks(step) {
        open = open && client.receive(piece);
    }
    record.note(&mut client);
    if how & CUT > 0 {
        assert!(open && record.codes.is_empty(), "half a frame says nothing");
    } else if how & ANY_HEADER == 0 {
        let code = record.codes[0];
        if how & FAILED > 0 {
            assert_eq!((open, code), (true, Code::NO_NODE));
        } else if open {
            assert_eq!(code, Code::OK);
        } else {
            let both = [Code::MARSHALLING_ERROR, Code::CONNECTION_LOSS];
            assert_eq!(record.codes, both);
        }
        assert_eq!(record.codes.len(), if open { 1 } else { 2 });
    }
    assert_eq!(open, client.state() == State::Connected);

    // A lost connection is made again, for the same session and with the watch.
    client.lose();
    record.note(&mut client);
    if client.connect() {
        let again = client.send();
        let again = crate::link::check_connect_request(&again, false);
        assert_eq!(again.session_id, 7);
        assert!(client.receive(&welcome(7)));
        client.send();
    }
    record.note(&mut client);
    record.close(client);
}
