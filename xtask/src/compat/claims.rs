//! Which test claims which number.
//!
//! In C a claim is the second argument of `TEST(name, "C-123 C-124")` or of a macro whose name ends
//! in SCENARIO. In Rust it is a comment line directly above the test function,
//! `// C-123, C-485…C-490: words`. In Python it is `# C-123` there. Numbers of several tables may
//! stand together.

use std::fs;

use anyhow::{Context, Result, bail};

use super::numbers::{Numbers, begins_with_number, scan};
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
/// Folders where public functions are tests, because another program calls them.
const OWN_HARNESS: [&str; 2] = ["tests/ensemble/", "xtask/src/suites/"];
/// How macros end that define a test in C.
const MACROS: [&str; 2] = ["TEST(", "SCENARIO("];
/// Folders of Rust code that may be compared with the C library.
const COMPARING: [&str; 2] = ["tests/abi/", "xtask/src/suites/"];
/// Words of tests that do compare.
const COMPARISONS: [&str; 3] = ["original", "reference", "debians"];
/// What C programs include for the calls that the C library has not.
const EXTENSIONS: &str = "/ext.h\"";
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
pub(crate) fn read(known: &Numbers<'_>) -> Result<Vec<Claim>> {
    let mut claims = Vec::new();
    for folder in FOLDERS {
        for file in files(folder)? {
            let text = fs::read_to_string(root().join(&file))?;
            let extended = text.contains(EXTENSIONS);
            for test in tests(&file, &text) {
                let context = || format!("{} in {file}", test.name);
                let mut found = claims_of(known, &file, &test).with_context(context)?;
                for claim in &mut found {
                    claim.on_both &= !extended;
                }
                claims.extend(found);
            }
        }
    }
    if claims.is_empty() {
        bail!("no test claims anything");
    }
    Ok(claims)
}

fn claims_of(known: &Numbers<'_>, file: &str, test: &Test) -> Result<Vec<Claim>> {
    let mut numbers = known.named_in(&test.claims)?;
    numbers.sort();
    numbers.dedup();
    let excuse = test.body.split_once(NOT_THERE).map(|(_, after)| after);
    let excuse = excuse.and_then(|after| after.split_once(");"));
    let deviates_by = excuse.map_or_else(|| Ok(Vec::new()), |(why, _)| known.named_in(why))?;
    if excuse.is_some_and(|(why, _)| scan(why).is_empty()) {
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
    if !file.ends_with(".rs") {
        return commented_tests(text, "#", "def ", Marked::All);
    }
    let own_harness = OWN_HARNESS.iter().any(|folder| file.starts_with(folder));
    let marked = if own_harness {
        Marked::Public
    } else {
        Marked::Attribute
    };
    commented_tests(text, "//", "fn ", marked)
}

fn c_tests(text: &str) -> Vec<Test> {
    let mut tests = Vec::new();
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        let macro_end = line.find('(').map_or(0, |at| at + 1);
        let (name, _) = line.split_at(macro_end);
        let defines = MACROS.iter().any(|end| name.ends_with(end));
        let parts = rest[macro_end..].split_once(")\n{").filter(|_| defines);
        if let Some((head, body)) = parts
            && let Some((name, claims)) = head.split_once(',')
        {
            tests.push(Test {
                name: name.trim().to_owned(),
                claims: claims.to_owned(),
                body: body.split("\n}").next().unwrap_or(body).to_owned(),
            });
        }
        rest = after;
    }
    tests
}

/// What makes a function a test.
#[derive(Clone, Copy, PartialEq)]
enum Marked {
    All,
    Public,
    Attribute,
}

/// The tests with a claim in the comments directly above them.
fn commented_tests(text: &str, comment: &str, keyword: &str, marked: Marked) -> Vec<Test> {
    let mut tests: Vec<Test> = Vec::new();
    let (mut claims, mut attribute) = (String::new(), false);
    let mut body_of_claim = false;
    for line in text.lines() {
        let code = line.trim();
        let said = code.strip_prefix(comment).map(str::trim_start);
        if code.starts_with("#[") || code.starts_with('@') {
            attribute |= code.starts_with("#[test]");
        } else if let Some(said) = said {
            if begins_with_number(said) {
                let numbers = said.split(':').next().unwrap_or(said);
                claims = format!("{claims} {numbers}");
            }
        } else if let Some(name) = function(code, keyword) {
            let is_test = match marked {
                Marked::All => true,
                Marked::Public => code.starts_with("pub"),
                Marked::Attribute => attribute,
            };
            body_of_claim = is_test && !claims.is_empty();
            if body_of_claim {
                tests.push(Test {
                    name: name.to_owned(),
                    claims: std::mem::take(&mut claims),
                    body: String::new(),
                });
            }
            (claims, attribute) = (String::new(), false);
        } else {
            (claims, attribute) = (String::new(), false);
            if let Some(test) = tests.last_mut().filter(|_| body_of_claim) {
                test.body += line;
                test.body.push('\n');
            }
        }
    }
    tests
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
        let text = "/* x */\nTEST(one, \"C-001\"\n          \"C-002\")\n{\n    x();\n}\nint y;\n\
                    static void no(void)\n{\n}\n";
        let tests = c_tests(text);
        assert_eq!(tests.len(), 1);
        assert_eq!(tests[0].name, "one");
        assert_eq!(scan(&tests[0].claims).len(), 2);
        assert_eq!(tests[0].body.trim(), "x();");
        let text = "SYNC_SCENARIO(two, \"C-001\")\n{\n}\nSCENARIO_X(no, \"C-002\")\n{\n}\n";
        assert_eq!(names(&c_tests(text)), [("two", "\"C-001\"")]);
    }

    #[test]
    fn a_rust_test_claims_what_the_comment_above_it_begins_with() {
        let text = "// C-001, C-002: words, C-003\n#[test]\nfn one() {\n    // C-004\n}\n\n\
                    // C-005\nfn no_test() {}\n// C-006\n\n#[test]\nfn apart() {}\n\
                    // About C-007\n/// Doc\n#[test]\n// T-01\nfn two() {}\n";
        let found = commented_tests(text, "//", "fn ", Marked::Attribute);
        assert_eq!(names(&found), [("one", "C-001, C-002"), ("two", "T-01")]);
    }

    #[test]
    fn a_test_of_another_harness_is_public() {
        let text = "// C-001\npub(crate) fn one() {}\n// C-002\nfn helper() {}\n";
        let found = commented_tests(text, "//", "fn ", Marked::Public);
        assert_eq!(names(&found), [("one", "C-001")]);
    }

    #[test]
    fn a_python_test_claims_in_the_same_way() {
        let text = "# C-001\ndef test_one():\n    pass\n\ndef test_two():\n    pass\n";
        let found = commented_tests(text, "#", "def ", Marked::All);
        assert_eq!(names(&found), [("test_one", "C-001")]);
    }
}
