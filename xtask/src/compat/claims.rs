//! Which test claims which number.
//!
//! In C a claim is the second argument of `TEST(name, "C-123 C-124")`. In Rust it is a comment
//! line between the test function and what comes before it, `// C-123, C-485…C-490: words`; the
//! suites of `cargo xtask test` claim in the same way. In Python it is `# C-123` there.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::contract::{Contract, scan};
use crate::artifacts::root;

/// Where tests are.
const FOLDERS: [&str; 6] = [
    "c-tests",
    "crates",
    "python/tests",
    "src",
    "tests",
    "xtask/src",
];
/// Folders of Rust code that may be compared with the C library.
const COMPARING: [&str; 2] = ["tests/abi/", "xtask/src/suites/"];
/// Words of tests that do compare.
const COMPARISONS: [&str; 3] = ["original", "reference", "debians"];
/// How a C test says that it does not run on the C library.
const NOT_THERE: &str = "NOT_ON_THE_REFERENCE(";

/// A test that claims a number.
#[derive(Debug, PartialEq)]
pub(crate) struct Claim {
    pub(crate) number: String,
    pub(crate) test: String,
    /// Relative to the repository's root.
    pub(crate) file: String,
    /// Whether the C library passes the same test, or is compared in it.
    pub(crate) on_both: bool,
    /// The numbers because of which the test does not run on the C library.
    pub(crate) deviates_by: Vec<String>,
}

/// A test function in the text of a file.
#[derive(Debug, Default, PartialEq)]
struct Test {
    name: String,
    claims: String,
    body: String,
}

/// All claims of the repository, in the order of files and tests.
pub(crate) fn read(contract: &Contract) -> Result<Vec<Claim>> {
    let mut claims = Vec::new();
    for folder in FOLDERS {
        for file in files(folder)? {
            let text = fs::read_to_string(root().join(&file))?;
            for test in tests(&file, &text) {
                let context = || format!("{} in {file}", test.name);
                claims.extend(claims_of(contract, &file, &test).with_context(context)?);
            }
        }
    }
    if claims.is_empty() {
        bail!("no test claims anything");
    }
    Ok(claims)
}

fn claims_of(contract: &Contract, file: &str, test: &Test) -> Result<Vec<Claim>> {
    let mut numbers = contract.named_in(&test.claims)?;
    numbers.sort();
    numbers.dedup();
    let excuse = test.body.split_once(NOT_THERE).map(|(_, after)| after);
    let excuse = excuse.and_then(|after| after.split_once(");"));
    let deviates_by = excuse.map_or_else(|| Ok(Vec::new()), |(why, _)| contract.named_in(why))?;
    if excuse.is_some() && deviates_by.is_empty() {
        bail!("it does not run on the C library and names no number for it");
    }
    let on_both = if is_c(file) {
        excuse.is_none()
    } else {
        let text = format!("{}{}", test.name, test.body);
        COMPARING.iter().any(|folder| file.starts_with(folder))
            && COMPARISONS.iter().any(|word| text.contains(word))
    };
    let claims = numbers.into_iter().map(|number| Claim {
        number,
        test: test.name.clone(),
        file: file.to_owned(),
        on_both,
        deviates_by: deviates_by.clone(),
    });
    Ok(claims.collect())
}

/// The source files below a folder, sorted, relative to the repository's root.
fn files(folder: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut entries: Vec<_> = fs::read_dir(root().join(folder))
        .with_context(|| format!("cannot read {folder}"))?
        .collect::<std::io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            found.extend(files(&path)?);
        } else if is_c(&path) || path.ends_with(".rs") || path.ends_with(".py") {
            found.push(path);
        }
    }
    Ok(found)
}

fn is_c(file: &str) -> bool {
    file.ends_with(".c") || file.ends_with(".cpp")
}

/// The tests of a file that claim something.
fn tests(file: &str, text: &str) -> Vec<Test> {
    if is_c(file) {
        return c_tests(text);
    }
    let is_suite = Path::new(file).starts_with("xtask/src/suites");
    if file.ends_with(".rs") {
        commented_tests(text, "//", "fn ", is_suite)
    } else {
        commented_tests(text, "#", "def ", true)
    }
}

