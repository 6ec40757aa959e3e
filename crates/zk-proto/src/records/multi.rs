//! Transactions: a list of operations or results, each behind a [`MultiHeader`], closed by
//! [`MultiHeader::END`] (C-622, C-626, S-170, S-171, S-178).

use crate::records::{
    CheckVersionRequest, Create2Response, CreateRequest, CreateResponse, CreateTtlRequest,
    DeleteRequest, ErrorResponse, GetChildrenResponse, GetDataResponse, MultiHeader,
    SetDataRequest, SetDataResponse, WatchedPathRequest,
};
use crate::{Code, DecodeError, Jute, Op, Reader};

/// One operation of a multi request.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant is the operation of its name")]
pub enum MultiOp<'a> {
    Create(CreateRequest<'a>),
    Create2(CreateRequest<'a>),
    CreateContainer(CreateRequest<'a>),
    CreateTtl(CreateTtlRequest<'a>),
    Delete(DeleteRequest<'a>),
    SetData(SetDataRequest<'a>),
    Check(CheckVersionRequest<'a>),
}

impl<'a> MultiOp<'a> {
    /// Appends header and record.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let head = |op: Op, out: &mut Vec<u8>| {
            MultiHeader {
                op: op.into(),
                done: false,
                err: -1,
            }
            .encode(out)
        };
        match self {
            Self::Create(r) => (head(Op::Create, out), r.encode(out)),
            Self::Create2(r) => (head(Op::Create2, out), r.encode(out)),
            Self::CreateContainer(r) => (head(Op::CreateContainer, out), r.encode(out)),
            Self::CreateTtl(r) => (head(Op::CreateTtl, out), r.encode(out)),
            Self::Delete(r) => (head(Op::Delete, out), r.encode(out)),
            Self::SetData(r) => (head(Op::SetData, out), r.encode(out)),
            Self::Check(r) => (head(Op::Check, out), r.encode(out)),
        };
    }

    fn decode(op: i32, r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(match Op::from_i32(op) {
            Some(Op::Create) => Self::Create(r.read()?),
            Some(Op::Create2) => Self::Create2(r.read()?),
            Some(Op::CreateContainer) => Self::CreateContainer(r.read()?),
            Some(Op::CreateTtl) => Self::CreateTtl(r.read()?),
            Some(Op::Delete) => Self::Delete(r.read()?),
            Some(Op::SetData) => Self::SetData(r.read()?),
            Some(Op::Check) => Self::Check(r.read()?),
            _ => return Err(DecodeError::BadValue(op)),
        })
    }
}

/// One operation of a multiRead request.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant is the operation of its name")]
pub enum MultiReadOp<'a> {
    GetData(WatchedPathRequest<'a>),
    GetChildren(WatchedPathRequest<'a>),
}

impl<'a> MultiReadOp<'a> {
    /// Appends header and record.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (op, record) = match self {
            Self::GetData(r) => (Op::GetData, r),
            Self::GetChildren(r) => (Op::GetChildren, r),
        };
        MultiHeader {
            op: op.into(),
            done: false,
            err: -1,
        }
        .encode(out);
        record.encode(out);
    }

    fn decode(op: i32, r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match Op::from_i32(op) {
            Some(Op::GetData) => r.read().map(Self::GetData),
            Some(Op::GetChildren) => r.read().map(Self::GetChildren),
            _ => Err(DecodeError::BadValue(op)),
        }
    }
}

/// One result of a multi reply.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant is the result of its operation")]
pub enum MultiResult<'a> {
    Create(CreateResponse<'a>),
    /// create2, and what servers answer to createContainer and createTTL (S-171).
    Create2(Create2Response<'a>),
    SetData(SetDataResponse),
    Delete,
    Check,
    /// 0 before the culprit, its code, −2 behind it (S-172).
    Error(Code),
}

impl<'a> MultiResult<'a> {
    /// Appends header and record.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let head = |op: Op, err: i32, out: &mut Vec<u8>| {
            MultiHeader {
                op: op.into(),
                done: false,
                err,
            }
            .encode(out)
        };
        match self {
            Self::Create(r) => (head(Op::Create, 0, out), r.encode(out)),
            Self::Create2(r) => (head(Op::Create2, 0, out), r.encode(out)),
            Self::SetData(r) => (head(Op::SetData, 0, out), r.encode(out)),
            Self::Delete => (head(Op::Delete, 0, out), ()),
            Self::Check => (head(Op::Check, 0, out), ()),
            Self::Error(err) => (
                head(Op::Error, err.0, out),
                ErrorResponse { err: *err }.encode(out),
            ),
        };
    }

    fn decode(op: i32, r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(match Op::from_i32(op) {
            Some(Op::Create) => Self::Create(r.read()?),
            Some(Op::Create2) => Self::Create2(r.read()?),
            Some(Op::SetData) => Self::SetData(r.read()?),
            Some(Op::Delete) => Self::Delete,
            Some(Op::Check) => Self::Check,
            Some(Op::Error) => Self::Error(r.read::<ErrorResponse>()?.err),
            _ => return Err(DecodeError::BadValue(op)),
        })
    }
}

impl MultiResult<'_> {
    fn skip(op: i32, r: &mut Reader<'_>) -> Result<(), DecodeError> {
        match Op::from_i32(op) {
            Some(Op::Create) => CreateResponse::skip(r),
            Some(Op::Create2) => Create2Response::skip(r),
            Some(Op::SetData) => SetDataResponse::skip(r),
            Some(Op::Delete | Op::Check) => Ok(()),
            Some(Op::Error) => ErrorResponse::skip(r),
            _ => Err(DecodeError::BadValue(op)),
        }
    }
}

/// One result of a multiRead reply.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant is the result of its operation")]
pub enum MultiReadResult<'a> {
    GetData(GetDataResponse<'a>),
    GetChildren(GetChildrenResponse<'a>),
    Error(Code),
}

impl<'a> MultiReadResult<'a> {
    /// Appends header and record.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let head = |op: Op, err: i32, out: &mut Vec<u8>| {
            MultiHeader {
                op: op.into(),
                done: false,
                err,
            }
            .encode(out)
        };
        match self {
            Self::GetData(r) => (head(Op::GetData, 0, out), r.encode(out)),
            Self::GetChildren(r) => (head(Op::GetChildren, 0, out), r.encode(out)),
            Self::Error(err) => (
                head(Op::Error, err.0, out),
                ErrorResponse { err: *err }.encode(out),
            ),
        };
    }

    fn decode(op: i32, r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(match Op::from_i32(op) {
            Some(Op::GetData) => Self::GetData(r.read()?),
            Some(Op::GetChildren) => Self::GetChildren(r.read()?),
            Some(Op::Error) => Self::Error(r.read::<ErrorResponse>()?.err),
            _ => return Err(DecodeError::BadValue(op)),
        })
    }
}

