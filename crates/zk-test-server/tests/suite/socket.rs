//! A client on a real socket.

use crate::support::{Reply, connect_request, request};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use zk_proto::records::{ConnectResponse, PASSWORD_LEN};
use zk_proto::{Jute, Op};

/// Nothing in these tests takes this long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    pub(crate) session: i64,
    pub(crate) password: [u8; PASSWORD_LEN],
    next_xid: i32,
}

pub(crate) fn dial(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
    stream
}

/// The next frame; `None` at the end of the stream or a reset.
pub(crate) fn read_frame(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut word = [0; 4];
    read_exact(stream, &mut word)?;
    let mut body = vec![0; u32::from_be_bytes(word) as usize];
    read_exact(stream, &mut body)?;
    Some(body)
}

/// `None` at the end of the stream; fails if nothing comes.
fn read_exact(stream: &mut TcpStream, buffer: &mut [u8]) -> Option<()> {
    let Err(error) = stream.read_exact(buffer) else {
        return Some(());
    };
    let hangs = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
    assert!(!hangs, "nothing arrives");
    None
}

/// Everything up to the end of the stream, as text.
pub(crate) fn read_text(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("text");
    text
}

/// Asks a four-letter word.
pub(crate) fn word(addr: SocketAddr, word: &str) -> String {
    let mut stream = dial(addr);
    stream.write_all(word.as_bytes()).expect("sent");
    read_text(&mut stream)
}

impl Socket {
    pub(crate) fn open(addr: SocketAddr) -> Self {
        Self::try_open(addr, 0, [0; PASSWORD_LEN]).expect("a session")
    }

    /// `None` if the server closes or says that the session is gone.
    pub(crate) fn try_open(addr: SocketAddr, session: i64, password: [u8; 16]) -> Option<Self> {
        let mut stream = dial(addr);
        stream
            .write_all(&connect_request(session, &password, 10_000))
            .expect("sent");
        let frame = read_frame(&mut stream)?;
        let response = ConnectResponse::from_bytes(&frame).expect("a connect response");
        (response.timeout != 0).then(|| Self {
            session: response.session_id,
            password: response
                .password
                .expect("16 bytes")
                .try_into()
                .expect("16 bytes"),
            stream,
            next_xid: 1,
        })
    }

    pub(crate) fn send(&mut self, (op, body): &(Op, Vec<u8>)) -> i32 {
        let xid = self.next_xid;
        self.next_xid += 1;
        self.send_as(xid, (*op).into(), body);
        xid
    }

    pub(crate) fn send_as(&mut self, xid: i32, op: i32, body: &[u8]) {
        self.stream
            .write_all(&request(xid, op, body))
            .expect("sent");
    }

    pub(crate) fn receive(&mut self) -> Option<Reply> {
        read_frame(&mut self.stream).map(|frame| Reply::parse(&frame))
    }

    /// Sends a request; returns what arrives up to its reply, which is last. Ends early when
    /// the connection does.
    pub(crate) fn ask(&mut self, request: &(Op, Vec<u8>)) -> Vec<Reply> {
        let xid = match request.0 {
            Op::Ping => {
                self.send(request);
                -2
            }
            _ => self.send(request),
        };
        let mut replies = Vec::new();
        while let Some(reply) = self.receive() {
            let last = reply.xid == xid;
            replies.push(reply);
            if last {
                break;
            }
        }
        replies
    }

    pub(crate) fn call(&mut self, request: &(Op, Vec<u8>)) -> Reply {
        self.ask(request).pop().expect("a reply")
    }
}
