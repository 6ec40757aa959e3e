use super::*;
use std::ffi::{CStr, c_char};
use zk_proto::Jute as _;
use zk_proto::records::{
    Create2Response, CreateResponse, MultiHeader, SetDataResponse, Stat as WireStat,
};

use crate::core::MultiOutcome;
use crate::ffi::convert;
use crate::ffi::types::Stat;

/// Four results of create, set, check and delete, as [`MultiResults::prepare`] leaves them.
struct Places {
    buffer: [c_char; 16],
    stat: Stat,
    results: [zoo_op_result_t; 4],
}

impl Places {
    fn new() -> Box<Self> {
        let untouched = zoo_op_result_t {
            err: 77,
            value: ptr::null_mut(),
            valuelen: 77,
            stat: ptr::null_mut(),
        };
        let mut places = Box::new(Self {
            buffer: [-1; 16],
            stat: convert::stat(&WireStat::default()),
            results: [untouched; 4],
        });
        places.results[0].value = places.buffer.as_mut_ptr();
        places.results[0].valuelen = 16;
        places.results[1].stat = &raw mut places.stat;
        places
    }

    fn results(&mut self) -> MultiResults {
        MultiResults {
            results: UserPtr(self.results.as_mut_ptr()),
            kinds: vec![Kind::Create, Kind::Set, Kind::Check, Kind::Delete],
        }
    }

    fn codes(&self) -> [c_int; 4] {
        self.results.map(|result| result.err)
    }

    fn value(&self) -> &CStr {
        // SAFETY: the results keep the buffer terminated.
        unsafe { CStr::from_ptr(self.results[0].value) }
    }
}

fn reply(results: &[MultiResult<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for result in results {
        result.encode(&mut bytes);
    }
    MultiHeader::END.encode(&mut bytes);
    bytes
}

fn outcome(bytes: &[u8]) -> Outcome<'_> {
    Outcome::Multi(MultiOutcome::new(bytes, b"/chroot"))
}

fn stat() -> WireStat {
    WireStat {
        version: 3,
        ..Default::default()
    }
}

#[test]
fn a_successful_transaction_fills_path_and_stat() {
    let mut places = Places::new();
    let bytes = reply(&[
        MultiResult::Create(CreateResponse {
            path: Some(b"/chroot/a"),
        }),
        MultiResult::SetData(SetDataResponse { stat: stat() }),
        MultiResult::Check,
        MultiResult::Delete,
    ]);
    assert_eq!(places.results().complete(Ok(&outcome(&bytes))), Code::OK);
    assert_eq!(places.codes(), [0; 4]);
    assert_eq!(places.value(), c"/a");
    assert_eq!(places.results[0].valuelen, 16);
    assert_eq!(places.stat.version, 3);
}

#[test]
fn a_created_container_is_answered_with_a_stat_too() {
    let mut places = Places::new();
    let results = MultiResults {
        results: UserPtr(places.results.as_mut_ptr()),
        kinds: vec![Kind::CreateContainer],
    };
    let bytes = reply(&[MultiResult::Create2(Create2Response {
        path: Some(b"/chroot/c"),
        stat: stat(),
    })]);
    assert_eq!(results.complete(Ok(&outcome(&bytes))), Code::OK);
    assert_eq!(places.value(), c"/c");
}

#[test]
fn a_failed_transaction_tells_the_culprit_and_clears_values_and_stats() {
    let mut places = Places::new();
    let codes = [
        Code::OK,
        Code::OK,
        Code::BAD_VERSION,
        Code::RUNTIME_INCONSISTENCY,
    ];
    let bytes = reply(&codes.map(MultiResult::Error));
    let code = places.results().complete(Ok(&outcome(&bytes)));
    assert_eq!(code, Code::BAD_VERSION);
    assert_eq!(places.codes(), codes.map(|code| code.0));
    assert!(places.results[0].value.is_null());
    assert!(places.results[1].stat.is_null());
    assert_eq!(places.buffer, [-1; 16]);
}

#[test]
fn a_code_of_the_whole_request_reaches_every_result() {
    for code in [
        Code::CONNECTION_LOSS,
        Code::OPERATION_TIMEOUT,
        Code::CLOSING,
        Code::THROTTLED_OP,
    ] {
        let mut places = Places::new();
        assert_eq!(places.results().complete(Err(code)), code);
        assert_eq!(places.codes(), [code.0; 4]);
        assert!(places.results[0].value.is_null());
        assert!(places.results[1].stat.is_null());
    }
}

#[test]
fn replies_with_too_few_too_many_or_wrong_results_are_marshalling_errors() {
    let error = Code::MARSHALLING_ERROR;
    let good = MultiResult::Error(Code::OK);

    let mut places = Places::new();
    let few = reply(&[good]);
    assert_eq!(places.results().complete(Ok(&outcome(&few))), error);
    assert_eq!(places.codes(), [0, error.0, error.0, error.0]);

    let mut places = Places::new();
    let many = reply(&[good; 5]);
    assert_eq!(places.results().complete(Ok(&outcome(&many))), error);

    let mut places = Places::new();
    let wrong = reply(&[MultiResult::Delete, good, good, good]);
    assert_eq!(places.results().complete(Ok(&outcome(&wrong))), error);
    assert_eq!(places.codes(), [error.0, 0, 0, 0]);

    let mut places = Places::new();
    assert_eq!(places.results().complete(Ok(&Outcome::Void)), error);
    assert_eq!(places.codes(), [error.0; 4]);
}

/// One result of a create2 that wants its stat.
fn create2(places: &mut Places) -> MultiResults {
    places.results[0].stat = &raw mut places.stat;
    MultiResults {
        results: UserPtr(places.results.as_mut_ptr()),
        kinds: vec![Kind::Create2],
    }
}

// F-29
#[test]
fn a_create_that_asks_for_a_stat_gets_it_if_the_server_tells() {
    let path = Some(&b"/chroot/a"[..]);
    let mut places = Places::new();
    let results = create2(&mut places);
    let bytes = reply(&[MultiResult::Create2(Create2Response { path, stat: stat() })]);
    assert_eq!(results.complete(Ok(&outcome(&bytes))), Code::OK);
    assert_eq!(places.value(), c"/a");
    assert_eq!(places.stat.version, 3);
    assert_eq!(places.results[0].stat, &raw mut places.stat);

    let mut places = Places::new();
    let results = create2(&mut places);
    let bytes = reply(&[MultiResult::Create(CreateResponse { path })]);
    assert_eq!(results.complete(Ok(&outcome(&bytes))), Code::OK);
    assert_eq!(places.value(), c"/a");
    assert!(places.results[0].stat.is_null());

    let mut places = Places::new();
    let results = create2(&mut places);
    assert_eq!(results.complete(Err(Code::CLOSING)), Code::CLOSING);
    assert!(places.results[0].value.is_null() && places.results[0].stat.is_null());
}
