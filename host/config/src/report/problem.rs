//! One problem and its text.

use std::fmt;
use std::sync::Arc;

/// Something wrong with a configuration, or something to be warned about, in words for an operator. Lower case, no final dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file's name as given, or `environment`.
    pub file: Arc<str>,
    /// The line, from 1; 0 if there is none, as for an environment variable.
    pub line: usize,
    /// The column in characters, from 1; 0 if there is none.
    pub column: usize,
    /// The key's path (`meter_provider.readers[0].periodic.interval`) or the variable's name; empty for the file as a whole.
    pub path: String,
    /// What was found. Values that may be secret are not quoted.
    pub found: String,
    /// What would be right; empty if `found` says it all.
    pub expected: String,
    /// What to do; empty if that is obvious.
    pub help: String,
}

impl fmt::Display for Problem {
    /// `wasmeter.yaml:12:5: meter_provider.views[0]: what was found, expected what; what to do`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        if !self.path.is_empty() {
            write!(f, " {}:", self.path)?;
        }
        write!(f, " {}", self.found)?;
        if !self.expected.is_empty() {
            write!(f, ", expected {}", self.expected)?;
        }
        if !self.help.is_empty() {
            write!(f, "; {}", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// The longest part of the input a problem quotes, in characters.
pub(super) const QUOTED_CHARS_MAX: usize = 80;

/// Text of the input for a problem: in backticks, on one line, cut if long.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", printable(text, QUOTED_CHARS_MAX))
}

/// Text of at most `chars_max` characters and an ellipsis, with control characters escaped: those of a file must not reach
/// the operator's terminal.
pub(crate) fn printable(text: &str, chars_max: usize) -> String {
    let mut shown = String::new();
    for (at, character) in text.chars().enumerate() {
        if at == chars_max {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}
