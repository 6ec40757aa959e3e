//! Servers that form one service.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::ports;
use crate::server::{Place, Server};
use crate::word::{Mode, mode};

/// Longest wait for a server to serve. Servers start within seconds unless the machine is busy.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How often servers are asked for their state: as other processes, they tell nobody.
const POLL: Duration = Duration::from_millis(20);

/// What kind of ensemble.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many servers, 1 to 200. One is a standalone server.
    pub servers: usize,
    /// Tick in ms: half of the shortest session, and how exactly sessions expire.
    pub tick_ms: u32,
    /// The longest session that the servers grant, in ms.
    pub max_session_ms: u32,
    /// True for an ensemble whose members may be changed by reconfig.
    pub dynamic: bool,
    /// True if servers without a quorum serve readers. Sessions are then local ones of their
    /// server until they create an ephemeral node: such servers take no others.
    pub read_only: bool,
    /// Most memory for the objects of one server, in MiB.
    pub heap_mb: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            servers: 3,
            tick_ms: 500,
            max_session_ms: 60_000,
            dynamic: false,
            read_only: false,
            heap_mb: 96,
        }
    }
}

/// Running servers. Their index counts from 0.
///
/// Server `i` listens on `127.0.0.(i+1)`, all with the same port: the addresses are those a name
/// could have.
#[derive(Debug)]
pub struct Ensemble {
    // Declared before the folder, so that the processes are gone when their files are removed.
    servers: Vec<Server>,
    options: Options,
    folder: TempDir,
}

