//! The symbols that the libraries define for programs (C-002…C-008, C-055, C-080).

use crate::support::{archive, assert_same, library, reference_library, repository};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol, SymbolKind};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What we export and the reference does not, each with its reason.
const DELIBERATE: &[(&str, &str)] = &[
    ("zoo_version_str", "in the C library after 3.9"),
    ("zoox_aadd_watch", "persistent watches"),
    (
        "zoox_abandon",
        "frees a handle and leaves its session to the server",
    ),
    ("zoox_add_watch", "persistent watches"),
    ("zoox_aget_all_children_number", "number of descendants"),
    ("zoox_aget_ephemerals", "own ephemeral nodes"),
    ("zoox_amulti_read", "several reads in one request"),
    ("zoox_aset_acl", "set_acl whose completion has the stat"),
    ("zoox_awho_am_i", "own identities"),
    ("zoox_close", "close with a limit of time"),
    (
        "zoox_connect_attempts",
        "failed attempts in a row, for retry policies",
    ),
    ("zoox_cq_create", "completion queue"),
    ("zoox_cq_destroy", "completion queue"),
    ("zoox_cq_fd", "completion queue"),
    ("zoox_cq_next", "completion queue"),
    ("zoox_cq_wait", "completion queue"),
    ("zoox_create", "the created path in memory of its size"),
    (
        "zoox_create2_op_init",
        "create with a stat in a transaction",
    ),
    (
        "zoox_create_ttl_op_init",
        "create with a time to live in a transaction",
    ),
    (
        "zoox_drop_connection",
        "breaks the connection and keeps the session",
    ),
    ("zoox_get", "data in memory of its size"),
    ("zoox_free_read_results", "several reads in one request"),
    ("zoox_get_all_children_number", "number of descendants"),
    ("zoox_get_ephemerals", "own ephemeral nodes"),
    (
        "zoox_get_peer",
        "address of the peer in every state with a socket",
    ),
    (
        "zoox_get_request_timeout",
        "the limit of zoox_set_request_timeout",
    ),
    ("zoox_get_stats", "what a handle has done"),
    (
        "zoox_init",
        "settings for one handle that are global or missing elsewhere",
    ),
    ("zoox_last_zxid", "the last transaction seen"),
    ("zoox_measure_latency", "how long requests take"),
    ("zoox_multi_read", "several reads in one request"),
    (
        "zoox_mute_callbacks",
        "for the end of interpreters and for fork",
    ),
    ("zoox_set_acl", "set_acl with the stat"),
    ("zoox_set_connect_limit", "a limit of time for an attempt"),
    ("zoox_set_log_level", "the log level of one handle"),
    (
        "zoox_set_queue_until_connected",
        "requests that survive failed attempts to connect",
    ),
    (
        "zoox_set_request_timeout",
        "a limit of time for each request",
    ),
    (
        "zoox_set_retry_backoff",
        "growing pauses between attempts to connect",
    ),
    (
        "zoox_set_retry_delay",
        "the pause after all servers have failed",
    ),
    ("zoox_set_session_limit", "expiry by the client itself"),
    ("zoox_sync", "sync with the answer waited for"),
    ("zoox_wget", "data in memory of its size"),
    ("zoox_who_am_i", "own identities"),
    ("zoox_with_timeout", "a limit of time for one call"),
];

/// Name to "name kind", with the size for objects.
pub(crate) type Exports = BTreeMap<String, String>;

fn exports_of(path: &Path) -> Exports {
    let data = fs::read(path).expect("the library is readable");
    let file = object::File::parse(&*data).expect("the library is an ELF file");
    let defined = file
        .dynamic_symbols()
        .filter(|symbol| symbol.is_definition());
    let described = defined.map(|symbol| {
        let name = symbol.name().expect("a symbol's name is text").to_owned();
        let fact = match symbol.kind() {
            SymbolKind::Text => format!("{name} function"),
            SymbolKind::Data => format!("{name} object {}", symbol.size()),
            other => format!("{name} {other:?}"),
        };
        (name, fact)
    });
    described.collect()
}

/// The exports of the reference, as the repository lists them.
pub(crate) fn frozen() -> Exports {
    let path = repository("c-tests/abi/exports.txt");
    let text = fs::read_to_string(path).expect("the list of exports is readable");
    let facts = text.lines().filter(|line| !line.starts_with('#'));
    let named = facts.map(|fact| (fact.split(' ').next().unwrap_or(fact).into(), fact.into()));
    named.collect()
}

fn facts(exports: Exports) -> Vec<String> {
    exports.into_values().collect()
}

// C-003, C-055
#[test]
fn the_frozen_list_is_what_debians_library_exports() {
    let Some(reference) = reference_library("the_frozen_list_is_what_debians_library_exports")
    else {
        return;
    };
    assert_same("exports", &facts(exports_of(&reference)), &facts(frozen()));
}

// C-003…C-007, C-055…C-057, C-070, C-072…C-076, C-080, C-168, C-181, F-75
#[test]
fn the_library_exports_what_the_reference_exports_and_nothing_else() {
    let mut ours = exports_of(&library());
    for (name, reason) in DELIBERATE {
        assert!(ours.remove(*name).is_some(), "{name} is missing: {reason}");
    }
    assert_same("exports", &facts(frozen()), &facts(ours));
}

// C-002
#[test]
fn no_exported_symbol_has_a_version() {
    let data = fs::read(library()).expect("the library is readable");
    let file = object::File::parse(&*data).expect("the library is an ELF file");
    let definitions = file.section_by_name(".gnu.version_d");
    assert!(definitions.is_none(), "there are version definitions");
}

/// Weak definitions, as those of the compiler's support library, give way to a program's own.
// F-75: and no name of another library
#[test]
fn the_static_library_defines_the_same_names_and_claims_no_other_c_names() {
    let data = fs::read(archive()).expect("the archive is readable");
    let archive = ArchiveFile::parse(&*data).expect("the archive is one");
    let reference = frozen();
    let mut seen = Vec::new();
    let mut foreign = Vec::new();
    for member in archive.members() {
        let member = member.expect("a member is readable");
        let object = member.data(&*data).expect("a member's data is there");
        let file = object::File::parse(object).expect("a member is an object file");
        for symbol in file
            .symbols()
            .filter(|s| s.is_global() && !s.is_weak() && s.is_definition())
        {
            let name = symbol.name().expect("a symbol's name is text");
            if reference.contains_key(name) {
                seen.push(name.to_owned());
            } else if !is_private(name) && !DELIBERATE.iter().any(|(known, _)| *known == name) {
                let member = String::from_utf8_lossy(member.name());
                foreign.push(format!("{name} in {member}"));
            }
        }
    }
    seen.sort();
    assert_same("symbols", &reference.into_keys().collect::<Vec<_>>(), &seen);
    assert!(foreign.is_empty(), "foreign names: {foreign:#?}");
}

/// Whether no C program has reason to define the name: it is mangled by Rust, is reserved, is
/// no C identifier, or is marked with the library's own name.
fn is_private(name: &str) -> bool {
    let prefixes = ["_", "rust_", "zookeeper_mt_"];
    prefixes.iter().any(|prefix| name.starts_with(prefix)) || name.contains('.')
}
