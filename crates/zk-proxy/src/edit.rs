//! Doing an edit to a frame.

use zk_proto::frame::PREFIX;
use zk_proto::records::{ConnectRequest, ConnectResponse, ReplyHeader};
use zk_proto::{Buffer, Jute as _, frame};

use crate::fault::Edit;
use crate::frame::Kind;

/// Fields of a connect request or response that edits change.
struct Handshake<'f, 'b> {
    timeout: &'f mut i32,
    session: &'f mut i64,
    password: &'f mut Buffer<'b>,
    read_only: &'f mut Option<bool>,
}

impl Edit {
    /// Applies this to `bytes`, a frame of this kind with its length word.
    pub(crate) fn apply(&self, kind: Kind, bytes: &mut Vec<u8>) {
        let body = bytes.get(PREFIX..).unwrap_or_default();
        let new = match self {
            Self::Xid(xid) => replaced(body, 0, &xid.to_be_bytes()),
            Self::XidBy(by) => body
                .first_chunk()
                .map(|xid| i32::from_be_bytes(*xid).wrapping_add(*by))
                .and_then(|xid| replaced(body, 0, &xid.to_be_bytes())),
            Self::Zxid(zxid) => replaced(body, 4, &zxid.to_be_bytes()),
            Self::Err(err) => {
                let end = if *err == 0 {
                    body.len()
                } else {
                    ReplyHeader::WIRE_LEN
                };
                body.get(..end)
                    .and_then(|body| replaced(body, 12, &err.to_be_bytes()))
            }
            Self::Timeout(_) | Self::SessionId(_) | Self::Password(_) | Self::ReadOnly(_) => {
                self.handshake(kind, body)
            }
            Self::Length(length) => {
                let mut body = body.to_vec();
                body.resize(*length, 0);
                Some(body)
            }
            Self::LengthWord(word) => {
                if let Some(prefix) = bytes.first_chunk_mut() {
                    *prefix = word.to_be_bytes();
                }
                return;
            }
            Self::Body(body) => Some(body.clone()),
            Self::ReplyBody(rest) => body
                .get(..ReplyHeader::WIRE_LEN)
                .map(|header| [header, rest].concat()),
            Self::Before(other) => {
                bytes.splice(..0, other.iter().copied());
                return;
            }
            Self::Custom(change) => {
                *bytes = change(bytes);
                return;
            }
        };
        if let Some(new) = new {
            bytes.clear();
            frame::append(bytes, |out| out.extend_from_slice(&new));
        }
    }

    fn handshake<'b>(&'b self, kind: Kind, body: &'b [u8]) -> Option<Vec<u8>> {
        match kind {
            Kind::ConnectRequest => {
                let mut request = ConnectRequest::from_bytes(body).ok()?;
                self.change(Handshake {
                    timeout: &mut request.timeout,
                    session: &mut request.session_id,
                    password: &mut request.password,
                    read_only: &mut request.read_only,
                });
                Some(request.to_bytes())
            }
            Kind::ConnectResponse => {
                let mut response = ConnectResponse::from_bytes(body).ok()?;
                self.change(Handshake {
                    timeout: &mut response.timeout,
                    session: &mut response.session_id,
                    password: &mut response.password,
                    read_only: &mut response.read_only,
                });
                Some(response.to_bytes())
            }
            _ => None,
        }
    }

    fn change<'b>(&'b self, fields: Handshake<'_, 'b>) {
        match self {
            Self::Timeout(ms) => *fields.timeout = *ms,
            Self::SessionId(id) => *fields.session = *id,
            Self::Password(password) => *fields.password = Some(password),
            Self::ReadOnly(read_only) => *fields.read_only = *read_only,
            _ => {}
        }
    }
}

/// `body` with these bytes at `at`, if they fit.
fn replaced(body: &[u8], at: usize, new: &[u8]) -> Option<Vec<u8>> {
    let mut body = body.to_vec();
    body.get_mut(at..at + new.len())?.copy_from_slice(new);
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        frame::append(&mut bytes, |out| out.extend_from_slice(body));
        bytes
    }

    fn reply() -> Kind {
        Kind::Reply {
            xid: 1,
            op: None,
            err: 0,
        }
    }

    #[test]
    fn an_error_takes_the_body_away() {
        let mut bytes = framed(&[9; 20]);
        Edit::Err(-4).apply(reply(), &mut bytes);
        let expected = [&[9; 12][..], &(-4i32).to_be_bytes()].concat();
        assert_eq!(bytes, framed(&expected));
    }

    #[test]
    fn a_response_loses_its_read_only_byte() {
        let response = ConnectResponse {
            protocol_version: 0,
            timeout: 1000,
            session_id: 5,
            password: Some(&[7; 16]),
            read_only: Some(false),
        };
        let mut bytes = framed(&response.to_bytes());
        Edit::ReadOnly(None).apply(Kind::ConnectResponse, &mut bytes);
        Edit::SessionId(6).apply(Kind::ConnectResponse, &mut bytes);
        assert_eq!(bytes.len(), PREFIX + 36);
        let changed = ConnectResponse::from_bytes(&bytes[PREFIX..]).unwrap();
        assert_eq!((changed.session_id, changed.read_only), (6, None));
    }

    #[test]
    fn edits_that_do_not_fit_change_nothing() {
        let mut bytes = framed(b"ab");
        for edit in [
            Edit::Xid(1),
            Edit::Zxid(1),
            Edit::Err(-1),
            Edit::Timeout(1),
            Edit::ReplyBody(vec![1]),
        ] {
            edit.apply(reply(), &mut bytes);
        }
        assert_eq!(bytes, framed(b"ab"));
    }
}
