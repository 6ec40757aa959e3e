//! Guards of the binary interface: every executable script and C program in `c-tests/abi`.
//!
//! A script is run, a program compiled against our headers and library and run. Both get `ZK_LIBRARY`, our library,
//! and `ZK_ORIGINAL`, Debian's; exit status 0 means that all is well.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Result, bail};

use crate::artifacts::{Library, root};
use crate::compile::Program;
use crate::process::{run_captured, tied_command};
use crate::report::Report;
use crate::suites::c_api::{display_name, sources};
use crate::suites::original;

const LIMIT: Duration = Duration::from_secs(300);

pub(super) fn run(report: &mut Report) -> Result<()> {
    let folder = root().join("c-tests/abi");
    let Some(original) = original(report, "the ABI guards") else {
        return Ok(());
    };
    let scratch = tempfile::tempdir()?;
    let mut guards = 0;
    for source in sources(&folder, &["c", "cpp"])? {
        guards += 1;
        let name = display_name(&source);
        report.check(&name, || {
            let program = scratch.path().join(&name);
            Program::new([source.clone()]).build(&Library::ours(), &program)?;
            run_guard(&program, &original)
        });
    }
    if folder.exists() {
        let mut scripts: Vec<_> = fs::read_dir(&folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        scripts.sort();
        for script in scripts.iter().filter(|path| is_executable(path)) {
            guards += 1;
            report.check(&display_name(script), || run_guard(script, &original));
        }
    }
    if guards == 0 {
        bail!("there are no guards in c-tests/abi");
    }
    Ok(())
}

fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

fn run_guard(program: &Path, original: &Library) -> Result<()> {
    let ours = Library::ours();
    let mut command: Command = tied_command(program);
    command
        .current_dir(root())
        .env("ZK_LIBRARY", ours.file())
        .env("ZK_ORIGINAL", original.file());
    if env::var_os("CC").is_none() {
        command.env("CC", "cc");
    }
    ours.load_in(&mut command);
    run_captured(&mut command, LIMIT)?.success()?;
    Ok(())
}
