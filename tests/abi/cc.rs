//! Calling the C and C++ compilers.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// A language with its compiler and the standard that code is compiled for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Language {
    C99,
    C11,
    Cxx17,
    ClangC99,
    ClangCxx17,
}

impl Language {
    fn command(self) -> Command {
        let (variable, default, standard) = match self {
            Self::C99 => ("CC", "cc", "-std=gnu99"),
            Self::C11 => ("CC", "cc", "-std=gnu11"),
            Self::Cxx17 => ("CXX", "c++", "-std=gnu++17"),
            Self::ClangC99 => ("CLANG", "clang", "-std=gnu99"),
            Self::ClangCxx17 => ("CLANGXX", "clang++", "-std=gnu++17"),
        };
        let mut command = Command::new(env::var_os(variable).unwrap_or_else(|| default.into()));
        command.arg(standard);
        command
    }

    fn extension(self) -> &'static str {
        match self {
            Self::C99 | Self::C11 | Self::ClangC99 => "c",
            Self::Cxx17 | Self::ClangCxx17 => "cc",
        }
    }
}

/// What the compiler prints on standard output for `code`, of which it may leave files in
/// `folder`. The flags stand after the code, as libraries must. Fails with its messages.
pub(crate) fn compile(language: Language, folder: &Path, code: &str, flags: &[&str]) -> String {
    let source = folder.join(format!("code.{}", language.extension()));
    fs::write(&source, code).expect("the source file is written");
    let output = language
        .command()
        .args(["-Wall", "-Wextra", "-Werror"])
        .arg(&source)
        .args(flags)
        .current_dir(folder)
        .output()
        .expect("the compiler runs");
    assert!(
        output.status.success(),
        "{language:?} {flags:?} refuses\n{code}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("the compiler's output is text")
}

/// The compiler's flag for a folder of headers.
pub(crate) fn include(folder: &Path) -> String {
    format!("-I{}", folder.display())
}
