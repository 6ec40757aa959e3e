//! From a reply body to its outcome, by the kind of request it answers.

use zk_proto::records::{
    AddWatchResponse, Create2Response, CreateResponse, ExistsResponse, GetAclResponse,
    GetAllChildrenNumberResponse, GetChildren2Response, GetChildrenResponse, GetDataResponse,
    GetEphemeralsResponse, Results, WhoAmIResponse,
};
use zk_proto::{Code, DecodeError, Jute, Reader, Text};

use super::outcome::{MultiOutcome, MultiReadOutcome, Outcome, Paths};
use super::paths;

/// What the body of a successful reply holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// Nothing that is used.
    Void,
    /// A path; also the reply of container and TTL creates, whose stat is left out.
    Path,
    /// A path and a stat.
    PathStat,
    /// A stat.
    Stat,
    /// Data and a stat.
    Data,
    /// Names.
    Strings,
    /// Names and a stat.
    StringsStat,
    /// An ACL and a stat.
    Acl,
    /// Results of a transaction.
    Multi,
    /// A code that says nothing new.
    Acknowledgement,
    /// Paths.
    Paths,
    /// A number.
    Number,
    /// Identities.
    Identities,
    /// Results of several reads.
    MultiRead,
}

impl ReplyKind {
    /// Decodes a body into `place`, which stays as it is if that fails. Paths lose `chroot`.
    ///
    /// Outcomes are put where they are wanted, as moving one takes longer than decoding it.
    #[inline]
    pub(crate) fn decode<'a>(
        self,
        body: &'a [u8],
        chroot: &'a [u8],
        place: &mut Result<Outcome<'a>, Code>,
    ) -> Result<(), DecodeError> {
        // Null strings read as empty ones (C-202).
        let client_path = |path: Text<'a>| paths::strip_chroot(chroot, path.unwrap_or_default());
        match self {
            Self::Void => *place = Ok(Outcome::Void),
            Self::Path => {
                let reply = CreateResponse::from_bytes(body)?;
                *place = Ok(Outcome::Path(client_path(reply.path)));
            }
            Self::PathStat => {
                let reply = Create2Response::from_bytes(body)?;
                *place = Ok(Outcome::PathStat(client_path(reply.path), reply.stat));
            }
            Self::Stat => *place = Ok(Outcome::Stat(ExistsResponse::from_bytes(body)?.stat)),
            Self::Data => {
                let reply = GetDataResponse::from_bytes(body)?;
                *place = Ok(Outcome::Data(reply.data, reply.stat));
            }
            Self::Strings => {
                let reply = GetChildrenResponse::from_bytes(body)?;
                *place = Ok(Outcome::Strings(reply.children));
            }
            Self::StringsStat => {
                let reply = GetChildren2Response::from_bytes(body)?;
                *place = Ok(Outcome::StringsStat(reply.children, reply.stat));
            }
            Self::Acl => {
                let reply = GetAclResponse::from_bytes(body)?;
                *place = Ok(Outcome::Acl(reply.acl, reply.stat));
            }
            Self::Multi => *place = Ok(Outcome::Multi(MultiOutcome::new(body, chroot))),
            _ => *place = Ok(self.decode_rarer(body, chroot)?),
        }
        Ok(())
    }

    /// [`decode`](Self::decode) for tests, which want the outcome itself.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn decoded<'a>(
        self,
        body: &'a [u8],
        chroot: &'a [u8],
    ) -> Result<Outcome<'a>, DecodeError> {
        let mut place = Err(Code::MARSHALLING_ERROR);
        self.decode(body, chroot, &mut place)?;
        Ok(place.expect("what decodes has an outcome"))
    }

    /// True if [`decode`](Self::decode) will succeed, and for multis, every result too. Builds
    /// nothing, as the values are wanted on another thread and later.
    pub(crate) fn accepts(self, body: &[u8]) -> bool {
        let reader = &mut Reader::new(body);
        let skipped = match self {
            Self::Void => Ok(()),
            Self::Path => CreateResponse::skip(reader),
            Self::PathStat => Create2Response::skip(reader),
            Self::Stat => ExistsResponse::skip(reader),
            Self::Data => GetDataResponse::skip(reader),
            Self::Strings => GetChildrenResponse::skip(reader),
            Self::StringsStat => GetChildren2Response::skip(reader),
            Self::Acl => GetAclResponse::skip(reader),
            Self::Multi => return Results::new(body).are_valid(),
            _ => return self.accepts_rarer(body),
        };
        skipped.is_ok()
    }

    /// [`decode`](Self::decode) for what the C library has no calls for; apart, so that the usual
    /// replies do not pay for it.
    #[inline(never)]
    fn decode_rarer<'a>(
        self,
        body: &'a [u8],
        chroot: &'a [u8],
    ) -> Result<Outcome<'a>, DecodeError> {
        Ok(match self {
            Self::Paths => {
                let reply = GetEphemeralsResponse::from_bytes(body)?;
                Outcome::Paths(Paths::new(reply.paths, chroot))
            }
            Self::Number => Outcome::Number(GetAllChildrenNumberResponse::from_bytes(body)?.total),
            Self::Identities => Outcome::Identities(WhoAmIResponse::from_bytes(body)?.infos),
            Self::MultiRead => Outcome::MultiRead(MultiReadOutcome::new(body)),
            _ => {
                AddWatchResponse::from_bytes(body)?;
                Outcome::Void
            }
        })
    }

    /// [`accepts`](Self::accepts) for the same.
    #[inline(never)]
    fn accepts_rarer(self, body: &[u8]) -> bool {
        let reader = &mut Reader::new(body);
        let skipped = match self {
            Self::Paths => GetEphemeralsResponse::skip(reader),
            Self::Number => GetAllChildrenNumberResponse::skip(reader),
            Self::Identities => WhoAmIResponse::skip(reader),
            Self::MultiRead => return Results::new(body).are_valid_reads(),
            _ => AddWatchResponse::skip(reader),
        };
        skipped.is_ok()
    }
}

#[cfg(test)]
mod tests;
