//! A line as words: separated by white space, except within quotes, braces and brackets.

use super::Fault;

/// The words of a line, taken one after the other.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    words: Vec<&'a str>,
    at: usize,
}

/// Splits `text` at every character that `separates`, except within quotes, braces and brackets. Empty parts are left out.
pub(super) fn split(text: &str, separates: impl Fn(char) -> bool) -> Result<Vec<&str>, Fault> {
    let (mut parts, mut start, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0u32, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth =
                    depth.checked_sub(1).ok_or_else(|| format!("`{letter}` closes nothing in `{text}`"))?;
            }
            _ if depth == 0 && separates(letter) => {
                parts.push(&text[start..at]);
                start = at + letter.len_utf8();
            }
            _ => {}
        }
    }
    if depth > 0 || quoted {
        return Err(format!("a brace, bracket or quote is not closed in `{text}`"));
    }
    parts.push(&text[start..]);
    Ok(parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect())
}

/// What is between `open` and `close`, which must be the ends of `word`.
pub(super) fn within(word: &str, open: char, close: char) -> Result<&str, Fault> {
    word.strip_prefix(open)
        .and_then(|rest| rest.strip_suffix(close))
        .ok_or_else(|| format!("expected `{open}…{close}`, found `{word}`"))
}

/// The words of `[a b c]`.
pub(super) fn list(word: &str) -> Result<Vec<&str>, Fault> {
    split(within(word, '[', ']')?, char::is_whitespace)
}

/// A number of whatever type is wanted.
pub(super) fn parsed<T: std::str::FromStr>(word: &str) -> Result<T, Fault> {
    word.parse().map_err(|_| format!("`{word}` is no number that is possible here"))
}

impl<'a> Words<'a> {
    pub(super) fn of(line: &'a str) -> Result<Self, Fault> {
        Ok(Self { words: split(line, char::is_whitespace)?, at: 0 })
    }

    /// The next word, without taking it.
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    /// The next word; `what` says what it should be.
    pub(super) fn next(&mut self, what: &str) -> Result<&'a str, Fault> {
        let word = self.peek().ok_or_else(|| format!("expected {what}, found the end of the line"))?;
        self.at += 1;
        Ok(word)
    }

    /// Takes the next word if it is this one.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let is_next = self.peek() == Some(word);
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes all words that are left.
    pub(super) fn rest(&mut self) -> Vec<&'a str> {
        let rest = self.words.get(self.at..).unwrap_or_default().to_vec();
        self.at = self.words.len();
        rest
    }

    /// Takes all words that are left as `key=value`.
    pub(super) fn options(&mut self) -> Result<Vec<(&'a str, &'a str)>, Fault> {
        self.rest()
            .into_iter()
            .map(|word| word.split_once('=').ok_or_else(|| format!("expected `key=value`, found `{word}`")))
            .collect()
    }

    /// Nothing may be left.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(word) => Err(format!("expected the end of the line, found `{word}`")),
            None => Ok(()),
        }
    }
}
