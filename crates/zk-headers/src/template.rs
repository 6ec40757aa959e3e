//! Headers from templates: text with lines that say which declarations stand there.
//!
//! * `@items FILE [except NAME…]`: the items of a source file, in its order
//! * `@item NAME…`: these items
//! * `@records FILE`: the jute records of a source file, with all functions of each
//! * `@undeclared NAME…`: items that no header declares on purpose

use crate::Failure;
use crate::items::Items;
use crate::wrap;
use std::collections::BTreeSet;
use std::path::Path;

/// Fills templates and sees to it that each item stands in one place.
pub(crate) struct Expander<'a> {
    root: &'a Path,
    items: &'a Items,
    used: BTreeSet<&'a str>,
}

impl<'a> Expander<'a> {
    pub(crate) fn new(root: &'a Path, items: &'a Items) -> Self {
        let used = BTreeSet::new();
        Self { root, items, used }
    }

    /// The header of a template.
    pub(crate) fn expand(&mut self, template: &str) -> Result<String, Failure> {
        let mut header = String::new();
        for line in template.lines() {
            match line.strip_prefix('@') {
                Some(directive) => {
                    let declarations = self.directive(directive)?;
                    header += &declarations.join("\n\n");
                }
                None => header += line,
            }
            header.push('\n');
        }
        // A directive without declarations leaves blank lines behind.
        while header.contains("\n\n\n") {
            header = header.replace("\n\n\n", "\n\n");
        }
        Ok(header)
    }

    /// Fails if an item was forgotten.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let unused: Vec<_> = self
            .items
            .names()
            .filter(|name| !self.used.contains(name))
            .collect();
        match unused.as_slice() {
            [] => Ok(()),
            names => Err(format!("no header declares {}", names.join(", ")).into()),
        }
    }

    fn directive(&mut self, directive: &str) -> Result<Vec<String>, Failure> {
        let words: Vec<&str> = directive.split_whitespace().collect();
        match words.as_slice() {
            ["item", names @ ..] => names.iter().map(|name| self.item(name)).collect(),
            ["undeclared", names @ ..] => {
                for name in names {
                    self.item(name)?;
                }
                Ok(Vec::new())
            }
            ["items", file] => self.of_file(file, &[]),
            ["items", file, "except", but @ ..] => self.of_file(file, but),
            ["records", file] => self.records(file),
            _ => Err(format!("unknown directive @{directive}").into()),
        }
    }

    fn item(&mut self, name: &str) -> Result<String, Failure> {
        let found = self.items.names().find(|item| *item == name);
        let name = found.ok_or_else(|| format!("there is no item {name}"))?;
        if !self.used.insert(name) {
            return Err(format!("{name} is declared twice").into());
        }
        Ok(self.items.get(name).unwrap_or_default().to_owned())
    }

    fn of_file(&mut self, file: &str, but: &[&str]) -> Result<Vec<String>, Failure> {
        let items = self.items;
        let file_path = self.root.join(file);
        let names = items.of_file(&file_path);
        let names = names.ok_or_else(|| format!("there is no file {file}"))?;
        names
            .filter(|name| !but.contains(name))
            .map(|name| self.item(name))
            .collect()
    }

    /// Each record's struct, and in one block with it what reads, writes and frees it. The head
    /// of the header says once what these functions do.
    fn records(&mut self, file: &str) -> Result<Vec<String>, Failure> {
        let mut declarations: Vec<String> = Vec::new();
        for declaration in self.of_file(file, &[])? {
            let (_, code) = declaration
                .rsplit_once("*/\n")
                .unwrap_or(("", &declaration));
            if let Some(last) = declarations.last_mut()
                && code.contains("allocate_")
            {
                *last += &format!("\n{code}");
                continue;
            }
            let record = declaration.split("\nstruct ").nth(1);
            let name = record.and_then(|record| record.split(' ').next());
            let name = name.ok_or_else(|| format!("not a record: {declaration}"))?;
            let tail = format!("const char *tag, struct {name} *v);");
            let functions = [
                wrap::prototype(&format!(
                    "int serialize_{name}(struct oarchive *out, {tail}"
                )),
                wrap::prototype(&format!(
                    "int deserialize_{name}(struct iarchive *in, {tail}"
                )),
            ];
            declarations.push(declaration);
            declarations.push(functions.join("\n"));
        }
        Ok(declarations)
    }
}
