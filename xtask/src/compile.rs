//! Compiling C and C++ programs against the library.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::artifacts::{Library, root};
use crate::process::run_captured;

const WARNINGS: [&str; 3] = ["-Wall", "-Wextra", "-Werror"];
const LIMIT: Duration = Duration::from_secs(120);

/// A program to compile from one or more sources.
#[derive(Debug)]
pub(crate) struct Program {
    sources: Vec<PathBuf>,
    flags: Vec<OsString>,
    link_flags: Vec<OsString>,
}

impl Program {
    /// A program made of these sources or objects. It is C++ when the first one is.
    pub(crate) fn new(sources: impl IntoIterator<Item = PathBuf>) -> Self {
        Self {
            sources: sources.into_iter().collect(),
            flags: Vec::new(),
            link_flags: Vec::new(),
        }
    }

    /// Adds a compiler flag.
    pub(crate) fn flag(mut self, flag: impl Into<OsString>) -> Self {
        self.flags.push(flag.into());
        self
    }

    /// Adds compiler flags.
    pub(crate) fn flags(mut self, flags: &[OsString]) -> Self {
        self.flags.extend_from_slice(flags);
        self
    }

    /// Adds flags for linking.
    pub(crate) fn link_flags(mut self, flags: &[OsString]) -> Self {
        self.link_flags.extend_from_slice(flags);
        self
    }

    /// Compiles and links against `library`, all warnings being errors.
    ///
    /// C sources of a C++ program are compiled as C. The headers are this repository's, whichever library is linked.
    pub(crate) fn build(&self, library: &Library, output: &Path) -> Result<()> {
        let cpp = self.sources.first().is_some_and(|first| is_cpp(first));
        let scratch = tempfile::tempdir()?;
        let mut objects = Vec::new();
        for (index, source) in self.sources.iter().enumerate() {
            if source.extension().is_some_and(|extension| extension == "o") {
                objects.push(source.clone());
                continue;
            }
            let object = scratch.path().join(format!("{index}.o"));
            compile(source, &self.flags, &object)?;
            objects.push(object);
        }
        let mut command = compiler(cpp);
        command
            .args(&objects)
            .arg("-pthread")
            .arg(library.file())
            .args(&self.link_flags)
            .arg("-o")
            .arg(output);
        run_captured(&mut command, LIMIT)?
            .success()
            .with_context(|| format!("linking {}", output.display()))?;
        Ok(())
    }
}

/// Compiles one source, all warnings being errors.
pub(crate) fn compile(source: &Path, flags: &[OsString], object: &Path) -> Result<()> {
    let mut command = compiler(is_cpp(source));
    command
        .arg(if is_cpp(source) {
            "-std=c++17"
        } else {
            "-std=c11"
        })
        .args(WARNINGS)
        .args(["-g", "-DTHREADED", "-pthread", "-c"])
        .args(include_flags())
        .args(flags)
        .arg(source)
        .arg("-o")
        .arg(object);
    run_captured(&mut command, LIMIT)?
        .success()
        .with_context(|| format!("compiling {}", source.display()))?;
    Ok(())
}

fn is_cpp(source: &Path) -> bool {
    source
        .extension()
        .is_some_and(|extension| extension == "cpp")
}

/// The C or C++ compiler: `CC`/`CXX` or the system's.
pub(crate) fn compiler(cpp: bool) -> Command {
    let (variable, default) = if cpp { ("CXX", "c++") } else { ("CC", "cc") };
    Command::new(env::var_os(variable).unwrap_or_else(|| default.into()))
}

/// Where programs find `<zookeeper/zookeeper.h>` and `<zookeeper.h>`.
fn include_flags() -> [OsString; 4] {
    let include = root().join("include");
    let nested = include.join("zookeeper");
    ["-I".into(), include.into(), "-I".into(), nested.into()]
}
