//! Headers whose values stay out of every log.

use std::fmt;

/// The headers an exporter sends. Values are secrets: `Debug` shows the names only, and no problem quotes a value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The headers in the order they were first given: names in lower case and unique, values visible ASCII.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a header, or replaces one of that name. `Err` says what is wrong without quoting the value.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err("a name of letters, digits and !#$%&'*+-.^_`|~");
        }
        if !value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) {
            return Err("a value of visible ASCII characters, spaces and tabs");
        }
        let name = name.to_ascii_lowercase();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value.to_owned(),
            None => self.0.push((name, value.to_owned())),
        }
        Ok(())
    }
}

/// The characters of a field name (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, _)| (name, "(hidden)"))).finish()
    }
}
