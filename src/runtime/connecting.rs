//! From a list of names to a connection that is up.

use std::net::SocketAddr;

use mio::Interest;
use zk_proto::Code;

use super::engine::{Engine, SOCKET, broken};
use super::probe::Verdict;
use super::resolution::{self, Resolution};
use super::{Client, Handle};
use crate::core::connect_string::HostPort;
use crate::core::{Fault, Millis};
use crate::log;
use crate::log::Level;
use crate::net::clock;
use crate::net::socket::{Connection, Progress, StartError};

/// Each name is looked up at most this often, ms; with several names all of them together.
const LOOKUP_INTERVAL: Millis = 100;

/// Who has no server yet tries again after at most this time, ms.
const LONGEST_RESOLUTION_PAUSE: Millis = 5_000;

impl<C: Client> Engine<C> {
    /// Makes the first attempt on the opener's thread, before the handle has threads, so that
    /// the server is at work while they come up. Does not block, and leaves failures for the IO
    /// thread to tell, as if it had tried itself.
    pub(super) fn connect_early(&mut self, handle: &Handle<C>) {
        let now = self.begin(handle);
        match self.core.next_attempt(false, now) {
            Some(server) => self.connect_to_first(server, now),
            None => self.start_resolution(handle, now),
        }
        self.publish(handle);
    }

    fn connect_to_first(&mut self, server: SocketAddr, now: Millis) {
        match self.start_connecting(server) {
            Ok(mut connection) => {
                // On the same machine a connection is often up at once.
                if connection.peer().is_some() {
                    self.core.handle_connected();
                    if let Ok(Some(n)) = connection.write(self.core.transmit()) {
                        self.core.sent(n, now);
                        self.traffic.bytes_out += n as u64;
                    }
                }
                self.connection = Some(connection);
            }
            Err(error) => self.early_failure = Some(error),
        }
    }

    pub(super) fn connect(&mut self, handle: &Handle<C>, server: SocketAddr, now: Millis) -> Code {
        match self.start_connecting(server) {
            Ok(connection) => {
                self.connection = Some(connection);
                Code::OK
            }
            Err(error) => self.cannot_start(handle, &error, now),
        }
    }

    fn start_connecting(&mut self, server: SocketAddr) -> Result<Connection, StartError> {
        self.inbox.clear();
        self.blocked = false;
        let log = &mut self.events.log;
        log!(log, Level::Debug, "connect", "connecting to {server}");
        let (mut connection, nodelay_failed) = Connection::start(server)?;
        if nodelay_failed {
            log!(
                log,
                Level::Warn,
                "connect",
                "unable to set TCP_NODELAY for {server}"
            );
        }
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.registry
            .register(connection.source(), SOCKET, interest)
            .map_err(StartError::Socket)?;
        connection.note_in(&self.socket);
        Ok(connection)
    }

    pub(super) fn cannot_start(
        &mut self,
        handle: &Handle<C>,
        error: &StartError,
        now: Millis,
    ) -> Code {
        let fault = match error {
            StartError::Socket(e) => {
                let errno = e.raw_os_error().unwrap_or(0);
                let reason = format!("socket() call failed: {e} (errno={errno})");
                Fault::loss(Code::SYSTEM_ERROR, reason)
            }
            StartError::Connect(e) => broken("connect() call failed", e),
        };
        self.fail(handle, &fault, now)
    }

    pub(super) fn finish_connecting(&mut self, handle: &Handle<C>, now: Millis) -> Code {
        let Some(connection) = &self.connection else {
            return Code::OK;
        };
        match connection.progress() {
            Ok(Progress::Connecting) => Code::OK,
            Ok(Progress::Connected) => {
                self.core.handle_connected();
                self.send(handle, now)
            }
            Err(e) => self.fail(
                handle,
                &broken("server refused to accept the client", &e),
                now,
            ),
        }
    }

    pub(super) fn advance_probe(&mut self, handle: &Handle<C>, now: Millis) {
        let Some(probe) = &mut self.probe else { return };
        let verdict = probe.advance(now);
        if verdict == Verdict::Waiting {
            return;
        }
        let server = probe.server();
        self.probe = None;
        if let Err(fault) = self
            .core
            .handle_probe(server, verdict == Verdict::ReadWrite)
        {
            self.fail(handle, &fault, now);
        }
    }

    /// Starts and ends background resolutions (C-410). Never while connected: a connection is
    /// kept whatever the names say, until a server is to be chosen.
    pub(super) fn follow_names(&mut self, handle: &Handle<C>, woken: bool, now: Millis) {
        if let Some(resolved) = self.resolution.as_ref().and_then(Resolution::take) {
            self.resolution = None;
            self.events.log.append(resolved.log);
            let followed = match resolved.servers {
                Some(servers) => self.core.replace_servers(servers),
                None if self.core.has_no_servers() => Err(Fault::unresolved()),
                None => Ok(()),
            };
            if let Err(fault) = followed {
                self.fail(handle, &fault, now);
            }
        }
        let wanted = self.core.take_resolution_request();
        let due = if self.core.has_no_servers() {
            // As a request ends the pause between two attempts to connect (C-422).
            if woken {
                self.resolution_pause = 0;
            }
            now >= self.next_resolution()
        } else {
            wanted && now >= self.resolved_at + self.resolution_interval()
        };
        if due && self.resolution.is_none() && resolution::can_change(&self.hosts) {
            self.start_resolution(handle, now);
        }
    }

    fn start_resolution(&mut self, handle: &Handle<C>, now: Millis) {
        self.resolved_at = now;
        self.resolution_pause = (self.resolution_pause * 2)
            .min(LONGEST_RESOLUTION_PAUSE)
            .max(self.resolution_interval());
        let waker = handle.inlet.bell().clone();
        let threshold = handle.client.log_threshold();
        // A failing wake-up only delays the result to the next turn.
        self.resolution = Resolution::start(
            self.hosts.clone(),
            handle.keep_host_order,
            threshold,
            move || drop(waker.wake()),
        );
    }

    /// Time from one resolution to the next at least, so that lookups stay below 10 a second.
    fn resolution_interval(&self) -> Millis {
        let names = resolution::names(&self.hosts).count();
        LOOKUP_INTERVAL * names.max(1) as Millis
    }

    /// While there is no server: when to resolve the names again. A resolution that is under
    /// way announces its end itself, so any time to come will do.
    pub(super) fn next_resolution(&self) -> Millis {
        if self.resolution.is_some() {
            return clock::now() + LONGEST_RESOLUTION_PAUSE;
        }
        self.resolved_at + self.resolution_pause.max(self.resolution_interval())
    }

    /// A new host list from the program, already resolved (C-448).
    pub(super) fn replace_servers(
        &mut self,
        handle: &Handle<C>,
        hosts: Vec<HostPort>,
        servers: Vec<SocketAddr>,
    ) {
        if handle.life.is_closing() {
            return; // nobody is told of anything any more
        }
        self.hosts = hosts;
        self.resolution = None;
        let now = self.begin(handle);
        if let Err(fault) = self.core.replace_servers(servers) {
            self.fail(handle, &fault, now);
        }
        self.hand_over(handle);
    }
}
