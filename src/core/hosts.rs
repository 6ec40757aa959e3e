//! Which server is tried next: round robin, and the migration rules of a changed list.

use std::net::SocketAddr;

/// The server list with its cursor.
///
/// The C library moves its cursor twice after a failure and so never retries half of the
/// servers; this is plain round robin with one pause per unsuccessful pass (C-421, C-423).
#[derive(Debug)]
pub(crate) struct Hosts {
    servers: Vec<SocketAddr>,
    /// Index of the server that round robin gives next.
    cursor: usize,
    /// The server in use, tried, or tried next.
    current: Option<SocketAddr>,
    /// True if `current` was chosen but no attempt has been made at it.
    fresh: bool,
    /// Failed attempts since the last success, loss or pause.
    failures: usize,
    migration: Option<Migration>,
    probe_cursor: usize,
    random: fastrand::Rng,
}

/// The probabilistic choice after a list change (C-451, C-453).
#[derive(Debug)]
struct Migration {
    old: std::vec::IntoIter<SocketAddr>,
    new: std::vec::IntoIter<SocketAddr>,
    p_new: f64,
}

/// What a list change asks of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListChange {
    /// The same servers as before.
    Same,
    /// Another list; the connection stays.
    Stay,
    /// Another list; the connection must be dropped and a server chosen by the new rules.
    Migrate,
}

impl Hosts {
    /// `servers` in the order to try them; without any, no attempt is made until
    /// [`replace`](Self::replace) brings some.
    pub(crate) fn new(servers: Vec<SocketAddr>, seed: u64) -> Self {
        Self {
            servers,
            cursor: 0,
            current: None,
            fresh: false,
            failures: 0,
            migration: None,
            probe_cursor: 0,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// True if there is no server to try.
    pub(crate) fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// The server in use, tried, or tried next; `None` before the first attempt (C-288).
    pub(crate) fn current(&self) -> Option<SocketAddr> {
        self.current
    }

    /// How many servers there are.
    pub(crate) fn count(&self) -> usize {
        self.servers.len()
    }

    /// The server to try now.
    pub(crate) fn attempt(&mut self) -> Option<SocketAddr> {
        if !self.fresh {
            self.advance();
        }
        self.fresh = false;
        self.current
    }

    /// Chooses the next server without trying it (C-454).
    pub(crate) fn advance(&mut self) {
        let next = self.migrating().or_else(|| self.round_robin());
        self.current = next;
        self.fresh = next.is_some();
    }

    /// The attempt at [`current`](Self::current) failed. True if every server has now failed
    /// once since the last success or pause, so that it is time to pause.
    pub(crate) fn attempt_failed(&mut self) -> bool {
        self.failures += 1;
        self.advance();
        let pass_is_over = self.failures >= self.servers.len();
        if pass_is_over {
            self.failures = 0;
        }
        pass_is_over
    }

    /// A session was established with [`current`](Self::current).
    pub(crate) fn attempt_succeeded(&mut self) {
        self.migration = None;
        self.failures = 0;
        self.put_current_last();
    }

    /// From here on the others come first and the current server last, wherever it stands in
    /// the list.
    fn put_current_last(&mut self) {
        if let Some(at) = self
            .current
            .and_then(|c| self.servers.iter().position(|&s| s == c))
        {
            self.cursor = (at + 1) % self.servers.len();
        }
    }

    /// An established connection was lost: go on with the next server at once.
    pub(crate) fn connection_lost(&mut self) {
        self.failures = 0;
        self.advance();
    }

    /// Tries this server next, whatever the order says (a read/write server was found).
    pub(crate) fn prefer(&mut self, server: SocketAddr) {
        self.current = Some(server);
        self.fresh = true;
    }

    /// The server to ask next whether it is read/write (C-443).
    pub(crate) fn probe_target(&mut self) -> Option<SocketAddr> {
        let target = self
            .servers
            .get(self.probe_cursor % self.servers.len().max(1))
            .copied();
        self.probe_cursor = self.probe_cursor.wrapping_add(1);
        target
    }

    /// Takes a new, non-empty list. Servers are equal if address and port are (C-450).
    pub(crate) fn replace(&mut self, servers: Vec<SocketAddr>, connected: bool) -> ListChange {
        if servers.len() == self.servers.len() && servers.iter().all(|s| self.servers.contains(s)) {
            return ListChange::Same;
        }
        let previous = std::mem::replace(&mut self.servers, servers);
        let (old, new): (Vec<_>, Vec<_>) = self.servers.iter().partition(|s| previous.contains(s));
        let keeps_current = self.current.is_some_and(|c| self.servers.contains(&c));
        let (before, o, n) = (previous.len() as f64, old.len() as f64, new.len() as f64);
        self.cursor = 0;
        self.failures = 0;

        let (migrate, p_new) = if o + n > before {
            if keeps_current {
                // Load per server falls from 1/P to 1/(O+N): that share of the clients moves.
                (self.random.f64() < 1.0 - before / (o + n), 1.0)
            } else {
                (true, 1.0)
            }
        } else if keeps_current {
            (false, 1.0)
        } else {
            let denominator = (o + n) * (before - o);
            let p_old = if denominator > 0.0 {
                o * (before - (o + n)) / denominator
            } else {
                0.0
            };
            (true, 1.0 - p_old)
        };

        if connected && !migrate {
            self.migration = None;
            self.put_current_last();
            return ListChange::Stay;
        }
        self.migration = Some(Migration {
            old: old.into_iter(),
            new: new.into_iter(),
            p_new,
        });
        if connected {
            self.advance();
            return ListChange::Migrate;
        }
        // An attempt that is under way goes on; the next one follows the new rules.
        self.fresh = false;
        ListChange::Stay
    }

    fn migrating(&mut self) -> Option<SocketAddr> {
        let migration = self.migration.as_mut()?;
        let prefer_new = self.random.f64() < migration.p_new;
        let next = if prefer_new {
            migration.new.next().or_else(|| migration.old.next())
        } else {
            migration.old.next().or_else(|| migration.new.next())
        };
        if next.is_none() {
            self.migration = None;
        }
        next
    }

    fn round_robin(&mut self) -> Option<SocketAddr> {
        let next = self.servers.get(self.cursor).copied();
        self.cursor = (self.cursor + 1) % self.servers.len().max(1);
        next
    }
}

/// Puts a freshly resolved list into random order (C-273), unless the process asked for a
/// deterministic one.
pub(crate) fn shuffle(servers: &mut [SocketAddr], seed: u64) {
    fastrand::Rng::with_seed(seed).shuffle(servers);
}

#[cfg(test)]
mod tests;
