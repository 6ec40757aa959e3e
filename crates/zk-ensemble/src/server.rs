//! One server: its files and its process.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::java;
use crate::process::Process;

/// Where a server listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Its number in the ensemble, from 1.
    pub(crate) id: usize,
    pub(crate) address: Ipv4Addr,
    pub(crate) client: u16,
    pub(crate) quorum: u16,
    pub(crate) election: u16,
}

impl Place {
    /// For clients.
    pub(crate) fn client_address(&self) -> SocketAddr {
        (self.address, self.client).into()
    }

    /// Its line in a dynamic configuration.
    pub(crate) fn line(&self, role: &str) -> String {
        let Self {
            id,
            address,
            client,
            quorum,
            election,
        } = self;
        format!("server.{id}={address}:{quorum}:{election}:{role};{address}:{client}")
    }

    /// Its line in a static configuration.
    pub(crate) fn static_line(&self) -> String {
        let Self {
            id,
            address,
            quorum,
            election,
            ..
        } = self;
        format!("server.{id}={address}:{quorum}:{election}")
    }
}

/// A server, running or not; what it has stored stays until it is dropped with its ensemble.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) place: Place,
    folder: PathBuf,
    process: Option<Process>,
}

impl Server {
    /// Writes its files: `settings`, and the members of a dynamic configuration.
    pub(crate) fn create(
        folder: PathBuf,
        place: Place,
        mut settings: String,
        members: Option<&str>,
    ) -> io::Result<Self> {
        let data = folder.join("data");
        fs::create_dir_all(&data)?;
        fs::write(data.join("myid"), place.id.to_string())?;
        settings += &format!("dataDir={}\n", data.display());
        if let Some(members) = members {
            let file = folder.join("members");
            fs::write(&file, members)?;
            settings += &format!("dynamicConfigFile={}\n", file.display());
        }
        fs::write(config(&folder), settings)?;
        Ok(Self {
            place,
            folder,
            process: None,
        })
    }

    /// Starts the process, without waiting for it to serve.
    pub(crate) fn start(&mut self, heap_mb: u32, read_only: bool) -> io::Result<()> {
        if self.process.is_some() {
            return Err(io::Error::other("the server runs already"));
        }
        let mut command = java::command(&config(&self.folder), heap_mb, read_only);
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("log"))?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.process = Some(Process::start(command)?);
        Ok(())
    }

    /// SIGKILL; nothing happens if it does not run.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// The process; an error if there is none.
    pub(crate) fn process(&self) -> io::Result<&Process> {
        let stopped = || io::Error::other("the server does not run");
        self.process.as_ref().ok_or_else(stopped)
    }

    /// True if it was started and has ended by itself since.
    pub(crate) fn has_failed(&mut self) -> io::Result<bool> {
        match &mut self.process {
            Some(process) => Ok(process.try_wait()?.is_some()),
            None => Ok(false),
        }
    }

    /// Everything it has written to standard output and error.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn config(folder: &Path) -> PathBuf {
    folder.join("zoo.cfg")
}
