//! A client in Rust on the runtime layer, without the C API: results and events arrive on channels.
#![allow(dead_code, reason = "each test program uses its part")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zk_proto::records::{Acl, Id, Stat};
use zk_proto::{Code, List};
use zk_test_server::{Options, TestServer};
use zookeeper_mt::core::{Outcome, Request};
use zookeeper_mt::log::Line;
use zookeeper_mt::runtime::{Client, Config, Handle, OpenError, Waiter};

/// Longest wait for anything that must happen.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// An outcome that owns its bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Got {
    Void,
    Path(String),
    Stat(Stat),
    Data(Option<Vec<u8>>, Stat),
    Strings(Vec<String>),
    Other,
    Error(Code),
}

impl Got {
    fn new(result: Result<&Outcome<'_>, Code>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match result {
            Ok(Outcome::Void) => Self::Void,
            Ok(Outcome::Path(path) | Outcome::PathStat(path, _)) => Self::Path(text(path)),
            Ok(Outcome::Stat(stat)) => Self::Stat(*stat),
            Ok(Outcome::Data(data, stat)) => Self::Data(data.map(<[u8]>::to_vec), *stat),
            Ok(Outcome::Strings(names) | Outcome::StringsStat(names, _)) => Self::Strings(
                names
                    .iter()
                    .map(|name| text(name.unwrap_or_default()))
                    .collect(),
            ),
            Ok(_) => Self::Other,
            Err(code) => Self::Error(code),
        }
    }

    /// The code, as the C API would return it.
    pub(crate) fn code(&self) -> Code {
        if let Self::Error(code) = self {
            *code
        } else {
            Code::OK
        }
    }
}

/// What the program is told, in order of delivery.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    /// Tag of the request, and its result.
    Done(u32, Got),
    /// Watcher, event type, state, path.
    Event(u32, i32, i32, String),
    /// Tag of the credential, and its result.
    Auth(u32, Code),
    /// The last call.
    Closed,
}

pub(crate) enum Cookie {
    Sync(Arc<Waiter>, Arc<Mutex<Option<Got>>>),
    Async(u32),
}

type OnTold = Box<dyn FnMut(&Told) + Send>;

pub(crate) struct Plug {
    told: Mutex<Sender<Told>>,
    session: Mutex<(i64, [u8; 16])>,
    on_event: Mutex<Option<OnTold>>,
}

impl Plug {
    fn tell(&self, told: Told) {
        if let Some(on_event) = &mut *self.on_event.lock().unwrap() {
            on_event(&told);
        }
        // A test that has seen enough no longer listens.
        let _ = self.told.lock().unwrap().send(told);
    }
}

impl Client for Plug {
    type Cookie = Cookie;
    type Auth = u32;
    type Watcher = u32;
    type Scratch = ();
    type Released = ();

    fn is_sync(cookie: &Cookie) -> bool {
        matches!(cookie, Cookie::Sync(..))
    }
    fn global_watcher(&self) -> u32 {
        0
    }
    fn session(&self, id: i64, password: [u8; 16]) {
        *self.session.lock().unwrap() = (id, password);
    }
    fn finish_sync(&self, cookie: Cookie, result: Result<&Outcome<'_>, Code>) {
        let Cookie::Sync(waiter, slot) = cookie else {
            panic!("asynchronous cookie on the IO thread")
        };
        waiter.finish(|| {
            let got = Got::new(result);
            let code = got.code();
            *slot.lock().unwrap() = Some(got);
            code
        });
    }
    fn complete(&self, cookie: Cookie, result: Result<&Outcome<'_>, Code>, (): &mut ()) {
        let Cookie::Async(tag) = cookie else {
            panic!("synchronous cookie on the completion thread")
        };
        self.tell(Told::Done(tag, Got::new(result)));
    }
    fn complete_auth(&self, auth: u32, code: Code) {
        self.tell(Told::Auth(auth, code));
    }
    fn watch_event(&self, watcher: &u32, kind: i32, state: i32, path: &[u8], (): &mut ()) {
        self.tell(Told::Event(
            *watcher,
            kind,
            state,
            String::from_utf8_lossy(path).into_owned(),
        ));
    }
    fn log(&self, line: &Line) {
        eprintln!("{:?} {}: {}", line.level, line.function, line.text);
    }
    fn closed(&self) {
        self.tell(Told::Closed);
    }
}

