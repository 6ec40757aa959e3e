//! The program `zk-test-server`: its output, its signals, its control port.

use crate::socket::Socket;
use crate::support::*;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use zk_proto::{Code, Op};

struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Program {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zk-test-server"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program");
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, stdout }
    }

    /// The address on the next line of output, behind these words.
    fn addr(&mut self, words: &str) -> SocketAddr {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        let addr = line
            .strip_prefix(words)
            .and_then(|rest| rest.strip_suffix('\n'));
        addr.unwrap_or_else(|| panic!("{line:?}"))
            .parse()
            .expect("an address")
    }

    /// Memory that the process really has, bytes.
    fn resident(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kib.expect("its size").parse::<usize>().expect("a number") << 10
    }

    fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::yield_now();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Errors mean that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A control connection.
struct Control(BufReader<TcpStream>);

impl Control {
    fn open(addr: SocketAddr) -> Self {
        Self(BufReader::new(crate::socket::dial(addr)))
    }

    fn run(&mut self, command: &str) -> String {
        self.0
            .get_mut()
            .write_all(format!("{command}\n").as_bytes())
            .expect("sent");
        let mut line = String::new();
        self.0.read_line(&mut line).expect("an answer");
        line.trim_end().to_owned()
    }
}

#[test]
fn the_first_line_tells_the_port_and_sigterm_ends_the_program() {
    let mut program = Program::start(&["--port", "0"]);
    let addr = program.addr("listening on ");
    let mut client = Socket::open(addr);
    assert_eq!(client.call(&create("/a", 0)).err, Code::OK);
    let pid = program.child.id().to_string();
    assert!(
        Command::new("kill")
            .arg(&pid)
            .status()
            .expect("kill")
            .success()
    );
    assert!(program.wait().success());
    let mut rest = String::new();
    program
        .stdout
        .read_to_string(&mut rest)
        .expect("its output");
    assert!(rest.is_empty());
}

#[test]
fn the_end_of_standard_input_ends_the_program_if_asked() {
    let mut program = Program::start(&["--exit-on-stdin-close"]);
    program.addr("listening on ");
    drop(program.child.stdin.take());
    assert!(program.wait().success());
}

#[test]
fn options_change_what_clients_get() {
    let args = [
        "--tick-time",
        "100",
        "--max-session-timeout",
        "5000",
        "--no-extended-types",
    ];
    let mut program = Program::start(&args);
    let addr = program.addr("listening on ");
    let mut client = Socket::open(addr);
    assert_eq!(
        client.call(&create_ttl("/t", 5, 10)).err,
        Code::UNIMPLEMENTED
    );
    let conf = crate::socket::word(addr, "conf");
    assert!(conf.contains("tickTime=100\n") && conf.contains("maxSessionTimeout=5000\n"));
}

#[test]
fn wrong_options_end_the_program_with_a_message() {
    for args in [
        &["--nonsense"][..],
        &["--port"],
        &["--port", "x"],
        &["stray"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_zk-test-server"))
            .args(args)
            .output();
        let output = output.expect("the program");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("usage:"));
    }
    let output = Command::new(env!("CARGO_BIN_EXE_zk-test-server"))
        .arg("--help")
        .output();
    assert!(String::from_utf8_lossy(&output.expect("help").stdout).contains("drop-close"));
}

#[test]
fn control_commands_take_effect_before_they_are_answered() {
    let mut program = Program::start(&["--control"]);
    let addr = program.addr("listening on ");
    let mut control = Control::open(program.addr("control on "));
    let mut client = Socket::open(addr);
    assert_eq!(control.run("zxid"), "ok 0x1");
    assert_eq!(control.run("sessions"), format!("ok {:#x}", client.session));
    assert_eq!(
        control.run("connections"),
        format!("ok 1:{:#x}", client.session)
    );

    assert_eq!(
        control.run("rule fail code=NO_NODE op=getData times=1"),
        "ok 1"
    );
    assert_eq!(
        client.call(&read(Op::GetData, "/", false)).err,
        Code::NO_NODE
    );
    assert_eq!(client.call(&read(Op::GetData, "/", false)).err, Code::OK);
    assert_eq!(control.run("hits 1"), "ok 1");
    assert_eq!(control.run("unrule 1"), "ok");

    assert_eq!(control.run("rule hold op=exists path=/ times=1"), "ok 2");
    let held = client.send(&read(Op::Exists, "/", false));
    while control.run("hits 2") == "ok 0" {}
    assert_eq!(control.run("release"), "ok 1");
    assert_eq!(client.receive().expect("a reply").xid, held);

    assert_eq!(control.run("refuse on"), "ok");
    assert!(TcpStream::connect(addr).is_err());
    assert_eq!(control.run("refuse off"), "ok");
    assert_eq!(control.run("accept close times=1"), "ok");
    assert!(Socket::try_open(addr, 0, [0; 16]).is_none());
    Socket::open(addr);

    assert_eq!(
        control.run(&format!("close session={:#x}", client.session)),
        "ok"
    );
    assert_eq!(client.receive(), None);
    assert_eq!(
        control.run(&format!("expire session={:#x}", client.session)),
        "ok"
    );
    assert!(Socket::try_open(addr, client.session, client.password).is_none());

    assert_eq!(control.run("read-only on"), "ok");
    assert_eq!(crate::socket::word(addr, "isro"), "ro");
    assert_eq!(control.run("clear"), "ok");
}

#[test]
fn wrong_control_commands_do_nothing_and_tell_why() {
    let mut program = Program::start(&["--control"]);
    let addr = program.addr("listening on ");
    let mut control = Control::open(program.addr("control on "));
    for command in [
        "",
        "nonsense",
        "refuse",
        "refuse maybe",
        "refuse on stray=1",
        "accept close stray",
        "clear all",
        "close",
        "close conn=99",
        "close session=7",
        "expire session=7",
        "rule",
        "rule explode",
        "rule fail",
        "rule fail code=nonsense",
        "rule hold op=nonsense",
        "rule hold stray=1",
        "hits x",
        "unrule 9",
        "advance -1",
        "cut all",
    ] {
        assert!(control.run(command).starts_with("error "), "{command:?}");
    }
    assert_eq!(control.run("rules"), "ok");
    assert!(TcpStream::connect(addr).is_ok());
}

/// The limit is 400 MB for a million; the number of nodes here leaves the server's table as empty
/// as a million does, which is half.
#[test]
fn a_node_of_100_bytes_takes_no_more_than_400_bytes_of_memory() {
    const BATCH: usize = 1_000;
    const BATCHES: usize = 120;
    const SEQUENCE: i32 = 2;
    let mut program = Program::start(&["--exit-on-stdin-close"]);
    let mut client = Socket::open(program.addr("listening on "));
    assert_eq!(client.call(&create("/of-some-length", 0)).err, Code::OK);
    let request = create_body("/of-some-length/n-", Some(&[b'x'; 100]), &[WORLD], SEQUENCE);
    let mut fill = || {
        for _ in 0..BATCH {
            client.send(&(Op::Create, request.clone()));
        }
        for _ in 0..BATCH {
            assert_eq!(client.receive().expect("a reply").err, Code::OK);
        }
    };
    // Brings the buffers to their size.
    fill();
    let before = program.resident();
    for _ in 0..BATCHES {
        fill();
    }
    let growth = program.resident().saturating_sub(before);
    let per_node = growth / (BATCH * BATCHES);
    // Path and data alone take more than 100, or they are not there.
    assert!((100..=400).contains(&per_node), "{per_node} bytes");
}
