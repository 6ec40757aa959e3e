//! Sockets, name resolution and threads: what needs the operating system.
