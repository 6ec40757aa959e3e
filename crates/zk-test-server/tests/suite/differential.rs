//! The same requests to Debian's Java server and to ours: the same bytes come back, but for
//! times, session ids, the order of lists, and the zxid of events (which 3.8 does not send).

mod first_contact;
mod random;
mod script;

use crate::java;
use crate::socket::Socket;
use crate::support::*;
use random::Random;
use script::{directed, malformed};
use std::net::SocketAddr;
use zk_proto::records::{MultiResult, Results, Stat};
use zk_proto::{Jute, Op};
use zk_test_server::{Options, TestServer};

const CLIENTS: usize = 3;

/// A request of one of the clients.
type Step = (usize, (Op, Vec<u8>));

/// Sends the steps one by one; the answers, and what they made other clients see.
fn play(addr: SocketAddr, steps: &[Step], keep_zxids: bool) -> Vec<Vec<String>> {
    let mut clients: Vec<Socket> = (0..CLIENTS).map(|_| Socket::open(addr)).collect();
    let mut played = Vec::new();
    for (who, request) in steps {
        let mut seen = Vec::new();
        let mut ended = false;
        for mut reply in clients[*who].ask(request) {
            reply.zxid *= i64::from(keep_zxids);
            ended |= reply.xid != -1 && reply.err == zk_proto::Code::AUTH_FAILED;
            seen.push(describe(*who, request.0, &reply));
        }
        if ended || request.0 == Op::CloseSession {
            assert_eq!(clients[*who].receive(), None, "{request:?}");
            clients[*who] = Socket::open(addr);
        }
        for (other, client) in clients.iter_mut().enumerate() {
            for mut reply in client.ask(&(Op::Ping, vec![])) {
                reply.zxid *= i64::from(keep_zxids);
                seen.push(describe(other, Op::Ping, &reply));
            }
        }
        if request.0 == Op::CloseSession {
            // Its ephemeral nodes go in any order (S-210).
            seen.sort();
        }
        played.push(seen);
    }
    played
}

/// A reply in words, masked.
fn describe(who: usize, op: Op, reply: &Reply) -> String {
    if reply.xid == -1 {
        return format!("{who}: event {:?}", reply.event());
    }
    let body = if reply.err.is_ok() {
        mask(op, &reply.body)
    } else {
        format!("{:?}", reply.body)
    };
    format!(
        "{who}: xid {} zxid {} {:?} {body}",
        reply.xid, reply.zxid, reply.err
    )
}

fn mask(op: Op, body: &[u8]) -> String {
    match op {
        Op::Exists
        | Op::GetData
        | Op::SetData
        | Op::SetAcl
        | Op::GetAcl
        | Op::Create2
        | Op::CreateContainer
        | Op::CreateTtl => {
            let (rest, stat) = body.split_at(body.len() - Stat::WIRE_LEN);
            format!("{rest:?} {}", mask_stat(stat))
        }
        Op::GetChildren | Op::GetEphemerals => mask_list(body),
        Op::GetChildren2 => {
            let (rest, stat) = body.split_at(body.len() - Stat::WIRE_LEN);
            format!("{} {}", mask_list(rest), mask_stat(stat))
        }
        Op::Multi => {
            let mut results = Results::new(body);
            let parts = std::iter::from_fn(|| results.next_result());
            parts
                .map(|part| mask_result(part.expect("a result")))
                .collect::<Vec<_>>()
                .join(", ")
        }
        Op::MultiRead => {
            let mut results = Results::new(body);
            let parts = std::iter::from_fn(|| results.next_read());
            let parts: Vec<String> = parts
                .map(|part| match part.expect("a result") {
                    zk_proto::records::MultiReadResult::GetData(r) => {
                        format!("{:?} {}", r.data, mask_stat(&r.stat.to_bytes()))
                    }
                    zk_proto::records::MultiReadResult::GetChildren(r) => mask_list(&r.to_bytes()),
                    other => format!("{other:?}"),
                })
                .collect();
            parts.join(", ")
        }
        Op::WhoAmI => {
            // Entries differ in order only.
            let mut bytes = body.to_vec();
            bytes.sort_unstable();
            format!("{bytes:?}")
        }
        _ => format!("{body:?}"),
    }
}

fn mask_list(body: &[u8]) -> String {
    let reply = Reply {
        xid: 0,
        zxid: 0,
        err: zk_proto::Code::OK,
        body: body.to_vec(),
    };
    let mut names = reply.texts();
    names.sort();
    format!("{names:?}")
}

fn mask_stat(stat: &[u8]) -> String {
    let mut stat = Stat::from_bytes(stat).expect("a stat");
    (stat.ctime, stat.mtime) = (0, 0);
    stat.ephemeral_owner = stat.ephemeral_owner.signum();
    format!("{stat:?}")
}

fn mask_result(result: MultiResult<'_>) -> String {
    match result {
        MultiResult::Create2(r) => format!("{:?} {}", r.path, mask_stat(&r.stat.to_bytes())),
        MultiResult::SetData(r) => mask_stat(&r.stat.to_bytes()),
        other => format!("{other:?}"),
    }
}

fn compare(test: &str, steps: &[Step], keep_zxids: bool) {
    let Some(java) = java::start(test) else {
        return;
    };
    let ours = TestServer::start(Options {
        max_client_cnxns: 0,
        super_digest: Some(zk_ensemble::SUPER_DIGEST.to_owned()),
        ..Options::default()
    })
    .expect("our server");
    let expected = play(java.address(0), steps, keep_zxids);
    let actual = play(ours.addr(), steps, keep_zxids);
    let mut differences = 0;
    for ((step, expected), actual) in steps.iter().zip(&expected).zip(&actual) {
        if expected != actual {
            differences += 1;
            let body = String::from_utf8_lossy(&step.1.1);
            eprintln!(
                "{} {:?} {body:?}\n  java {expected:#?}\n  ours {actual:#?}",
                step.0, step.1.0
            );
        }
    }
    assert_eq!(differences, 0, "of {} steps", steps.len());
}

#[test]
fn every_operation_and_error_answers_as_the_java_server() {
    let test = "every_operation_and_error_answers_as_the_java_server";
    compare(test, &directed(), true);
}

#[test]
fn malformed_bodies_are_answered_as_by_the_java_server() {
    let test = "malformed_bodies_are_answered_as_by_the_java_server";
    // 3.8 consumes a zxid for some, 3.9 for none but multis (S-038).
    compare(test, &malformed(), false);
}

#[test]
fn random_requests_of_three_clients_answer_as_on_the_java_server() {
    let test = "random_requests_of_three_clients_answer_as_on_the_java_server";
    let mut random = Random(0x5eed);
    let steps: Vec<Step> = (0..500).map(|_| random.step()).collect();
    compare(test, &steps, true);
}