fn c_tests(text: &str) -> Vec<Test> {
    let mut parts = text.split("\nTEST(");
    parts.next();
    let tests = parts.filter_map(|part| {
        let (head, body) = part.split_once(")\n{")?;
        let (name, claims) = head.split_once(',')?;
        Some(Test {
            name: name.trim().to_owned(),
            claims: claims.to_owned(),
            body: body.split("\n}").next().unwrap_or(body).to_owned(),
        })
    });
    tests.collect()
}

/// Functions with a claim in the comments right above them; `marked` if all functions are tests,
/// else they need Rust's attribute.
fn commented_tests(text: &str, comment: &str, keyword: &str, marked: bool) -> Vec<Test> {
    let mut tests: Vec<Test> = Vec::new();
    let (mut claims, mut is_test) = (String::new(), marked);
    let mut body_of_claim = false;
    for line in text.lines() {
        let code = line.trim();
        let said = code.strip_prefix(comment).map(str::trim_start);
        let said = said.filter(|_| !code.starts_with("#["));
        if let Some(said) = said {
            if starts_with_number(said) {
                let numbers = said.split(':').next().unwrap_or(said);
                claims = format!("{claims} {numbers}");
            }
        } else if code.starts_with("#[") || code.starts_with('@') {
            is_test |= code.starts_with("#[test]");
        } else if let Some(name) = function(code, keyword) {
            body_of_claim = is_test && !claims.is_empty();
            if body_of_claim {
                tests.push(Test {
                    name: name.to_owned(),
                    claims: std::mem::take(&mut claims),
                    body: String::new(),
                });
            }
            (claims, is_test) = (String::new(), marked);
        } else {
            (claims, is_test) = (String::new(), marked);
            if let Some(test) = tests.last_mut().filter(|_| body_of_claim) {
                test.body += line;
                test.body.push('\n');
            }
        }
    }
    tests
}

fn starts_with_number(text: &str) -> bool {
    let first = text.split([',', ':', ' ', '…']).next().unwrap_or_default();
    text.starts_with(['C', 'T']) && scan(first).len() == 1
}

/// The name of the function that this line begins.
fn function<'a>(code: &'a str, keyword: &str) -> Option<&'a str> {
    let mut code = code;
    for prefix in ["pub(super) ", "pub(crate) ", "pub ", "async "] {
        code = code.strip_prefix(prefix).unwrap_or(code);
    }
    code.strip_prefix(keyword)?.split(['(', '<']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tests: &[Test]) -> Vec<(&str, &str)> {
        let pairs = tests.iter().map(|t| (t.name.as_str(), t.claims.trim()));
        pairs.collect()
    }

    #[test]
    fn a_c_test_claims_what_its_second_argument_names() {
        let text = "\nTEST(one, \"C-001\"\n          \"C-002\")\n{\n    x();\n}\nint y;\n\
                    static void no(void)\n{\n}\n";
        let tests = c_tests(text);
        assert_eq!(tests.len(), 1);
        assert_eq!(tests[0].name, "one");
        assert_eq!(scan(&tests[0].claims).len(), 2);
        assert_eq!(tests[0].body.trim(), "x();");
    }

    #[test]
    fn a_rust_test_claims_what_the_comment_above_it_begins_with() {
        let text = "// C-001, C-002: words, C-003\n#[test]\nfn one() {\n    // C-004\n}\n\n\
                    // C-005\nfn no_test() {}\n// C-006\n\n#[test]\nfn apart() {}\n\
                    // About C-007\n/// Doc\n#[test]\n// T-01\nfn two() {}\n";
        let found = commented_tests(text, "//", "fn ", false);
        assert_eq!(names(&found), [("one", "C-001, C-002"), ("two", "T-01")]);
    }

    #[test]
    fn a_python_test_claims_in_the_same_way() {
        let text = "# C-001\ndef test_one():\n    pass\n\ndef test_two():\n    pass\n";
        let found = commented_tests(text, "#", "def ", true);
        assert_eq!(names(&found), [("test_one", "C-001")]);
    }
}
