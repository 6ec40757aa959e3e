//! Debian's ZooKeeper server, where it is installed.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const JAR: &str = "/usr/share/java/zookeeper.jar";
/// `super:test`.
pub(crate) const SUPER_DIGEST: &str = "super:D/InIHSb7yEEbrWz8b9l71RjZJU=";

pub(crate) struct JavaServer {
    child: Child,
    dir: PathBuf,
    pub(crate) addr: SocketAddr,
}

impl JavaServer {
    /// Starts it and waits until it serves; says so and gives `None` if it is not installed.
    pub(crate) fn start(test: &str) -> Option<Self> {
        let has_java = Command::new("java").arg("-version").output().is_ok();
        if !has_java || !Path::new(JAR).exists() {
            let reason = format!("SKIPPED: {test}: it needs java and {JAR}");
            assert!(std::env::var_os("CI").is_none(), "{reason}");
            // Not through eprintln!, which the test harness keeps to itself.
            writeln!(std::io::stderr(), "{reason}").expect("standard error is open");
            return None;
        }
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let addr = free.local_addr().expect("its address");
        drop(free);
        let name = format!("zk-test-server-{}-{}", std::process::id(), addr.port());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).expect("a directory");
        let config = dir.join("zoo.cfg");
        let text = format!(
            "tickTime=3000\ndataDir={}\nclientPort={}\nclientPortAddress=127.0.0.1\n\
             admin.enableServer=false\n4lw.commands.whitelist=*\nmaxClientCnxns=0\n",
            dir.display(),
            addr.port()
        );
        std::fs::write(&config, text).expect("a configuration");
        let child = Command::new("java")
            .args(["-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"])
            .arg("-Dzookeeper.extendedTypesEnabled=true")
            .arg("-Dzookeeper.forceSync=no")
            .arg(format!(
                "-Dzookeeper.DigestAuthenticationProvider.superDigest={SUPER_DIGEST}"
            ))
            .args(["-cp", &format!("{JAR}:/usr/share/java/*")])
            .arg("org.apache.zookeeper.server.quorum.QuorumPeerMain")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a Java process");
        let server = Self { child, dir, addr };
        let deadline = Instant::now() + Duration::from_secs(40);
        while !serves(addr) {
            assert!(
                Instant::now() < deadline,
                "the Java server does not come up"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(server)
    }
}

impl Drop for JavaServer {
    fn drop(&mut self) {
        // Errors mean that it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// The port opens some time before the server serves (S-241).
fn serves(addr: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(addr) else {
        return false;
    };
    // A connection made too early may never be answered.
    let patience = Some(Duration::from_millis(500));
    stream.set_read_timeout(patience).expect("a socket");
    let mut text = String::new();
    // A failure is an answer too: not yet.
    let _ = stream
        .write_all(b"srvr")
        .and_then(|()| stream.read_to_string(&mut text));
    text.starts_with("Zookeeper version")
}
