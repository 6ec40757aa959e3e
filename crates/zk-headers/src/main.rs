//! `zk-headers` writes the C headers; `zk-headers --check` fails if they are not up to date.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};
use zk_headers::{Failure, generate};

fn main() -> ExitCode {
    let check = match env::args().nth(1).as_deref() {
        None => false,
        Some("--check") => true,
        Some(other) => {
            eprintln!("unknown argument {other}; usage: zk-headers [--check]");
            return ExitCode::from(2);
        }
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match run(&root, check) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("The headers are not those of the source: run `cargo run -p zk-headers`.");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("zk-headers: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes what differs, or only shows it; says whether the files are what they must be.
fn run(root: &Path, check: bool) -> Result<bool, Failure> {
    let mut current = true;
    for (path, text) in generate(root)? {
        let path = root.join(path);
        if fs::read_to_string(&path).is_ok_and(|present| present == text) {
            continue;
        }
        if check {
            current = false;
            show_difference(&path, &text)?;
        } else {
            fs::create_dir_all(path.parent().unwrap_or(root))?;
            fs::write(&path, text)?;
        }
    }
    Ok(current)
}

fn show_difference(path: &Path, text: &str) -> Result<(), Failure> {
    let wanted: PathBuf = env::temp_dir().join(format!("zk-headers-{}.h", std::process::id()));
    fs::write(&wanted, text)?;
    let status = Command::new("diff")
        .arg("-uN")
        .arg(path)
        .arg(&wanted)
        .status();
    fs::remove_file(&wanted)?;
    status?;
    Ok(())
}
