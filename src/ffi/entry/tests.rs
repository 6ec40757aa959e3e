use super::*;
use crate::core::ReplyKind;
use crate::ffi::ext_queue::ZOOX_NONE;
use zk_proto::records::Id;

fn subject() -> Subject {
    Subject {
        zh: std::ptr::without_provenance_mut(0x1238),
        data: std::ptr::without_provenance_mut(77),
    }
}

/// The bytes and the head of the one entry that `write` appends.
fn written(write: impl FnOnce(&mut Vec<u8>)) -> (Vec<u8>, zoox_entry) {
    let mut out = Vec::new();
    write(&mut out);
    assert_eq!(out.len() % 8, 0);
    // SAFETY: the entry has a whole head; any bits will do for its fields.
    let head = unsafe { out.as_ptr().cast::<zoox_entry>().read_unaligned() };
    assert_eq!(head.size as usize, out.len());
    assert_eq!(head.zh.addr(), 0x1238);
    assert_eq!(head.data.addr(), 77);
    (out, head)
}

fn stat() -> Stat {
    Stat {
        czxid: 1,
        mzxid: 2,
        ctime: 3,
        mtime: 4,
        version: 5,
        cversion: 6,
        aversion: 7,
        ephemeral_owner: 8,
        data_length: 9,
        num_children: 10,
        pzxid: 11,
    }
}

#[test]
fn data_follows_the_head_with_its_stat() {
    let outcome = Outcome::Data(Some(b"a\0b"), stat());
    let (bytes, head) = written(|out| completion(out, subject(), Ok(&outcome)));
    assert_eq!((head.kind, head.payload), (ZOOX_COMPLETION, ZOOX_DATA));
    assert_eq!((head.rc, head.length, head.has_stat), (0, 3, 1));
    assert_eq!(bytes[HEAD..], *b"a\0b\0\0\0\0\0");
    let got = head.stat;
    assert_eq!((got.czxid, got.mtime, got.version), (1, 4, 5));
    assert_eq!((got.aversion, got.ephemeralOwner), (7, 8));
    assert_eq!((got.dataLength, got.numChildren, got.pzxid), (9, 10, 11));
}

#[test]
fn null_data_differs_from_empty_data() {
    for (data, length) in [(None, -1), (Some(&b""[..]), 0)] {
        let outcome = Outcome::Data(data, stat());
        let (bytes, head) = written(|out| completion(out, subject(), Ok(&outcome)));
        assert_eq!((head.payload, head.length), (ZOOX_DATA, length));
        assert_eq!(bytes.len(), HEAD);
    }
}

#[test]
fn an_error_has_a_code_and_nothing_else() {
    let (bytes, head) = written(|out| completion(out, subject(), Err(Code::NO_NODE)));
    assert_eq!((head.rc, head.payload), (Code::NO_NODE.0, ZOOX_NONE));
    assert_eq!((head.has_stat, bytes.len()), (0, HEAD));
}

#[test]
fn names_follow_each_other_with_a_nul_after_each() {
    let names = [Some(&b"one"[..]), None, Some(b"cut\0off"), Some(b"")];
    let outcome = Outcome::Strings(List::new(&names));
    let (bytes, head) = written(|out| completion(out, subject(), Ok(&outcome)));
    assert_eq!(
        (head.payload, head.count, head.length),
        (ZOOX_STRINGS, 4, 10)
    );
    assert_eq!(bytes[HEAD..][..10], *b"one\0\0cut\0\0");
}

#[test]
fn an_acl_leads_to_its_texts_by_offset() {
    let acl = |perms, scheme, id| Acl {
        perms,
        id: Id { scheme, id },
    };
    let acls = [
        acl(31, Some(&b"world"[..]), Some(&b"anyone"[..])),
        acl(1, Some(b"ip"), None),
    ];
    let outcome = Outcome::Acl(List::new(&acls), stat());
    let (bytes, head) = written(|out| completion(out, subject(), Ok(&outcome)));
    assert_eq!((head.payload, head.count), (ZOOX_ACL, 2));
    let entry = |i: usize| {
        let at = HEAD + i * size_of::<zoox_acl>();
        // SAFETY: the payload begins with that many structures.
        unsafe { bytes[at..].as_ptr().cast::<zoox_acl>().read_unaligned() }
    };
    let text = |offset: u32, length: u32| {
        let end = (offset + length) as usize;
        assert_eq!(bytes[end], 0);
        &bytes[offset as usize..end]
    };
    let (first, second) = (entry(0), entry(1));
    assert_eq!((first.perms, second.perms), (31, 1));
    assert_eq!(text(first.scheme, first.scheme_length), b"world");
    assert_eq!(text(first.id, first.id_length), b"anyone");
    assert_eq!(text(second.scheme, second.scheme_length), b"ip");
    assert_eq!(text(second.id, second.id_length), b"");
}

