//! The lines in which two observations differ.

use similar::{ChangeTag, TextDiff};

use super::play::Observation;

/// `-` lines are only in `left`, `+` lines only in `right`; none if they are equal.
pub(super) fn difference(left: &Observation, right: &Observation) -> Vec<String> {
    let (left, right): (Vec<&str>, Vec<&str>) = (
        left.lines.iter().map(String::as_str).collect(),
        right.lines.iter().map(String::as_str).collect(),
    );
    TextDiff::from_slices(&left, &right)
        .iter_all_changes()
        .filter_map(|change| match change.tag() {
            ChangeTag::Equal => None,
            ChangeTag::Delete => Some(format!("-{}", change.value())),
            ChangeTag::Insert => Some(format!("+{}", change.value())),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation(lines: &[&str]) -> Observation {
        Observation {
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        }
    }

    #[test]
    fn equal_observations_have_no_difference() {
        let same = observation(&["a", "b"]);
        assert!(difference(&same, &same.clone()).is_empty());
    }

    #[test]
    fn a_difference_names_both_sides() {
        let (left, right) = (
            observation(&["a", "b", "c"]),
            observation(&["a", "x", "c", "d"]),
        );
        assert_eq!(difference(&left, &right), ["-b", "+x", "+d"]);
    }
}
