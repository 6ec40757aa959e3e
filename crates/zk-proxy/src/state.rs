//! What all threads of a proxy share.

use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use socket2::SockRef;

use crate::fault::{Action, When};
use crate::frame::{Dialogue, Direction, Frame, Kind};

/// One connection's two sockets, until it ends.
#[derive(Clone, Debug)]
pub(crate) struct Sockets {
    pub(crate) client: Arc<TcpStream>,
    pub(crate) server: Arc<TcpStream>,
}

#[derive(Debug)]
pub(crate) struct Connection {
    sockets: Option<Sockets>,
    dialogue: Dialogue,
    /// It does not speak in frames, as after a four-letter word.
    raw: bool,
    /// Nothing passes until released.
    held: bool,
    /// Directions that reached their end.
    ended: usize,
    closed_by_client: bool,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) upstream: SocketAddr,
    pub(crate) rules: Vec<(When, Action)>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) recording: bool,
    /// New connections are held from their first byte.
    pub(crate) holding: bool,
    pub(crate) byte_cut: Option<(Direction, usize)>,
    pub(crate) refuse_wanted: bool,
    pub(crate) refusing: bool,
    pub(crate) stopped: bool,
}

/// The state and its bell. Every change that someone may wait for rings it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    pub(crate) changed: Condvar,
}

impl Shared {
    pub(crate) fn new(upstream: SocketAddr) -> Self {
        Self {
            state: Mutex::new(State {
                upstream,
                rules: Vec::new(),
                connections: Vec::new(),
                frames: Vec::new(),
                recording: true,
                holding: false,
                byte_cut: None,
                refuse_wanted: false,
                refusing: false,
                stopped: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Changes the state and tells everyone.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let result = change(&mut self.state.lock());
        self.changed.notify_all();
        result
    }

    /// Waits until this connection is not held. False if it ended.
    pub(crate) fn await_free(&self, number: usize) -> bool {
        let mut state = self.state.lock();
        while state.get(number).is_some_and(|c| c.held && c.is_open()) {
            self.changed.wait(&mut state);
        }
        state.get(number).is_some_and(Connection::is_open)
    }

    /// Waits that long, or until the connection ends. False if it ended.
    pub(crate) fn pause(&self, number: usize, time: Duration) -> bool {
        let mut state = self.state.lock();
        self.changed.wait_while_for(
            &mut state,
            |state| state.get(number).is_some_and(Connection::is_open),
            time,
        );
        state.get(number).is_some_and(Connection::is_open)
    }
}

impl State {
    fn get(&self, number: usize) -> Option<&Connection> {
        self.connections.get(number)
    }

    /// Adds a connection and returns its number.
    pub(crate) fn open(&mut self, sockets: Sockets) -> usize {
        self.connections.push(Connection {
            sockets: Some(sockets),
            dialogue: Dialogue::default(),
            raw: false,
            held: self.holding,
            ended: 0,
            closed_by_client: false,
        });
        self.connections.len() - 1
    }

    /// Records what came and tells what to do to it.
    pub(crate) fn arrived(
        &mut self,
        number: usize,
        direction: Direction,
        body: Vec<u8>,
    ) -> (Kind, Vec<Action>) {
        let kind = match self.connections.get_mut(number) {
            Some(connection) if !connection.raw => connection.dialogue.classify(direction, &body),
            _ => Kind::Raw,
        };
        let frame = Frame {
            connection: number,
            direction,
            kind,
            body,
            at: std::time::Instant::now(),
        };
        let mut actions = Vec::new();
        for (when, action) in &mut self.rules {
            if when.matches(&frame) && when.count() {
                actions.push(action.clone());
            }
        }
        self.rules.retain(|(when, _)| !when.is_spent());
        if self.recording {
            self.frames.push(frame);
        }
        (kind, actions)
    }

    /// True if this connection does not speak in frames.
    pub(crate) fn is_raw(&self, number: usize) -> bool {
        self.get(number).is_some_and(|connection| connection.raw)
    }

    /// Takes what comes on this connection for bytes without frames from now on.
    pub(crate) fn set_raw(&mut self, number: usize) {
        if let Some(connection) = self.connections.get_mut(number) {
            connection.raw = true;
        }
    }

    /// Lets nothing pass on this connection until released.
    pub(crate) fn hold(&mut self, number: usize) {
        if let Some(connection) = self.connections.get_mut(number) {
            connection.held = true;
        }
    }

    pub(crate) fn hold_all(&mut self, hold: bool) {
        self.holding = hold;
        for connection in &mut self.connections {
            connection.held = hold;
        }
    }

    /// Notes that one direction reached its end. The connection is over when both have.
    pub(crate) fn direction_ended(&mut self, number: usize) {
        if let Some(connection) = self.connections.get_mut(number) {
            connection.ended += 1;
            if connection.ended == 2 {
                connection.sockets = None;
            }
        }
    }

    pub(crate) fn client_closed(&mut self, number: usize) {
        if let Some(connection) = self.connections.get_mut(number) {
            connection.closed_by_client = true;
        }
    }

    /// Ends a connection now, in order or with a reset.
    pub(crate) fn end(&mut self, number: usize, reset: bool) {
        let Some(sockets) = self
            .connections
            .get_mut(number)
            .and_then(|c| c.sockets.take())
        else {
            return;
        };
        // Errors mean that the peer was faster; the connection is gone either way.
        let how = if reset {
            let _ = SockRef::from(&*sockets.client).set_linger(Some(Duration::ZERO));
            // Only wakes the threads that use the socket: closing it is what sends the reset.
            Shutdown::Read
        } else {
            Shutdown::Both
        };
        let _ = sockets.client.shutdown(how);
        let _ = sockets.server.shutdown(Shutdown::Both);
    }

    pub(crate) fn end_all(&mut self, reset: bool) {
        for number in 0..self.connections.len() {
            self.end(number, reset);
        }
    }
}

impl Connection {
    fn is_open(&self) -> bool {
        self.sockets.is_some()
    }
}

/// The proxy as a condition sees it, see [`crate::Proxy::wait`].
#[derive(Debug)]
pub struct View<'a> {
    state: &'a State,
}

impl<'a> View<'a> {
    pub(crate) fn new(state: &'a State) -> Self {
        Self { state }
    }

    /// Every frame so far, in the order the proxy read them.
    pub fn frames(&self) -> &'a [Frame] {
        &self.state.frames
    }

    /// Number of frames of this kind so far.
    pub fn count(&self, when: &When) -> usize {
        self.count_from(0, when)
    }

    /// Number of frames of this kind behind the first `start` frames.
    pub fn count_from(&self, start: usize, when: &When) -> usize {
        let frames = self.state.frames.get(start..).unwrap_or_default();
        frames.iter().filter(|frame| when.matches(frame)).count()
    }

    /// Connections accepted so far.
    pub fn accepted(&self) -> usize {
        self.state.connections.len()
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        let connections = self.state.connections.iter();
        connections.filter(|c| c.is_open()).count()
    }

    /// Connections that the client closed.
    pub fn closed_by_client(&self) -> usize {
        let connections = self.state.connections.iter();
        connections.filter(|c| c.closed_by_client).count()
    }
}
