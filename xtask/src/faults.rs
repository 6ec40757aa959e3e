//! The page of faults: what users of the C library suffer from, and what each library does there.
//!
//! `docs/faults.toml` lists the faults, tests name them (`F-7`, as they name the contract's
//! numbers), `docs/faults.original.toml` keeps how the C tests among them ended on Debian's
//! library, and `docs/faults.md` shows all three. Chance decides some of those outcomes, so they
//! are kept and not measured each time.

mod page;
mod record;
mod table;
mod trial;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::artifacts::{self, Library, root};
use crate::compat::claims::{self, Claim};
use crate::packages;
use record::Record;
use table::Table;

const TABLE: &str = "docs/faults.toml";
const RECORD: &str = "docs/faults.original.toml";
const PAGE: &str = "docs/faults.md";
/// Where the programs are whose tests run on both libraries.
const PROGRAMS: [&str; 2] = ["c-tests/api/", "c-tests/faults/"];

/// All that the page is made of.
pub(crate) struct Faults {
    table: Table,
    claims: Vec<Claim>,
    record: Record,
}

impl Faults {
    /// Reads the table, the tests and the record.
    pub(crate) fn read() -> Result<Self> {
        let table = Table::parse(&read(TABLE)?).context(TABLE)?;
        let claims = claims::read(&table.names())?;
        let record = Record::parse(&read(RECORD)?).context(RECORD)?;
        Ok(Self {
            table,
            claims,
            record,
        })
    }

    /// Fails if a fault has neither a test nor a reason.
    pub(crate) fn check_claimed(&self) -> Result<()> {
        let claimed: BTreeSet<&str> = self.claims.iter().map(|c| c.number.as_str()).collect();
        let open = self.table.rows().filter(|row| {
            let number = row.number.as_str();
            !claimed.contains(number) && row.reason.is_none()
        });
        let open: Vec<&str> = open.map(|row| row.number.as_str()).collect();
        if !open.is_empty() {
            bail!("no test claims {}", open.join(", "));
        }
        Ok(())
    }

    /// Fails unless the record tells of exactly the tests that can run on both libraries.
    pub(crate) fn check_recorded(&self) -> Result<()> {
        let tests = self.tests();
        let missing = tests.iter().filter(|test| !self.record.has(test));
        let gone = self.record.tests().filter(|test| !tests.contains(test));
        let mut faults: Vec<String> = missing
            .map(|(file, test)| format!("{RECORD} lacks {test} of {file}"))
            .collect();
        faults.extend(gone.map(|(file, test)| format!("there is no {test} in {file} any more")));
        if !faults.is_empty() {
            bail!("{}\nrun `cargo xtask faults`", faults.join("\n"));
        }
        Ok(())
    }

    /// Fails unless the committed page is the one that table, tests and record give.
    pub(crate) fn check_page(&self) -> Result<()> {
        if fs::read_to_string(root().join(PAGE)).unwrap_or_default() != self.page() {
            bail!("{PAGE} is stale: run `cargo xtask faults`");
        }
        Ok(())
    }

    /// File and name of the tests that run on both libraries.
    fn tests(&self) -> BTreeSet<(String, String)> {
        let runs = |claim: &&Claim| PROGRAMS.iter().any(|folder| claim.file.starts_with(folder));
        let claims = self.claims.iter().filter(runs);
        claims.map(|c| (c.file.clone(), c.test.clone())).collect()
    }

    fn page(&self) -> String {
        page::page(&self.table, &self.claims, &self.record)
    }
}

/// Runs the tests that the record lacks, or `all` of them, on both libraries, and writes record
/// and page. `false` if ours fails or a fault has no test.
pub(crate) fn run(all: bool) -> Result<bool> {
    let mut faults = Faults::read()?;
    let mut wanted = faults.tests();
    faults.record.keep(&wanted);
    if !all {
        wanted.retain(|test| !faults.record.has(test));
    }
    let mut fine = true;
    if !wanted.is_empty() {
        packages::ensure()?;
        artifacts::build()?;
        let original = Library::original().context("Debian's libzookeeper-mt2 is not installed")?;
        for (test, outcome) in trial::run(&wanted, original)? {
            println!("{}: {}: {outcome}", test.0, test.1);
            faults.record.set(test, outcome);
        }
        for ((file, test), outcome) in trial::run(&wanted, Library::ours())? {
            if outcome != record::FREE {
                fine = false;
                println!("OURS: {file}: {test}: {outcome}");
            }
        }
        fs::write(root().join(RECORD), faults.record.text())?;
    }
    fs::write(root().join(PAGE), faults.page())?;
    println!("{PAGE}");
    if let Err(error) = faults.check_claimed() {
        eprintln!("{error:#}");
        fine = false;
    }
    Ok(fine)
}

/// Only says whether everything is up to date.
pub(crate) fn check() -> Result<bool> {
    let faults = Faults::read()?;
    let mut fine = true;
    for checked in [
        faults.check_claimed(),
        faults.check_recorded(),
        faults.check_page(),
    ] {
        if let Err(error) = checked {
            fine = false;
            eprintln!("{error:#}");
        }
    }
    Ok(fine)
}

fn read(name: &str) -> Result<String> {
    fs::read_to_string(root().join(name)).with_context(|| format!("cannot read {name}"))
}
