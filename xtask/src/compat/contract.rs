//! The table of the contract's numbers.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

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

    /// The numbers that a claim names, ranges such as C-485…C-490 expanded.
    pub(crate) fn named_in(&self, text: &str) -> Result<Vec<String>> {
        let known: BTreeSet<&str> = self.numbers().map(|(number, _)| number).collect();
        let mut named = Vec::new();
        for (number, end) in scan(text) {
            let end = end.unwrap_or_else(|| number.clone());
            for one in [&number, &end] {
                known
                    .get(one.as_str())
                    .with_context(|| format!("{one} is not in the contract"))?;
            }
            if end < number {
                bail!("{number}…{end} is empty");
            }
            let range = known.range(number.as_str()..=end.as_str());
            named.extend(range.map(|&number| number.to_owned()));
        }
        Ok(named)
    }
}

/// The numbers in a text, each with the end of its range.
pub(crate) fn scan(text: &str) -> Vec<(String, Option<String>)> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    let mut rest = text;
    let mut ranges = false;
    while let Some(dash) = rest.find('-') {
        let (before, after) = (&rest[..dash], &rest[dash + 1..]);
        let digits = after
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(after.len());
        let mut letters = before.chars().rev();
        let letter = letters.next().filter(|letter| "CT".contains(*letter));
        let alone = letters.next().is_none_or(|c| !c.is_alphanumeric());
        rest = &after[digits..];
        let (Some(letter), true, true) = (letter, alone, digits >= 2) else {
            ranges = false;
            continue;
        };
        let number = format!("{letter}-{}", &after[..digits]);
        match found.last_mut() {
            Some((_, end)) if ranges => *end = Some(number),
            _ => found.push((number, None)),
        }
        ranges = rest.starts_with('…');
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "[[section]]\ntitle = 't'\nsafe = ['C-003']\n[section.what]\n\
                         C-001 = 'a'\nC-003 = 'b'\nC-007 = 'c'\nT-01 = 'd'\n\
                         [section.reason]\nC-007 = 'e'\n";

    #[test]
    fn a_range_names_the_known_numbers_between_its_ends() {
        let contract = Contract::parse(TABLE).unwrap();
        let named = contract.named_in("C-001…C-007, S-001, T-01: not 12-24");
        assert_eq!(named.unwrap(), ["C-001", "C-003", "C-007", "T-01"]);
    }

    #[test]
    fn unknown_numbers_and_empty_ranges_are_refused() {
        let contract = Contract::parse(TABLE).unwrap();
        for text in ["C-002", "C-001…C-004", "C-007…C-001"] {
            assert!(contract.named_in(text).is_err(), "{text}");
        }
    }

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
