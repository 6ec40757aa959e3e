//! How tests ended on Debian's library.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

const HEAD: &str = "\
# How the tests that claim faults ended on Debian's 3.8.0: \"free\", \"failed: …\", \"crashed: …\",
# \"hung: …\" or \"not offered: …\". Written by `cargo xtask faults`, shown in docs/faults.md.
";

/// A test that found nothing wrong.
pub(crate) const FREE: &str = "free";
/// How other outcomes begin, the worst first.
pub(crate) const KINDS: [&str; 4] = ["crashed", "hung", "failed", "not offered"];

/// File and name of a test.
pub(crate) type Test = (String, String);

/// Outcomes by file and test.
#[derive(Debug, Default)]
pub(crate) struct Record(BTreeMap<String, BTreeMap<String, String>>);

impl Record {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Ok(Self(toml::from_str(text)?))
    }

    /// The record as a file.
    pub(crate) fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for (file, tests) in &self.0 {
            text += &format!("\n[{}]\n", quoted(file));
            for (test, outcome) in tests {
                text += &format!("{test} = {}\n", quoted(outcome));
            }
        }
        text
    }

    /// How a test ended.
    pub(crate) fn outcome(&self, file: &str, test: &str) -> Option<&str> {
        Some(self.0.get(file)?.get(test)?.as_str())
    }

    pub(crate) fn has(&self, (file, test): &Test) -> bool {
        self.outcome(file, test).is_some()
    }

    pub(crate) fn set(&mut self, (file, test): Test, outcome: String) {
        self.0.entry(file).or_default().insert(test, outcome);
    }

    /// All tests that it tells of.
    pub(crate) fn tests(&self) -> impl Iterator<Item = Test> {
        let files = self.0.iter();
        files.flat_map(|(file, tests)| tests.keys().map(|test| (file.clone(), test.clone())))
    }

    /// Forgets all tests but these.
    pub(crate) fn keep(&mut self, wanted: &BTreeSet<Test>) {
        for (file, tests) in &mut self.0 {
            tests.retain(|test, _| wanted.contains(&(file.clone(), test.clone())));
        }
        self.0.retain(|_, tests| !tests.is_empty());
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back() {
        let mut record = Record::default();
        let test = |name: &str| ("c-tests/a.c".to_owned(), name.to_owned());
        record.set(test("one"), FREE.into());
        record.set(test("two"), "failed: a is \"b\\n\", not 'c'".into());
        let again = Record::parse(&record.text()).unwrap();
        assert_eq!(again.text(), record.text());
        assert!(again.has(&test("two")) && !again.has(&test("three")));
        record.keep(&[test("one")].into());
        assert_eq!(record.tests().collect::<Vec<_>>(), [test("one")]);
        record.keep(&BTreeSet::new());
        assert_eq!(record.text(), HEAD);
    }
}
