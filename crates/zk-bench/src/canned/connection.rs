//! One client: frames in, canned replies out, with as few system calls as the kernel allows.

use std::io::{self, ErrorKind, Read, Write};

use zk_proto::records::{ConnectRequest, ConnectResponse, PASSWORD_LEN};
use zk_proto::{Jute, frame};

use super::reply::{After, Canned};

/// First size of the receive buffer; it doubles whenever a read fills it. Small, because many
/// connections are only opened and closed.
const INPUT: usize = 16 << 10;
/// Replies are written when so many bytes have come together.
const OUTPUT: usize = 256 << 10;
/// A reply of this size is written from where it lies.
const LARGE: usize = 64 << 10;
/// Largest frame taken: room for 100,000 watches in one setWatches.
const MAX_FRAME: usize = 64 << 20;

/// Serves one client over `stream`.
#[derive(Debug)]
pub struct Connection<S> {
    stream: S,
    input: Vec<u8>,
    filled: usize,
    output: Vec<u8>,
    /// The reply to the request that came last, as most requests repeat it.
    canned: Option<Canned>,
    connected: bool,
}

impl<S: Read + Write> Connection<S> {
    /// A connection before its first frame.
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            input: vec![0; INPUT],
            filled: 0,
            output: Vec::new(),
            canned: None,
            connected: false,
        }
    }

    /// Serves until the client closes.
    ///
    /// # Errors
    /// The stream fails, or its bytes are not frames.
    pub fn run(&mut self) -> io::Result<()> {
        loop {
            if self.filled == self.input.len() {
                self.input.resize(self.input.len() * 2, 0);
            }
            let free = self.input.get_mut(self.filled..).unwrap_or_default();
            match self.stream.read(free) {
                Ok(0) => return Ok(()),
                Ok(n) => self.filled += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            // Taken out for the time of serving, as replies borrow from nothing else.
            let input = std::mem::take(&mut self.input);
            let served = self.serve(input.get(..self.filled).unwrap_or_default());
            self.input = input;
            let (used, after) = served?;
            self.input.copy_within(used..self.filled, 0);
            self.filled -= used;
            self.flush()?;
            if after == After::Close {
                return Ok(());
            }
        }
    }

    /// Answers all whole frames and returns how many bytes they take.
    fn serve(&mut self, input: &[u8]) -> io::Result<(usize, After)> {
        let mut at = 0;
        while let Some(rest) = input.get(at..) {
            let body = match frame::split(rest, MAX_FRAME).map_err(invalid)? {
                frame::Split::Frame(body) => body,
                frame::Split::Partial { .. } => break,
            };
            at += frame::PREFIX + body.len();
            if self.connected {
                if self.answer(body)? == After::Close {
                    return Ok((at, After::Close));
                }
            } else {
                self.welcome(body)?;
            }
        }
        Ok((at, After::Go))
    }

    fn welcome(&mut self, body: &[u8]) -> io::Result<()> {
        let request = ConnectRequest::from_bytes(body).map_err(invalid)?;
        let session_id = match request.session_id {
            0 => fastrand::i64(1..i64::MAX),
            known => known,
        };
        frame::append(&mut self.output, |out| {
            ConnectResponse {
                protocol_version: 0,
                timeout: request.timeout,
                session_id,
                password: Some(&[7; PASSWORD_LEN]),
                read_only: request.read_only.map(|_| false),
            }
            .encode(out);
        });
        self.connected = true;
        Ok(())
    }

    #[inline]
    fn answer(&mut self, body: &[u8]) -> io::Result<After> {
        let Some((xid, request)) = body.split_first_chunk::<4>() else {
            return Err(invalid("a request without a header"));
        };
        let canned = match &mut self.canned {
            Some(canned) if canned.request == request => canned,
            slot => slot.insert(Canned::new(request).map_err(invalid)?),
        };
        let reply = canned.with_xid(*xid);
        if reply.len() >= LARGE {
            self.stream.write_all(&self.output)?;
            self.output.clear();
            self.stream.write_all(reply)?;
        } else {
            self.output.extend_from_slice(reply);
        }
        let after = canned.after;
        if self.output.len() >= OUTPUT {
            self.flush()?;
        }
        Ok(after)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.output)?;
        self.output.clear();
        Ok(())
    }
}

fn invalid(error: impl ToString) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error.to_string())
}
