//! Processes that end with their handle, or with us.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use rustix::process::{Pid, Signal, kill_process};

/// A command, and where its process goes.
type Order = (Command, Sender<io::Result<Child>>);

/// A running process; killed and reaped on drop.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts it from a thread that lives as long as this process: the kernel takes the end of
    /// the starting thread for that of the parent, and a test's thread ends with the test.
    pub(crate) fn start(command: Command) -> io::Result<Self> {
        static STARTER: OnceLock<Sender<Order>> = OnceLock::new();
        let gone = |_| io::Error::other("the starting thread is gone");
        let starter = STARTER.get_or_init(|| {
            let (sender, orders) = channel::<Order>();
            std::thread::spawn(move || {
                for (mut command, answer) in orders {
                    // Nobody waits any more only if that thread panicked.
                    let _ = answer.send(command.spawn());
                }
            });
            sender
        });
        let (answer, child) = channel();
        starter
            .send((command, answer))
            .map_err(|_| io::Error::other("the starting thread is gone"))?;
        let child = child.recv().map_err(gone)??;
        Ok(Self { child })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Exit status if the process has ended.
    pub(crate) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Stops the process where it is; it keeps its sockets.
    pub(crate) fn pause(&self) -> io::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a paused process go on.
    pub(crate) fn resume(&self) -> io::Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        // Not reaped yet, or there would be no `self`: the number is still this process.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("not a process id"))?;
        Ok(kill_process(pid, signal)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
