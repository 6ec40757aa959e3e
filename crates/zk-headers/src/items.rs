//! The C declarations of the Rust items, one text each.

use crate::{Failure, prose, wrap};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// C declarations with their comments, by name, and where their Rust items stand.
pub(crate) struct Items {
    text: BTreeMap<String, String>,
    order: BTreeMap<PathBuf, Vec<String>>,
}

/// Rust items that stand for a C type without a tag: the item's name and the type's.
const UNTAGGED: [(&str, &str); 3] = [
    ("clientid_t", "clientid_t"),
    ("ZooLogLevels", "ZooLogLevel"),
    ("ZooWatcherTypes", "ZooWatcherType"),
];

/// The struct with the union that C programs reach into without naming it.
const WITH_UNION: (&str, &str) = ("zoo_op", "zoo_op_args");

/// The function that takes more arguments than Rust can say.
const VARIADIC: &str = "log_message";

impl Items {
    /// Asks cbindgen for the items of the module in `root`, of which `sources` are all files.
    pub(crate) fn parse(config: &Path, root: &Path, sources: &[PathBuf]) -> Result<Self, Failure> {
        let mut order = BTreeMap::new();
        let mut text = BTreeMap::new();
        for source in sources {
            let code = fs::read_to_string(source)?;
            order.insert(source.clone(), code.lines().filter_map(item_name).collect());
            text.extend(string_constants(&code));
        }

        let mut config = cbindgen::Config::from_file(config)?;
        // Without this cbindgen leaves out what no exported function mentions.
        let public: BTreeSet<String> = order.values().flatten().cloned().collect();
        config.export.include = public.iter().cloned().collect();
        let mut output = Vec::new();
        cbindgen::Builder::new()
            .with_config(config)
            .with_src(root)
            .generate()?
            .write(&mut output);
        for declaration in String::from_utf8(output)?.split("\n\n") {
            let declaration = without_wrapper(declaration.trim());
            let name = declared_name(&declaration)
                .ok_or_else(|| format!("no name found in: {declaration}"))?;
            // Others are private: functions that Rust code imports.
            if public.contains(&name) {
                text.insert(name, declaration);
            }
        }

        let variadic = text
            .get_mut(VARIADIC)
            .ok_or("the variadic function is missing")?;
        *variadic = format!("{}, ...);", variadic.trim_end_matches(");"));
        inline_union(&mut text)?;
        for (item, name) in UNTAGGED {
            untag(&mut text, item, name)?;
        }
        for declaration in text.values_mut() {
            *declaration = wrapped(&prose::tidy(declaration)?);
        }
        Ok(Self { text, order })
    }

    /// The declaration of an item.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.text.get(name).map(String::as_str)
    }

    /// All names that there are.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.text.keys().map(String::as_str)
    }

    /// The names in a source file, in its order, of those items that have a declaration.
    pub(crate) fn of_file(&self, source: &Path) -> Option<impl Iterator<Item = &str>> {
        let names = self.order.get(source)?;
        // The alias of an untagged type gives way to the item that lists its values.
        let is_alias = |name: &str| {
            UNTAGGED
                .iter()
                .any(|(item, to)| name == *to && name != *item)
        };
        Some(
            names
                .iter()
                .filter(move |name| !is_alias(name))
                .map(|name| untagged_name(name))
                .filter(|name| self.text.contains_key(*name)),
        )
    }
}

fn untagged_name(item: &str) -> &str {
    UNTAGGED
        .iter()
        .find(|(from, _)| *from == item)
        .map_or(item, |(_, to)| to)
}

/// The name of the public item that starts in this line of Rust code, which is not indented.
fn item_name(line: &str) -> Option<String> {
    let rest = line.strip_prefix("pub ")?;
    let kinds = [
        "fn ", "struct ", "union ", "enum ", "static ", "const ", "type ",
    ];
    let after = kinds.iter().filter_map(|kind| {
        let at = rest.find(kind)?;
        Some((at, &rest[at + kind.len()..]))
    });
    let (_, name) = after.min_by_key(|(at, _)| *at)?;
    Some(leading_word(name.trim_start_matches("mut ")).to_owned())
}

fn leading_word(text: &str) -> &str {
    let end = text.find(|c: char| !is_word(c)).unwrap_or(text.len());
    &text[..end]
}

