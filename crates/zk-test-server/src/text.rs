//! Strings the way a Java server reads and writes them (S-002).

use std::borrow::Cow;
use zk_proto::Jute;

/// A string as received, malformed UTF-8 replaced.
pub(crate) fn read(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Appends a jute string. Characters beyond the BMP leave as two encoded surrogates.
pub(crate) fn write(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|b| b < 0xf0) {
        return Some(text.as_bytes()).encode(out);
    }
    let mut units = Vec::with_capacity(text.len() * 3 / 2);
    for unit in text.encode_utf16() {
        let [a, b, c] = [
            0xe0 | unit >> 12,
            0x80 | unit >> 6 & 0x3f,
            0x80 | unit & 0x3f,
        ];
        match unit {
            0..0x80 => units.push(unit as u8),
            0x80..0x800 => units.extend([0xc0 | (unit >> 6) as u8, c as u8]),
            _ => units.extend([a as u8, b as u8, c as u8]),
        }
    }
    Some(units.as_slice()).encode(out);
}

/// Appends a string received from a client, after the server's reading and writing of it.
pub(crate) fn echo(out: &mut Vec<u8>, bytes: &[u8]) {
    write(out, &read(bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_beyond_the_bmp_leave_as_two_surrogates() {
        let mut out = Vec::new();
        echo(&mut out, "/😀é".as_bytes());
        let expected = [
            0, 0, 0, 9, 0x2f, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80, 0xc3, 0xa9,
        ];
        assert_eq!(out, expected);
    }

    #[test]
    fn malformed_bytes_become_replacement_characters() {
        let mut out = Vec::new();
        echo(&mut out, b"/\xff");
        assert_eq!(out, [0, 0, 0, 4, b'/', 0xef, 0xbf, 0xbd]);
    }
}
