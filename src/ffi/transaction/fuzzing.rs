//! What fuzz targets check of the results of transactions: whatever a server says, each one is
//! filled, within the memory that the program has given for it.

use std::ffi::{CStr, c_char};
use std::ptr;

use super::*;
use crate::ffi::convert;
use crate::ffi::types::Stat as CStat;

/// Kinds of operations, in turn.
const KINDS: [Kind; 7] = [
    Kind::Create,
    Kind::CreateContainer,
    Kind::Create2,
    Kind::CreateTtl,
    Kind::Delete,
    Kind::Set,
    Kind::Check,
];

/// Longer transactions add nothing.
const LONGEST: usize = 64;

/// Bytes of a path's buffer; the library is told of fewer.
const BUFFER: usize = 24;

/// In buffers before anybody writes to them.
const UNTOUCHED: c_char = 0x55;

/// What a program gives for the results of a transaction.
struct Places {
    buffers: Vec<[c_char; BUFFER]>,
    stats: Vec<CStat>,
    results: Vec<zoo_op_result_t>,
}

impl Places {
    fn new(count: usize, room: c_int) -> Self {
        let mut buffers = vec![[UNTOUCHED; BUFFER]; count];
        let mut stats = vec![convert::stat(&Stat::default()); count];
        let results = buffers.iter_mut().zip(&mut stats);
        let results = results.map(|(buffer, stat)| zoo_op_result_t {
            err: 0,
            value: buffer.as_mut_ptr(),
            valuelen: room,
            stat: ptr::from_mut(stat),
        });
        let results = results.collect();
        Self {
            buffers,
            stats,
            results,
        }
    }
}

/// Takes the reply to `received` operations for one to as many of all kinds, and to one more.
///
/// # Panics
/// If a result is not filled, or memory beyond it is.
pub(crate) fn check(outcome: &Outcome<'_>, received: usize) {
    if received > LONGEST {
        return;
    }
    for first in 0..KINDS.len() {
        for count in [received, received + 1] {
            let kinds = (0..count).filter_map(|i| KINDS.get((first + i) % KINDS.len()).copied());
            check_kinds(outcome, kinds.collect(), first, count == received);
        }
    }
}

fn check_kinds(outcome: &Outcome<'_>, kinds: Vec<Kind>, room: usize, whole: bool) {
    let mut places = Places::new(kinds.len(), convert::length(room));
    let results = MultiResults {
        results: UserPtr(places.results.as_mut_ptr()),
        kinds,
    };
    let code = results.complete(Ok(outcome));
    assert!(whole || code == Code::MARSHALLING_ERROR);

    let mut told = vec![Code::OK; results.kinds.len()];
    let again = results.answer(Ok(outcome), |i, _, answer| {
        told[i] = answer.err().unwrap_or(Code::OK);
    });
    assert_eq!(again, code);
    for (i, kind) in results.kinds.iter().enumerate() {
        let result = &places.results[i];
        assert_eq!(result.err, told[i].0);
        let (inside, beyond) = places.buffers[i].split_at(room);
        assert!(beyond.iter().all(|&byte| byte == UNTOUCHED));
        if kind.is_create() && !result.value.is_null() && room > 0 {
            assert!(inside.contains(&0));
            // SAFETY: it leads to the buffer, which holds a NUL.
            assert!(unsafe { CStr::from_ptr(result.value) }.count_bytes() < room);
        }
        assert!(result.stat.is_null() || ptr::eq(result.stat, &raw const places.stats[i]));
    }
}
