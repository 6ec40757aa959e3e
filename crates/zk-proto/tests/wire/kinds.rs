//! Which records make up which frame.

use zk_proto::records::*;
use zk_proto::{DecodeError, Jute, Op, Reader};

use crate::fixture::Direction;
use crate::records::Show;

/// The meaning and the encoding of what has been decoded so far.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    shown: Vec<String>,
    pub(crate) bytes: Vec<u8>,
}

impl Decoded {
    /// In the notation of the vectors.
    pub(crate) fn meaning(&self) -> String {
        self.shown.join(" ")
    }

    fn take<'a, T: Jute<'a> + Show>(&mut self, r: &mut Reader<'a>) -> Result<T, DecodeError> {
        let record: T = r.read()?;
        self.shown.push(record.show());
        record.encode(&mut self.bytes);
        Ok(record)
    }

    fn entries<T: Show>(
        &mut self,
        mut next: impl FnMut() -> Option<Result<T, DecodeError>>,
        encode: impl Fn(&T, &mut Vec<u8>),
    ) -> Result<(), DecodeError> {
        while let Some(entry) = next() {
            let entry = entry?;
            self.shown.push(entry.show());
            encode(&entry, &mut self.bytes);
        }
        self.shown.push("end".to_owned());
        MultiHeader::END.encode(&mut self.bytes);
        Ok(())
    }
}

/// Decodes what follows a header.
pub(crate) type Body = fn(&mut Decoded, &mut Reader<'_>) -> Result<(), DecodeError>;

macro_rules! record {
    ($ty:ty) => {
        |decoded, r| decoded.take::<$ty>(r).map(drop)
    };
}

macro_rules! entries {
    ($list:ident, $next:ident, $entry:ident) => {
        |decoded, r| {
            let mut list = $list::new(r.rest());
            decoded.entries(|| list.$next(), $entry::encode)
        }
    };
}

const EMPTY: Body = |_, _| Ok(());

/// Name in the vectors, operation, body of the request, body of the reply.
pub(crate) const OPS: &[(&str, Op, Body, Body)] = &[
    (
        "create",
        Op::Create,
        record!(CreateRequest<'_>),
        record!(CreateResponse<'_>),
    ),
    ("delete", Op::Delete, record!(DeleteRequest<'_>), EMPTY),
    (
        "exists",
        Op::Exists,
        record!(WatchedPathRequest<'_>),
        record!(ExistsResponse),
    ),
    (
        "getData",
        Op::GetData,
        record!(WatchedPathRequest<'_>),
        record!(GetDataResponse<'_>),
    ),
    (
        "setData",
        Op::SetData,
        record!(SetDataRequest<'_>),
        record!(SetDataResponse),
    ),
    (
        "getACL",
        Op::GetAcl,
        record!(PathRequest<'_>),
        record!(GetAclResponse<'_>),
    ),
    (
        "setACL",
        Op::SetAcl,
        record!(SetAclRequest<'_>),
        record!(SetAclResponse),
    ),
    (
        "getChildren",
        Op::GetChildren,
        record!(WatchedPathRequest<'_>),
        record!(GetChildrenResponse<'_>),
    ),
    (
        "sync",
        Op::Sync,
        record!(PathRequest<'_>),
        record!(SyncResponse<'_>),
    ),
    ("ping", Op::Ping, EMPTY, EMPTY),
    (
        "getChildren2",
        Op::GetChildren2,
        record!(WatchedPathRequest<'_>),
        record!(GetChildren2Response<'_>),
    ),
    (
        "multi",
        Op::Multi,
        entries!(Ops, next_op, MultiOp),
        entries!(Results, next_result, MultiResult),
    ),
    (
        "create2",
        Op::Create2,
        record!(CreateRequest<'_>),
        record!(Create2Response<'_>),
    ),
    (
        "reconfig",
        Op::Reconfig,
        record!(ReconfigRequest<'_>),
        record!(GetDataResponse<'_>),
    ),
    (
        "checkWatches",
        Op::CheckWatches,
        record!(CheckWatchesRequest<'_>),
        EMPTY,
    ),
    (
        "removeWatches",
        Op::RemoveWatches,
        record!(RemoveWatchesRequest<'_>),
        EMPTY,
    ),
    (
        "createContainer",
        Op::CreateContainer,
        record!(CreateRequest<'_>),
        record!(Create2Response<'_>),
    ),
    (
        "deleteContainer",
        Op::DeleteContainer,
        record!(PathRequest<'_>),
        EMPTY,
    ),
    (
        "createTTL",
        Op::CreateTtl,
        record!(CreateTtlRequest<'_>),
        record!(Create2Response<'_>),
    ),
    (
        "multiRead",
        Op::MultiRead,
        entries!(Ops, next_read, MultiReadOp),
        entries!(Results, next_read, MultiReadResult),
    ),
    ("auth", Op::Auth, record!(AuthPacket<'_>), EMPTY),
    ("setWatches", Op::SetWatches, record!(SetWatches<'_>), EMPTY),
    (
        "sasl",
        Op::Sasl,
        record!(SaslRequest<'_>),
        record!(SaslResponse<'_>),
    ),
    (
        "getEphemerals",
        Op::GetEphemerals,
        record!(GetEphemeralsRequest<'_>),
        record!(GetEphemeralsResponse<'_>),
    ),
    (
        "getAllChildrenNumber",
        Op::GetAllChildrenNumber,
        record!(PathRequest<'_>),
        record!(GetAllChildrenNumberResponse),
    ),
    (
        "setWatches2",
        Op::SetWatches2,
        record!(SetWatches2<'_>),
        EMPTY,
    ),
    (
        "addWatch",
        Op::AddWatch,
        record!(AddWatchRequest<'_>),
        record!(AddWatchResponse),
    ),
    ("whoAmI", Op::WhoAmI, EMPTY, record!(WhoAmIResponse<'_>)),
    ("closeSession", Op::CloseSession, EMPTY, EMPTY),
];

/// Decodes a frame's body by the name of its vector.
pub(crate) fn decode(
    direction: Direction,
    name: &str,
    body: &[u8],
) -> Result<Decoded, DecodeError> {
    let mut decoded = Decoded::default();
    let r = &mut Reader::new(body);
    let op = OPS.iter().find(|(known, ..)| *known == name);
    match (direction, name) {
        (Direction::Request, "connect") => drop(decoded.take::<ConnectRequest<'_>>(r)?),
        (Direction::Reply, "connect") => drop(decoded.take::<ConnectResponse<'_>>(r)?),
        (Direction::Request, _) => {
            let header: RequestHeader = decoded.take(r)?;
            assert_eq!(Op::from_i32(header.op), op.map(|(_, op, ..)| *op), "{name}");
            if let Some((.., request, _)) = op {
                request(&mut decoded, r)?;
            }
        }
        (Direction::Reply, _) => {
            let header: ReplyHeader = decoded.take(r)?;
            if name == "event" {
                decoded.take::<WatcherEvent<'_>>(r)?;
            } else if header.err.is_ok() {
                let (.., reply) = op.unwrap_or_else(|| panic!("{name} succeeded"));
                reply(&mut decoded, r)?;
            }
        }
    }
    Ok(decoded)
}
