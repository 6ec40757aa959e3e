//! The ABI: what the library exports and what its headers say, against Debian's 3.8.0.
//!
//! Debian's library and headers are compared where they are installed (`libzookeeper-mt2`,
//! `libzookeeper-mt-dev`). The library under test is the one that Cargo built for this test,
//! or the file that `ZK_LIB` names; its static archive is `ZK_ARCHIVE` likewise. The C compiler
//! must be GCC, which lists prototypes and describes types that no code uses.

mod cc;
mod data;
mod dwarf;
mod exports;
mod headers;
mod identity;
mod layout;
mod program;
mod prototypes;
mod records;
mod support;
