//! Prototypes on as few lines as they need.

/// Lines of a header are shorter than this.
const WIDTH: usize = 100;

/// Lays out a function's prototype or a pointer's typedef, without a comment.
///
/// Parameters that do not fit stand below the first one.
pub(crate) fn prototype(code: &str) -> String {
    let words: Vec<&str> = code.split_whitespace().collect();
    let whole = words.join(" ");
    let Some(open) = whole.rfind('(') else {
        return whole;
    };
    let (head, parameters) = whole.split_at(open + 1);
    let mut lines = Vec::new();
    let mut line = head.to_owned();
    for parameter in parameters.split_inclusive(',').map(str::trim) {
        let gap = if line.ends_with(',') { " " } else { "" };
        if !gap.is_empty() && line.len() + gap.len() + parameter.len() >= WIDTH {
            lines.push(line);
            line = format!("{:indent$}{parameter}", "", indent = head.len());
        } else {
            line += gap;
            line += parameter;
        }
    }
    lines.push(line);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::prototype;

    #[test]
    fn a_short_prototype_gets_one_line() {
        assert_eq!(
            prototype("int f(char *a,\n      int b);"),
            "int f(char *a, int b);"
        );
    }

    #[test]
    fn parameters_that_do_not_fit_stand_below_the_first() {
        let long = format!("int f(int {}, int b);", "a".repeat(90));
        let wrapped = format!("int f(int {},\n      int b);", "a".repeat(90));
        assert_eq!(prototype(&long), wrapped);
    }

    #[test]
    fn parameters_of_a_pointer_are_aligned_behind_its_name() {
        let long = format!("typedef void (*f)(int {}, int b);", "a".repeat(80));
        let wrapped = format!(
            "typedef void (*f)(int {},\n{:18}int b);",
            "a".repeat(80),
            ""
        );
        assert_eq!(prototype(&long), wrapped);
    }
}
