//! A connection that damages what is written to it, once, and soon ends.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::damage::damaged;

/// Most honest frames before the damage, the connect response counted.
const HONEST: usize = 14;
/// A client that says nothing for so long after the damage has been told enough.
const LULL: Duration = Duration::from_millis(4);
/// How long a client may take to notice the end of the stream.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream with a plan. Whole frames are written to it.
#[derive(Debug)]
pub(crate) struct Damaging {
    stream: TcpStream,
    rng: fastrand::Rng,
    /// Frames that still pass unharmed.
    honest: usize,
    /// After the damage: how often the client is still listened to.
    reads_left: Option<u32>,
}

impl Damaging {
    /// A connection before its first frame.
    pub(crate) fn new(stream: TcpStream, mut rng: fastrand::Rng) -> Self {
        // One connection in five does not come past the handshake.
        let honest = if rng.u8(..5) == 0 {
            0
        } else {
            rng.usize(1..=HONEST)
        };
        Self {
            stream,
            rng,
            honest,
            reads_left: None,
        }
    }

    /// Sends the end of the stream and waits for the client's, so that all bytes reach it. True
    /// if there was damage.
    pub(crate) fn end(self) -> bool {
        let mut stream = self.stream;
        let patient = stream
            .shutdown(Shutdown::Write)
            .and_then(|()| stream.set_read_timeout(Some(PATIENCE)));
        // An error means that the client has gone.
        if patient.is_ok() {
            let mut rest = [0; 4096];
            while stream.read(&mut rest).is_ok_and(|n| n > 0) {}
        }
        self.reads_left.is_some()
    }

    fn write_damaged(&mut self, bytes: &[u8]) -> io::Result<()> {
        let bytes = damaged(bytes, self.honest, &mut self.rng);
        self.reads_left = Some(self.rng.u32(..4));
        self.stream.set_read_timeout(Some(LULL))?;
        let mut rest = &bytes[..];
        for _ in 0..self.rng.u32(..4) {
            let (piece, more) = rest.split_at(self.rng.usize(..=rest.len()));
            self.stream.write_all(piece)?;
            rest = more;
        }
        self.stream.write_all(rest)
    }
}

impl Read for &mut Damaging {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.reads_left {
            Some(0) => return Ok(0),
            Some(left) => *left -= 1,
            None => {}
        }
        match self.stream.read(buffer) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(0)
            }
            other => other,
        }
    }
}

impl Write for &mut Damaging {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let frames = crate::damage::frames(bytes).len();
        if self.reads_left.is_some() || frames <= self.honest {
            self.honest = self.honest.saturating_sub(frames);
            self.stream.write_all(bytes)?;
        } else {
            self.write_damaged(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
