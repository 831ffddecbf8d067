//! Wildcard patterns of the specification: `?` is one character, `*` any number.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A wildcard pattern over names or attribute keys, with the host's meaning. Case-sensitive.
///
/// ```
/// use wasmeter_guest::Pattern;
///
/// let process = Pattern::new("process.*");
/// assert!(process.matches("process.pid"));
/// assert!(!process.matches("host.name"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "String", inline, extend("minLength" = 1))
)]
pub struct Pattern(String);

impl Pattern {
    /// Any text is a pattern; the host refuses an empty one, and so does a configuration that is read.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text it was made from.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text it was made from.
    pub fn into_string(self) -> String {
        self.0
    }

    /// True if the whole of `text` fits. At worst the product of both lengths; no recursion.
    pub fn matches(&self, text: &str) -> bool {
        let (mut pattern, mut rest) = (self.0.chars(), text.chars());
        // Where to resume after the last `*`: the pattern behind it, and the text it has not yet swallowed.
        let mut resume: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
        loop {
            match (pattern.next(), rest.clone().next()) {
                (Some('*'), _) => resume = Some((pattern.clone(), rest.clone())),
                (Some('?'), Some(_)) => {
                    rest.next();
                }
                (Some(wanted), Some(found)) if wanted == found => {
                    rest.next();
                }
                (None, None) => return true,
                _ => {
                    let Some((after_star, mut swallowed)) = resume else { return false };
                    if swallowed.next().is_none() {
                        return false;
                    }
                    pattern = after_star.clone();
                    rest = swallowed.clone();
                    resume = Some((after_star, swallowed));
                }
            }
        }
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&String> for Pattern {
    fn from(text: &String) -> Self {
        Self::new(text.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Err(D::Error::custom("found an empty pattern, expected one that some key can fit"));
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn wildcards_match_as_specified() {
        let cases = [
            ("http.*", "http.server.duration", true),
            ("http.*", "rpc.server", false),
            ("*", "", true),
            ("?", "", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*.duration", "http.server.duration", true),
            ("*a*b*c", "xaxbxbxc", true),
            ("*a*b*c", "xaxbxbx", false),
            ("exact", "exact", true),
            ("exact", "Exact", false),
            ("?", "é", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} against {text}");
        }
    }
}
