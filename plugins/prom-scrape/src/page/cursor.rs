//! One line, from left to right.

/// What is left of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self(line)
    }

    pub(super) fn rest(self) -> &'a str {
        self.0
    }

    pub(super) fn is_at_end(self) -> bool {
        self.0.is_empty()
    }

    /// What is found here, for an error.
    pub(super) fn found(self) -> String {
        match self.0.chars().next() {
            None => "the end of the line".to_owned(),
            Some(_) => format!("`{}`", self.0.chars().take(40).collect::<String>()),
        }
    }

    pub(super) fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// True if this character was next, which is then behind.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        self.0.strip_prefix(wanted).map(|rest| self.0 = rest).is_some()
    }

    /// What is next, up to a character that `ends`.
    pub(super) fn until(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let at = self.0.find(ends).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(at);
        self.0 = rest;
        word
    }

    /// The next word.
    pub(super) fn word(&mut self) -> &'a str {
        self.until(|letter| matches!(letter, ' ' | '\t'))
    }

    /// A text in quotes, with `\\`, `\"` and `\n` in it.
    pub(super) fn quoted(&mut self) -> Result<String, String> {
        let start = *self;
        if !self.take('"') {
            return Err(format!("found {}, expected a text in quotes", self.found()));
        }
        let mut text = String::new();
        let mut letters = self.0.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.0 = self.0.get(at + 1..).unwrap_or_default();
                    return Ok(text);
                }
                '\\' => match letters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, escaped @ ('\\' | '"'))) => text.push(escaped),
                    // As Prometheus reads it.
                    Some((_, other)) => text.extend(['\\', other]),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err(format!("the text that begins at {} has no closing quote", start.found()))
    }
}
