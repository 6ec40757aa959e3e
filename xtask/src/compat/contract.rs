//! The table of the contract's numbers.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use serde::Deserialize;

use super::numbers::{Numbers, scan};

/// The whole table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contract {
    section: Vec<Section>,
}

/// A group of numbers about one thing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Section {
    pub(crate) title: String,
    /// Numbers where this library does otherwise than the C library.
    safe: BTreeSet<String>,
    /// Number to what it is about.
    pub(crate) what: BTreeMap<String, String>,
    /// Number to why no test can claim it.
    #[serde(default)]
    pub(crate) reason: BTreeMap<String, String>,
}

impl Contract {
    /// Reads the table; an error if it contradicts itself.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let contract: Self = toml::from_str(text)?;
        let mut seen = BTreeSet::new();
        for section in &contract.section {
            for number in section.what.keys() {
                if scan(number).first().map(|found| &found.0) != Some(number) {
                    bail!("'{number}' is no number");
                }
                if !seen.insert(number) {
                    bail!("{number} is there twice");
                }
            }
            for number in section.reason.keys().chain(&section.safe) {
                if !section.what.contains_key(number) {
                    bail!("{number} is not in its section '{}'", section.title);
                }
            }
        }
        Ok(contract)
    }

    pub(crate) fn sections(&self) -> &[Section] {
        &self.section
    }

    /// Every number, with the reason why no test can claim it.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.section.iter().flat_map(|section| {
            section.what.keys().map(|number| {
                let reason = section.reason.get(number);
                (number.as_str(), reason.map(String::as_str))
            })
        })
    }

    /// The numbers where this library does otherwise than the C library.
    pub(crate) fn deviations(&self) -> impl Iterator<Item = &str> {
        let safe = self.section.iter().flat_map(|section| &section.safe);
        safe.map(String::as_str)
    }

    /// The table's numbers, as texts name them.
    pub(crate) fn names(&self) -> Numbers<'_> {
        Numbers::new("CT", self.numbers().map(|(number, _)| number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "[[section]]\ntitle = 't'\nsafe = ['C-003']\n[section.what]\n\
                         C-001 = 'a'\nC-003 = 'b'\nC-007 = 'c'\nT-01 = 'd'\n\
                         [section.reason]\nC-007 = 'e'\n";

    #[test]
    fn a_table_that_contradicts_itself_is_refused() {
        for (from, to) in [
            ("safe = ['C-003']", "safe = ['C-004']"),
            ("C-007 = 'e'", "C-008 = 'e'"),
            ("T-01", "Trap"),
        ] {
            assert!(Contract::parse(&TABLE.replace(from, to)).is_err(), "{to}");
        }
    }
}
