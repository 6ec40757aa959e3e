//! The virtual environment with the Python package and what its tests need.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::artifacts::{self, root, target_dir};
use crate::process::{run_captured, tied_command};

/// Packages by name, from the package index. hatchling builds ours, the last two are for kazoo's own tests.
const PACKAGES: [&str; 10] = [
    "pytest",
    "kazoo>=2.9,<3",
    "gevent",
    "eventlet",
    "hatchling",
    "mock",
    "objgraph",
    "pure-sasl",
    "pyjks",
    "pyOpenSSL<26.2",
];
const INSTALL_LIMIT: Duration = Duration::from_secs(600);

/// A virtual environment with this repository's package installed as users install it.
#[derive(Debug)]
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Why there can be none here, if so.
    pub(crate) fn absence() -> Option<String> {
        let works = Command::new("python3")
            .args(["-c", "import ensurepip, venv"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        (!works).then(|| {
            "python3 cannot make virtual environments (Debian package python3-venv)".to_owned()
        })
    }

    /// Makes the environment, or brings it up to date. The library has to be built.
    pub(crate) fn prepare() -> Result<Self> {
        if let Some(reason) = Self::absence() {
            bail!("{reason}");
        }
        let environment = Self {
            folder: target_dir().join("python-venv"),
        };
        environment.install_packages()?;
        environment.install_ours()?;
        Ok(environment)
    }

    /// The environment's Python, in the root of the repository, as a process that ends with us.
    pub(crate) fn python(&self) -> Command {
        let mut command = tied_command(self.folder.join("bin/python"));
        command
            .current_dir(root())
            .env_remove("PYTHONPATH")
            .env_remove("PYTHONHOME")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env(
                "ZK_TEST_SERVER",
                target_dir().join("release/zk-test-server"),
            );
        command
    }

    fn install_packages(&self) -> Result<()> {
        let list = PACKAGES.join("\n");
        let installed = self.folder.join("installed-packages");
        if fs::read_to_string(&installed).is_ok_and(|found| found == list) {
            return Ok(());
        }
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        let mut create = Command::new("python3");
        create.args(["-m", "venv"]).arg(&self.folder);
        run_captured(&mut create, INSTALL_LIMIT)?
            .success()
            .context("python3 -m venv")?;
        let mut install = self.pip_install();
        install.args(PACKAGES);
        run_captured(&mut install, INSTALL_LIMIT)?
            .success()
            .context("pip install")?;
        fs::write(&installed, list)?;
        Ok(())
    }

    fn install_ours(&self) -> Result<()> {
        let library = target_dir().join("release/libzookeeper_mt.so");
        let mut install = self.pip_install();
        install
            .args(["--no-build-isolation", "--no-deps", "--force-reinstall"])
            .arg("./python")
            .env("ZK_PREBUILT_LIB", library);
        run_captured(&mut install, INSTALL_LIMIT)?
            .success()
            .context("pip install ./python")?;
        Ok(())
    }

    fn pip_install(&self) -> Command {
        let mut command = self.python();
        command.args(["-m", "pip", "install", "--quiet"]);
        command.arg("--disable-pip-version-check");
        command
    }
}

/// Builds the library and runs a Python program of the repository. `false` if it reports a failure.
pub(crate) fn run(program: &str, arguments: Vec<OsString>) -> Result<bool> {
    artifacts::build()?;
    let environment = Environment::prepare()?;
    let status = environment
        .python()
        .arg(program)
        .args(arguments)
        .status()
        .with_context(|| format!("cannot start {program}"))?;
    Ok(status.success())
}
