//! Our headers compile everywhere, alone and with every warning being an error.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::artifacts::root;
use crate::compile::{compiler, include_flags};
use crate::process::run_captured;
use crate::report::Report;
use crate::suites::c_api::{display_name, sources};

const LIMIT: Duration = Duration::from_secs(60);

/// A language standard, and whether it is C++.
const STANDARDS: [(&str, bool); 2] = [("c11", false), ("c++17", true)];

pub(super) fn run(report: &mut Report) -> Result<()> {
    let headers = sources(&root().join("include/zookeeper"), &["h"])?;
    if headers.is_empty() {
        bail!("there are no headers in include/zookeeper");
    }
    for header in headers {
        for (standard, cpp) in STANDARDS {
            for threaded in [true, false] {
                let visibility = if threaded { " with THREADED" } else { "" };
                let name = format!("{} as {standard}{visibility}", display_name(&header));
                report.check(&name, || compile_alone(&header, standard, cpp, threaded));
            }
        }
    }
    Ok(())
}

/// Compiles a file that includes nothing but this header, in both ways that programs spell it.
fn compile_alone(header: &Path, standard: &str, cpp: bool, threaded: bool) -> Result<()> {
    let name = display_name(header);
    let scratch = tempfile::tempdir()?;
    for spelling in [format!("zookeeper/{name}"), name] {
        let source = scratch.path().join("alone.c");
        std::fs::write(&source, format!("#include <{spelling}>\n"))?;
        let mut command = compiler(cpp);
        command
            .args(["-x", if cpp { "c++" } else { "c" }])
            .arg(format!("-std={standard}"))
            .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"])
            .args(include_flags())
            .args(threaded.then_some("-DTHREADED"))
            .arg(&source);
        run_captured(&mut command, LIMIT)?
            .success()
            .with_context(|| format!("#include <{spelling}>"))?;
    }
    Ok(())
}
