//! Freeing records: a generated program fills every record, frees it and looks at what is left.
//!
//! It runs under the address sanitizer, which reports what is not freed or freed twice.

use crate::dwarf::c_members;
use crate::exports::frozen;
use crate::layout::with_debug_information;
use crate::program;
use crate::support::{library, our_headers, reference_library, repository};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

const SANITIZE: &[&str] = &["-g", "-fsanitize=address"];

type Structs = BTreeMap<String, Vec<(String, String)>>;

/// The statements that give every pointer below `place` memory of its own, and those that say
/// which pointers are NULL afterwards.
#[derive(Default)]
struct Statements {
    fill: String,
    nulls: String,
}

impl Statements {
    /// For a value of this type, within the record itself if `direct`.
    fn add(&mut self, structs: &Structs, place: &str, kind: &str, direct: bool) {
        let record = kind.strip_prefix("struct ");
        let pointer = match (kind, record) {
            ("char *", _) => {
                self.fill(&format!("v.{place} = strdup(\"text\");"));
                place.to_owned()
            }
            (_, Some("buffer")) => {
                self.fill(&format!("v.{place}.len = 4;"));
                self.fill(&format!("v.{place}.buff = malloc(4);"));
                format!("{place}.buff")
            }
            (_, Some(vector)) if vector.ends_with("_vector") => {
                self.fill(&format!("allocate_{vector}(&v.{place}, 2);"));
                let array = &structs[vector].iter().find(|(name, _)| name == "data");
                let (_, array) = array.expect("a vector has data");
                let item = array
                    .strip_suffix(" *")
                    .expect("a vector's data is a pointer");
                for index in 0..2 {
                    self.add(structs, &format!("{place}.data[{index}]"), item, false);
                }
                format!("{place}.data")
            }
            (_, Some(record)) => {
                for (name, kind) in &structs[record] {
                    self.add(structs, &format!("{place}.{name}"), kind, direct);
                }
                return;
            }
            _ => return,
        };
        if direct {
            writeln!(self.nulls, "    expected.{pointer} = NULL;").expect("strings grow");
        }
    }

    fn fill(&mut self, statement: &str) {
        writeln!(self.fill, "    {statement}").expect("strings grow");
    }
}

/// One function per record or vector, and a `main` that calls all.
fn program() -> String {
    let structs = c_members(&with_debug_information("records-types", &our_headers()));
    let exports = frozen();
    let records = exports
        .keys()
        .filter_map(|name| name.strip_prefix("deallocate_"));
    let records: Vec<_> = records.filter(|name| structs.contains_key(*name)).collect();
    assert_eq!(records.len(), 77, "{records:?}");

    let mut code = String::from(
        "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\
         #include <zookeeper.jute.h>\n\nstatic int failures;\n",
    );
    for record in &records {
        let mut statements = Statements::default();
        // A vector is filled as a whole, a record member by member.
        if record.ends_with("_vector") {
            code += &format!("\nstruct only_{record} {{ struct {record} it; }};\n");
            statements.add(&structs, "it", &format!("struct {record}"), true);
        } else {
            for (name, kind) in &structs[*record] {
                statements.add(&structs, name, kind, true);
            }
        }
        let (kind, address) = match record.ends_with("_vector") {
            true => (format!("struct only_{record}"), "&v.it"),
            false => (format!("struct {record}"), "&v"),
        };
        let Statements { fill, nulls } = statements;
        code += &format!(
            "\nstatic void frees_{record}(void)\n{{\n    {kind} v, expected;\n    \
             memset(&v, 0xa5, sizeof v);\n{fill}    memcpy(&expected, &v, sizeof v);\n\
             {nulls}    for (int again = 0; again < 2; again++) {{\n        \
             deallocate_{record}({address});\n        \
             if (memcmp(&expected, &v, sizeof v) != 0) {{\n            \
             fputs(\"{record} is not as expected\\n\", stderr);\n            \
             failures++;\n        }}\n    }}\n}}\n"
        );
    }
    code += "\nint main(void)\n{\n";
    for record in &records {
        code += &format!("    frees_{record}();\n");
    }
    code + "    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;\n}\n"
}

// C-011, C-054, C-057, C-058, C-060, T-26
#[test]
fn every_record_is_freed_with_all_it_owns() {
    program::succeeds("records-ours", &library(), &program(), SANITIZE);
}

// C-011, C-057, C-058, C-060
#[test]
fn the_reference_frees_records_in_the_same_way() {
    let Some(reference) = reference_library("the_reference_frees_records_in_the_same_way") else {
        return;
    };
    program::succeeds("records-reference", &reference, &program(), SANITIZE);
}

fn vectors() -> String {
    fs::read_to_string(repository("c-tests/abi/vectors.c")).expect("the program is there")
}

// C-056, C-058, C-059, T-26
#[test]
fn vectors_strings_and_buffers_are_allocated_and_freed() {
    program::succeeds("vectors-ours", &library(), &vectors(), SANITIZE);
}

// C-056, C-058, C-059, T-26
#[test]
fn the_reference_allocates_and_frees_vectors_in_the_same_way() {
    let test = "the_reference_allocates_and_frees_vectors_in_the_same_way";
    let Some(reference) = reference_library(test) else {
        return;
    };
    program::succeeds("vectors-reference", &reference, &vectors(), SANITIZE);
}
