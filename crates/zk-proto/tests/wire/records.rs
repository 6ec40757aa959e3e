//! What the tests need of every record: its meaning as text, in the recorder's notation, and
//! arbitrary values.

use proptest::collection::vec;
use proptest::prelude::*;
use zk_proto::records::*;
use zk_proto::{Code, Jute, List};

/// Text in the notation of the vectors.
pub(crate) trait Show {
    fn show(&self) -> String;
}

/// Arbitrary values. Borrowed parts are leaked: a test run is short.
pub(crate) trait Any: Sized + std::fmt::Debug {
    fn any() -> BoxedStrategy<Self>;
}

macro_rules! plain {
    ($($ty:ty),*) => {$(
        impl Show for $ty {
            fn show(&self) -> String {
                self.to_string()
            }
        }

        impl Any for $ty {
            fn any() -> BoxedStrategy<Self> {
                any::<$ty>().boxed()
            }
        }
    )*};
}

plain!(i32, i64, bool);

impl Show for Code {
    fn show(&self) -> String {
        self.0.show()
    }
}

impl Any for Code {
    fn any() -> BoxedStrategy<Self> {
        any::<i32>().prop_map(Code).boxed()
    }
}

impl Show for Option<bool> {
    fn show(&self) -> String {
        self.map_or("absent".to_owned(), |b| b.show())
    }
}

impl Any for Option<bool> {
    fn any() -> BoxedStrategy<Self> {
        any::<Self>().boxed()
    }
}

impl Show for Option<&[u8]> {
    fn show(&self) -> String {
        let Some(bytes) = self else {
            return "null".to_owned();
        };
        let mut text = String::from('"');
        for &byte in *bytes {
            match byte {
                b'"' | b'\\' => text.push_str(&format!("\\x{byte:02x}")),
                b' '..=b'~' => text.push(byte.into()),
                _ => text.push_str(&format!("\\x{byte:02x}")),
            }
        }
        text + "\""
    }
}

impl Any for Option<&'static [u8]> {
    fn any() -> BoxedStrategy<Self> {
        proptest::option::weighted(0.8, vec(any::<u8>(), 0..20))
            .prop_map(|bytes| bytes.map(|bytes| &*bytes.leak()))
            .boxed()
    }
}

impl<'a, T: Jute<'a> + Copy + Show> Show for List<'a, T> {
    fn show(&self) -> String {
        if self.is_null() {
            return "null".to_owned();
        }
        let items: Vec<_> = self.iter().map(|item| item.show()).collect();
        format!("[{}]", items.join(", "))
    }
}

impl<T: Jute<'static> + Copy + Any> Any for List<'static, T> {
    fn any() -> BoxedStrategy<Self> {
        proptest::option::weighted(0.9, vec(T::any(), 0..4))
            .prop_map(|items| items.map_or(Self::NULL, |items| Self::new(items.leak())))
            .boxed()
    }
}

macro_rules! records {
    ($($name:ident $(<$lt:lifetime>)? { $($field:ident),* })*) => {
        $(records! { @impl $name $(<$lt>)? { $($field),* } })*
    };
    (@impl $name:ident <$lt:lifetime> { $($field:ident),* }) => {
        impl<$lt> Show for $name<$lt> {
            records! { @show $($field),* }
        }
        impl Any for $name<'static> {
            records! { @any $($field),* }
        }
    };
    (@impl $name:ident { $($field:ident),* }) => {
        impl Show for $name {
            records! { @show $($field),* }
        }
        impl Any for $name {
            records! { @any $($field),* }
        }
    };
    (@show $($field:ident),*) => {
        fn show(&self) -> String {
            let Self { $($field),* } = self;
            let fields = [$(format!("{}={}", stringify!($field), $field.show())),*];
            format!("{{{}}}", fields.join(", "))
        }
    };
    (@any $($field:ident),*) => {
        fn any() -> BoxedStrategy<Self> {
            ($(records!(@strategy $field),)*)
                .prop_map(|($($field,)*)| Self { $($field),* })
                .boxed()
        }
    };
    (@strategy $field:ident) => { Any::any() };
}

