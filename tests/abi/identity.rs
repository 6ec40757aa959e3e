//! How the dynamic linker knows the library, and what it must load with it (C-001, C-007).

use crate::support::library;
use object::elf;
use object::read::elf::{Dyn, ElfFile64, FileHeader};
use std::fs;

/// What the library may need at run time.
const MAY_NEED: [&str; 4] = [
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "ld-linux-x86-64.so.2",
];

/// Entries of the dynamic section: tag and value, a string for those that are one.
fn dynamic_entries() -> Vec<(i64, String)> {
    let data = fs::read(library()).expect("the library is readable");
    let file: ElfFile64<'_> = ElfFile64::parse(&*data).expect("the library is a 64-bit ELF file");
    let endian = file.endian();
    let sections = file
        .elf_header()
        .sections(endian, &*data)
        .expect("there are sections");
    let (entries, link) = sections
        .dynamic(endian, &*data)
        .expect("the dynamic section is readable")
        .expect("there is a dynamic section");
    let strings = sections
        .strings(endian, &*data, link)
        .expect("its strings are readable");
    let described = entries.iter().map(|entry| {
        let value = match entry.string(endian, strings) {
            Ok(text) if entry.is_string(endian) => String::from_utf8_lossy(text).into_owned(),
            _ => entry.d_val(endian).to_string(),
        };
        (entry.d_tag(endian) as i64, value)
    });
    described.collect()
}

fn values(tag: u32) -> Vec<String> {
    let entries = dynamic_entries().into_iter();
    entries
        .filter(|(of, _)| *of == i64::from(tag))
        .map(|(_, value)| value)
        .collect()
}

// C-001, F-77: whoever builds it
#[test]
fn the_soname_is_that_of_the_c_library() {
    assert_eq!(values(elf::DT_SONAME), ["libzookeeper_mt.so.2"]);
}

// C-007
#[test]
fn only_the_c_library_and_what_belongs_to_it_are_needed() {
    let needed = values(elf::DT_NEEDED);
    assert!(needed.contains(&"libc.so.6".to_owned()), "{needed:?}");
    let other: Vec<_> = needed
        .iter()
        .filter(|name| !MAY_NEED.contains(&name.as_str()))
        .collect();
    assert!(other.is_empty(), "also needed: {other:?}");
}

// C-009: nothing is bound inside the library
#[test]
fn there_is_no_search_path_and_no_relocated_code() {
    for tag in [
        elf::DT_RPATH,
        elf::DT_RUNPATH,
        elf::DT_TEXTREL,
        elf::DT_SYMBOLIC,
    ] {
        assert!(values(tag).is_empty(), "dynamic tag {tag} is there");
    }
    let flags: u64 = values(elf::DT_FLAGS)
        .iter()
        .filter_map(|v| v.parse::<u64>().ok())
        .sum();
    assert_eq!(flags & u64::from(elf::DF_TEXTREL | elf::DF_SYMBOLIC), 0);
}
