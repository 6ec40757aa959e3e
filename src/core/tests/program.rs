//! What the program at the client's end does, what happens to it, and what it looks at.

use std::net::SocketAddr;

use zk_proto::records::{Acl, Id};
use zk_proto::{AddWatchMode, Code, List, frame};

use super::network::addr;
use super::pair::Pair;
use super::record::{Answer, Sent, What};
use crate::core::outbox::server_path;
use crate::core::{Gate, Millis, Request, encode};

/// Everybody may do everything.
pub(super) const OPEN_ACL: &[Acl<'static>] = &[Acl {
    perms: 31,
    id: Id {
        scheme: Some(b"world"),
        id: Some(b"anyone"),
    },
}];

impl Pair {
    // What the program does.

    pub(super) fn try_ask(
        &mut self,
        request: &Request<'_>,
        watcher: Option<u32>,
    ) -> Result<u32, Code> {
        encode::check(request, &self.chroot)?;
        let cookie = self.asked + 1;
        self.outbox.submit(request, &self.chroot, cookie, watcher)?;
        self.asked = cookie;
        self.woken = true;
        Ok(cookie)
    }

    /// The same with a limit, ms.
    pub(super) fn ask_within(
        &mut self,
        ms: Millis,
        request: &Request<'_>,
        watcher: Option<u32>,
    ) -> u32 {
        let number = self.try_ask(request, watcher).unwrap();
        self.outbox.limit_last(self.now + ms);
        number
    }

    /// Queues a request; returns its number.
    pub(super) fn ask(&mut self, request: &Request<'_>) -> u32 {
        self.try_ask(request, None).unwrap()
    }

    pub(super) fn create(&mut self, path: &str, data: &[u8]) -> u32 {
        self.ask(&create(path, data, 0))
    }

    pub(super) fn set(&mut self, path: &str, data: &[u8]) -> u32 {
        self.ask(&set(path, data))
    }

    pub(super) fn get(&mut self, path: &str, watcher: Option<u32>) -> u32 {
        let path = Some(path.as_bytes());
        self.try_ask(&Request::GetData { path }, watcher).unwrap()
    }

    pub(super) fn exists(&mut self, path: &str, watcher: Option<u32>) -> u32 {
        let path = Some(path.as_bytes());
        self.try_ask(&Request::Exists { path }, watcher).unwrap()
    }

    pub(super) fn children(&mut self, path: &str, watcher: Option<u32>) -> u32 {
        let path = Some(path.as_bytes());
        self.try_ask(&Request::GetChildren { path }, watcher)
            .unwrap()
    }

    pub(super) fn add_watch(&mut self, path: &str, mode: AddWatchMode, watcher: u32) -> u32 {
        let path = Some(path.as_bytes());
        self.try_ask(&Request::AddWatch { path, mode }, Some(watcher))
            .unwrap()
    }

    /// Forgets watches without asking the server.
    pub(super) fn forget_watch(&mut self, kind: i32, path: &str, watcher: Option<u32>) {
        let path = server_path(&self.chroot, path.as_bytes());
        self.core
            .forget_watch(kind, &path, watcher, &mut self.events);
        self.hand_over();
    }

    pub(super) fn add_auth(&mut self, scheme: &str, secret: &str) -> Result<u32, Code> {
        let credential = self.credentials + 1;
        let (scheme, secret) = (scheme.as_bytes(), secret.as_bytes());
        if self.core.add_auth(scheme, secret, Some(credential))? {
            self.outbox.submit_auth(scheme, secret);
            self.woken = true;
        }
        self.credentials = credential;
        Ok(credential)
    }

    /// Asks the server to remove watches (`all`), or whether it has any.
    pub(super) fn remove_watches(
        &mut self,
        path: &str,
        kind: i32,
        watcher: Option<u32>,
        all: bool,
    ) -> Result<u32, Code> {
        let path = server_path(&self.chroot, path.as_bytes());
        if self.core.state().is_terminal() {
            return Err(Code::INVALID_STATE);
        }
        if !self.core.has_watch(kind, &path, watcher) {
            return Err(Code::NO_WATCHER);
        }
        let all = all || self.core.is_last_watch_that_stays(kind, &path, watcher);
        let cookie = self.asked + 1;
        self.outbox
            .submit_removal(path, kind, all, cookie, watcher)?;
        self.asked = cookie;
        self.woken = true;
        Ok(cookie)
    }