records! {
    RequestHeader { xid, op }
    ReplyHeader { xid, zxid, err }
    MultiHeader { op, done, err }
    ConnectRequest<'a> {
        protocol_version, last_zxid_seen, timeout, session_id, password, read_only
    }
    ConnectResponse<'a> { protocol_version, timeout, session_id, password, read_only }

    Stat {
        czxid, mzxid, ctime, mtime, version, cversion, aversion, ephemeral_owner, data_length,
        num_children, pzxid
    }
    Id<'a> { scheme, id }
    Acl<'a> { perms, id }
    ClientInfo<'a> { scheme, user }

    CreateRequest<'a> { path, data, acl, flags }
    CreateTtlRequest<'a> { path, data, acl, flags, ttl }
    DeleteRequest<'a> { path, version }
    WatchedPathRequest<'a> { path, watch }
    PathRequest<'a> { path }
    SetDataRequest<'a> { path, data, version }
    SetAclRequest<'a> { path, acl, version }
    CheckVersionRequest<'a> { path, version }
    ReconfigRequest<'a> { joining, leaving, members, config_id }
    CheckWatchesRequest<'a> { path, kind }
    RemoveWatchesRequest<'a> { path, kind }
    AddWatchRequest<'a> { path, mode }
    GetEphemeralsRequest<'a> { prefix }
    AuthPacket<'a> { kind, scheme, auth }
    SaslRequest<'a> { token }
    SetWatches<'a> { relative_zxid, data, exist, child }
    SetWatches2<'a> { relative_zxid, data, exist, child, persistent, persistent_recursive }

    CreateResponse<'a> { path }
    Create2Response<'a> { path, stat }
    ExistsResponse { stat }
    GetDataResponse<'a> { data, stat }
    SetDataResponse { stat }
    GetAclResponse<'a> { acl, stat }
    SetAclResponse { stat }
    GetChildrenResponse<'a> { children }
    GetChildren2Response<'a> { children, stat }
    SyncResponse<'a> { path }
    GetEphemeralsResponse<'a> { paths }
    GetAllChildrenNumberResponse { total }
    AddWatchResponse { err }
    WhoAmIResponse<'a> { infos }
    SaslResponse<'a> { token }
    ErrorResponse { err }
    WatcherEvent<'a> { kind, state, path }
}

macro_rules! choices {
    ($($name:ident { $($variant:ident => $label:literal $(($record:ident))?),* })*) => {$(
        impl Show for $name<'_> {
            fn show(&self) -> String {
                match self {
                    $(choices!(@pattern $variant $($record)?) => {
                        choices!(@show $label $($record)?)
                    })*
                }
            }
        }

        impl Any for $name<'static> {
            fn any() -> BoxedStrategy<Self> {
                prop_oneof![$(choices!(@any $variant $($record)?)),*].boxed()
            }
        }
    )*};
    (@pattern $variant:ident) => { Self::$variant };
    (@pattern $variant:ident $record:ident) => { Self::$variant($record) };
    (@show $label:literal) => { $label.to_owned() };
    (@show $label:literal $record:ident) => { format!("{} {}", $label, $record.show()) };
    (@any $variant:ident) => { Just(Self::$variant) };
    (@any $variant:ident $record:ident) => { Any::any().prop_map(Self::$variant) };
}

choices! {
    MultiOp {
        Create => "create" (record),
        Create2 => "create2" (record),
        CreateContainer => "createContainer" (record),
        CreateTtl => "createTTL" (record),
        Delete => "delete" (record),
        SetData => "setData" (record),
        Check => "check" (record)
    }
    MultiReadOp {
        GetData => "getData" (record),
        GetChildren => "getChildren" (record)
    }
    MultiResult {
        Create => "create" (record),
        Create2 => "create2" (record),
        SetData => "setData" (record),
        Delete => "delete",
        Check => "check",
        Error => "error" (code)
    }
    MultiReadResult {
        GetData => "getData" (record),
        GetChildren => "getChildren" (record),
        Error => "error" (code)
    }
}
