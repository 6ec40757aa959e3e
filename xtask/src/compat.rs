//! The compatibility page: which test tries which number of the behaviour contract.
//!
//! `docs/contract.toml` lists the numbers, tests name them (`claims`), and `docs/compat.md` shows
//! both. A number must be claimed by a test or have a reason why none can claim it.

pub(crate) mod claims;
mod contract;
pub(crate) mod numbers;
pub(crate) mod page;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::artifacts::root;
use claims::Claim;
use contract::Contract;
use page::Quirk;

const CONTRACT: &str = "docs/contract.toml";
const QUIRKS: &str = "docs/quirks.md";
const PAGE: &str = "docs/compat.md";

/// All that the page is made of.
pub(crate) struct Matrix {
    contract: Contract,
    claims: Vec<Claim>,
    quirks: Vec<Quirk>,
}

impl Matrix {
    /// Reads the table of numbers, the tests and the quirks.
    pub(crate) fn read() -> Result<Self> {
        let contract = Contract::parse(&read(CONTRACT)?).context(CONTRACT)?;
        let claims = claims::read(&contract.names())?;
        let quirks = page::quirks(&read(QUIRKS)?);
        Ok(Self {
            contract,
            claims,
            quirks,
        })
    }

    /// Fails if numbers are neither claimed nor excused, or both.
    pub(crate) fn check_claimed(&self) -> Result<()> {
        let claimed: BTreeSet<&str> = self.claims.iter().map(|c| c.number.as_str()).collect();
        let mut faults = Vec::new();
        for (number, reason) in self.contract.numbers() {
            match (claimed.contains(number), reason) {
                (false, None) => faults.push(format!("{number} is claimed by no test")),
                (true, Some(_)) => faults.push(format!("{number} has a test and a reason")),
                _ => {}
            }
        }
        none(&faults)
    }

    /// Fails if the list of quirks and the table do not tell the same deviations, or if a test
    /// does not run on the C library for a number that is no deviation.
    pub(crate) fn check_deviations(&self) -> Result<()> {
        let mut faults = Vec::new();
        for number in self.contract.deviations() {
            if !self.quirks.iter().any(|quirk| quirk.is_about(number)) {
                faults.push(format!("{number} deviates and {QUIRKS} does not say how"));
            }
        }
        for (number, _) in self.contract.numbers() {
            let told = self.quirks.iter().any(|quirk| quirk.is_about(number));
            if told && !self.contract.deviations().any(|known| known == number) {
                faults.push(format!(
                    "{number} deviates by {QUIRKS} and not by {CONTRACT}"
                ));
            }
        }
        for claim in &self.claims {
            for number in &claim.deviates_by {
                if !self.contract.deviations().any(|known| known == number) {
                    let (test, file) = (&claim.test, &claim.file);
                    faults.push(format!("{number} is no deviation: {test} in {file}"));
                }
            }
        }
        faults.dedup();
        none(&faults)
    }

    /// Fails unless the committed page is the one that the tests give.
    pub(crate) fn check_page(&self) -> Result<()> {
        let committed = fs::read_to_string(path(PAGE)).unwrap_or_default();
        if committed != self.page() {
            bail!("{PAGE} is stale: run `cargo xtask compat`");
        }
        Ok(())
    }

    fn page(&self) -> String {
        page::page(&self.contract, &self.claims, &self.quirks)
    }
}

/// Writes the page, or only checks it. `false` if numbers lack a claim.
pub(crate) fn run(check: bool) -> Result<bool> {
    let matrix = Matrix::read()?;
    if !check {
        fs::write(path(PAGE), matrix.page())?;
        println!("{PAGE}");
    }
    let mut fine = true;
    for checked in [
        matrix.check_claimed(),
        matrix.check_deviations(),
        matrix.check_page(),
    ] {
        if let Err(error) = checked {
            fine = false;
            eprintln!("{error:#}");
        }
    }
    Ok(fine)
}

fn none(faults: &[String]) -> Result<()> {
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

fn path(name: &str) -> PathBuf {
    root().join(name)
}

fn read(name: &str) -> Result<String> {
    fs::read_to_string(path(name)).with_context(|| format!("cannot read {name}"))
}
