//! Lets go wrong what the plan says, when the clients have made so many requests.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use zk_ensemble::Ensemble;
use zk_proto::SessionState;
use zk_proxy::{Direction, Proxy};

use crate::client::Stage;
use crate::ffi::Handle;
use crate::history::What;
use crate::plan::{Fault, Faults, Toward};

/// The servers, and the proxies through which clients reach them.
#[derive(Debug)]
pub struct Service {
    /// The servers.
    pub ensemble: Ensemble,
    proxies: Vec<Proxy>,
}

/// How often the count of requests is looked at.
const POLL: Duration = Duration::from_millis(5);
/// Longest time for another handle to take over a session.
const TAKEOVER: Duration = Duration::from_secs(10);

impl Service {
    /// Starts servers and proxies.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(options: zk_ensemble::Options) -> Result<Self> {
        let ensemble = Ensemble::start(options).context("cannot start the ensemble")?;
        let mut proxies = Vec::new();
        for server in 0..ensemble.len() {
            let proxy = Proxy::start(ensemble.address(server))?;
            // A long run's frames would fill the memory.
            proxy.record(false);
            proxies.push(proxy);
        }
        Ok(Self { ensemble, proxies })
    }

    /// The list of servers for clients that may be cut off.
    pub fn hosts(&self) -> String {
        let hosts: Vec<String> = self.proxies.iter().map(Proxy::connect_string).collect();
        hosts.join(",")
    }

    /// Injects faults until the stage stops; all servers serve then.
    ///
    /// # Errors
    /// A server cannot be started again.
    pub fn torment(&mut self, stage: &Stage, faults: &mut Faults) -> Result<()> {
        let begin = Instant::now();
        let mut at = 0;
        loop {
            let (after, fault) = faults.draw();
            at += after;
            while stage.requests.load(Ordering::Relaxed) < at {
                if stage.stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
                std::thread::sleep(POLL);
            }
            let requests = stage.requests.load(Ordering::Relaxed);
            // Faults that last let many requests wait: the next ones count from here.
            at = requests;
            eprintln!(
                "{:8.1} s {requests:>9} requests: {fault:?}",
                begin.elapsed().as_secs_f64()
            );
            if !self.inject(stage, fault)? {
                eprintln!("{:>10} that did not come about", "");
                continue;
            }
            if let Some(count) = stage.injected.get(fault.kind()) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// False if the fault did not come about: nothing was there to be hit.
    fn inject(&mut self, stage: &Stage, fault: Fault) -> Result<bool> {
        match fault {
            Fault::Kill(server, time) => {
                self.ensemble.kill(server);
                std::thread::sleep(time);
                self.ensemble.restart(server)?;
                self.ensemble.wait_until_serving(server)?;
            }
            Fault::Pause(server, time) => {
                self.ensemble.pause(server)?;
                std::thread::sleep(time);
                self.ensemble.resume(server)?;
                self.ensemble.wait_until_serving(server)?;
            }
            Fault::Expire(client) => {
                let id = stage.ids.get(usize::from(client));
                let id = id.and_then(|id| *id.lock().unwrap_or_else(PoisonError::into_inner));
                let Some((session, id)) = id else {
                    return Ok(false);
                };
                stage.recorder.note(session, What::TakenOver);
                let hosts = self.ensemble.hosts();
                let timeout = stage.timeout_ms;
                let thief = Handle::open_silently(stage.api, &hosts, timeout, Some(&id))?;
                let deadline = Instant::now() + TAKEOVER;
                let undecided = |state| state > 0 && state != SessionState::CONNECTED;
                while undecided(thief.state()) && Instant::now() < deadline {
                    std::thread::sleep(POLL);
                }
                return Ok(thief.state() == SessionState::CONNECTED);
            }
            Fault::Cut(server) => self.proxy(server, Proxy::cut),
            Fault::CutAfter(server, toward, bytes) => {
                let direction = match toward {
                    Toward::Client => Direction::ToClient,
                    Toward::Server => Direction::ToServer,
                };
                self.proxy(server, |proxy| proxy.cut_after(direction, bytes));
            }
            Fault::Silence(server, time) => {
                self.proxy(server, Proxy::hold);
                std::thread::sleep(time);
                self.proxy(server, Proxy::release);
            }
        }
        Ok(true)
    }

    fn proxy(&self, server: usize, what: impl FnOnce(&Proxy)) {
        if let Some(proxy) = self.proxies.get(server) {
            what(proxy);
        }
    }

    /// Ends what may still be going on.
    pub fn calm(&self) {
        self.proxies.iter().for_each(Proxy::clear);
    }
}
