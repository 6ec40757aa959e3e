use zk_proto::records::{DeleteRequest, MultiOp};

use super::*;
use crate::core::tests::vectors::recorded;

const GET: Request<'_> = Request::GetData { path: Some(b"/a") };

fn submit(outbox: &mut Outbox<u32, u32>, request: &Request<'_>, cookie: u32) -> Result<(), Code> {
    outbox.submit(request, b"", cookie, None)
}

fn taken(outbox: &mut Outbox<u32, u32>) -> Queue<u32, u32> {
    let mut queue = Queue::default();
    outbox.take(&mut queue);
    queue
}

// C-205
#[test]
fn requests_queue_in_call_order_with_ids_that_grow() {
    let mut outbox = Outbox::default();
    for cookie in 1..=3 {
        submit(&mut outbox, &GET, cookie).unwrap();
    }
    let queue = taken(&mut outbox);
    let cookies: Vec<_> = queue.entries.iter().map(|pending| pending.cookie).collect();
    assert_eq!(cookies, [1, 2, 3].map(Some));
    let mut rest = queue.bytes.front();
    for pending in &queue.entries {
        let Ok(frame::Split::Frame(body)) = frame::split(rest, frame::DEFAULT_MAX) else {
            panic!("one frame per request");
        };
        assert_eq!(RequestHeader::from_bytes(body).unwrap().xid, pending.xid);
        rest = &rest[frame::PREFIX + body.len()..];
    }
    assert!(rest.is_empty());
    let xids: std::collections::HashSet<i32> = queue.entries.iter().map(|p| p.xid).collect();
    assert_eq!(xids.len(), 3);
    assert!(taken(&mut outbox).entries.is_empty());
}

// C-260, C-261, C-262, C-623, C-624
#[test]
fn a_shut_gate_refuses_with_the_code_of_its_reason() {
    let mut outbox: Outbox<u32, u32> = Outbox::default();
    outbox.shut(Gate::Terminal);
    assert_eq!(submit(&mut outbox, &GET, 1), Err(Code::INVALID_STATE));
    let empty = Request::Multi(&[]);
    assert_eq!(submit(&mut outbox, &empty, 1), Err(Code::INVALID_STATE));
    let ops = [MultiOp::Delete(DeleteRequest {
        path: Some(b"/a"),
        version: -1,
    })];
    let multi = Request::Multi(&ops);
    assert_eq!(submit(&mut outbox, &multi, 1), Err(Code::MARSHALLING_ERROR));
    let removal = outbox.submit_removal(b"/a"[..].into(), 3, true, 1, None);
    assert_eq!(removal, Err(Code::INVALID_STATE));
    outbox.shut(Gate::Closing);
    outbox.shut(Gate::Terminal);
    assert_eq!(submit(&mut outbox, &GET, 1), Err(Code::MARSHALLING_ERROR));
    let queue = taken(&mut outbox);
    assert!(queue.bytes.is_empty() && queue.entries.is_empty());
}

// C-221, C-245, C-246: apart from xids.
#[test]
fn auth_packets_and_removals_are_encoded_as_the_c_library_does_it() {
    let mut seen = std::collections::BTreeSet::new();
    for vector in recorded().iter().filter(|v| v.from_client) {
        let body = vector.body();
        let mut outbox: Outbox<u32, u32> = Outbox::default();
        let frame = match vector.op {
            "auth" => {
                let packet = AuthPacket::from_bytes(&body[8..]).unwrap();
                outbox.submit_auth(packet.scheme.unwrap(), packet.auth.unwrap());
                taken(&mut outbox).front
            }
            op @ ("checkWatches" | "removeWatches") => {
                let mut reader = zk_proto::Reader::new(&body[8..]);
                let path = reader.read::<zk_proto::Text<'_>>().unwrap().unwrap();
                let kind = reader.read().unwrap();
                let all = op == "removeWatches";
                outbox
                    .submit_removal(path.into(), kind, all, 1, None)
                    .unwrap();
                let mut frame = taken(&mut outbox).bytes.front().to_vec();
                frame[4..8].copy_from_slice(&body[..4]);
                frame
            }
            _ => continue,
        };
        assert_eq!(frame, vector.frame, "{}", vector.op);
        seen.insert(vector.op);
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}

// C-471, C-472
#[test]
fn only_reads_leave_an_effect_and_only_with_a_watcher() {
    let path = Some(&b"/a"[..]);
    for (request, effect) in [
        (GET, true),
        (Request::Exists { path }, true),
        (Request::GetChildren { path }, true),
        (Request::GetChildren2 { path }, true),
        (Request::GetConfig, true),
        (Request::GetAcl { path }, false),
        (Request::Sync { path }, false),
        (Request::Multi(&[]), false),
    ] {
        let mut outbox = Outbox::default();
        outbox.submit(&request, b"/ch", 1, Some(7)).unwrap();
        outbox.submit(&request, b"/ch", 2, None).unwrap();
        let queue = taken(&mut outbox);
        assert_eq!(queue.entries[0].effect.is_some(), effect, "{request:?}");
        assert!(queue.entries[1].effect.is_none());
        if let Some(Effect::Register { path, watcher, .. }) = queue.entries[0].effect.as_deref() {
            let expected = match request {
                Request::GetConfig => encode::CONFIG_NODE,
                _ => b"/ch/a",
            };
            assert_eq!((&path[..], *watcher), (expected, 7));
        }
    }
}