impl MultiReadResult<'_> {
    fn skip(op: i32, r: &mut Reader<'_>) -> Result<(), DecodeError> {
        match Op::from_i32(op) {
            Some(Op::GetData) => GetDataResponse::skip(r),
            Some(Op::GetChildren) => GetChildrenResponse::skip(r),
            Some(Op::Error) => ErrorResponse::skip(r),
            _ => Err(DecodeError::BadValue(op)),
        }
    }
}

/// Decodes list entries one by one; after the end mark or an error it yields `None`.
macro_rules! entries {
    ($(#[$meta:meta])* $name:ident, $($entry:ident => $method:ident),*) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a> {
            reader: Reader<'a>,
            ended: bool,
        }

        impl<'a> $name<'a> {
            /// Starts behind the request or reply header.
            pub fn new(body: &'a [u8]) -> Self {
                Self { reader: Reader::new(body), ended: false }
            }

            fn entry<T>(
                &mut self,
                decode: impl FnOnce(i32, &mut Reader<'a>) -> Result<T, DecodeError>,
            ) -> Option<Result<T, DecodeError>> {
                if self.ended {
                    return None;
                }
                let entry = self.reader.read::<MultiHeader>().and_then(|head| {
                    if head.done { Ok(None) } else { decode(head.op, &mut self.reader).map(Some) }
                });
                self.ended = !matches!(entry, Ok(Some(_)));
                entry.transpose()
            }

            $(
                /// The next entry, read as this kind.
                pub fn $method(&mut self) -> Option<Result<$entry<'a>, DecodeError>> {
                    self.entry($entry::decode)
                }
            )*
        }
    };
}

