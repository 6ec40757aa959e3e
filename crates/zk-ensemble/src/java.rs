//! How Debian's server is run.

use std::path::Path;
use std::process::{Command, Stdio};

const JAR: &str = "/usr/share/java/zookeeper.jar";
/// Warnings go to standard error.
const LOGGER: &str = "/usr/share/java/slf4j-simple.jar";
const NO_LOGGER: &str = "/usr/share/java/slf4j-nop.jar";
const SETPRIV: &str = "/usr/bin/setpriv";

/// The credential of scheme `digest` that may do everything on these servers, reconfig included.
pub const SUPER_AUTH: &str = "super:test";
const SUPER_DIGEST: &str = "super:D/InIHSb7yEEbrWz8b9l71RjZJU=";

/// Why no server can be started on this machine, if none can.
pub fn absence() -> Option<String> {
    if !Path::new(JAR).exists() {
        return Some(format!("{JAR} is absent (Debian package zookeeper)"));
    }
    let mut java = Command::new("java");
    java.arg("-version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match java.status() {
        Ok(status) if status.success() => None,
        _ => Some("java does not run (Debian package default-jre-headless)".to_owned()),
    }
}

/// A server with this configuration file. The kernel kills it when the thread that starts it ends.
pub(crate) fn command(config: &Path, heap_mb: u32, read_only: bool) -> Command {
    let mut command = if Path::new(SETPRIV).exists() {
        let mut command = Command::new(SETPRIV);
        command.args(["--pdeathsig", "KILL", "--", "java"]);
        command
    } else {
        Command::new("java")
    };
    let logger = if Path::new(LOGGER).exists() {
        LOGGER
    } else {
        NO_LOGGER
    };
    command
        .arg(format!("-Xmx{heap_mb}m"))
        // Starts sooner, and leaves nothing in /tmp when it is killed.
        .args([
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
        ])
        .arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
        .arg("-Dorg.slf4j.simpleLogger.showDateTime=true")
        .arg("-Dzookeeper.extendedTypesEnabled=true")
        // What was written outlives a killed process; only power cuts need fsync.
        .arg("-Dzookeeper.forceSync=no")
        .arg(format!("-Dreadonlymode.enabled={read_only}"))
        .arg(format!(
            "-Dzookeeper.DigestAuthenticationProvider.superDigest={SUPER_DIGEST}"
        ))
        .args(["-cp", &format!("{logger}:{JAR}")])
        .arg("org.apache.zookeeper.server.quorum.QuorumPeerMain")
        .arg(config);
    command
}
