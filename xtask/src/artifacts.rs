//! What cargo builds, where it lies, and which library a program shall load.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The name under which programs ask the dynamic linker for the library.
pub(crate) const SONAME: &str = "libzookeeper_mt.so.2";

/// Root of the repository.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// Cargo's build folder.
pub(crate) fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// A `cargo` command in the repository's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Builds library and test server, puts the soname link beside the library and returns the library's path.
pub(crate) fn build() -> Result<PathBuf> {
    let status = cargo()
        .args(["build", "--quiet", "--release"])
        .args(["-p", "zookeeper_mt", "-p", "zk-test-server"])
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("cargo build: {status}");
    }
    let folder = target_dir().join("release");
    link_soname(&folder)?;
    Ok(folder.join("libzookeeper_mt.so"))
}

/// Puts the soname link beside the library in `folder`.
pub(crate) fn link_soname(folder: &Path) -> Result<()> {
    let link = folder.join(SONAME);
    if fs::read_link(&link).is_ok_and(|target| target == Path::new("libzookeeper_mt.so")) {
        return Ok(());
    }
    if link.symlink_metadata().is_ok() {
        fs::remove_file(&link)?;
    }
    symlink("libzookeeper_mt.so", &link)
        .with_context(|| format!("cannot create {}", link.display()))
}

/// A built libzookeeper_mt that programs can be run on.
#[derive(Debug, Clone)]
pub(crate) struct Library {
    /// Short name for messages.
    pub(crate) name: &'static str,
    /// Folder that holds a file or link with the soname.
    pub(crate) folder: PathBuf,
}

impl Library {
    /// Name of the C library.
    pub(crate) const ORIGINAL: &str = "original";

    /// The library built from this repository.
    pub(crate) fn ours() -> Self {
        Self {
            name: "ours",
            folder: target_dir().join("release"),
        }
    }

    /// Debian's build of the C library, if it is installed.
    pub(crate) fn original() -> Option<Self> {
        let folder = PathBuf::from("/usr/lib/x86_64-linux-gnu");
        folder.join(SONAME).exists().then_some(Self {
            name: Self::ORIGINAL,
            folder,
        })
    }

    /// The library at `path`, which is the file itself or its folder.
    pub(crate) fn at(path: &Path) -> Result<Self> {
        let folder = if path.is_dir() {
            Some(path)
        } else {
            path.parent()
        };
        let folder = folder
            .with_context(|| format!("{} has no folder", path.display()))?
            .canonicalize()
            .with_context(|| format!("no library at {}", path.display()))?;
        if !folder.join(SONAME).exists() {
            bail!("there is no {SONAME} in {}", folder.display());
        }
        Ok(Self {
            name: "given",
            folder,
        })
    }

    /// Path of the file with the soname.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.join(SONAME)
    }

    /// Makes `command` load this library.
    pub(crate) fn load_in(&self, command: &mut Command) {
        command.env("LD_LIBRARY_PATH", &self.folder);
    }
}