    pub(super) fn replace_servers(&mut self, hosts: &[usize]) {
        let servers = hosts.iter().map(|&host| addr(host)).collect();
        if let Err(fault) = self.core.replace_servers(servers) {
            self.fail(&fault);
        }
        self.woken = true;
    }

    /// Closes the handle, up to the moment at which the close request has been sent.
    pub(super) fn close(&mut self) {
        self.outbox.shut(Gate::Closing);
        self.outbox.take(&mut self.queue);
        self.core.close(&mut self.queue, &mut self.events);
        self.hand_over();
        if self.core.state().is_live() {
            self.send();
        }
        self.net.carry(self.now);
    }

    // What happens to it.

    /// The connection breaks at both ends.
    pub(super) fn cut(&mut self) {
        let link = self.link.expect("there is a connection");
        self.net.cut(link, self.now);
    }

    pub(super) fn has_connection(&self) -> bool {
        self.link.is_some()
    }

    pub(super) fn cut_if_connected(&mut self) {
        if self.has_connection() {
            self.cut();
        }
    }

    /// Sends what is queued and takes the servers' answers away before they arrive.
    pub(super) fn intercept(&mut self) -> Vec<u8> {
        self.send();
        self.net.carry(self.now);
        let link = self.link.expect("there is a connection");
        self.net.intercept(link)
    }

    /// Bytes of the test's own arrive.
    pub(super) fn inject(&mut self, bytes: &[u8]) {
        let link = self.link.expect("there is a connection");
        self.net.inject(link, bytes, self.now);
    }

    /// The same as a frame.
    pub(super) fn inject_frame(&mut self, body: &[u8]) {
        let mut bytes = Vec::new();
        frame::append(&mut bytes, |out| out.extend_from_slice(body));
        self.inject(&bytes);
    }

    /// Somebody else changes the first server's tree, with success.
    pub(super) fn rival(&mut self, requests: &[Request<'_>]) {
        for code in self.net.rival(0, requests, self.now) {
            assert_eq!(code, Code::OK, "{requests:?}");
        }
    }

    // The record.

    /// All that was told, in order.
    pub(super) fn log(&self) -> Vec<String> {
        self.told.iter().map(|told| told.what.to_string()).collect()
    }

    /// The same, which is then forgotten.
    pub(super) fn take_log(&mut self) -> Vec<String> {
        let log = self.log();
        self.told.clear();
        log
    }

    /// How a request ended, which it must have done exactly once.
    pub(super) fn result(&self, request: u32) -> Result<Answer, Code> {
        let mut results = self.told.iter().filter_map(|told| match &told.what {
            What::Done { cookie, result } if *cookie == request => Some(result),
            _ => None,
        });
        let result = results
            .next()
            .unwrap_or_else(|| panic!("request {request} has no result"));
        assert!(results.next().is_none(), "request {request} ended twice");
        result.clone()
    }

    /// The successful answer to a request, after waiting for it.
    pub(super) fn answer(&mut self, request: u32) -> Answer {
        self.run_until("the answer", |pair| {
            pair.told
                .iter()
                .any(|t| matches!(t.what, What::Done { cookie, .. } if cookie == request))
        });
        self.result(request).unwrap()
    }

    /// The operations sent, in order.
    pub(super) fn ops(&self) -> Vec<zk_proto::Op> {
        self.sent.iter().map(Sent::op).collect()
    }

    /// Hosts tried, in order.
    pub(super) fn tried(&self) -> Vec<usize> {
        self.attempts.iter().map(|(_, a)| host(*a)).collect()
    }
}

pub(super) fn host(addr: SocketAddr) -> usize {
    usize::from(addr.port()) - 1
}

pub(super) fn create<'a>(path: &'a str, data: &'a [u8], mode: i32) -> Request<'a> {
    Request::Create {
        path: Some(path.as_bytes()),
        data: Some(data),
        acl: List::new(OPEN_ACL),
        mode,
        ttl: -1,
        stat: false,
    }
}

pub(super) fn set<'a>(path: &'a str, data: &'a [u8]) -> Request<'a> {
    Request::SetData {
        path: Some(path.as_bytes()),
        data: Some(data),
        version: -1,
    }
}

pub(super) fn delete(path: &str) -> Request<'_> {
    Request::Delete {
        path: Some(path.as_bytes()),
        version: -1,
    }
}
