//! A proxy between raw sockets and the test server.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use zk_proto::frame::{self, PREFIX};
use zk_proto::records::{ConnectRequest, ConnectResponse, ReplyHeader, RequestHeader};
use zk_proto::{Jute as _, Op, Reader};
use zk_proxy::script::Script;
use zk_proxy::{Action, Direction, Edit, Kind, Proxy, When, describe};
use zk_test_server::{Options, TestServer};

const LIMIT: Duration = Duration::from_secs(20);

struct Client(TcpStream);

impl Client {
    fn connect(proxy: &Proxy) -> Self {
        let stream = TcpStream::connect(proxy.addr()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let mut client = Self(stream);
        let request = ConnectRequest {
            protocol_version: 0,
            last_zxid_seen: 0,
            timeout: 10_000,
            session_id: 0,
            password: Some(&[0; 16]),
            read_only: Some(false),
        };
        client.send(&request.to_bytes());
        client
    }

    fn send(&mut self, body: &[u8]) {
        let mut bytes = Vec::new();
        frame::append(&mut bytes, |out| out.extend_from_slice(body));
        self.0.write_all(&bytes).unwrap();
    }

    fn ping(&mut self) {
        let (xid, op) = (-2, Op::Ping.into());
        self.send(&RequestHeader { xid, op }.to_bytes());
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut prefix = [0; PREFIX];
        self.0.read_exact(&mut prefix).unwrap();
        let mut body = vec![0; usize::try_from(i32::from_be_bytes(prefix)).unwrap()];
        self.0.read_exact(&mut body).unwrap();
        body
    }

    /// Reads to the end of the connection.
    fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        rest
    }
}

fn rig() -> (TestServer, Proxy) {
    let server = TestServer::start(Options::default()).unwrap();
    let proxy = Proxy::start(server.addr()).unwrap();
    (server, proxy)
}

#[test]
fn frames_pass_unchanged_and_are_recorded_with_their_kind() {
    let (_server, proxy) = rig();
    let mut client = Client::connect(&proxy);
    ConnectResponse::from_bytes(&client.receive()).unwrap();
    client.ping();
    let reply = client.receive();
    assert_eq!(
        ReplyHeader::decode(&mut Reader::new(&reply)).unwrap().xid,
        -2
    );
    let kinds: Vec<Kind> = proxy.frames().iter().map(|frame| frame.kind).collect();
    assert!(matches!(
        kinds[..],
        [
            Kind::ConnectRequest,
            Kind::ConnectResponse,
            Kind::Request { op: 11, .. },
            Kind::Reply { op: Some(11), .. }
        ]
    ));
    let line = describe(&proxy.frames()[2], 0);
    assert_eq!(line, "Ping xid=-2");
}

#[test]
fn a_cut_lets_as_many_bytes_through_as_asked_and_ends_the_connection() {
    let (_server, proxy) = rig();
    for after in [0, 1, 4, 20, 41] {
        proxy.add(When::connect_response(), Action::Cut { after });
        assert_eq!(Client::connect(&proxy).rest().len(), after);
    }
    proxy.cut_after(Direction::ToClient, 41 + 3);
    let mut client = Client::connect(&proxy);
    client.ping();
    assert_eq!(client.rest().len(), 44);
}

#[test]
fn a_proxy_can_have_an_address_of_its_own() {
    let (server, _) = rig();
    let address = [127, 9, 8, 7].into();
    let proxy = Proxy::start_at(address, server.addr()).unwrap();
    assert_eq!(proxy.addr().ip(), address);
    Client::connect(&proxy).receive();
}

#[test]
fn a_reset_is_a_reset() {
    let (_server, proxy) = rig();
    let mut client = Client::connect(&proxy);
    client.receive();
    proxy.reset();
    let error = client.0.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_held_connection_is_silent_but_what_the_client_sends_is_seen() {
    let (_server, proxy) = rig();
    let mut client = Client::connect(&proxy);
    client.receive();
    proxy.hold();
    client.ping();
    let ping = When::request(Op::Ping);
    assert!(proxy.wait(LIMIT, |view| view.count(&ping) == 1));
    assert_eq!(proxy.view(|view| view.count(&When::reply(Op::Ping))), 0);
    proxy.release();
    client.receive();
}

#[test]
fn refused_ports_refuse_and_come_back() {
    let (_server, proxy) = rig();
    for _ in 0..20 {
        proxy.refuse(true).unwrap();
        let error = TcpStream::connect(proxy.addr()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        proxy.refuse(false).unwrap();
        Client::connect(&proxy).receive();
    }
}

#[test]
fn rules_edit_drop_and_dribble() {
    let (_server, proxy) = rig();
    let response = When::connect_response();
    proxy.add(response, Action::Edit(Edit::SessionId(77)));
    proxy.add(response, Action::Edit(Edit::ReadOnly(None)));
    let gap = Duration::from_micros(1);
    proxy.add(response, Action::Dribble { gap });
    proxy.add(When::request(Op::Ping), Action::Drop);
    let mut client = Client::connect(&proxy);
    let body = client.receive();
    assert_eq!(body.len(), 36);
    assert_eq!(ConnectResponse::from_bytes(&body).unwrap().session_id, 77);
    client.ping();
    client.ping();
    client.receive();
    assert_eq!(proxy.view(|view| view.count(&When::reply(Op::Ping))), 1);
}

#[test]
fn four_letter_words_pass() {
    let (_server, proxy) = rig();
    let mut stream = TcpStream::connect(proxy.addr()).unwrap();
    stream.write_all(b"isro").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "rw");
}

#[test]
fn scripts_say_the_same_and_refuse_nonsense() {
    let (_server, proxy) = rig();
    let mut script = Script::new(&proxy);
    script.run("on response skip=1 timeout 5").unwrap();
    script.run("on reply Ping times=all hold").unwrap();
    Client::connect(&proxy).receive();
    let body = Client::connect(&proxy).receive();
    assert_eq!(ConnectResponse::from_bytes(&body).unwrap().timeout, 5);
    assert_eq!(script.run("await connect 2").unwrap(), "");
    assert_eq!(script.run("size response").unwrap(), "41");
    for nonsense in [
        "",
        "jump",
        "on reply",
        "on reply Nothing drop",
        "cut now",
        "await event x",
    ] {
        script.run(nonsense).unwrap_err();
    }
}

#[test]
fn dropping_the_proxy_ends_its_connections() {
    let (_server, proxy) = rig();
    let mut client = Client::connect(&proxy);
    client.receive();
    proxy.hold();
    drop(proxy);
    assert_eq!(client.rest(), b"");
}
