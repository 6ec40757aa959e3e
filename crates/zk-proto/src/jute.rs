//! Jute's binary encoding: big-endian integers, length-prefixed strings and buffers, vectors.

use std::fmt;

/// A `ustring`: bytes without a terminator, `None` for the null string (length −1).
///
/// Kept as bytes because neither end may assume UTF-8 (server contract S-002, client C-201).
pub type Text<'a> = Option<&'a [u8]>;

/// A `buffer`: `None` for null data, which differs from empty data (S-086).
pub type Buffer<'a> = Option<&'a [u8]>;

/// Why bytes do not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The record ends before its last field.
    Truncated,
    /// A string or buffer length below −1.
    NegativeLength(i32),
    /// A value outside its enumeration, for example an unknown operation inside a multi.
    BadValue(i32),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("record ends early"),
            Self::NegativeLength(n) => write!(f, "length {n} is negative"),
            Self::BadValue(n) => write!(f, "value {n} is not in its enumeration"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Reads primitives from the front of a byte slice.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `bytes`.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read yet.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes `n` bytes off the front.
    #[inline]
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], DecodeError> {
        let (head, tail) = self
            .rest
            .split_at_checked(n)
            .ok_or(DecodeError::Truncated)?;
        self.rest = tail;
        Ok(head)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (head, tail) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(DecodeError::Truncated)?;
        self.rest = tail;
        Ok(*head)
    }

    /// Reads a record or primitive.
    #[inline]
    pub fn read<T: Jute<'a>>(&mut self) -> Result<T, DecodeError> {
        T::decode(self)
    }
}

/// A value with a jute encoding. `'a` is the lifetime of the bytes it may borrow from.
pub trait Jute<'a>: Sized {
    /// Bytes on the wire if all values take as many and all such bytes decode; else `None`.
    /// Such a value's bounds are checked once, not field by field.
    const FIXED_LEN: Option<usize> = None;

    /// Reads the value from the front of `r`.
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError>;
    /// Passes over the value: fails if and only if [`decode`](Self::decode) does, but builds
    /// nothing.
    #[inline]
    fn skip(r: &mut Reader<'a>) -> Result<(), DecodeError> {
        match Self::FIXED_LEN {
            Some(len) => r.take(len).map(drop),
            None => Self::decode(r).map(drop),
        }
    }
    /// Appends the encoding to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// Decodes a whole body; bytes after the last field are ignored (S-004).
    #[inline]
    fn from_bytes(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Self::decode(&mut Reader::new(bytes))
    }

    /// The encoding alone, for tests and places where speed does not matter.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out);
        out
    }
}

impl Jute<'_> for i32 {
    const FIXED_LEN: Option<usize> = Some(4);
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array().map(Self::from_be_bytes)
    }
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
}

impl Jute<'_> for i64 {
    const FIXED_LEN: Option<usize> = Some(8);
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array().map(Self::from_be_bytes)
    }
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
}

impl Jute<'_> for bool {
    const FIXED_LEN: Option<usize> = Some(1);
    /// 0 is false, anything else true (S-001).
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array::<1>().map(|[b]| b != 0)
    }
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

/// Strings and buffers share one encoding; [`Text`] and [`Buffer`] are its two meanings.
impl<'a> Jute<'a> for Option<&'a [u8]> {
    #[inline]
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match i32::decode(r)? {
            -1 => Ok(None),
            n => {
                let n = usize::try_from(n).map_err(|_| DecodeError::NegativeLength(n))?;
                r.take(n).map(Some)
            }
        }
    }
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            None => (-1i32).encode(out),
            Some(bytes) => {
                // Frames are limited to i32::MAX bytes by their own length word, so a longer
                // slice cannot be sent whatever is written here.
                (bytes.len() as i32).encode(out);
                out.extend_from_slice(bytes);
            }
        }
    }
}

/// A `vector<T>`.
///
/// A decoded list keeps the encoded elements and decodes them again while iterating: the count
/// has been checked against the bytes that are really there, and nothing was allocated for it.
#[derive(Clone, Copy, Debug)]
pub struct List<'a, T>(Repr<'a, T>);

#[derive(Clone, Copy, Debug)]
enum Repr<'a, T> {
    Null,
    Wire { count: usize, bytes: &'a [u8] },
    Items(&'a [T]),
}

impl<'a, T> List<'a, T> {
    /// The null vector (count −1 on the wire).
    pub const NULL: Self = Self(Repr::Null);

    /// A list to be encoded from a slice.
    #[inline]
    pub fn new(items: &'a [T]) -> Self {
        Self(Repr::Items(items))
    }

    /// Number of elements; 0 for the null vector.
    #[inline]
    pub fn len(&self) -> usize {
        match self.0 {
            Repr::Null => 0,
            Repr::Wire { count, .. } => count,
            Repr::Items(items) => items.len(),
        }
    }

    /// True if there are no elements.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True for the null vector only.
    #[inline]
    pub fn is_null(&self) -> bool {
        matches!(self.0, Repr::Null)
    }
}

impl<'a, T: Jute<'a> + Copy> List<'a, T> {
    /// The elements in wire order.
    #[inline]
    pub fn iter(&self) -> Iter<'a, T> {
        Iter(match self.0 {
            Repr::Null => IterRepr::Items([].iter()),
            Repr::Wire { count, bytes } => IterRepr::Wire {
                left: count,
                reader: Reader::new(bytes),
            },
            Repr::Items(items) => IterRepr::Items(items.iter()),
        })
    }
}

