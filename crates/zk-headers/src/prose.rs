//! From the documentation of Rust items to comments of C headers.

use crate::Failure;

/// Turns Rust's marks in the comments of a declaration into plain text.
///
/// # Errors
/// If something is left that is not ASCII or refers to our specification.
pub(crate) fn tidy(declaration: &str) -> Result<String, Failure> {
    let mut lines: Vec<String> = Vec::new();
    let mut after_heading = false;
    for line in declaration.lines() {
        let trimmed = line.trim_start();
        let is_comment = trimmed.starts_with("* ") || trimmed == "*" || trimmed == "*/";
        if !is_comment {
            lines.push(line.to_owned());
            continue;
        }
        let words = trimmed.trim_start_matches('*').trim();
        // "# Safety" and its like: their paragraphs stand for themselves.
        let is_mark = words.starts_with("# ") || words.starts_with("```");
        if is_mark || (after_heading && words.is_empty()) {
            after_heading = is_mark;
            continue;
        }
        after_heading = false;
        if trimmed == "*/" {
            while lines.last().is_some_and(|last| last.trim() == "*") {
                lines.pop();
            }
        }
        lines.push(plain(line).trim_end().to_owned());
    }
    let text = one_line_comments(&lines).join("\n");
    let numbered = |line: &&str| {
        line.split("C-")
            .skip(1)
            .any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    if let Some(line) = text.lines().find(numbered) {
        return Err(format!("a reference to the specification is left: {line}").into());
    }
    match text.chars().find(|c| !c.is_ascii()) {
        Some(c) => Err(format!("{c:?} is not ASCII, in: {text}").into()),
        None => Ok(text),
    }
}

/// A line without marks of code, links, and numbers of our specification.
fn plain(line: &str) -> String {
    let mut text = line
        .replace('…', "...")
        .replace("[`", "`")
        .replace("`]", "`");
    while let Some(start) = text.find("`(") {
        let end = text[start..]
            .find(')')
            .map_or(text.len(), |at| start + at + 1);
        text.replace_range(start..end, "");
    }
    while let Some(start) = text.find(" (C-") {
        let end = text[start..]
            .find(')')
            .map_or(text.len(), |at| start + at + 1);
        text.replace_range(start..end, "");
    }
    text.replace('`', "")
}

/// Joins comments of one line of text: opening, text, closing.
fn one_line_comments(lines: &[String]) -> Vec<String> {
    let mut joined = Vec::new();
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        rest = after;
        if line.trim() == "/**"
            && let [text, end, ..] = after
            && end.trim() == "*/"
        {
            let indent = line.len() - line.trim_start().len();
            let text = text.trim_start().trim_start_matches("* ");
            joined.push(format!("{:indent$}/** {text} */", ""));
            rest = &after[2..];
        } else {
            joined.push(line.clone());
        }
    }
    joined
}
