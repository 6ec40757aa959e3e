//! An installed copy: the right files, and programs built against it run.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::artifacts::{SONAME, cargo, root, target_dir};
use crate::compile::compiler;
use crate::process::{run_captured, tied_command};
use crate::report::Report;
use crate::server::{Kind, Server};

/// Cargo may have to build.
const LIMIT: Duration = Duration::from_secs(10 * 60);
const TICK_MS: u32 = 2000;
const SO_FILE: &str = "libzookeeper_mt.so.2.0.0";
const PREFIX: &str = "/opt/client";
const CONSUMER: &str = "c-tests/consumer/consumer.c";
const TOGETHER: &str = "c-tests/consumer/together.c";
/// How the library is named to the linker: as pkg-config does, the archive, and all members of the archive and of two
/// others, whether the program needs them or not.
const SHARED: &str = "-lzookeeper_mt";
const STATIC: &str = "-l:libzookeeper_mt.a";
const WHOLE: &str = "-Wl,--whole-archive -l:libzookeeper_mt.a -l:libjansson.a -l:libseccomp.a -Wl,--no-whole-archive";
const HEADERS: [&str; 7] = [
    "proto.h",
    "recordio.h",
    "zookeeper.h",
    "zookeeper.jute.h",
    "zookeeper_ext.h",
    "zookeeper_log.h",
    "zookeeper_version.h",
];

/// What the checks need besides a C compiler.
const NEEDED: [&str; 5] = [
    "/usr/bin/clang",
    "/usr/bin/cmake",
    "/usr/bin/pkg-config",
    "/usr/lib/x86_64-linux-gnu/libjansson.a",
    "/usr/lib/x86_64-linux-gnu/libseccomp.a",
];

// F-75…F-77, F-79: linked with others, built in every way, with little, and with both compilers
pub(super) fn run(report: &mut Report) -> Result<()> {
    for tool in NEEDED {
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
    for (name, mut compiler) in [("cc", compiler(false)), ("clang", Command::new("clang"))] {
        report.check(
            &format!("a program built by {name} through pkg-config runs"),
            || {
                let program = staged.pkg_config(&mut compiler, CONSUMER, SHARED)?;
                staged.run(&program, &server, true)
            },
        );
    }
    report.check(
        "a program linked statically through pkg-config runs",
        || {
            let program = staged.pkg_config(&mut compiler(false), CONSUMER, STATIC)?;
            staged.run(&program, &server, false)
        },
    );
    report.check("a program with all of three static libraries runs", || {
        let program = staged.pkg_config(&mut compiler(false), TOGETHER, WHOLE)?;
        staged.run(&program, &server, false)
    });
    report.check("clang compiles the library's own C source", compile_shim);
    report.check("cargo and a C compiler are all that a build needs", || {
        build_with(&["cc", "as", "ld", "ar"])
    });
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

    /// Builds a consumer with what pkg-config says. `library` is how the library is named to the linker.
    fn pkg_config(&self, command: &mut Command, source: &str, library: &str) -> Result<PathBuf> {
        let cflags = self.ask_pkg_config(&["--cflags"])?;
        let libs = if library == SHARED {
            self.ask_pkg_config(&["--libs"])?
        } else {
            // The linker takes the shared library if both are there, unless told the file name.
            self.ask_pkg_config(&["--libs", "--static"])?
                .replace(SHARED, library)
        };
        let program = self.folder.path().join("program");
        command
            .args(["-std=c11", "-Wall", "-Wextra", "-Werror"])
            .args(cflags.split_whitespace())
            .arg(root().join(source))
            .args(libs.split_whitespace())
            .arg("-o")
            .arg(&program);
        done(command)?;
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

/// Builds the library where no other program can be found than cargo, rustc and these.
fn build_with(tools: &[&str]) -> Result<()> {
    let path = tempfile::tempdir()?;
    for tool in tools {
        symlink(Path::new("/usr/bin").join(tool), path.path().join(tool))?;
    }
    let mut command = cargo();
    let rustc = Path::new(command.get_program()).with_file_name("rustc");
    command
        .args(["build", "--quiet", "--locked", "--offline"])
        .args(["--package", "zookeeper_mt"])
        .env("PATH", path.path())
        .env("RUSTC", rustc)
        .env("CARGO_TARGET_DIR", target_dir().join("bare"));
    done(&mut command)
}

/// Compiles the only C source of the library with the other compiler.
fn compile_shim() -> Result<()> {
    let folder = tempfile::tempdir()?;
    done(
        Command::new("clang")
            .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-fexceptions"])
            .arg("-c")
            .arg(root().join("src/ffi/log_shim.c"))
            .arg("-o")
            .arg(folder.path().join("log_shim.o")),
    )
}

fn done(command: &mut Command) -> Result<()> {
    let finished = run_captured(command, LIMIT)?;
    finished.success().with_context(|| format!("{command:?}"))?;
    Ok(())
}
