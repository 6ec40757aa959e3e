//! The records of the client protocol, one module per family.
//!
//! Field order is wire order. Strings and buffers borrow from the frame.

mod connect;
mod data;
mod header;
mod multi;
mod reply;
mod request;

pub use connect::{ConnectRequest, ConnectResponse, PASSWORD_LEN};
pub use data::{Acl, ClientInfo, Id, Stat};
pub use header::{MultiHeader, ReplyHeader, RequestHeader};
pub use multi::{MultiOp, MultiReadOp, MultiReadResult, MultiResult, Ops, Results};
pub use reply::{
    AddWatchResponse, Create2Response, CreateResponse, ErrorResponse, ExistsResponse,
    GetAclResponse, GetAllChildrenNumberResponse, GetChildren2Response, GetChildrenResponse,
    GetDataResponse, GetEphemeralsResponse, SaslResponse, SetAclResponse, SetDataResponse,
    SyncResponse, WatcherEvent, WhoAmIResponse,
};
pub use request::{
    AddWatchRequest, AuthPacket, CheckVersionRequest, CheckWatchesRequest, CreateRequest,
    CreateTtlRequest, DeleteRequest, GetEphemeralsRequest, PathRequest, ReconfigRequest,
    RemoveWatchesRequest, SaslRequest, SetAclRequest, SetDataRequest, SetWatches, SetWatches2,
    WatchedPathRequest,
};