fn trailing_word(text: &str) -> &str {
    let start = text.rfind(|c: char| !is_word(c)).map_or(0, |at| at + 1);
    &text[start..]
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Macros for the string constants, which cbindgen passes over.
fn string_constants(code: &str) -> BTreeMap<String, String> {
    let mut comment = String::new();
    let mut found = BTreeMap::new();
    for line in code.lines() {
        if let Some(text) = line.strip_prefix("///") {
            comment += &format!(" *{text}\n");
            continue;
        }
        let constant = line
            .strip_prefix("pub const ")
            .and_then(|rest| rest.split_once(": &str = "));
        if let Some((name, value)) = constant {
            let value = value.trim_end_matches(';');
            let text = format!("/**\n{comment} */\n#define {name} {value}");
            found.insert(name.to_owned(), text);
        }
        comment.clear();
    }
    found
}

/// `Exported<T>` is for Rust only; C sees the `T`, which it may write.
fn without_wrapper(declaration: &str) -> String {
    match declaration.split_once("extern const Exported<") {
        Some((comment, rest)) => format!("{comment}extern struct {}", rest.replacen('>', "", 1)),
        None => declaration.to_owned(),
    }
}

/// A declaration with its prototype, if it is one, on few lines.
fn wrapped(declaration: &str) -> String {
    if !declaration.ends_with(");") || declaration.contains("{\n") {
        return declaration.to_owned();
    }
    match declaration.rsplit_once("*/\n") {
        Some((comment, code)) => format!("{comment}*/\n{}", wrap::prototype(code)),
        None => wrap::prototype(declaration),
    }
}

/// What a C declaration declares.
fn declared_name(declaration: &str) -> Option<String> {
    let code = match declaration.strip_prefix("/**") {
        Some(commented) => commented.split_once("*/")?.1.trim_start(),
        None => declaration,
    };
    if let Some(rest) = code.strip_prefix("#define ") {
        return Some(leading_word(rest).to_owned());
    }
    for kind in ["struct ", "union ", "enum "] {
        if let Some(rest) = code.strip_prefix(kind)
            && rest.contains('{')
        {
            return Some(leading_word(rest).to_owned());
        }
    }
    let head = match (code.strip_prefix("typedef "), code.split_once("(*")) {
        (Some(_), Some((_, pointer))) => return Some(leading_word(pointer).to_owned()),
        (Some(_), None) => code.trim_end_matches(';'),
        _ => code.split('(').next()?.trim_end_matches(';'),
    };
    Some(trailing_word(head).to_owned()).filter(|name| !name.is_empty())
}

/// Splits `struct X {` … `};` into comment, the lines between the braces.
fn body(declaration: &str) -> Result<(&str, &str), Failure> {
    let (head, rest) = declaration
        .split_once("{\n")
        .ok_or("a struct without a body")?;
    let comment = head.rsplit_once('\n').map_or("", |(comment, _)| comment);
    let body = rest.strip_suffix("\n};").ok_or("a struct without an end")?;
    Ok((comment, body))
}

/// Gives a type no tag but a name, everywhere.
fn untag(text: &mut BTreeMap<String, String>, item: &str, name: &str) -> Result<(), Failure> {
    let tagged = text
        .remove(item)
        .ok_or_else(|| format!("{item} is missing"))?;
    let (comment, body) = body(&tagged)?;
    let kind = if tagged.contains(&format!("enum {item} {{")) {
        "enum"
    } else {
        "struct"
    };
    let untagged = format!("{comment}\ntypedef {kind} {{\n{body}\n}} {name};");
    for declaration in text.values_mut() {
        *declaration = declaration.replace(&format!("{kind} {item} "), &format!("{name} "));
    }
    text.insert(name.to_owned(), untagged);
    Ok(())
}

/// Puts the union, and the structs in it, where they are used, without names.
fn inline_union(text: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    let (outer, union) = WITH_UNION;
    let members = text.remove(union).ok_or("the union is missing")?;
    let mut inlined = String::from("    union {\n");
    for line in body(&members)?.1.lines() {
        match line
            .trim()
            .strip_prefix("struct ")
            .and_then(|rest| rest.split_once(' '))
        {
            Some((kind, member)) => {
                let of_member = text.remove(kind).ok_or("a member's type is missing")?;
                inlined += "        struct {\n";
                for line in body(&of_member)?.1.lines() {
                    inlined += &format!("        {line}\n");
                }
                inlined += &format!("        }} {member}\n");
            }
            None => inlined += &format!("    {line}\n"),
        }
    }
    inlined += "    };";
    let whole = text.get_mut(outer).ok_or("the union's struct is missing")?;
    *whole = whole.replace(&format!("    union {union} op;"), &inlined);
    Ok(())
}
