//! The declarations of functions and data: Debian's headers against ours (C-005, C-055,
//! C-072…C-076, C-087, C-100…C-101, C-106…C-181).

use crate::cc::{Language, compile, include};
use crate::support::{assert_same, our_headers, reference_headers, scratch};
use std::fs;
use std::path::Path;

/// What the headers declare and Debian's do not, each with its reason.
const DELIBERATE: [(&str, &str); 1] = [("zoo_version_str", "in the C library after 3.9")];

const ALL_HEADERS: &str = "#include <zookeeper_log.h>\n";

/// The prototypes in a folder of headers, as the compiler understands them.
fn prototypes(name: &str, headers: &Path, threaded: &str) -> Vec<String> {
    let folder = scratch(&format!("prototypes-{name}{threaded}"));
    let flag = include(headers);
    let flags = [
        flag.as_str(),
        threaded,
        "-fsyntax-only",
        "-aux-info",
        "prototypes",
    ];
    compile(Language::C11, &folder, ALL_HEADERS, &flags);
    let listed = fs::read_to_string(folder.join("prototypes")).expect("the compiler's list");
    let from_here = format!("/* {}/", headers.display());
    let own = listed.lines().filter(|line| line.starts_with(&from_here));
    let mut own: Vec<_> = own
        .filter_map(|line| line.split_once("*/ "))
        // An empty list of parameters is the same as none.
        .map(|(_, prototype)| prototype.replace("(/* ??? */)", "(void)"))
        .collect();
    own.sort();
    own.dedup();
    own
}

/// The declarations of data in a folder of headers, and a few of the system's.
fn data(name: &str, headers: &Path) -> Vec<String> {
    let folder = scratch(&format!("data-{name}"));
    let flag = include(headers);
    let flags = [flag.as_str(), "-E", "-P"];
    let text = compile(Language::C11, &folder, ALL_HEADERS, &flags);
    let all = text
        .split(';')
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    all.filter(|part| part.starts_with("extern ") && !part.contains('('))
        .map(|part| format!("{part};"))
        .collect()
}

/// The names in declarations of data.
fn names(declarations: &[String]) -> Vec<String> {
    let names = declarations
        .iter()
        .filter_map(|line| line.trim_end_matches(';').rsplit(' ').next());
    names.map(str::to_owned).collect()
}

// C-020…C-032
#[test]
fn the_same_data_is_declared_as_in_debians_headers() {
    let test = "the_same_data_is_declared_as_in_debians_headers";
    let Some(headers) = reference_headers(test) else {
        return;
    };
    let reference = names(&data("reference-names", &headers));
    let ours = names(&data("ours-names", &our_headers()));
    assert!(ours.contains(&"logLevel".to_owned()), "{ours:#?}");
    assert_same("data", &reference, &ours);
}

fn is_deliberate(prototype: &str) -> bool {
    DELIBERATE
        .iter()
        .any(|(name, _)| prototype.contains(&format!("{name} (")))
}

fn every_prototype_is_the_same(test: &str, threaded: &str) {
    let Some(headers) = reference_headers(test) else {
        return;
    };
    let reference = prototypes("reference", &headers, threaded);
    let ours = prototypes("ours", &our_headers(), threaded);
    assert!(
        ours.iter().any(|p| p.contains("zoo_acreate2_ttl (")),
        "{ours:#?}"
    );
    for (name, _) in DELIBERATE {
        assert!(
            ours.iter().any(|p| p.contains(name)),
            "{name} is not declared"
        );
    }
    let ours: Vec<_> = ours.into_iter().filter(|p| !is_deliberate(p)).collect();
    assert_same("prototypes", &reference, &ours);
}

// C-055, C-070, C-072…C-076, C-087…C-089, C-100, C-101, C-106…C-167, C-169…C-180
#[test]
fn every_prototype_is_that_of_debians_headers_for_threaded_programs() {
    let test = "every_prototype_is_that_of_debians_headers_for_threaded_programs";
    every_prototype_is_the_same(test, "-DTHREADED");
}

// C-087, C-118, C-119
#[test]
fn every_prototype_is_that_of_debians_headers_for_other_programs() {
    let test = "every_prototype_is_that_of_debians_headers_for_other_programs";
    every_prototype_is_the_same(test, "-UTHREADED");
}

// C-010, C-033…C-035, C-038, C-081
#[test]
fn the_compiler_accepts_each_sides_declarations_after_the_others_headers() {
    let test = "the_compiler_accepts_each_sides_declarations_after_the_others_headers";
    let Some(reference) = reference_headers(test) else {
        return;
    };
    let ours = our_headers();
    let folder = scratch("redeclared");
    for (first, second, name) in [
        (&reference, &ours, "ours"),
        (&ours, &reference, "reference"),
    ] {
        for threaded in ["-DTHREADED", "-UTHREADED"] {
            let mut again = prototypes(name, second, threaded);
            again.extend(data(name, second));
            assert!(
                again
                    .iter()
                    .any(|line| line.contains("ZOO_OPEN_ACL_UNSAFE")),
                "{again:#?}"
            );
            let code = format!("{ALL_HEADERS}{}\n", again.join("\n"));
            let flag = include(first);
            compile(
                Language::C11,
                &folder,
                &code,
                &[&flag, threaded, "-fsyntax-only"],
            );
        }
    }
}
