//! An installed copy: the right files, and programs built against it run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::artifacts::{SONAME, root, target_dir};
use crate::compile::compiler;
use crate::process::{run_captured, tied_command};
use crate::report::Report;
use crate::server::{Kind, Server};

/// Cargo may have to build.
const LIMIT: Duration = Duration::from_secs(10 * 60);
const TICK_MS: u32 = 2000;
const SO_FILE: &str = "libzookeeper_mt.so.2.0.0";
const PREFIX: &str = "/opt/client";
const HEADERS: [&str; 7] = [
    "proto.h",
    "recordio.h",
    "zookeeper.h",
    "zookeeper.jute.h",
    "zookeeper_ext.h",
    "zookeeper_log.h",
    "zookeeper_version.h",
];

pub(super) fn run(report: &mut Report) -> Result<()> {
    for tool in ["/usr/bin/cmake", "/usr/bin/pkg-config"] {
        if !Path::new(tool).exists() {
            report.absent("an installed copy", &format!("{tool} is not installed"));
            return Ok(());
        }
    }
    let staged = Staged::install()?;
    let server = Kind::Test.start(TICK_MS)?;
    report.check("files, links and headers are installed", || {
        staged.check_files()
    });
    report.check("a program built through pkg-config runs", || {
        staged.run(
            &staged.pkg_config("shared", "-lzookeeper_mt")?,
            &server,
            true,
        )
    });
    report.check(
        "a program linked statically through pkg-config runs",
        || {
            staged.run(
                &staged.pkg_config("static", "-l:libzookeeper_mt.a")?,
                &server,
                false,
            )
        },
    );
    report.check("programs built through find_package run", || {
        let folder = staged.find_package()?;
        staged.run(&folder.join("shared"), &server, true)?;
        staged.run(&folder.join("static"), &server, false)
    });
    Ok(())
}

/// An installation below a scratch folder, as a packager makes it with `DESTDIR`.
struct Staged {
    folder: TempDir,
}

impl Staged {
    fn install() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let build = folder.path().join("build");
        let mut configure = Command::new("cmake");
        configure
            .arg("-S")
            .arg(root())
            .arg("-B")
            .arg(&build)
            .arg(format!("-DCMAKE_INSTALL_PREFIX={PREFIX}"))
            .arg(format!("-DCARGO_TARGET_DIR={}", target_dir().display()));
        done(&mut configure)?;
        done(Command::new("cmake").arg("--build").arg(&build))?;
        let mut install = Command::new("cmake");
        install
            .arg("--install")
            .arg(&build)
            .env("DESTDIR", folder.path().join("stage"));
        done(&mut install)?;
        Ok(Self { folder })
    }

    fn prefix(&self) -> PathBuf {
        // DESTDIR is put in front of the absolute prefix.
        self.folder.path().join("stage").join(&PREFIX[1..])
    }

    fn libdir(&self) -> Result<PathBuf> {
        // "lib", "lib64" or "lib/TRIPLET": the place of the .pc file is not a matter of opinion here.
        let variables = self.ask_pkg_config(&["--variable=libdir"])?;
        Ok(PathBuf::from(variables).canonicalize()?)
    }

    fn check_files(&self) -> Result<()> {
        let libdir = self.libdir()?;
        if !libdir.starts_with(self.prefix().canonicalize()?) {
            bail!(
                "the .pc file points outside of the moved tree: {}",
                libdir.display()
            );
        }
        for link in [SONAME, "libzookeeper_mt.so"] {
            let target = fs::read_link(libdir.join(link)).with_context(|| link.to_owned())?;
            if target != Path::new(SO_FILE) {
                bail!("{link} points to {}", target.display());
            }
        }
        for file in [SO_FILE, "libzookeeper_mt.a"] {
            if !libdir.join(file).symlink_metadata()?.is_file() {
                bail!("{file} is not a file");
            }
        }
        let includes = self.prefix().join("include/zookeeper");
        let mut found: Vec<String> = fs::read_dir(&includes)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<_>>()?;
        found.sort();
        if found != HEADERS {
            bail!("installed headers: {found:?}");
        }
        Ok(())
    }

    /// Builds the consumer with what pkg-config says. `library` is how the library is named to the linker.
    fn pkg_config(&self, name: &str, library: &str) -> Result<PathBuf> {
        let cflags = self.ask_pkg_config(&["--cflags"])?;
        let libs = if library == "-lzookeeper_mt" {
            self.ask_pkg_config(&["--libs"])?
        } else {
            // The linker takes the shared library if both are there, unless told the file name.
            self.ask_pkg_config(&["--libs", "--static"])?
                .replace("-lzookeeper_mt", library)
        };
        let program = self.folder.path().join(name);
        let mut command = compiler(false);
        command
            .args(["-std=c11", "-Wall", "-Wextra", "-Werror"])
            .args(cflags.split_whitespace())
            .arg(root().join("c-tests/consumer/consumer.c"))
            .args(libs.split_whitespace())
            .arg("-o")
            .arg(&program);
        done(&mut command)?;
        Ok(program)
    }

    fn ask_pkg_config(&self, arguments: &[&str]) -> Result<String> {
        let prefix = self.prefix();
        let folders: Vec<PathBuf> = ["lib", "lib64", "lib/x86_64-linux-gnu"]
            .iter()
            .map(|libdir| prefix.join(libdir).join("pkgconfig"))
            .collect();
        let mut command = Command::new("pkg-config");
        command
            .env("PKG_CONFIG_PATH", std::env::join_paths(folders)?)
            .args(arguments)
            .arg("zookeeper_mt");
        let finished = run_captured(&mut command, LIMIT)?.success()?;
        Ok(finished.stdout.trim().to_owned())
    }

    /// Builds the consumer through CMake and returns the folder with the programs.
    fn find_package(&self) -> Result<PathBuf> {
        let build = self.folder.path().join("consumer");
        let mut configure = Command::new("cmake");
        configure
            .arg("-S")
            .arg(root().join("c-tests/consumer"))
            .arg("-B")
            .arg(&build)
            .arg(format!("-DCMAKE_PREFIX_PATH={}", self.prefix().display()));
        done(&mut configure)?;
        done(Command::new("cmake").arg("--build").arg(&build))?;
        Ok(build)
    }

    /// Runs a consumer. A shared one has to need the soname and finds it in the installation, a static one must not.
    fn run(&self, program: &Path, server: &Server, shared: bool) -> Result<()> {
        let mut dynamic = Command::new("readelf");
        dynamic.arg("--dynamic").arg(program);
        let needed = run_captured(&mut dynamic, LIMIT)?.success()?.stdout;
        if needed.contains(&format!("[{SONAME}]")) != shared {
            bail!(
                "wrong libraries are needed by {}:\n{needed}",
                program.display()
            );
        }
        let mut command = tied_command(program);
        command.arg(&server.hosts);
        if shared {
            command.env("LD_LIBRARY_PATH", self.libdir()?);
        }
        let finished = run_captured(&mut command, Duration::from_secs(60))?.success()?;
        if finished.stdout != "hello\n" {
            bail!("{}", finished.describe());
        }
        Ok(())
    }
}

fn done(command: &mut Command) -> Result<()> {
    let finished = run_captured(command, LIMIT)?;
    finished.success().with_context(|| format!("{command:?}"))?;
    Ok(())
}
