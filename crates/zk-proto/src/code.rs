//! Result codes, as they stand in reply headers and in the C API (C-033, S-071).

use std::fmt;

/// A result code. Codes that no version of ZooKeeper has defined pass through unchanged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub i32);

macro_rules! codes {
    ($($name:ident = $value:literal),* $(,)?) => {
        #[allow(missing_docs, reason = "the names are the field's own; C-033 lists them")]
        impl Code { $(pub const $name: Self = Self($value);)* }

        impl Code {
            /// Every code with a name.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code's name, if it has one.
            pub fn name(self) -> Option<&'static str> {
                match self.0 { $($value => Some(stringify!($name)),)* _ => None }
            }
        }
    };
}

codes! {
    OK = 0,
    SYSTEM_ERROR = -1,
    RUNTIME_INCONSISTENCY = -2,
    DATA_INCONSISTENCY = -3,
    CONNECTION_LOSS = -4,
    MARSHALLING_ERROR = -5,
    UNIMPLEMENTED = -6,
    OPERATION_TIMEOUT = -7,
    BAD_ARGUMENTS = -8,
    INVALID_STATE = -9,
    UNKNOWN_SESSION = -12,
    NEW_CONFIG_NO_QUORUM = -13,
    RECONFIG_IN_PROGRESS = -14,
    SSL_CONNECTION_ERROR = -15,
    API_ERROR = -100,
    NO_NODE = -101,
    NO_AUTH = -102,
    BAD_VERSION = -103,
    NO_CHILDREN_FOR_EPHEMERALS = -108,
    NODE_EXISTS = -110,
    NOT_EMPTY = -111,
    SESSION_EXPIRED = -112,
    INVALID_CALLBACK = -113,
    INVALID_ACL = -114,
    AUTH_FAILED = -115,
    CLOSING = -116,
    NOTHING = -117,
    SESSION_MOVED = -118,
    NOT_READ_ONLY = -119,
    EPHEMERAL_ON_LOCAL_SESSION = -120,
    NO_WATCHER = -121,
    REQUEST_TIMEOUT = -122,
    RECONFIG_DISABLED = -123,
    SESSION_CLOSED_REQUIRE_SASL_AUTH = -124,
    QUOTA_EXCEEDED = -125,
    THROTTLED_OP = -127,
}

impl Code {
    /// True for `OK`.
    #[inline]
    pub fn is_ok(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name}({})", self.0),
            None => write!(f, "Code({})", self.0),
        }
    }
}

impl crate::Jute<'_> for Code {
    const FIXED_LEN: Option<usize> = <i32 as crate::Jute<'_>>::FIXED_LEN;
    #[inline]
    fn decode(r: &mut crate::Reader<'_>) -> Result<Self, crate::DecodeError> {
        r.read().map(Self)
    }
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}
