//! Writes the C headers from the Rust items that they declare.
//!
//! cbindgen turns the public items of `src/ffi` and their documentation into C declarations
//! (`items`); templates in `include/templates` say which of them stand where, and add what
//! has no Rust item: include guards, macros with arguments, conditional parts (`template`).

mod items;
mod prose;
mod template;
mod wrap;

use items::Items;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use template::Expander;

/// Where the headers are, from the root of the repository.
pub const HEADERS: &str = "include/zookeeper";

const TEMPLATES: &str = "include/templates";
const SOURCES: &str = "src/ffi";

/// Why headers could not be made.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The text of every header, by its path from `root`, the root of the repository.
///
/// # Errors
/// If cbindgen or a template fails, or an item is in no header or in two.
pub fn generate(root: &Path) -> Result<BTreeMap<PathBuf, String>, Failure> {
    let sources = files(&root.join(SOURCES), "rs")?;
    let items = Items::parse(
        &root.join("cbindgen.toml"),
        &root.join(SOURCES).join("mod.rs"),
        &sources,
    )?;
    let mut expander = Expander::new(root, &items);
    let mut headers = BTreeMap::new();
    for path in files(&root.join(TEMPLATES), "in")? {
        let name = path.file_stem().ok_or("a template without a name")?;
        let text = fs::read_to_string(&path)?;
        let header = expander
            .expand(&text)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        headers.insert(Path::new(HEADERS).join(name), header);
    }
    expander.finish()?;
    Ok(headers)
}

/// All files with this extension below a folder, in a fixed order.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
