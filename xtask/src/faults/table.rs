//! The table of faults.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use serde::Deserialize;

use crate::compat::numbers::{Numbers, begins_with_number};

/// The whole table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    section: Vec<Section>,
}

/// Faults about one thing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) row: Vec<Row>,
}

/// One fault.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// Such as `F-7`.
    pub(crate) number: String,
    /// What users of the C library suffer from.
    pub(crate) what: String,
    /// What was known before there were tests.
    pub(crate) known: Known,
    /// What a program must ask for, if it has to.
    pub(crate) opt_in: Option<String>,
    /// Why no test can claim it.
    pub(crate) reason: Option<String>,
}

/// How well the fault was known before there were tests.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Known {
    /// Made to happen on 3.8.0.
    Seen,
    /// Made to happen on a version after 3.8.0.
    Later,
    /// Told by users or by who knows the library.
    Told,
    /// A fault of versions before 3.8.0 or, if told so, of later fixes.
    Fixed,
}

impl Known {
    /// A word for the page.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Later => "seen later",
            Self::Told => "told",
            Self::Fixed => "fixed",
        }
    }
}

impl Table {
    /// Reads the table; an error if a number is odd or there twice.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let table: Self = toml::from_str(text)?;
        let mut seen = BTreeSet::new();
        for Row { number, .. } in table.rows() {
            if !number.starts_with('F') || !begins_with_number(number) {
                bail!("'{number}' is no number");
            }
            if !seen.insert(number) {
                bail!("{number} is there twice");
            }
        }
        Ok(table)
    }

    pub(crate) fn sections(&self) -> &[Section] {
        &self.section
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.section.iter().flat_map(|section| &section.row)
    }

    /// The faults, as texts name them.
    pub(crate) fn names(&self) -> Numbers<'_> {
        Numbers::new("F", self.rows().map(|row| row.number.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "[[section]]\ntitle = 't'\n[[section.row]]\nnumber = 'F-9'\nwhat = 'a'\n\
                         known = 'seen'\n[[section.row]]\nnumber = 'F-10'\nwhat = 'b'\n\
                         known = 'told'\nreason = 'c'\n";

    #[test]
    fn rows_keep_their_order() {
        let table = Table::parse(TABLE).unwrap();
        let numbers: Vec<_> = table.rows().map(|row| row.number.as_str()).collect();
        assert_eq!(numbers, ["F-9", "F-10"]);
        assert_eq!(table.names().named_in("F-9…F-10").unwrap(), numbers);
    }

    #[test]
    fn odd_numbers_and_repeated_ones_are_refused() {
        for other in ["F-9", "C-010", "F", "10"] {
            assert!(
                Table::parse(&TABLE.replace("F-10", other)).is_err(),
                "{other}"
            );
        }
    }
}