impl Ensemble {
    /// Starts the servers and waits until all of them serve.
    ///
    /// # Errors
    /// What the system says, or the servers' log if they do not come up.
    pub fn start(options: Options) -> io::Result<Self> {
        // Someone else may take a port between the look and the start: then others are tried.
        const ATTEMPTS: usize = 5;
        let mut attempt = 1;
        loop {
            match Self::try_start(&options) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && attempt < ATTEMPTS => {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn try_start(options: &Options) -> io::Result<Self> {
        let addresses = (1..=options.servers)
            .map(address)
            .collect::<io::Result<Vec<_>>>()?;
        let ports = ports::free(&addresses, 3)?;
        let &[client, quorum, election] = ports.as_slice() else {
            return Err(io::Error::other("three ports were asked for"));
        };
        let places: Vec<Place> = (1..)
            .zip(addresses)
            .map(|(id, address)| Place {
                id,
                address,
                client,
                quorum,
                election,
            })
            .collect();
        let mut ensemble = Self {
            servers: Vec::new(),
            options: options.clone(),
            folder: tempfile::tempdir()?,
        };
        let members = lines(places.iter().map(|place| place.line("participant")));
        for place in &places {
            ensemble.create(*place, &places, &members)?;
        }
        ensemble.restart_all()?;
        ensemble.wait_until_all_serve()?;
        Ok(ensemble)
    }

    fn create(&mut self, place: Place, all: &[Place], members: &str) -> io::Result<()> {
        let Options {
            tick_ms,
            max_session_ms,
            dynamic,
            read_only,
            ..
        } = self.options;
        let mut settings = format!(
            "tickTime={tick_ms}\n\
             maxSessionTimeout={max_session_ms}\n\
             initLimit=40\n\
             syncLimit=10\n\
             maxClientCnxns=0\n\
             admin.enableServer=false\n\
             4lw.commands.whitelist=*\n\
             localSessionsEnabled={read_only}\n\
             localSessionsUpgradingEnabled={read_only}\n"
        );
        if dynamic {
            settings += "reconfigEnabled=true\nstandaloneEnabled=false\n";
        } else {
            settings += &format!(
                "clientPort={}\nclientPortAddress={}\n",
                place.client, place.address
            );
            if all.len() > 1 {
                settings += &lines(all.iter().map(Place::static_line));
            }
        }
        let folder = self.folder.path().join(place.id.to_string());
        let members = dynamic.then_some(members);
        self.servers
            .push(Server::create(folder, place, settings, members)?);
        Ok(())
    }

    /// Starts one more server, which follows the ensemble as an observer until a reconfig makes it
    /// a member. `members` is the present configuration, as `/zookeeper/config` has it. Gives the
    /// index of the new server; it serves only when it has found the leader.
    ///
    /// # Errors
    /// What the system says.
    pub fn join(&mut self, members: &str) -> io::Result<usize> {
        let index = self.servers.len();
        let first = self.servers.first().map(|server| server.place);
        let mut place = first.ok_or_else(|| io::Error::other("there is nothing to join"))?;
        place.id = index + 1;
        place.address = address(place.id)?;
        let others = members.lines().filter(|line| line.starts_with("server."));
        let members = lines(others.map(str::to_owned).chain([place.line("observer")]));
        self.create(place, &[], &members)?;
        self.restart(index)?;
        Ok(index)
    }

    /// How many servers there are, running or not.
    pub fn len(&self) -> usize {
        self.servers.len()
    }

    /// True if there is no server.
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// The list for `zookeeper_init` with all servers, in their order.
    pub fn hosts(&self) -> String {
        let all: Vec<String> = (0..self.len()).map(|i| self.host(i)).collect();
        all.join(",")
    }

    /// The list with this server alone.
    pub fn host(&self, index: usize) -> String {
        self.address(index).to_string()
    }

    /// Where this server listens for clients.
    ///
    /// # Panics
    /// If there is no such server, as all that take an index do.
    pub fn address(&self, index: usize) -> SocketAddr {
        self.servers[index].place.client_address()
    }

    /// The line that makes this server a voting member, for the joining servers of a reconfig.
    pub fn member_line(&self, index: usize) -> String {
        self.servers[index].place.line("participant")
    }

    /// Its number in configurations, for the leaving servers of a reconfig.
    pub fn member_id(&self, index: usize) -> usize {
        self.servers[index].place.id
    }

    /// The process of a running server.
    ///
    /// # Errors
    /// If it does not run.
    pub fn process_id(&self, index: usize) -> io::Result<u32> {
        Ok(self.servers[index].process()?.id())
    }

    /// SIGKILL; paused servers too. Nothing happens to one that does not run.
    pub fn kill(&mut self, index: usize) {
        self.servers[index].kill();
    }

    /// Kills all servers at once.
    pub fn kill_all(&mut self) {
        self.servers.iter_mut().for_each(Server::kill);
    }

    /// SIGSTOP: the server keeps its connections and says nothing.
    ///
    /// # Errors
    /// If it does not run.
    pub fn pause(&self, index: usize) -> io::Result<()> {
        self.servers[index].process()?.pause()
    }

    /// SIGCONT.
    ///
    /// # Errors
    /// If it does not run.
    pub fn resume(&self, index: usize) -> io::Result<()> {
        self.servers[index].process()?.resume()
    }

    /// Starts a server that was killed, on its data and ports, without waiting for it to serve.
    ///
    /// # Errors
    /// If it runs, or what the system says.
    pub fn restart(&mut self, index: usize) -> io::Result<()> {
        let Options {
            heap_mb, read_only, ..
        } = self.options;
        self.servers[index].start(heap_mb, read_only)
    }

    /// Starts all servers that do not run, without waiting for them to serve.
    ///
    /// # Errors
    /// What the system says.
    pub fn restart_all(&mut self) -> io::Result<()> {
        for index in 0..self.len() {
            if self.servers[index].process().is_err() {
                self.restart(index)?;
            }
        }
        Ok(())
    }

    /// What the server serves as; `None` while it serves nobody.
    pub fn mode(&self, index: usize) -> Option<Mode> {
        mode(self.address(index))
    }

    /// The server that leads, or that is alone.
    pub fn leader(&self) -> Option<usize> {
        let leads = |&i: &usize| matches!(self.mode(i), Some(Mode::Leader | Mode::Standalone));
        (0..self.len()).find(leads)
    }

    /// Waits until the ensemble has a leader again, and gives its index.
    ///
    /// # Errors
    /// `TimedOut` if it takes too long.
    pub fn wait_for_leader(&self) -> io::Result<usize> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            match self.leader() {
                Some(leader) => return Ok(leader),
                None if Instant::now() < deadline => thread::sleep(POLL),
                None => return Err(io::Error::new(io::ErrorKind::TimedOut, "no leader")),
            }
        }
    }

    /// Waits until the server serves with a quorum.
    ///
    /// # Errors
    /// `AddrInUse` if its process ended by itself, `TimedOut` if it takes too long; with its log.
    pub fn wait_until_serving(&mut self, index: usize) -> io::Result<()> {
        self.wait_for_mode(index, |mode| mode != Mode::ReadOnly)
    }

    /// Waits until the server, left without a quorum, serves readers.
    ///
    /// # Errors
    /// As for [`wait_until_serving`](Self::wait_until_serving).
    pub fn wait_until_read_only(&mut self, index: usize) -> io::Result<()> {
        self.wait_for_mode(index, |mode| mode == Mode::ReadOnly)
    }

    /// Waits until all running servers serve with a quorum.
    ///
    /// # Errors
    /// As for [`wait_until_serving`](Self::wait_until_serving).
    pub fn wait_until_all_serve(&mut self) -> io::Result<()> {
        for index in 0..self.len() {
            if self.servers[index].process().is_ok() {
                self.wait_until_serving(index)?;
            }
        }
        Ok(())
    }

    fn wait_for_mode(&mut self, index: usize, wanted: impl Fn(Mode) -> bool) -> io::Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        while !self.mode(index).is_some_and(&wanted) {
            let failed = self.servers[index].has_failed()?;
            if failed || Instant::now() >= deadline {
                let (kind, what) = if failed {
                    (io::ErrorKind::AddrInUse, "ended by itself")
                } else {
                    (io::ErrorKind::TimedOut, "does not come up")
                };
                let log = self.log(index);
                return Err(io::Error::new(
                    kind,
                    format!("server {index} {what}\n{log}"),
                ));
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// What the server has logged: warnings and errors.
    pub fn log(&self, index: usize) -> String {
        self.servers[index].log()
    }
}

fn address(id: usize) -> io::Result<Ipv4Addr> {
    match u8::try_from(id) {
        Ok(last @ 1..=254) => Ok(Ipv4Addr::new(127, 0, 0, last)),
        _ => Err(io::Error::other("too many servers")),
    }
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| line + "\n").collect()
}
