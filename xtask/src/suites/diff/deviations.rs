//! The differences that are on purpose.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::compare::difference;
use super::play::Observation;

/// How a comparison ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No difference.
    Equal,
    /// The difference that the table says, with its numbers.
    Expected(String),
    /// Another one; what is wrong.
    Different(String),
}

/// What is expected of one scenario in one form.
#[derive(Debug)]
struct Deviation {
    scenario: String,
    /// The comparisons it is about.
    forms: Vec<String>,
    /// Numbers of the contract or of docs/quirks.md, and a reason.
    why: String,
    /// What the original does is not determined: only ours is compared.
    ours_only: bool,
    /// The difference, or all lines of ours.
    lines: Vec<String>,
}

/// The table of deviations.
#[derive(Debug)]
pub(super) struct Deviations(Vec<Deviation>);

impl Deviations {
    /// Reads the table. Its head tells the format.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let mut table: Vec<Deviation> = Vec::new();
        for line in text.lines() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let head = [("== ", false), ("~~ ", true)]
                .iter()
                .find_map(|(mark, ours_only)| Some((line.strip_prefix(mark)?, *ours_only)));
            match (head, table.last_mut()) {
                (Some((head, ours_only)), _) => {
                    let mut words = head.splitn(3, ' ');
                    let mut word = || words.next().map(str::to_owned);
                    let (Some(scenario), Some(forms), Some(why)) = (word(), word(), word()) else {
                        bail!("'{line}' lacks the scenario, the forms or the numbers");
                    };
                    if !(why.starts_with("C-") || why.starts_with("Q-")) {
                        bail!("'{line}' names no number");
                    }
                    table.push(Deviation {
                        scenario,
                        forms: forms.split(',').map(str::to_owned).collect(),
                        why,
                        ours_only,
                        lines: Vec::new(),
                    });
                }
                (None, Some(deviation)) if line.starts_with(['+', '-']) => {
                    deviation.lines.push(line.to_owned());
                }
                _ => bail!("'{line}' is neither a head nor a line of a difference"),
            }
        }
        Ok(Self(table))
    }

    /// Compares two observations of a scenario. `form` is what is compared with what. Lines of the
    /// table do not tell threads apart.
    pub(super) fn judge(
        &self,
        scenario: &str,
        form: &str,
        full_left: &Observation,
        full_right: &Observation,
    ) -> Result<Verdict> {
        let expected = self.0.iter().find(|deviation| {
            deviation.scenario == scenario && deviation.forms.iter().any(|known| known == form)
        });
        let without;
        let (left, right) = if expected.is_some() {
            without = (full_left.without_threads(), full_right.without_threads());
            (&without.0, &without.1)
        } else {
            (full_left, full_right)
        };
        let found = match expected {
            Some(Deviation {
                ours_only: true, ..
            }) => right.lines.iter().map(|line| format!("+{line}")).collect(),
            _ => difference(left, right),
        };
        Ok(match expected {
            None if found.is_empty() => Verdict::Equal,
            None => Verdict::Different(found.join("\n")),
            Some(deviation) if deviation.lines == found => Verdict::Expected(deviation.why.clone()),
            Some(deviation) if found.is_empty() => {
                Verdict::Different(format!("equal, in spite of {}", deviation.why))
            }
            Some(deviation) => Verdict::Different(format!(
                "not as {}\nexpected\n{}\nfound\n{}",
                deviation.why,
                deviation.lines.join("\n"),
                found.join("\n")
            )),
        })
    }

    /// Entries of scenarios that are not among these.
    pub(super) fn without_scenario<'a>(
        &self,
        names: impl Iterator<Item = &'a str> + Clone,
    ) -> Vec<String> {
        let is_known = |name: &str| names.clone().any(|known| known == name);
        let unknown = self.0.iter().filter(|entry| !is_known(&entry.scenario));
        unknown.map(|entry| entry.scenario.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation(line: &str) -> Observation {
        Observation {
            lines: vec![line.to_owned()],
        }
    }

    const TABLE: &str =
        "# head\n== one threads Q-008: crash\n-a\n+b\n\n~~ two loop C-534 lost\n+b\n";

    #[test]
    fn only_the_difference_that_is_written_down_is_expected() {
        let table = Deviations::parse(TABLE).unwrap();
        let (a, b, c) = (observation("a"), observation("b"), observation("c"));
        let judge = |scenario, form, left, right| table.judge(scenario, form, left, right).unwrap();
        let why = "Q-008: crash".to_owned();
        assert_eq!(judge("one", "threads", &a, &b), Verdict::Expected(why));
        for (left, right) in [(&a, &c), (&a, &a), (&c, &b)] {
            let verdict = judge("one", "threads", left, right);
            assert!(matches!(verdict, Verdict::Different(_)), "{verdict:?}");
        }
        assert_eq!(judge("one", "loop", &a, &a), Verdict::Equal);
        assert!(matches!(
            judge("one", "loop", &a, &b),
            Verdict::Different(_)
        ));
    }

    #[test]
    fn where_the_original_is_undetermined_ours_is_not() {
        let table = Deviations::parse(TABLE).unwrap();
        let (a, b) = (observation("a"), observation("b"));
        let why = "C-534 lost".to_owned();
        assert_eq!(
            table.judge("two", "loop", &a, &b).unwrap(),
            Verdict::Expected(why)
        );
        let verdict = table.judge("two", "loop", &b, &a).unwrap();
        assert!(matches!(verdict, Verdict::Different(_)));
    }

    #[test]
    fn entries_without_a_number_are_refused() {
        assert!(Deviations::parse("== one threads because\n").is_err());
        assert!(Deviations::parse("== one threads\n").is_err());
        assert!(Deviations::parse("-a\n").is_err());
        let table = Deviations::parse(TABLE).unwrap();
        assert_eq!(table.without_scenario(["one"].into_iter()), ["two"]);
    }
}
