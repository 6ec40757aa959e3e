use crate::Code;
use crate::jute::records;

records! {
    /// Starts every request but the connect request.
    RequestHeader {
        /// Echoed by the reply; see [`crate::Xid`] for the reserved ones.
        xid: i32,
        /// Operation number, see [`crate::Op`].
        op: i32,
    }

    /// Starts every frame from the server but the connect response; 16 bytes.
    ReplyHeader {
        /// The request's xid, or a reserved one.
        xid: i32,
        /// Last zxid the server has applied.
        zxid: i64,
        /// Result; a body follows only if it is 0.
        err: Code,
    }

    /// Starts every operation and result of a multi, and ends the list.
    MultiHeader {
        /// Operation number; −1 for an error result and for the end.
        op: i32,
        /// True at the end of the list.
        done: bool,
        /// −1 in requests; the code in results.
        err: i32,
    }
}

impl ReplyHeader {
    /// Bytes on the wire.
    pub const WIRE_LEN: usize = 16;
}

impl MultiHeader {
    /// Ends a list of operations or results.
    pub const END: Self = Self {
        op: -1,
        done: true,
        err: -1,
    };
}
