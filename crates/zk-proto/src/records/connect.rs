use crate::{Buffer, DecodeError, Jute, Reader};

/// Length of a session password.
pub const PASSWORD_LEN: usize = 16;

/// The first frame from a client; it has no request header (C-210, S-010).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConnectRequest<'a> {
    /// Always 0.
    pub protocol_version: i32,
    /// Last zxid the client has seen; a server that is behind refuses the connection.
    pub last_zxid_seen: i64,
    /// Session timeout asked for, ms.
    pub timeout: i32,
    /// Session to resume, or 0.
    pub session_id: i64,
    /// Its password.
    pub password: Buffer<'a>,
    /// True if a read-only server will do. `None`: the record of a client older than 3.4 ends
    /// before this field (S-011).
    pub read_only: Option<bool>,
}

impl<'a> Jute<'a> for ConnectRequest<'a> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            protocol_version: r.read()?,
            last_zxid_seen: r.read()?,
            timeout: r.read()?,
            session_id: r.read()?,
            password: r.read()?,
            read_only: trailing_bool(r)?,
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        self.protocol_version.encode(out);
        self.last_zxid_seen.encode(out);
        self.timeout.encode(out);
        self.session_id.encode(out);
        self.password.encode(out);
        if let Some(read_only) = self.read_only {
            read_only.encode(out);
        }
    }
}

/// The server's answer; it has no reply header (C-214, S-012).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConnectResponse<'a> {
    /// 0; clients ignore it.
    pub protocol_version: i32,
    /// Negotiated session timeout, ms; 0 if the session is gone.
    pub timeout: i32,
    /// The session; 0 if it is gone.
    pub session_id: i64,
    /// Its password.
    pub password: Buffer<'a>,
    /// True from a read-only server. `None` if the server or the client is older than 3.4.
    pub read_only: Option<bool>,
}

impl<'a> Jute<'a> for ConnectResponse<'a> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            protocol_version: r.read()?,
            timeout: r.read()?,
            session_id: r.read()?,
            password: r.read()?,
            read_only: trailing_bool(r)?,
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        self.protocol_version.encode(out);
        self.timeout.encode(out);
        self.session_id.encode(out);
        self.password.encode(out);
        if let Some(read_only) = self.read_only {
            read_only.encode(out);
        }
    }
}

fn trailing_bool(r: &mut Reader<'_>) -> Result<Option<bool>, DecodeError> {
    if r.rest().is_empty() {
        Ok(None)
    } else {
        r.read().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S-412.
    const RESPONSE: &[u8] = &[
        0, 0, 0, 0, 0, 0, 0x27, 0x10, 1, 0, 0, 0x2d, 0x0a, 0x74, 0, 0, 0, 0, 0, 0x10, 0xae, 0x37,
        5, 0x8f, 0xa3, 0x3a, 0x3c, 0x9a, 0x3c, 0x35, 0x98, 0xd8, 0x24, 0xdb, 0x94, 0xa9, 0,
    ];

    #[test]
    fn responses_decode_with_and_without_the_read_only_byte() {
        let new = ConnectResponse::from_bytes(RESPONSE).unwrap();
        assert_eq!(
            (new.timeout, new.session_id),
            (10_000, 0x0100_002d_0a74_0000)
        );
        assert_eq!(new.read_only, Some(false));
        assert_eq!(new.to_bytes(), RESPONSE);
        let old = ConnectResponse::from_bytes(&RESPONSE[..36]).unwrap();
        assert_eq!(old.read_only, None);
        assert_eq!(old.to_bytes(), RESPONSE[..36]);
    }

    #[test]
    fn a_full_request_is_45_bytes() {
        let request = ConnectRequest {
            protocol_version: 0,
            last_zxid_seen: 0,
            timeout: 10_000,
            session_id: 0,
            password: Some(&[0; PASSWORD_LEN]),
            read_only: Some(false),
        };
        assert_eq!(request.to_bytes().len(), 45);
    }
}
