//! Readable lines, one colour per process.

use std::cell::RefCell;
use std::io::{IsTerminal, stdout};

const COLOURS: [&str; 7] = ["36", "32", "33", "35", "34", "91", "96"];

/// Prints lines with or without colours, or keeps them.
#[derive(Debug)]
pub(crate) struct Screen {
    coloured: bool,
    width: usize,
    kept: Option<RefCell<String>>,
}

impl Screen {
    /// Prints, in colours when the output is a terminal and `NO_COLOR` is not set.
    pub(crate) fn new(names: &[&str]) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            coloured: stdout().is_terminal() && !no_color,
            width: names.iter().map(|name| name.len()).max().unwrap_or(0),
            kept: None,
        }
    }

    /// Keeps all lines for [`Screen::into_text`].
    pub(crate) fn keeping(names: &[&str]) -> Self {
        Self {
            coloured: false,
            kept: Some(RefCell::default()),
            ..Self::new(names)
        }
    }

    /// The lines that were kept.
    pub(crate) fn into_text(self) -> String {
        self.kept.map(RefCell::into_inner).unwrap_or_default()
    }

    /// A line of process number `index`, as it printed it: `NAME: text`.
    pub(crate) fn process(&self, index: usize, line: &str) {
        let (name, text) = line.split_once(": ").unwrap_or(("", line));
        let name = format!("{name:<width$}", width = self.width);
        let colour = COLOURS[index % COLOURS.len()];
        self.line(&format!("{}  {text}", self.paint(colour, &name)));
    }

    /// A line of our own about what happens to the processes.
    pub(crate) fn event(&self, text: &str) {
        self.line(&self.paint("1", &format!("--- {text}")));
    }

    /// The closing line of a good run.
    pub(crate) fn good(&self, text: &str) {
        self.line(&self.paint("1;32", text));
    }

    /// Something is wrong.
    pub(crate) fn bad(&self, text: &str) {
        self.line(&self.paint("1;31", text));
    }

    fn line(&self, line: &str) {
        match &self.kept {
            Some(text) => *text.borrow_mut() += &format!("{line}\n"),
            None => println!("{line}"),
        }
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.coloured {
            format!("\x1b[{colour}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
