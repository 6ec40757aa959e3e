use crate::Text;
use crate::jute::records;

records! {
    /// A node's metadata: 68 bytes on the wire (C-247).
    #[derive(Default)]
    Stat {
        /// zxid of the creation.
        czxid: i64,
        /// zxid of the last change of the data.
        mzxid: i64,
        /// Creation time, ms since the epoch.
        ctime: i64,
        /// Time of the last change of the data, ms since the epoch.
        mtime: i64,
        /// Changes of the data.
        version: i32,
        /// Changes of the list of children.
        cversion: i32,
        /// Changes of the ACL.
        aversion: i32,
        /// Session id of the owner of an ephemeral node, else 0.
        ephemeral_owner: i64,
        /// Length of the data in bytes.
        data_length: i32,
        /// Number of children.
        num_children: i32,
        /// zxid of the last change of the list of children.
        pzxid: i64,
    }

    /// Who an ACL entry speaks of.
    Id<'a> {
        /// Authentication scheme: world, auth, digest, ip, …
        scheme: Text<'a>,
        /// Identity within the scheme.
        id: Text<'a>,
    }

    /// One ACL entry.
    Acl<'a> {
        /// Permission bits, see [`crate::Perms`].
        perms: i32,
        /// Who is granted them.
        id: Id<'a>,
    }

    /// One identity of a connection, as whoAmI reports it.
    ClientInfo<'a> {
        /// Authentication scheme.
        scheme: Text<'a>,
        /// User name within the scheme.
        user: Text<'a>,
    }
}

impl Stat {
    /// Bytes on the wire.
    pub const WIRE_LEN: usize = 68;
}
