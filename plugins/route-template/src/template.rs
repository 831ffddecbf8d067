//! Templates the operator gives.

use std::fmt;

use serde::Deserialize;

/// A template such as `/users/{id}/cart`: `{...}` stands for one segment that is not empty, a last segment `*` for all
/// that follows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Template(String);

fn is_placeholder(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let Some(path) = text.strip_prefix('/') else {
            return Err(format!("found template `{text}`, expected one that starts with `/`"));
        };
        let mut segments = path.split('/').peekable();
        while let Some(segment) = segments.next() {
            if segment == "*" && segments.peek().is_none() {
                continue;
            }
            if segment.contains('*') {
                return Err(format!(
                    "found `{segment}` in template `{text}`, expected `*` as the last segment only"
                ));
            }
            let braces = segment.contains(['{', '}']);
            if braces && !(is_placeholder(segment) && segment.matches(['{', '}']).count() == 2) {
                return Err(format!(
                    "found `{segment}` in template `{text}`, expected a whole segment `{{name}}`"
                ));
            }
        }
        Ok(Self(text))
    }
}

impl Template {
    /// True if the whole path fits.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let mut wanted = self.0.split('/');
        let mut found = path.split('/');
        loop {
            match (wanted.next(), found.next()) {
                (Some("*"), Some(_)) => return true,
                (Some(placeholder), Some(segment)) if is_placeholder(placeholder) && !segment.is_empty() => {}
                (Some(literal), Some(segment)) if literal == segment => {}
                (None, None) => return true,
                _ => return false,
            }
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
