//! Frames: a 4-byte big-endian length, then that many bytes, in both directions (C-200, S-005).

use std::fmt;

/// Size of the length word.
pub const PREFIX: usize = 4;

/// The server's default limit on a request frame, `jute.maxbuffer` (S-050).
pub const DEFAULT_MAX: usize = 0xf_ffff;

/// A length word that no frame can have: negative, or above the receiver's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLength(pub i32);

impl fmt::Display for BadLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frame length {} is out of range", self.0)
    }
}

impl std::error::Error for BadLength {}

/// What the front of a receive buffer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split<'a> {
    /// A whole frame's body; the next frame starts `PREFIX + body.len()` bytes further on.
    Frame(&'a [u8]),
    /// Not enough yet. `need` is the total size, length word included, as far as it is known.
    Partial {
        /// Bytes the buffer must hold before the frame is complete.
        need: usize,
    },
}

/// Looks for a frame at the front of `buf`, refusing lengths above `max`.
#[inline]
pub fn split(buf: &[u8], max: usize) -> Result<Split<'_>, BadLength> {
    let Some((prefix, rest)) = buf.split_first_chunk::<PREFIX>() else {
        return Ok(Split::Partial { need: PREFIX });
    };
    let word = i32::from_be_bytes(*prefix);
    let len = usize::try_from(word)
        .ok()
        .filter(|&n| n <= max)
        .ok_or(BadLength(word))?;
    Ok(match rest.get(..len) {
        Some(body) => Split::Frame(body),
        None => Split::Partial { need: PREFIX + len },
    })
}

/// Appends one frame whose body `write` produces.
#[inline]
pub fn append<R>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX]);
    let result = write(out);
    let len = (out.len() - start - PREFIX) as u32;
    if let Some(prefix) = out
        .get_mut(start..)
        .and_then(|s| s.first_chunk_mut::<PREFIX>())
    {
        *prefix = len.to_be_bytes();
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn append_then_split_round_trips() {
        let mut out = b"x".to_vec();
        append(&mut out, |out| out.extend_from_slice(b"hello"));
        assert_eq!(out, b"x\0\0\0\x05hello");
        assert_eq!(split(&out[1..], 5), Ok(Split::Frame(b"hello")));
    }

    #[test]
    fn every_prefix_of_a_frame_is_partial() {
        let mut out = Vec::new();
        append(&mut out, |out| out.extend_from_slice(b"hello"));
        for cut in 0..out.len() {
            let need = if cut < PREFIX { PREFIX } else { out.len() };
            assert_eq!(
                split(&out[..cut], 100),
                Ok(Split::Partial { need }),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn negative_and_oversized_lengths_are_refused_at_once() {
        assert_eq!(split(&[0xff; 4], 100), Err(BadLength(-1)));
        assert_eq!(
            split(&[0x80, 0, 0, 0], usize::MAX),
            Err(BadLength(i32::MIN))
        );
        assert_eq!(split(&[0, 0, 0, 101], 100), Err(BadLength(101)));
        assert_eq!(split(&[0, 0, 0, 0], 100), Ok(Split::Frame(b"")));
    }
}
