//! Data symbols in programs that have copies of them.

use crate::cc::{Language, compile, include};
use crate::support::{library, our_headers, repository, scratch};
use object::{Object, ObjectSymbol, RelocationTarget};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with the library under the names that the linker and the loader look for.
fn linkable(folder: &Path) {
    for name in ["libzookeeper_mt.so", "libzookeeper_mt.so.2"] {
        symlink(library(), folder.join(name)).expect("a link to the library");
    }
}

/// Compiles `c-tests/abi/data.c` with these flags and runs it with the library under test.
fn data_program_succeeds(name: &str, flags: &[&str]) -> PathBuf {
    let folder = scratch(name);
    linkable(&folder);
    let code = fs::read_to_string(repository("c-tests/abi/data.c")).expect("the program is there");
    let headers = include(&our_headers());
    let mut all = vec![headers.as_str(), "-oprogram", "-L."];
    all.extend(flags);
    // The library stands after the code that needs it.
    let code = folder.join("data.c").to_str().map(|path| {
        fs::write(path, &code).expect("the program is written");
        format!("#include \"{path}\"\n")
    });
    all.extend(["-Wl,--no-as-needed", "-lzookeeper_mt"]);
    compile(
        Language::C11,
        &folder,
        &code.expect("the path is text"),
        &all,
    );
    let program = folder.join("program");
    let output = Command::new(&program)
        .env("LD_LIBRARY_PATH", &folder)
        .output()
        .expect("the program runs");
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{messages}", output.status);
    program
}

fn copied_symbols(program: &Path) -> Vec<String> {
    let data = fs::read(program).expect("the program is readable");
    let file = object::File::parse(&*data).expect("the program is ELF");
    let table = file.dynamic_symbol_table().expect("the program is dynamic");
    let relocations = file
        .dynamic_relocations()
        .expect("the program has relocations");
    let copies = relocations.filter_map(|(_, relocation)| {
        let is_copy = matches!(
            relocation.flags(),
            object::RelocationFlags::Elf {
                r_type: object::elf::R_X86_64_COPY
            }
        );
        let RelocationTarget::Symbol(index) = relocation.target() else {
            return None;
        };
        let symbol = object::ObjectSymbolTable::symbol_by_index(&table, index).ok()?;
        is_copy.then(|| symbol.name().unwrap_or_default().to_owned())
    });
    copies.collect()
}

#[test]
fn a_program_with_copies_of_the_data_shares_them_with_the_library() {
    let program = data_program_succeeds("data-copies", &["-fno-pie", "-no-pie"]);
    let copies = copied_symbols(&program);
    for name in [
        "logLevel",
        "ZOO_OPEN_ACL_UNSAFE",
        "ZOO_EPHEMERAL",
        "ZOO_AUTH_IDS",
    ] {
        assert!(
            copies.contains(&name.to_owned()),
            "{name} is not copied: {copies:?}"
        );
    }
}

#[test]
fn a_position_independent_program_shares_the_data_with_the_library() {
    data_program_succeeds("data-pie", &["-fPIE", "-pie"]);
}