entries! {
    /// The operations of a multi or multiRead request.
    Ops, MultiOp => next_op, MultiReadOp => next_read
}

entries! {
    /// The results of a multi or multiRead reply.
    Results, MultiResult => next_result, MultiReadResult => next_read
}

impl Results<'_> {
    /// True if all results of a multi decode, up to the end mark.
    pub fn are_valid(self) -> bool {
        self.all(MultiResult::skip)
    }

    /// True if all results of a multiRead decode, up to the end mark.
    pub fn are_valid_reads(self) -> bool {
        self.all(MultiReadResult::skip)
    }

    #[inline(always)]
    fn all(mut self, skip: fn(i32, &mut Reader<'_>) -> Result<(), DecodeError>) -> bool {
        loop {
            match self.entry(skip) {
                None => return true,
                Some(Ok(())) => {}
                Some(Err(_)) => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(bytes: &[u8]) -> Vec<Result<MultiResult<'_>, DecodeError>> {
        let mut results = Results::new(bytes);
        std::iter::from_fn(|| results.next_result()).collect()
    }

    #[test]
    fn a_failed_multi_decodes_to_its_codes() {
        // S-415, behind the reply header.
        let bytes = [
            &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
            &[
                0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0xff, 0x9b, 0xff, 0xff, 0xff, 0x9b,
            ],
            &[
                0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xfe,
            ],
            &[0xff, 0xff, 0xff, 0xff, 1, 0xff, 0xff, 0xff, 0xff],
        ]
        .concat();
        let expected = [Code::OK, Code::NO_NODE, Code::RUNTIME_INCONSISTENCY]
            .map(|c| Ok(MultiResult::Error(c)));
        assert_eq!(results(&bytes), expected);
        let mut again = Vec::new();
        for result in expected {
            result.unwrap().encode(&mut again);
        }
        MultiHeader::END.encode(&mut again);
        assert_eq!(again, bytes);
    }

    #[test]
    fn a_missing_end_mark_is_an_error_and_ends_the_list() {
        assert_eq!(results(&[]), [Err(DecodeError::Truncated)]);
        assert_eq!(
            results(&[0, 0, 0, 13, 0, 0, 0, 0, 0]),
            [Ok(MultiResult::Check), Err(DecodeError::Truncated)]
        );
    }

    #[test]
    fn an_operation_that_no_multi_holds_is_refused() {
        let mut ops = Ops::new(&[0, 0, 0, 3, 0, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(ops.next_op(), Some(Err(DecodeError::BadValue(3))));
        assert_eq!(ops.next_op(), None);
    }

    #[test]
    fn results_of_reads_are_valid_if_they_decode_up_to_the_end_mark() {
        let names = [Some(&b"a"[..]), None];
        let mut bytes = Vec::new();
        for result in [
            MultiReadResult::GetData(GetDataResponse {
                data: Some(b"x"),
                stat: crate::records::Stat::default(),
            }),
            MultiReadResult::GetChildren(GetChildrenResponse {
                children: crate::List::new(&names),
            }),
            MultiReadResult::Error(Code::NO_NODE),
        ] {
            result.encode(&mut bytes);
        }
        MultiHeader::END.encode(&mut bytes);
        for cut in 0..bytes.len() {
            assert!(!Results::new(&bytes[..cut]).are_valid_reads(), "{cut}");
        }
        assert!(Results::new(&bytes).are_valid_reads());
        assert!(!Results::new(&bytes).are_valid());
    }
}