/// A handle with its channel; closed on drop.
pub(crate) struct Zk {
    pub(crate) handle: Arc<Handle<Plug>>,
    told: Receiver<Told>,
}

impl Drop for Zk {
    fn drop(&mut self) {
        self.handle.close();
    }
}

impl Zk {
    pub(crate) fn open(hosts: &str, timeout: i32) -> Self {
        Self::open_with(hosts, timeout, None).expect("the handle opens")
    }

    pub(crate) fn open_with(
        hosts: &str,
        timeout: i32,
        session: Option<(i64, [u8; 16])>,
    ) -> Result<Self, OpenError> {
        let (sender, told) = channel();
        let plug = Plug {
            told: Mutex::new(sender),
            session: Mutex::new((0, [0; 16])),
            on_event: Mutex::new(None),
        };
        let config = Config {
            hosts: hosts.as_bytes(),
            recv_timeout: timeout,
            session,
            ..Config::PLAIN
        };
        Handle::open(config, plug, |_| Ok(())).map(|handle| Self { handle, told })
    }

    /// Opens a handle and waits until it is connected.
    pub(crate) fn connect(server: &TestServer) -> Self {
        let zk = Self::open(&server.connect_string(), 10_000);
        zk.expect(&Told::Event(0, -1, 3, String::new()));
        zk
    }

    pub(crate) fn session(&self) -> (i64, [u8; 16]) {
        *self.handle.client().session.lock().unwrap()
    }

    /// Runs `f` on the library's threads, just before each message is sent here.
    pub(crate) fn on_told(&self, f: impl FnMut(&Told) + Send + 'static) {
        *self.handle.client().on_event.lock().unwrap() = Some(Box::new(f));
    }

    /// The next thing told.
    pub(crate) fn next(&self) -> Told {
        self.told
            .recv_timeout(DEADLINE)
            .expect("something is told in time")
    }

    /// The next thing told must be this.
    pub(crate) fn expect(&self, expected: &Told) {
        assert_eq!(&self.next(), expected);
    }

    /// Waits for this, passing over everything else.
    pub(crate) fn wait_for(&self, expected: &Told) {
        while self.next() != *expected {}
    }

    /// Everything told so far.
    pub(crate) fn drain(&self) -> Vec<Told> {
        self.told.try_iter().collect()
    }

    pub(crate) fn start(
        &self,
        tag: u32,
        request: Request<'_>,
        watcher: Option<u32>,
    ) -> Result<(), Code> {
        self.handle.submit(&request, Cookie::Async(tag), watcher)
    }

    pub(crate) fn call(&self, request: Request<'_>, watcher: Option<u32>) -> Got {
        let waiter = Arc::new(Waiter::default());
        let slot = Arc::new(Mutex::new(None));
        if let Err(code) = self.handle.submit(
            &request,
            Cookie::Sync(waiter.clone(), slot.clone()),
            watcher,
        ) {
            return Got::Error(code);
        }
        waiter.wait();
        slot.lock()
            .unwrap()
            .take()
            .expect("the result is written before the caller wakes")
    }

    pub(crate) fn create(&self, path: &str, data: &[u8], mode: i32) -> Got {
        self.call(create(path, data, mode), None)
    }

    pub(crate) fn get(&self, path: &str, watcher: Option<u32>) -> Got {
        self.call(
            Request::GetData {
                path: Some(path.as_bytes()),
            },
            watcher,
        )
    }
}

const OPEN_ACL: &[Acl<'static>] = &[Acl {
    perms: 31,
    id: Id {
        scheme: Some(b"world"),
        id: Some(b"anyone"),
    },
}];

pub(crate) fn create<'a>(path: &'a str, data: &'a [u8], mode: i32) -> Request<'a> {
    Request::Create {
        path: Some(path.as_bytes()),
        data: Some(data),
        acl: List::new(OPEN_ACL),
        mode,
        ttl: -1,
        stat: false,
    }
}

pub(crate) fn get(path: &str) -> Request<'_> {
    Request::GetData {
        path: Some(path.as_bytes()),
    }
}

pub(crate) fn server() -> TestServer {
    TestServer::start(Options::default()).expect("the server starts")
}
