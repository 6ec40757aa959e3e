//! Ways to spoil an honest stream of frames.

use fastrand::Rng;
use zk_proto::frame::{self, Split};
use zk_proto::records::{ReplyHeader, WatcherEvent};
use zk_proto::{Code, Jute, Xid};

/// Words that mean something as a length, a count, a code or an id.
const WORDS: [i32; 16] = [
    -1,
    -2,
    -3,
    -4,
    -8,
    0,
    1,
    16,
    68,
    1 << 20,
    256 << 20,
    (256 << 20) + 1,
    i32::MAX,
    i32::MIN,
    -112,
    -115,
];
/// Codes that servers send, and others.
const CODES: [i32; 12] = [
    0,
    -101,
    -110,
    -112,
    -115,
    -4,
    -5,
    -13,
    -118,
    1,
    i32::MAX,
    i32::MIN,
];
/// Paths that programs watch, and others.
const PATHS: [&[u8]; 6] = [
    b"/watched/1",
    b"/value-10",
    b"/",
    b"",
    b"not a path",
    &[0xff; 300],
];

/// Most spoilings of one stream.
const MOST: usize = 3;

/// The frames in `bytes`, with their length words; what is no whole frame counts as one.
pub(crate) fn frames(bytes: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let len = match frame::split(rest, usize::MAX) {
            Ok(Split::Frame(body)) => frame::PREFIX + body.len(),
            _ => rest.len(),
        };
        let (frame, more) = rest.split_at(len);
        frames.push(frame);
        rest = more;
    }
    frames
}

/// The stream with damage behind its first `honest` frames.
pub(crate) fn damaged(bytes: &[u8], honest: usize, rng: &mut Rng) -> Vec<u8> {
    let all = frames(bytes);
    let (honest, victims) = all.split_at(honest.min(all.len()));
    let mut victims: Vec<Vec<u8>> = victims.iter().map(|frame| frame.to_vec()).collect();
    let spoilings = rng.usize(1..=MOST);
    let among_frames = rng.usize(0..=spoilings);
    for _ in 0..among_frames {
        spoil_frames(&mut victims, rng);
    }
    let mut tail = victims.concat();
    for _ in among_frames..spoilings {
        spoil_bytes(&mut tail, rng);
    }
    [honest.concat(), tail].concat()
}

/// Damage that keeps to frames.
fn spoil_frames(frames: &mut Vec<Vec<u8>>, rng: &mut Rng) {
    if frames.is_empty() {
        return frames.push(stray(rng));
    }
    let at = rng.usize(..frames.len());
    let to = rng.usize(..=frames.len());
    match rng.u8(..12) {
        0 => {
            let again = frames[at].clone();
            frames.insert(to, again);
        }
        1 => {
            let early = frames.remove(at);
            frames.insert(rng.usize(..=frames.len()), early);
        }
        2 => drop(frames.remove(at)),
        3 | 4 => frames.insert(to, stray(rng)),
        5 => put_word(&mut frames[at], 0, pick(&WORDS, rng)),
        6 => put_word(&mut frames[at], 4, pick(&WORDS, rng)),
        7 => put_word(&mut frames[at], 16, pick(&CODES, rng)),
        8 => {
            // The right length of a body that ends early.
            let len = rng.usize(..=frames[at].len());
            frames[at].truncate(len.max(frame::PREFIX));
            mend_length(&mut frames[at]);
        }
        9 => {
            let more = rng.usize(1..64);
            frames[at].extend((0..more).map(|_| rng.u8(..)));
            mend_length(&mut frames[at]);
        }
        10 => {
            // Another reply's body behind this one's header.
            let other = frames[rng.usize(..frames.len())].clone();
            let header = frames[at].len().min(20);
            frames[at].truncate(header);
            frames[at].extend_from_slice(other.get(20..).unwrap_or_default());
            mend_length(&mut frames[at]);
        }
        _ => {
            let words = frames[at].len() / 4;
            put_word(
                &mut frames[at],
                rng.usize(..words.max(1)) * 4,
                pick(&WORDS, rng),
            );
        }
    }
}

