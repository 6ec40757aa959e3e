//! Frames as lines of text, without what differs from run to run.

use std::fmt::Write as _;

use zk_proto::records::{ConnectRequest, ConnectResponse, ReplyHeader, RequestHeader, SetWatches};
use zk_proto::{Jute as _, List, Op, Reader, Text};

use crate::frame::{Frame, Kind};

/// One line for a frame. Transaction ids are counted from `first_xid`; session ids and passwords
/// are only told apart from none; paths of SetWatches are sorted, for their order means nothing.
pub fn describe(frame: &Frame, first_xid: i32) -> String {
    let line = match frame.kind {
        Kind::ConnectRequest => connect_request(&frame.body),
        Kind::ConnectResponse => connect_response(&frame.body),
        Kind::Request { xid, op } => request(&frame.body, xid, op, first_xid),
        Kind::Reply { xid, op, err } => {
            let op = op.map_or_else(|| "?".to_owned(), name);
            let body = frame.body.get(ReplyHeader::WIRE_LEN..).unwrap_or_default();
            let body = escaped(body);
            format!(
                "reply {op} xid={} err={err} {body}",
                relative(xid, first_xid)
            )
        }
        Kind::Event => format!("event {}", escaped(&frame.body)),
        Kind::Raw => format!("raw {}", escaped(&frame.body)),
    };
    // A request without a body leaves a space.
    line.trim_end().to_owned()
}

/// Reserved ids as they are, others from the first one.
fn relative(xid: i32, first_xid: i32) -> String {
    if xid < 0 {
        xid.to_string()
    } else {
        format!("+{}", xid.wrapping_sub(first_xid))
    }
}

fn name(op: i32) -> String {
    Op::from_i32(op).map_or_else(|| op.to_string(), |op| format!("{op:?}"))
}

fn given(some: bool) -> &'static str {
    if some { "given" } else { "none" }
}

fn is_set(password: Option<&[u8]>) -> bool {
    password.is_some_and(|bytes| bytes.iter().any(|byte| *byte != 0))
}

fn connect_request(body: &[u8]) -> String {
    let Ok(request) = ConnectRequest::from_bytes(body) else {
        return format!("connect {}", escaped(body));
    };
    format!(
        "connect version={} zxid={} timeout={} session={} password={} read_only={:?} length={}",
        request.protocol_version,
        request.last_zxid_seen,
        request.timeout,
        given(request.session_id != 0),
        given(is_set(request.password)),
        request.read_only,
        body.len(),
    )
}

fn connect_response(body: &[u8]) -> String {
    let Ok(response) = ConnectResponse::from_bytes(body) else {
        return format!("connected {}", escaped(body));
    };
    format!(
        "connected timeout={} session={} password={} read_only={:?}",
        response.timeout,
        given(response.session_id != 0),
        given(is_set(response.password)),
        response.read_only,
    )
}

fn request(body: &[u8], xid: i32, op: i32, first_xid: i32) -> String {
    let mut reader = Reader::new(body);
    let rest = match RequestHeader::decode(&mut reader) {
        Ok(_) => reader.rest(),
        Err(_) => body,
    };
    let rest = match Op::from_i32(op) {
        Some(Op::SetWatches) => set_watches(rest).unwrap_or_else(|| escaped(rest)),
        _ => escaped(rest),
    };
    format!("{} xid={} {rest}", name(op), relative(xid, first_xid))
}

fn set_watches(body: &[u8]) -> Option<String> {
    let watches = SetWatches::from_bytes(body).ok()?;
    let sorted = |list: List<'_, Text<'_>>| {
        let mut paths: Vec<String> = list
            .iter()
            .map(|path| path.map_or_else(|| "null".to_owned(), escaped))
            .collect();
        paths.sort();
        paths.join(" ")
    };
    Some(format!(
        "zxid={} data=[{}] exist=[{}] child=[{}]",
        watches.relative_zxid,
        sorted(watches.data),
        sorted(watches.exist),
        sorted(watches.child),
    ))
}

/// Printable bytes as they are, others in hexadecimal.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if (b' '..=b'~').contains(byte) && *byte != b'\\' {
            text.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\{byte:02x}");
        }
    }
    text
}
