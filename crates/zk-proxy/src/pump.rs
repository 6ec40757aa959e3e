//! The threads of one connection: per direction one that reads and records, and one that does what
//! the rules say and writes. So a client's frames are seen even while nothing passes.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::Duration;

use zk_proto::frame::{self, PREFIX, Split};

use crate::fault::{Action, Edit};
use crate::frame::{Direction, Kind};
use crate::state::{Shared, Sockets};

/// Frames that may wait between the two threads of a direction.
const WAITING: usize = 1024;
/// A longer frame is taken for bytes that are no frames, such as four-letter words.
const LONGEST: usize = 256 << 20;

/// What the reading thread hands over.
struct Item {
    bytes: Vec<u8>,
    kind: Kind,
    actions: Vec<Action>,
}

/// Starts serving a connection.
pub(crate) fn start(shared: &Arc<Shared>, sockets: Sockets) -> io::Result<()> {
    let number = shared.change(|state| state.open(sockets.clone()));
    let Sockets { client, server } = sockets;
    for (direction, from, to) in [
        (Direction::ToServer, client.clone(), server.clone()),
        (Direction::ToClient, server, client),
    ] {
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        let reader = Pump {
            shared: shared.clone(),
            number,
            direction,
        };
        let writer = reader.clone();
        thread::Builder::new()
            .name("zk-proxy-read".into())
            .spawn(move || reader.read(&from, &sender))?;
        thread::Builder::new()
            .name("zk-proxy-write".into())
            .spawn(move || writer.write(&to, &receiver))?;
    }
    Ok(())
}

#[derive(Clone)]
struct Pump {
    shared: Arc<Shared>,
    number: usize,
    direction: Direction,
}

impl Pump {
    fn read(&self, mut from: &TcpStream, sender: &SyncSender<Item>) {
        let mut buffer = Vec::new();
        let mut chunk = vec![0; 64 << 10];
        loop {
            let n = match from.read(&mut chunk) {
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => 0,
            };
            buffer.extend_from_slice(chunk.get(..n).unwrap_or_default());
            if !self.hand_over(&mut buffer, n == 0, sender) || n == 0 {
                break;
            }
        }
        if self.direction == Direction::ToServer {
            self.shared.change(|state| state.client_closed(self.number));
        }
    }

    /// Hands over what is complete in `buffer`, and at the `end` what is not. False if nobody
    /// takes it any more.
    fn hand_over(&self, buffer: &mut Vec<u8>, end: bool, sender: &SyncSender<Item>) -> bool {
        let mut start = 0;
        let mut items = Vec::new();
        self.shared.change(|state| {
            while let Some(rest) = buffer.get(start..).filter(|rest| !rest.is_empty()) {
                let (bytes, body) = match frame::split(rest, LONGEST) {
                    _ if state.is_raw(self.number) => (rest, rest),
                    Ok(Split::Frame(body)) => {
                        let whole = rest.get(..PREFIX + body.len()).unwrap_or_default();
                        (whole, body)
                    }
                    Ok(Split::Partial { .. }) if !end => break,
                    _ => {
                        state.set_raw(self.number);
                        (rest, rest)
                    }
                };
                let (kind, actions) = state.arrived(self.number, self.direction, body.to_vec());
                items.push(Item {
                    bytes: bytes.to_vec(),
                    kind,
                    actions,
                });
                start += bytes.len();
            }
        });
        buffer.drain(..start);
        items.into_iter().all(|item| sender.send(item).is_ok())
    }

    fn write(&self, to: &TcpStream, receiver: &Receiver<Item>) {
        for item in receiver {
            if !self.forward(to, item) {
                self.shared.change(|state| state.end(self.number, false));
                return;
            }
        }
        // The end of the stream is held back like everything else.
        if self.shared.await_free(self.number) {
            // It fails only on a connection that is gone.
            let _ = to.shutdown(Shutdown::Write);
        }
        self.shared
            .change(|state| state.direction_ended(self.number));
    }

    /// Does to a frame what the rules say. False if the connection is over.
    fn forward(&self, to: &TcpStream, item: Item) -> bool {
        let mut bytes = item.bytes;
        let mut gap = None;
        let mut end = None;
        for action in item.actions {
            match action {
                Action::Edit(edit) => Edit::apply(&edit, item.kind, &mut bytes),
                Action::Dribble { gap: wanted } => gap = Some(wanted),
                Action::Cut { after } => end = Some((after, false)),
                Action::Reset { after } => end = Some((after, true)),
                Action::Drop => return true,
                Action::Delay(time) => {
                    if !self.shared.pause(self.number, time) {
                        return false;
                    }
                }
                Action::Hold => self.shared.change(|state| state.hold(self.number)),
            }
        }
        if !self.shared.await_free(self.number) {
            return false;
        }
        if end.is_none() {
            end = self.byte_cut(bytes.len()).map(|after| (after, false));
        }
        if let Some((after, _)) = end {
            bytes.truncate(after);
        }
        if !self.send(to, &bytes, gap) {
            return false;
        }
        if let Some((_, reset)) = end {
            self.shared.change(|state| state.end(self.number, reset));
        }
        end.is_none()
    }

    /// Counts bytes against [`crate::Proxy::cut_after`]. `Some` if it is used up within them.
    fn byte_cut(&self, length: usize) -> Option<usize> {
        let mut state = self.shared.state.lock();
        let (direction, left) = state.byte_cut.as_mut()?;
        if *direction != self.direction {
            return None;
        }
        if let Some(rest) = left.checked_sub(length) {
            *left = rest;
            return None;
        }
        let after = *left;
        state.byte_cut = None;
        Some(after)
    }

    fn send(&self, mut to: &TcpStream, bytes: &[u8], gap: Option<Duration>) -> bool {
        let Some(gap) = gap else {
            return to.write_all(bytes).is_ok();
        };
        bytes
            .iter()
            .all(|byte| to.write_all(&[*byte]).is_ok() && self.shared.pause(self.number, gap))
    }
}
