//! A synchronous caller, who may give up, and the thread that has the result.

use loom::thread;

use super::*;

/// What the caller sets its memory to once it has returned.
const MINE: i64 = -7;

fn nothing() -> Stat {
    convert::stat(&records::Stat::default())
}

fn finish(cookie: Cookie, zxid: i64) {
    let Cookie::Sync(call) = cookie else {
        panic!("not the cookie of a synchronous call");
    };
    let stat = records::Stat {
        mzxid: zxid,
        ..records::Stat::default()
    };
    call.finish(Ok(&Outcome::Stat(stat)));
}

/// One call, whose result another thread has; `submitted` decides if it is waited for. Returns
/// what the caller found in its memory, and the other thread.
fn call(
    calls: &Calls,
    zxid: i64,
    stat: &mut Stat,
    submitted: Result<(), Code>,
) -> (Result<i64, Code>, thread::JoinHandle<()>) {
    let mut driver = None;
    let out = Out::Stat(UserPtr(&raw mut *stat));
    let result = wait(calls, out, |cookie| {
        driver = Some(thread::spawn(move || finish(cookie, zxid)));
        submitted
    });
    let found = result.map(|()| stat.mzxid);
    stat.mzxid = MINE;
    (found, driver.expect("the request was submitted"))
}

fn explore(model: fn()) {
    loom::model(model);
}

#[test]
fn a_result_is_stored_before_the_caller_returns_and_not_after() {
    explore(|| {
        let mut stat = nothing();
        let (found, driver) = call(&Calls::default(), 1, &mut stat, Ok(()));
        assert_eq!(found, Ok(1));
        driver.join().unwrap();
        assert_eq!(stat.mzxid, MINE);
    });
}

#[test]
fn nothing_is_stored_after_the_caller_gave_up() {
    explore(|| {
        let mut stat = nothing();
        let given_up = Err(Code::INVALID_STATE);
        let (found, driver) = call(&Calls::default(), 1, &mut stat, given_up);
        assert_eq!(found, Err(Code::INVALID_STATE));
        driver.join().unwrap();
        assert_eq!(stat.mzxid, MINE);
    });
}

#[test]
fn a_call_that_serves_again_has_nothing_of_the_one_before() {
    explore(|| {
        let calls = Calls::default();
        let mut stats = [nothing(), nothing()];
        let (first, one) = call(&calls, 1, &mut stats[0], Ok(()));
        let (second, two) = call(&calls, 2, &mut stats[1], Ok(()));
        assert_eq!((first, second), (Ok(1), Ok(2)));
        one.join().unwrap();
        two.join().unwrap();
        assert_eq!(stats.map(|stat| stat.mzxid), [MINE; 2]);
    });
}

#[test]
fn a_call_that_was_given_up_serves_nobody_else() {
    explore(|| {
        let calls = Calls::default();
        let mut stats = [nothing(), nothing()];
        let given_up = Err(Code::INVALID_STATE);
        let (first, one) = call(&calls, 1, &mut stats[0], given_up);
        let (second, two) = call(&calls, 2, &mut stats[1], Ok(()));
        assert_eq!((first, second), (Err(Code::INVALID_STATE), Ok(2)));
        one.join().unwrap();
        two.join().unwrap();
        assert_eq!(stats.map(|stat| stat.mzxid), [MINE; 2]);
    });
}

#[test]
fn a_close_finishes_a_call_whose_caller_gives_up_without_a_trace() {
    explore(|| {
        let calls = Calls::default();
        let mut stat = nothing();
        let mut closer = None;
        let out = Out::Stat(UserPtr(&raw mut stat));
        let result = wait(&calls, out, |cookie| {
            let Cookie::Sync(call) = cookie else {
                panic!("not the cookie of a synchronous call");
            };
            closer = Some(thread::spawn(move || call.finish(Err(Code::CLOSING))));
            Err(Code::INVALID_STATE)
        });
        assert_eq!(result, Err(Code::INVALID_STATE));
        stat.mzxid = MINE;
        closer.expect("the request was submitted").join().unwrap();
        assert_eq!(stat.mzxid, MINE);
    });
}
