//! Data symbols in programs that have copies of them (C-009, C-020…C-032).

use crate::exports::frozen;
use crate::program;
use crate::support::{archive, library, reference_library, repository};
use object::{Object, ObjectSymbol, RelocationTarget};
use std::fs;
use std::path::{Path, PathBuf};

/// Runs `c-tests/abi/data.c`, compiled with these flags, with the library under test.
fn data_program_succeeds(name: &str, flags: &[&str]) -> PathBuf {
    program::succeeds(name, &library(), &code(), flags)
}

fn code() -> String {
    fs::read_to_string(repository("c-tests/abi/data.c")).expect("the program is there")
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

// C-009, C-020…C-032, T-23
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

// C-009
#[test]
fn a_position_independent_program_shares_the_data_with_the_library() {
    data_program_succeeds("data-pie", &["-fPIE", "-pie"]);
}

#[test]
fn a_program_with_the_static_library_has_the_same_data() {
    let program = program::succeeds_statically("data-static", &archive(), &code());
    let exports = frozen();
    let mut copied = copied_symbols(&program);
    copied.retain(|name| exports.contains_key(name));
    assert!(copied.is_empty(), "of a shared library: {copied:?}");
}

// C-009, C-020…C-032, T-23
#[test]
fn the_reference_shares_the_same_data() {
    let Some(reference) = reference_library("the_reference_shares_the_same_data") else {
        return;
    };
    program::succeeds(
        "data-reference",
        &reference,
        &code(),
        &["-fno-pie", "-no-pie"],
    );
}
