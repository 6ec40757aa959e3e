//! Credentials: kept for the life of the handle, sent again at every association (C-560…C-566).

use zk_proto::Code;

use super::outbox::append_auth;

#[derive(Debug)]
struct Credential<A> {
    scheme: Box<[u8]>,
    secret: Box<[u8]>,
    /// Who waits to hear about it; answered once, by the first reply or failure.
    completion: Option<A>,
}

/// The handle's credentials, oldest first.
#[derive(Debug)]
pub(crate) struct Credentials<A> {
    list: Vec<Credential<A>>,
}

impl<A> Default for Credentials<A> {
    fn default() -> Self {
        Self { list: Vec::new() }
    }
}

impl<A> Credentials<A> {
    /// Adds one; equal ones are kept apart (C-561).
    pub(crate) fn add(&mut self, scheme: &[u8], secret: &[u8], completion: Option<A>) {
        self.list.push(Credential {
            scheme: scheme.into(),
            secret: secret.into(),
            completion,
        });
    }

    /// Appends a packet for each, the last added first (C-563).
    pub(crate) fn append_all(&self, out: &mut Vec<u8>) {
        for credential in self.list.iter().rev() {
            append_auth(&credential.scheme, &credential.secret, out);
        }
    }

    /// Answers everyone who still waits, oldest first: the first reply speaks for all (C-564).
    pub(crate) fn finish(&mut self, code: Code, finished: &mut Vec<(A, Code)>) {
        finished.extend(
            self.list
                .iter_mut()
                .filter_map(|c| Some((c.completion.take()?, code))),
        );
    }

    /// True if nothing was ever added.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