/// Damage that knows nothing of frames.
fn spoil_bytes(bytes: &mut Vec<u8>, rng: &mut Rng) {
    if bytes.is_empty() {
        let noise = rng.usize(1..100);
        return bytes.extend((0..noise).map(|_| rng.u8(..)));
    }
    let at = rng.usize(..bytes.len());
    let end = (at + rng.usize(1..=24)).min(bytes.len());
    match rng.u8(..8) {
        0 | 1 => bytes[at] ^= 1 << rng.u8(..8),
        2 => bytes[at] = rng.u8(..),
        3 => bytes.truncate(at),
        4 => drop(bytes.drain(at..end)),
        5 => {
            let piece = bytes[at..end].to_vec();
            let to = rng.usize(..=bytes.len());
            bytes.splice(to..to, piece);
        }
        6 => {
            let noise: Vec<u8> = (0..rng.usize(1..=24)).map(|_| rng.u8(..)).collect();
            bytes.splice(at..at, noise);
        }
        _ => put_word(bytes, at, pick(&WORDS, rng)),
    }
}

/// A frame that nobody asked for.
fn stray(rng: &mut Rng) -> Vec<u8> {
    let xid = match rng.u8(..6) {
        0 => Xid::PING,
        1 => Xid::AUTH,
        2 => Xid::SET_WATCHES,
        3 => rng.i32(..),
        _ => Xid::NOTIFICATION,
    };
    let event = WatcherEvent {
        kind: rng.i32(-3..7),
        state: rng.i32(-1..5),
        path: Some(pick(&PATHS, rng)),
    };
    let mut out = Vec::new();
    frame::append(&mut out, |out| {
        ReplyHeader {
            xid,
            zxid: rng.i64(..),
            err: Code(pick(&CODES, rng)),
        }
        .encode(out);
        event.encode(out);
    });
    out
}

fn pick<T: Copy>(choices: &[T], rng: &mut Rng) -> T {
    choices[rng.usize(..choices.len())]
}

/// Overwrites four bytes, as far as there are so many.
fn put_word(bytes: &mut [u8], at: usize, word: i32) {
    for (byte, new) in bytes.iter_mut().skip(at).zip(word.to_be_bytes()) {
        *byte = new;
    }
}

fn mend_length(frame: &mut [u8]) {
    let body = frame.len().saturating_sub(frame::PREFIX);
    put_word(frame, 0, i32::try_from(body).unwrap_or(i32::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(count: u8) -> Vec<u8> {
        let mut out = Vec::new();
        for i in 0..count {
            let (zxid, err) = (1, Code::OK);
            let xid = i.into();
            frame::append(&mut out, |out| {
                ReplyHeader { xid, zxid, err }.encode(out);
                Some(&b"some data"[..]).encode(out);
            });
        }
        out
    }

    #[test]
    fn what_comes_before_the_damage_is_whole() {
        let bytes = stream(6);
        let len = bytes.len() / 6;
        let mut rng = Rng::with_seed(7);
        let mut different = 0;
        for _ in 0..2_000 {
            let honest = rng.usize(..6);
            let spoiled = damaged(&bytes, honest, &mut rng);
            assert!(spoiled.starts_with(&bytes[..honest * len]));
            different += usize::from(spoiled != bytes);
        }
        assert!(different > 1_900, "{different} of 2000 differ");
    }

    #[test]
    fn the_same_seed_makes_the_same_damage() {
        let bytes = stream(6);
        let run = |seed| {
            let mut rng = Rng::with_seed(seed);
            let of = |_| damaged(&bytes, 2, &mut rng);
            (0..50).map(of).collect::<Vec<_>>()
        };
        assert_eq!(run(3), run(3));
        assert_ne!(run(3), run(4));
    }

    #[test]
    fn any_bytes_divide_into_frames_that_make_them_up() {
        let mut rng = Rng::with_seed(5);
        let mut bytes = stream(4);
        for _ in 0..200 {
            spoil_bytes(&mut bytes, &mut rng);
            assert_eq!(frames(&bytes).concat(), bytes);
        }
    }
}
