//! The Debian packages that the tests use.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::python::Environment;

/// A file that proves a package is there, and the package.
const NEEDED: [(&str, &str); 15] = [
    ("/usr/bin/gcc", "gcc"),
    ("/usr/bin/g++", "g++"),
    ("/usr/bin/clang", "clang"),
    ("/usr/lib/x86_64-linux-gnu/libjansson.a", "libjansson-dev"),
    ("/usr/lib/x86_64-linux-gnu/libseccomp.a", "libseccomp-dev"),
    (
        "/usr/lib/x86_64-linux-gnu/libzookeeper_mt.so.2",
        "libzookeeper-mt2",
    ),
    (
        "/usr/lib/x86_64-linux-gnu/libzookeeper_st.so.2",
        "libzookeeper-st2",
    ),
    ("/usr/include/zookeeper/zookeeper.h", "libzookeeper-mt-dev"),
    ("/usr/lib/zookeeper/bin/cli_mt", "zookeeper-bin"),
    ("/usr/share/java/zookeeper.jar", "zookeeper"),
    ("/usr/bin/cmake", "cmake"),
    ("/usr/bin/pkg-config", "pkg-config"),
    ("/usr/bin/strace", "strace"),
    ("/usr/bin/readelf", "binutils"),
    ("/usr/bin/valgrind", "valgrind"),
];

/// Installs what is missing when we may, else names it.
pub(crate) fn ensure() -> Result<()> {
    let mut missing: Vec<&str> = NEEDED
        .iter()
        .filter(|(file, _)| !Path::new(file).exists())
        .map(|(_, package)| *package)
        .collect();
    if !runs(Command::new("java").arg("-version")) {
        missing.push("default-jre-headless");
    }
    if Environment::absence().is_some() {
        missing.extend(["python3", "python3-venv"]);
    }
    if missing.is_empty() {
        return Ok(());
    }
    if !is_root() || !Path::new("/usr/bin/apt-get").exists() {
        println!(
            "not installed (tests that need them are skipped): {}",
            missing.join(" ")
        );
        return Ok(());
    }
    println!("installing {}", missing.join(" "));
    apt_get(&["update"])?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(missing);
    apt_get(&install)
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let finished = crate::process::run_captured(
        Command::new("apt-get")
            .arg("-qq")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive"),
        std::time::Duration::from_secs(600),
    )?;
    finished
        .success()
        .with_context(|| format!("apt-get {}", arguments.join(" ")))?;
    Ok(())
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn runs(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
