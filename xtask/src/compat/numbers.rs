//! Numbers such as C-123, and how texts name them.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};

/// The letters of all tables, each with the fewest digits that follow it.
const LETTERS: [(char, usize); 3] = [('C', 2), ('T', 2), ('F', 1)];

/// The known numbers of one table.
#[derive(Debug)]
pub(crate) struct Numbers<'a> {
    /// Those that its numbers begin with.
    letters: &'static str,
    /// In the order of the numbers: shorter ones are smaller.
    known: BTreeSet<(usize, &'a str)>,
}

impl<'a> Numbers<'a> {
    /// A table with these letters and numbers.
    pub(crate) fn new(letters: &'static str, numbers: impl Iterator<Item = &'a str>) -> Self {
        let known = numbers.map(|number| (number.len(), number)).collect();
        Self { letters, known }
    }

    /// The numbers of this table that a text names, ranges such as C-485…C-490 expanded. Those of
    /// other tables are left out.
    pub(crate) fn named_in(&self, text: &str) -> Result<Vec<String>> {
        let mut named = Vec::new();
        for (number, end) in scan(text) {
            if !number.starts_with(|letter| self.letters.contains(letter)) {
                continue;
            }
            let end = end.unwrap_or_else(|| number.clone());
            let [first, last] = [&number, &end].map(|one| (one.len(), one.as_str()));
            for one in [first, last] {
                let known = self.known.get(&one);
                known.with_context(|| format!("{} is in no table", one.1))?;
            }
            if last < first {
                bail!("{number}…{end} is empty");
            }
            let range = self.known.range(first..=last);
            named.extend(range.map(|&(_, number)| number.to_owned()));
        }
        Ok(named)
    }
}

/// Whether a text begins with the number of some table.
pub(crate) fn begins_with_number(text: &str) -> bool {
    let first = text.split([',', ':', ' ', '…']).next().unwrap_or_default();
    LETTERS.iter().any(|(letter, _)| text.starts_with(*letter)) && scan(first).len() == 1
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
        let letter = letters
            .next()
            .and_then(|letter| LETTERS.iter().find(|(known, _)| *known == letter))
            .filter(|(_, fewest)| digits >= *fewest);
        let alone = letters.next().is_none_or(|c| !c.is_alphanumeric());
        rest = &after[digits..];
        let (Some((letter, _)), true) = (letter, alone) else {
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

    fn named(text: &str) -> Result<Vec<String>> {
        Numbers::new("CT", ["C-001", "C-003", "C-007", "T-01"].into_iter()).named_in(text)
    }

    #[test]
    fn a_range_names_the_known_numbers_between_its_ends() {
        let found = named("C-001…C-007, S-001, F-2, T-01: not 12-24, nor UTF-8");
        assert_eq!(found.unwrap(), ["C-001", "C-003", "C-007", "T-01"]);
        let faults = Numbers::new("F", ["F-2", "F-9", "F-10", "F-11"].into_iter());
        let found = faults.named_in("C-001, F-9…F-11");
        assert_eq!(found.unwrap(), ["F-9", "F-10", "F-11"]);
    }

    #[test]
    fn unknown_numbers_and_empty_ranges_are_refused() {
        for text in ["C-002", "C-001…C-004", "C-007…C-001"] {
            assert!(named(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_text_begins_with_the_number_of_any_table() {
        for text in ["C-001: x", "F-7", "T-01, C-002"] {
            assert!(begins_with_number(text), "{text}");
        }
        for text in ["C", "About C-001", "CF-1", "F- 1"] {
            assert!(!begins_with_number(text), "{text}");
        }
    }
}
