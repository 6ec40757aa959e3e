//! Completions, session events and their order.

use super::*;

#[test]
fn a_completion_that_comes_twice_is_found() {
    let mut h = History::connected();
    let id = h.ask(A, Op::Sync, Outcome::Done);
    h.complete(id, Outcome::Done);
    h.has(Kind::CompletedTwice);
}

#[test]
fn a_completion_of_a_refused_request_is_found() {
    let mut h = History::connected();
    h.disconnect(A);
    let id = h.issue(A, Op::Sync);
    h.note(A, What::Refused(id.index, Code::INVALID_STATE));
    h.complete(id, LOST);
    h.has(Kind::CompletedTwice);
}

#[test]
fn a_call_that_comes_back_twice_is_found() {
    let mut h = History::connected();
    let outcome = Outcome::Data(None, stat(0, 1));
    let id = h.call(A, Op::Get(R, false), outcome.clone());
    h.note(A, What::Returned(id.index, outcome));
    h.has(Kind::CompletedTwice);
}

#[test]
fn a_completion_missing_at_close_is_found() {
    let mut h = History::connected();
    h.issue(A, Op::Sync);
    h.close(A);
    h.has(Kind::NeverCompleted);
}

#[test]
fn completions_in_another_order_than_their_requests_are_found() {
    let mut h = History::connected();
    let first = h.issue(A, Op::Sync);
    let second = h.issue(A, Op::Sync);
    h.complete(second, Outcome::Done);
    h.complete(first, Outcome::Done);
    h.has(Kind::OutOfOrder);
}

#[test]
fn callbacks_after_close_are_found() {
    let mut h = History::connected();
    let closing = h.issue(A, Op::Sync);
    h.note(A, What::Closing);
    h.complete(closing, Outcome::Failed(Code::CLOSING));
    h.note(A, What::Closed);
    h.is_sound();
    h.disconnect(A);
    h.has(Kind::AfterClose);
}

#[test]
fn codes_that_nothing_explains_are_found() {
    for (op, code) in [
        (Op::Get(R, false), Code::NO_NODE),
        (Op::Set(R, -1), Code::BAD_VERSION),
        (Op::Sync, Code::MARSHALLING_ERROR),
        (Op::Children(false), Code::RUNTIME_INCONSISTENCY),
    ] {
        let mut h = History::connected();
        let id = h.issue(A, op);
        if code == Code::RUNTIME_INCONSISTENCY {
            h.disconnect(A);
        }
        h.complete(id, Outcome::Failed(code));
        h.has(Kind::UnexpectedCode);
    }
}

#[test]
fn a_refusal_of_a_session_that_is_on_is_found() {
    let mut h = History::connected();
    let id = h.issue(A, Op::Sync);
    h.note(A, What::Refused(id.index, Code::INVALID_STATE));
    h.close(A);
    h.has(Kind::UnexpectedCode);
}

#[test]
fn a_refusal_may_come_before_the_event_that_tells_why() {
    let mut h = History::connected();
    let id = h.issue(A, Op::Sync);
    h.note(A, What::Refused(id.index, Code::INVALID_STATE));
    h.disconnect(A);
    h.state(A, SessionState::EXPIRED);
    h.close(A);
    h.is_sound();
}

#[test]
fn a_call_may_be_refused_before_the_event_that_tells_why() {
    let refused = Outcome::Failed(Code::INVALID_STATE);
    let mut h = History::connected();
    h.call(A, Op::Get(R, false), refused.clone());
    h.disconnect(A);
    h.state(A, SessionState::EXPIRED);
    h.close(A);
    h.is_sound();
    let mut h = History::connected();
    h.call(A, Op::Set(R, -1), refused);
    h.close(A);
    h.has(Kind::UnexpectedCode);
}

#[test]
fn a_refusal_for_want_of_a_connection_is_found() {
    let mut h = History::connected();
    h.disconnect(A);
    let id = h.issue(A, Op::Sync);
    h.note(A, What::Refused(id.index, Code::CONNECTION_LOSS));
    h.has(Kind::UnexpectedCode);
}

#[test]
fn an_ephemeral_node_may_vanish_when_another_handle_closes_the_session() {
    let mut h = History::connected();
    h.ask(A, Op::Create(E), Outcome::Stat(fresh(10, 100)));
    h.note(A, What::TakenOver);
    let get = Op::Get(Node::Slot(E), false);
    h.ask(A, get, Outcome::Failed(Code::NO_NODE));
    h.is_sound();
}

#[test]
fn a_server_may_leave_replies_out_when_another_handle_takes_the_session() {
    let mut h = History::connected();
    h.note(A, What::TakenOver);
    let id = h.issue(A, Op::Set(R, -1));
    h.disconnect(A);
    h.complete(id, Outcome::Failed(Code::RUNTIME_INCONSISTENCY));
    h.state(A, SessionState::EXPIRED);
    h.is_sound();
}

#[test]
fn a_reply_without_connection_is_found() {
    let mut h = History::connected();
    let id = h.issue(A, Op::Sync);
    h.disconnect(A);
    h.complete(id, Outcome::Done);
    h.has(Kind::WrongMoment);
}

#[test]
fn a_loss_before_its_session_event_is_found() {
    let mut h = History::connected();
    h.ask(A, Op::Sync, LOST);
    h.has(Kind::WrongMoment);
}

#[test]
fn expired_or_closing_requests_of_a_session_that_is_not_are_found() {
    for code in [Code::SESSION_EXPIRED, Code::CLOSING] {
        let mut h = History::connected();
        h.disconnect(A);
        h.ask(A, Op::Sync, Outcome::Failed(code));
        h.has(Kind::WrongMoment);
    }
}

#[test]
fn a_result_of_another_form_is_found() {
    let mut h = History::connected();
    h.ask(A, Op::Get(R, false), Outcome::Done);
    h.has(Kind::WrongMoment);
}

#[test]
fn session_events_that_no_session_has_are_found() {
    for states in [
        vec![SessionState::CONNECTED],
        vec![SessionState::CONNECTING, SessionState::CONNECTING],
        vec![SessionState::EXPIRED],
        vec![
            SessionState::CONNECTING,
            SessionState::EXPIRED,
            SessionState::CONNECTED,
        ],
        vec![SessionState::READ_ONLY],
    ] {
        let mut h = History::connected();
        for state in states {
            h.state(A, state);
        }
        h.has(Kind::SessionEvent);
    }
}

#[test]
fn another_session_on_the_same_handle_is_found() {
    let mut h = History::connected();
    h.disconnect(A);
    h.note(A, What::State(SessionState::CONNECTED, 999));
    h.has(Kind::SessionEvent);
}
