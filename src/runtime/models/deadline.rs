//! The reply to a request and its deadline, which come at once: the caller looks at the clock,
//! the IO thread has the reply.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use loom::thread;
use zk_proto::records::{ConnectResponse, ReplyHeader, RequestHeader};
use zk_proto::{Code, Jute, frame};

use super::{Doorbell, explore};
use crate::core::{Core, Delivery, Events, Millis, Outbox, Queue, Reply, Request, Settings};
use crate::runtime::Waiter;
use crate::runtime::inlet::Inlet;
use crate::runtime::primitives::Mutex;

/// When the request has to be finished; everything before happens at 0.
const DUE: Millis = 100;

#[derive(Debug, Default)]
struct Call {
    waiter: Waiter,
    /// How often it was finished; for assertions only, so no synchronisation of the model.
    ends: AtomicUsize,
}

type Cookie = Arc<Call>;

/// What the drivers of the connection share.
struct Engine {
    core: Core<Cookie, u8, ()>,
    queue: Queue<Cookie, u8>,
    events: Events<Cookie, u8, ()>,
}

struct Handle {
    inlet: Inlet<Outbox<Cookie, u8>, Doorbell>,
    engine: Mutex<Engine>,
}

fn framed<'a>(record: &impl Jute<'a>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::append(&mut bytes, |out| record.encode(out));
    bytes
}

impl Engine {
    fn connected() -> Self {
        let mut core = Core::new(Settings {
            servers: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 2181))],
            recv_timeout: 30_000,
            session: None,
            read_only: false,
            global_watcher: 0,
            seed: 1,
        });
        core.next_attempt(false, 0).expect("a server");
        core.handle_connected();
        let mut engine = Self {
            core,
            queue: Queue::default(),
            events: Events::default(),
        };
        engine.sent();
        engine.receive(&framed(&ConnectResponse {
            protocol_version: 0,
            timeout: 30_000,
            session_id: 1,
            password: Some(&[0; 16]),
            read_only: Some(false),
        }));
        engine.events.deliver.clear();
        engine
    }

    /// Everything is on its way; returns it.
    fn sent(&mut self) -> Vec<u8> {
        let bytes = self.core.transmit().to_vec();
        self.core.sent(bytes.len(), 0);
        bytes
    }

    fn receive(&mut self, input: &[u8]) {
        let used = self.core.handle_input(input, 0, &mut self.events);
        assert_eq!(used.ok(), Some(input.len()));
    }

    fn take(&mut self, handle: &Handle) {
        handle.inlet.with(|outbox| outbox.take(&mut self.queue));
        self.core.enqueue(&mut self.queue);
    }

    fn hand_over(&mut self) {
        for delivery in self.events.deliver.drain(..) {
            if let Delivery::Reply(Reply { cookie, code, .. }) = delivery {
                cookie.ends.fetch_add(1, Ordering::Relaxed);
                cookie.waiter.finish(|| code);
            }
        }
    }
}

impl Handle {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            inlet: Inlet::new(Outbox::default(), Doorbell::default()),
            engine: Mutex::new(Engine::connected()),
        })
    }

    /// A request whose time is over as soon as it is made.
    fn submit(&self) -> Cookie {
        let call = Cookie::default();
        let (path, version) = (Some(&b"/a"[..]), -1);
        let submitted: Result<(), Infallible> = self.inlet.append(|outbox| {
            let request = Request::Delete { path, version };
            assert_eq!(outbox.submit(&request, b"", call.clone(), None), Ok(()));
            outbox.limit_last(DUE);
            Ok(())
        });
        assert!(submitted.is_ok());
        call
    }

    fn expire(&self) {
        let mut engine = self.engine.lock();
        engine.take(self);
        let Engine { core, events, .. } = &mut *engine;
        core.expire(DUE, events);
        engine.hand_over();
    }

    fn call(&self) -> (Code, Cookie) {
        let call = self.submit();
        if !call.waiter.is_finished_within(Duration::ZERO) {
            self.expire();
        }
        (call.waiter.wait(), call)
    }

    /// Sends what there is, and in a turn of its own has the answer.
    fn io_thread(&self) {
        let mut engine = self.engine.lock();
        engine.take(self);
        let sent = engine.sent();
        drop(engine);
        let mut rest = &sent[..];
        while let Ok(frame::Split::Frame(body)) = frame::split(rest, usize::MAX) {
            rest = &rest[frame::PREFIX + body.len()..];
            let RequestHeader { xid, .. } = RequestHeader::from_bytes(body).unwrap();
            let err = Code::OK;
            let mut engine = self.engine.lock();
            engine.receive(&framed(&ReplyHeader { xid, zxid: 1, err }));
            engine.hand_over();
        }
    }
}

fn check(code: Code, call: &Call) {
    assert!(
        code == Code::OK || code == Code::OPERATION_TIMEOUT,
        "{code:?}"
    );
    assert_eq!(call.ends.load(Ordering::Relaxed), 1);
}

// F-23: exactly once, whichever comes first.
#[test]
fn a_request_ends_once_with_its_reply_or_its_deadline() {
    explore(3, || {
        let handle = Handle::new();
        let io = {
            let handle = handle.clone();
            thread::spawn(move || handle.io_thread())
        };
        let (code, call) = handle.call();
        io.join().unwrap();
        check(code, &call);
    });
}

// F-23: a caller whose time is over finishes what is due of others too, and nobody twice.
#[test]
fn callers_whose_time_is_over_at_once_end_each_request_once() {
    explore(2, || {
        let handle = Handle::new();
        let spawn = |body: fn(&Handle)| {
            let handle = handle.clone();
            thread::spawn(move || body(&handle))
        };
        let other = spawn(|handle| {
            let (code, call) = handle.call();
            check(code, &call);
        });
        let io = spawn(Handle::io_thread);
        let (code, call) = handle.call();
        io.join().unwrap();
        other.join().unwrap();
        check(code, &call);
    });
}