#[test]
fn an_event_has_type_state_and_path() {
    let (bytes, head) = written(|out| event(out, subject(), 3, 5, b"/abcdefg"));
    assert_eq!((head.kind, head.r#type, head.state), (ZOOX_EVENT, 3, 5));
    assert_eq!((head.payload, head.length, head.rc), (ZOOX_STRING, 8, 0));
    assert_eq!(bytes[HEAD..], *b"/abcdefg\0\0\0\0\0\0\0\0");
}

#[test]
fn entries_stand_behind_each_other() {
    let mut out = Vec::new();
    auth(&mut out, subject(), Code::AUTH_FAILED);
    event(&mut out, subject(), -1, 3, b"");
    let outcome = Outcome::PathStat(b"/a", stat());
    completion(&mut out, subject(), Ok(&outcome));
    assert_eq!(out.len(), HEAD + (HEAD + 8) + (HEAD + 8));
    assert_eq!(out[HEAD..][..4], (HEAD as u32 + 8).to_ne_bytes());
}

#[test]
fn a_number_stands_in_the_head() {
    let (bytes, head) = written(|out| completion(out, subject(), Ok(&Outcome::Number(70_000))));
    assert_eq!((head.payload, head.count), (ZOOX_NUMBER, 70_000));
    assert_eq!((head.length, bytes.len()), (0, HEAD));
}

#[test]
fn identities_lead_to_their_texts_by_offset() {
    let infos = [ClientInfo {
        scheme: Some(b"digest"),
        user: Some(b"bob"),
    }];
    let outcome = Outcome::Identities(List::new(&infos));
    let (bytes, head) = written(|out| completion(out, subject(), Ok(&outcome)));
    assert_eq!((head.payload, head.count), (ZOOX_IDENTITIES, 1));
    // SAFETY: the payload begins with that many structures.
    let info = unsafe { bytes[HEAD..].as_ptr().cast::<zoox_acl>().read_unaligned() };
    assert_eq!((info.perms, info.scheme_length, info.id_length), (0, 6, 3));
    assert_eq!(bytes[info.scheme as usize..][..7], *b"digest\0");
    assert_eq!(bytes[info.id as usize..][..4], *b"bob\0");
}

#[test]
fn reads_lead_to_their_data_and_names_by_offset() {
    use zk_proto::records::{GetChildrenResponse, GetDataResponse, MultiHeader};
    let names = [Some(&b"one"[..]), Some(b"two")];
    let data = |data| MultiReadResult::GetData(GetDataResponse { data, stat: stat() });
    let mut body = Vec::new();
    for result in [
        data(Some(b"a\0b")),
        MultiReadResult::Error(Code::NO_NODE),
        MultiReadResult::GetChildren(GetChildrenResponse {
            children: List::new(&names),
        }),
        data(None),
    ] {
        result.encode(&mut body);
    }
    zk_proto::Jute::encode(&MultiHeader::END, &mut body);
    let outcome = ReplyKind::MultiRead.decoded(&body, b"").unwrap();
    let (bytes, head) = written(|out| completion(out, subject(), Ok(&outcome)));
    assert_eq!((head.payload, head.count), (ZOOX_READS, 4));
    let read = |i: usize| {
        let at = HEAD + i * size_of::<zoox_read_entry>();
        // SAFETY: the payload begins with that many structures.
        unsafe {
            bytes[at..]
                .as_ptr()
                .cast::<zoox_read_entry>()
                .read_unaligned()
        }
    };
    let [first, second, third, fourth] = [read(0), read(1), read(2), read(3)];
    assert_eq!(
        (first.err, first.r#type, first.length),
        (0, ZOOX_READ_DATA, 3)
    );
    assert_eq!(bytes[first.payload as usize..][..3], *b"a\0b");
    assert_eq!((first.has_stat, first.stat.version), (1, 5));
    assert_eq!((second.err, second.r#type), (Code::NO_NODE.0, 0));
    assert_eq!((second.payload, second.length, second.has_stat), (0, 0, 0));
    assert_eq!(
        (third.r#type, third.count, third.length),
        (ZOOX_READ_CHILDREN, 2, 8)
    );
    assert_eq!(bytes[third.payload as usize..][..8], *b"one\0two\0");
    assert_eq!((third.has_stat, fourth.length, fourth.has_stat), (0, -1, 1));
}