impl<'a, T: Jute<'a> + Copy> IntoIterator for List<'a, T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Jute<'a> + Copy + PartialEq> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.is_null() == other.is_null()
            && self.len() == other.len()
            && self.iter().eq(other.iter())
    }
}

/// Iterator over a [`List`].
#[derive(Clone, Debug)]
pub struct Iter<'a, T>(IterRepr<'a, T>);

#[derive(Clone, Debug)]
enum IterRepr<'a, T> {
    Wire { left: usize, reader: Reader<'a> },
    Items(std::slice::Iter<'a, T>),
}

impl<'a, T: Jute<'a> + Copy> Iterator for Iter<'a, T> {
    type Item = T;
    #[inline]
    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            IterRepr::Items(items) => items.next().copied(),
            IterRepr::Wire { left, reader } => {
                *left = left.checked_sub(1)?;
                // The bytes were decoded once when the list was read, so this cannot fail.
                T::decode(reader).ok()
            }
        }
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        let n = match &self.0 {
            IterRepr::Items(items) => items.len(),
            IterRepr::Wire { left, .. } => *left,
        };
        (n, Some(n))
    }
}

impl<'a, T: Jute<'a> + Copy> ExactSizeIterator for Iter<'a, T> {}

impl<'a, T: Jute<'a> + Copy> Jute<'a> for List<'a, T> {
    /// −1 is null; any other negative count reads as an empty list (S-001).
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let count = i32::decode(r)?;
        if count == -1 {
            return Ok(Self::NULL);
        }
        let count = usize::try_from(count).unwrap_or(0);
        let start = r.rest();
        for _ in 0..count {
            T::skip(r)?;
        }
        let used = start.len() - r.rest().len();
        let bytes = start.get(..used).ok_or(DecodeError::Truncated)?;
        Ok(Self(Repr::Wire { count, bytes }))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match self.0 {
            Repr::Null => (-1i32).encode(out),
            Repr::Wire { count, bytes } => {
                (count as i32).encode(out);
                out.extend_from_slice(bytes);
            }
            Repr::Items(items) => {
                (items.len() as i32).encode(out);
                for item in items {
                    item.encode(out);
                }
            }
        }
    }
}

/// The sum, unless one has no fixed length.
pub(crate) const fn total(lengths: &[Option<usize>]) -> Option<usize> {
    let mut sum = 0;
    let mut rest = lengths;
    while let [first, others @ ..] = rest {
        match first {
            Some(len) => sum += *len,
            None => return None,
        }
        rest = others;
    }
    Some(sum)
}

/// Declares records: the struct, and its codec in field order.
macro_rules! records {
    ($($(#[$meta:meta])* $name:ident $(<$lt:lifetime>)? { $($(#[$fmeta:meta])* $field:ident : $ty:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name $(<$lt>)? { $($(#[$fmeta])* pub $field: $ty),* }

        $crate::jute::records!(@impl $name $(<$lt>)? { $($field : $ty),* });
    )*};
    (@impl $name:ident <$lt:lifetime> { $($field:ident : $ty:ty),* }) => {
        impl<$lt> $crate::Jute<$lt> for $name<$lt> {
            const FIXED_LEN: Option<usize> =
                $crate::jute::total(&[$(<$ty as $crate::Jute<$lt>>::FIXED_LEN),*]);
            #[inline]
            fn decode(r: &mut $crate::Reader<$lt>) -> Result<Self, $crate::DecodeError> {
                Ok(Self { $($field: r.read()?),* })
            }
            #[inline]
            fn skip(r: &mut $crate::Reader<$lt>) -> Result<(), $crate::DecodeError> {
                $(<$ty as $crate::Jute<$lt>>::skip(r)?;)*
                Ok(())
            }
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                $($crate::Jute::encode(&self.$field, out);)*
            }
        }
    };
    (@impl $name:ident { $($field:ident : $ty:ty),* }) => {
        impl $crate::Jute<'_> for $name {
            const FIXED_LEN: Option<usize> =
                $crate::jute::total(&[$(<$ty as $crate::Jute<'_>>::FIXED_LEN),*]);
            #[inline]
            fn decode(r: &mut $crate::Reader<'_>) -> Result<Self, $crate::DecodeError> {
                let len = const {
                    match Self::FIXED_LEN {
                        Some(len) => len,
                        None => panic!("a record that borrows nothing has a fixed length"),
                    }
                };
                let r = &mut $crate::Reader::new(r.take(len)?);
                Ok(Self { $($field: r.read()?),* })
            }
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                $($crate::Jute::encode(&self.$field, out);)*
            }
        }
    };
}
pub(crate) use records;

#[cfg(test)]
mod tests;
