//! Settings of a server, with the real server's defaults unless said otherwise.

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Loopback port to listen on; 0 takes a free one. Unused without a listener.
    pub port: u16,
    /// Unit of session expiry, ms.
    pub tick_ms: u32,
    /// Lower bound of session timeouts, ms; `None` is two ticks.
    pub min_session_timeout_ms: Option<u32>,
    /// Upper bound of session timeouts, ms; `None` is twenty ticks.
    pub max_session_timeout_ms: Option<u32>,
    /// Connections per client address; 0 is no limit (S-060).
    pub max_client_cnxns: u32,
    /// Largest request frame, bytes, length word not counted (S-050).
    pub max_frame: usize,
    /// Nodes with a time to live. On by default, unlike the real server.
    pub extended_types: bool,
    /// Hard quota limits are enforced (S-188).
    pub enforce_quota: bool,
    /// Start as a read-only server (S-243).
    pub read_only: bool,
    /// Value of `DigestAuthenticationProvider.superDigest`, `user:base64` (S-106).
    pub super_digest: Option<String>,
    /// High byte of session ids (S-019).
    pub server_id: u8,
    /// How often containers and nodes with a time to live are looked at, ms (S-118).
    pub container_check_ms: u32,
    /// Age at which a container that never had a child goes, ms; 0 is never (S-118).
    pub container_max_never_used_ms: u32,
    /// Bytes of replies waiting for one connection above which its requests are left unread.
    pub output_limit: usize,
    /// Bytes waiting for one connection above which the next watch event resets it.
    pub event_limit: usize,
    /// Record the frames of every connection, see [`crate::Transcript`].
    pub transcript: bool,
    /// Log malformed input to stderr.
    pub verbose: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            tick_ms: 3000,
            min_session_timeout_ms: None,
            max_session_timeout_ms: None,
            max_client_cnxns: 60,
            max_frame: zk_proto::frame::DEFAULT_MAX,
            extended_types: true,
            enforce_quota: false,
            read_only: false,
            super_digest: None,
            server_id: 1,
            container_check_ms: 60_000,
            container_max_never_used_ms: 0,
            output_limit: 4 << 20,
            event_limit: 64 << 20,
            transcript: false,
            verbose: false,
        }
    }
}

impl Options {
    pub(crate) fn min_timeout(&self) -> u32 {
        self.min_session_timeout_ms
            .unwrap_or_else(|| self.tick_ms.saturating_mul(2))
    }

    pub(crate) fn max_timeout(&self) -> u32 {
        self.max_session_timeout_ms
            .unwrap_or_else(|| self.tick_ms.saturating_mul(20))
    }

    /// The timeout a client gets for the one it asked for (S-014).
    pub(crate) fn clamp_timeout(&self, asked: i32) -> u32 {
        let asked = u32::try_from(asked).unwrap_or(0);
        asked.min(self.max_timeout()).max(self.min_timeout())
    }
}
