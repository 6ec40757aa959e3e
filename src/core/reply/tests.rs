use zk_proto::records::ReplyHeader;

use super::*;
use crate::core::tests::vectors::recorded;

/// What the body of a recorded answer holds.
fn kind_of(op: &str) -> Option<ReplyKind> {
    Some(match op {
        "create" | "sync" => ReplyKind::Path,
        "create2" | "createContainer" | "createTTL" => ReplyKind::PathStat,
        "exists" | "setData" => ReplyKind::Stat,
        "getData" => ReplyKind::Data,
        "getChildren" => ReplyKind::Strings,
        "getChildren2" => ReplyKind::StringsStat,
        "getACL" => ReplyKind::Acl,
        "multi" => ReplyKind::Multi,
        _ => return None,
    })
}

/// Bodies of recorded successes.
fn successes() -> Vec<(ReplyKind, Vec<u8>)> {
    let answers = recorded().into_iter().filter(|v| !v.from_client);
    answers
        .filter(|v| ReplyHeader::from_bytes(v.body()).is_ok_and(|header| header.err.is_ok()))
        .filter_map(|v| Some((kind_of(v.op)?, v.body()[ReplyHeader::WIRE_LEN..].to_vec())))
        .collect()
}

// C-230…C-243, C-626
#[test]
fn recorded_answers_are_accepted_whole_and_refused_when_cut() {
    let answers = successes();
    assert!(answers.len() > 40, "{}", answers.len());
    for (kind, body) in answers {
        assert!(kind.accepts(&body), "{kind:?}");
        for cut in 0..body.len() {
            assert!(!kind.accepts(&body[..cut]), "{kind:?} cut at {cut}");
        }
    }
}

// What the IO thread accepts is what the completion thread can decode, for any bytes.
#[test]
fn accepting_and_decoding_agree_on_spoiled_answers() {
    const KINDS: [ReplyKind; 14] = [
        ReplyKind::Void,
        ReplyKind::Path,
        ReplyKind::PathStat,
        ReplyKind::Stat,
        ReplyKind::Data,
        ReplyKind::Strings,
        ReplyKind::StringsStat,
        ReplyKind::Acl,
        ReplyKind::Multi,
        ReplyKind::Acknowledgement,
        ReplyKind::Paths,
        ReplyKind::Number,
        ReplyKind::Identities,
        ReplyKind::MultiRead,
    ];
    let mut rng = fastrand::Rng::with_seed(7);
    let mut seen = [0, 0];
    for (_, answer) in successes() {
        for _ in 0..300 {
            let mut body = answer.clone();
            for _ in 0..rng.usize(0..4) {
                if !body.is_empty() {
                    let at = rng.usize(..body.len());
                    body[at] = [0, 1, 0xff, rng.u8(..)][rng.usize(..4)];
                }
            }
            body.truncate(rng.usize(0..=body.len()));
            for kind in KINDS {
                let decodes = match kind.decoded(&body, b"") {
                    Ok(Outcome::Multi(mut results)) => results.all(|result| result.is_ok()),
                    Ok(Outcome::MultiRead(mut results)) => results.all(|result| result.is_ok()),
                    other => other.is_ok(),
                };
                assert_eq!(kind.accepts(&body), decodes, "{kind:?} {body:02x?}");
                seen[usize::from(decodes)] += 1;
            }
        }
    }
    assert!(seen.iter().all(|n| *n > 1_000), "{seen:?}");
}

// C-232, C-233: a create needs the path only, a stat behind it is left alone.
#[test]
fn a_path_is_taken_from_a_reply_with_a_stat_too() {
    for (kind, body) in successes() {
        if kind == ReplyKind::PathStat {
            let Ok(Outcome::PathStat(whole, _)) = kind.decoded(&body, b"") else {
                panic!("it was accepted before");
            };
            let path = ReplyKind::Path.decoded(&body, b"").unwrap();
            assert!(matches!(path, Outcome::Path(path) if path == whole));
        }
    }
}

// C-280
#[test]
fn the_chroot_is_taken_off_created_paths_also_in_a_transaction() {
    let mut stripped = 0;
    for (kind, body) in successes() {
        match kind.decoded(&body, b"/m").unwrap() {
            Outcome::Multi(results) => {
                for result in results {
                    if let Ok(zk_proto::records::MultiResult::Create(r)) = result {
                        let path = r.path.unwrap();
                        assert!(path == b"/" || path.starts_with(b"/e-") || path == b"/c");
                        stripped += 1;
                    }
                }
            }
            Outcome::Path(path) | Outcome::PathStat(path, _) => {
                assert!(!path.starts_with(b"/m/"));
            }
            _ => {}
        }
    }
    assert_eq!(stripped, 3);
}
