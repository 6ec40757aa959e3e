//! Types, their layouts, enumerations and macros: Debian's headers, ours, and the Rust code
//! (C-033…C-060, C-073…C-076, C-081).

use crate::cc::{Language, compile, include};
use crate::dwarf::{c_structs, c_types, rust_structs};
use crate::headers::MACROS;
use crate::support::{assert_same, library_of_this_build, our_headers, reference_headers, scratch};
use std::path::{Path, PathBuf};

const ALL_HEADERS: &str = "#include <zookeeper_log.h>\n";

/// The calls that only our library has.
const EXTRA_HEADER: &str = "#include <zookeeper_ext.h>\n";

/// A shared object with debug information about every type of the headers.
pub(crate) fn with_debug_information(name: &str, headers: &Path) -> PathBuf {
    with_types_of(ALL_HEADERS, name, headers, &["-DTHREADED"])
}

fn with_types_of(code: &str, name: &str, headers: &Path, macros: &[&str]) -> PathBuf {
    let folder = scratch(name);
    let headers = include(headers);
    let mut flags = vec![
        headers.as_str(),
        "-g",
        "-gdwarf-4",
        "-fno-eliminate-unused-debug-types",
        "-fPIC",
        "-shared",
        "-nostdlib",
        "-otypes.so",
    ];
    flags.extend(macros);
    compile(Language::C11, &folder, code, &flags);
    folder.join("types.so")
}

// C-033…C-035, C-038…C-050, C-053, C-054, C-060, C-073…C-076, C-081, C-082, T-19
#[test]
fn every_type_and_enumeration_is_that_of_debians_headers() {
    let test = "every_type_and_enumeration_is_that_of_debians_headers";
    let Some(reference) = reference_headers(test) else {
        return;
    };
    let facts = |name: &str, headers: &Path| -> Vec<String> {
        let types = c_types(&with_debug_information(name, headers));
        types
            .into_iter()
            .map(|(name, what)| format!("{name}: {what}"))
            .collect()
    };
    let reference = facts("layout-reference", &reference);
    let ours = facts("layout-ours", &our_headers());
    for known in [
        "struct Stat",
        "struct zoo_op",
        "enum ZOO_ERRORS",
        "typedef watcher_fn",
    ] {
        assert!(
            ours.iter().any(|fact| fact.starts_with(known)),
            "{known} was not found"
        );
    }
    assert_same("types", &reference, &ours);
}

// F-78: the same types, whatever a program defines
#[test]
fn no_macro_of_a_program_changes_a_type() {
    let code = format!("{ALL_HEADERS}{EXTRA_HEADER}");
    let [plain, others @ ..] = MACROS.map(|macros| {
        let name = format!("layout-macros-{}", macros.len());
        c_types(&with_types_of(&code, &name, &our_headers(), macros))
    });
    assert!(plain.contains_key("struct zoo_op"), "{plain:#?}");
    for other in others {
        assert_eq!(plain, other);
    }
}

// C-041…C-048, C-054, C-060
#[test]
#[cfg_attr(not(debug_assertions), ignore = "release builds know no types")]
fn every_struct_of_our_headers_has_the_layout_of_its_rust_type() {
    let rust = rust_structs(&library_of_this_build(), "ffi");
    let code = format!("{ALL_HEADERS}{EXTRA_HEADER}");
    let types = with_types_of(&code, "layout-rust", &our_headers(), &["-DTHREADED"]);
    let mut c = c_structs(&types);
    for opaque in ["_zhandle", "zoox_cq"] {
        c.remove(opaque)
            .expect("the type is in the header, incomplete");
    }
    // Its union has no name in C; `types.rs` asserts the offsets.
    let operation = c.remove("zoo_op").expect("struct zoo_op is in the header");
    assert_eq!(
        rust.get("zoo_op").map(|layout| layout.size),
        Some(operation.size)
    );
    let mut compared = 0;
    for (name, layout) in &rust {
        if let Some(in_c) = c.get(name) {
            assert_eq!(in_c, layout, "struct {name}");
            compared += 1;
        }
    }
    // Entries of queues are written by offset, so they have no Rust type in the library; both
    // sides assert their offsets when they are compiled.
    let settings = "zoox_config";
    assert!(c.contains_key(settings) && rust.contains_key(settings));
    // 72 records, 5 vectors and a buffer have functions; the other types come with the calls.
    assert!(compared >= 78, "only {compared} structs were found");
}

/// Definitions of macros that the headers add to the system's.
fn macros(name: &str, headers: &Path) -> Vec<String> {
    let folder = scratch(name);
    let headers = include(headers);
    let flags = [headers.as_str(), "-DTHREADED", "-E", "-dM"];
    let system = "#include <stdlib.h>\n#include <sys/socket.h>\n#include <sys/time.h>\n\
                  #include <stdio.h>\n#include <ctype.h>\n#include <stdint.h>\n";
    let without = compile(Language::C11, &folder, system, &flags);
    let with = compile(
        Language::C11,
        &folder,
        &format!("{system}{ALL_HEADERS}"),
        &flags,
    );
    let own = with
        .lines()
        .filter(|line| !without.lines().any(|known| known == *line));
    own.map(str::to_owned).collect()
}

// C-036, C-037, C-070, C-088
#[test]
fn every_macro_is_that_of_debians_headers() {
    let Some(reference) = reference_headers("every_macro_is_that_of_debians_headers") else {
        return;
    };
    // LOG_ERROR and its like differ in their text: ours are statements that need no braces.
    let comparable = |macros: Vec<String>| -> Vec<String> {
        let facts = macros.into_iter().map(|line| match line.split_once(") ") {
            Some((head, _)) if line.contains(" LOG_") => format!("{head})"),
            _ => line,
        });
        facts.filter(|fact| !is_guard(fact)).collect()
    };
    let reference = comparable(macros("macros-reference", &reference));
    let ours = comparable(macros("macros-ours", &our_headers()));
    assert!(
        ours.contains(&"#define ZOO_CLOSE_OP -11".to_owned()),
        "{ours:#?}"
    );
    assert_same("macros", &reference, &ours);
}

/// Include guards are nobody's business but their header's.
fn is_guard(definition: &str) -> bool {
    let name = definition.trim_start_matches("#define ").trim_end();
    let value = name.split_once(' ');
    value.is_none() && (name.ends_with("_H_") || name.starts_with("__"))
}
