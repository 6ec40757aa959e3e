//! That the headers compile, and that they are those of the source (C-085…C-089).

use crate::cc::{Language, compile, include};
use crate::support::{clang, our_headers, repository, scratch};
use std::fs;

const HEADERS: [&str; 7] = [
    "zookeeper.h",
    "zookeeper_ext.h",
    "zookeeper.jute.h",
    "zookeeper_log.h",
    "zookeeper_version.h",
    "recordio.h",
    "proto.h",
];

/// Macros that programs may have, and that change Debian's headers, or did so once.
pub(crate) const MACROS: [&[&str]; 3] = [
    &[],
    &["-DTHREADED"],
    &[
        "-DTHREADED",
        "-DHAVE_CONFIG_H",
        "-DHAVE_OPENSSL_H",
        "-DHAVE_CYRUS_SASL_H",
    ],
];

/// Each header alone and twice, with and without macros.
fn each_header_compiles_as(language: Language, pedantic: &[&str]) {
    let folder = scratch(&format!("headers-{language:?}"));
    let ours = include(&our_headers());
    for header in HEADERS {
        for macros in MACROS {
            let code = format!(
                "#include <{header}>\n#include <{header}>\nint main(void) {{ return 0; }}\n"
            );
            let mut flags = vec![ours.as_str(), "-fsyntax-only"];
            flags.extend(macros);
            flags.extend(pedantic);
            compile(language, &folder, &code, &flags);
        }
    }
}

// C-085, F-78: with and without each macro
#[test]
fn each_header_compiles_as_c99() {
    each_header_compiles_as(Language::C99, &[]);
}

// C-085
#[test]
fn each_header_compiles_as_pedantic_c11() {
    each_header_compiles_as(Language::C11, &["-Wpedantic", "-Wstrict-prototypes"]);
}

// C-085, C-089, F-78: with and without each macro
#[test]
fn each_header_compiles_as_cxx17() {
    each_header_compiles_as(Language::Cxx17, &[]);
}

// F-79: and with the other compiler, which calls the union without a name (C-047) pedantic
#[test]
fn each_header_compiles_with_clang() {
    if clang("each_header_compiles_with_clang") {
        each_header_compiles_as(Language::ClangC99, &[]);
        each_header_compiles_as(Language::ClangCxx17, &[]);
    }
}

// C-086
#[test]
fn headers_can_be_included_through_their_folder() {
    let folder = scratch("headers-folder");
    let outer = include(&repository("include"));
    let code = "#include <zookeeper/zookeeper.h>\nint main(void) { return ZOK; }\n";
    for language in [Language::C11, Language::Cxx17] {
        compile(language, &folder, code, &[&outer, "-fsyntax-only"]);
    }
}

// C-085
#[test]
fn the_folder_has_no_other_headers() {
    let entries = fs::read_dir(our_headers()).expect("the headers are there");
    let mut names: Vec<_> = entries
        .map(|entry| {
            entry
                .expect("an entry is readable")
                .file_name()
                .into_string()
        })
        .map(|name| name.expect("a header's name is text"))
        .collect();
    names.sort();
    let mut expected = HEADERS;
    expected.sort_unstable();
    assert_eq!(names, expected);
}
