//! What a configuration says of requests: where to, and with which headers.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::Request;

/// A URL of a configuration: of the scheme `http` or `https`, with a host, and without credentials, which belong into a
/// header.
///
/// ```
/// use wasmeter_guest::http::Url;
///
/// let url: Url = "http://127.0.0.1:9100/metrics".to_owned().try_into()?;
/// assert_eq!(url.authority(), "127.0.0.1:9100");
/// assert!(Url::try_from("127.0.0.1:9100".to_owned()).is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "String", inline, extend("pattern" = "^https?://"))
)]
pub struct Url(String);

/// Headers of a configuration, sent with each request. The host replaces `${secret:NAME}` in a value by the granted secret of that name,
/// so that no token stands in the configuration. `Debug` tells the names alone.
///
/// ```
/// use wasmeter_guest::http::{Headers, Request};
///
/// let headers: Headers = serde_json::from_str(r#"{"authorization": "Bearer s3cret"}"#)?;
/// assert_eq!(format!("{headers:?}"), r#"{"authorization"}"#);
/// let request = Request::get("http://127.0.0.1:9100/metrics").headers(&headers);
/// assert_eq!(request.headers, [("authorization".to_owned(), "Bearer s3cret".to_owned())]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "BTreeMap<String, String>", inline)
)]
pub struct Headers(BTreeMap<String, String>);

impl TryFrom<String> for Url {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let url = Self(text);
        if url.authority().is_empty() {
            return Err(format!(
                "found the URL `{}`, expected one such as `https://example.com/path`",
                url.0
            ));
        }
        // What stands before the `@` is not repeated: there may be a password.
        if url.authority().contains('@') {
            return Err("found a user in the URL, expected none: put credentials into a header".to_owned());
        }
        Ok(url)
    }
}

impl Url {
    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port, the latter as far as it is said.
    pub fn authority(&self) -> &str {
        let rest = self.0.strip_prefix("http://").or_else(|| self.0.strip_prefix("https://"));
        rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl From<&Url> for String {
    fn from(url: &Url) -> Self {
        url.0.clone()
    }
}

impl TryFrom<BTreeMap<String, String>> for Headers {
    type Error = String;

    fn try_from(headers: BTreeMap<String, String>) -> Result<Self, String> {
        for (name, value) in &headers {
            if name.is_empty() || !name.bytes().all(is_of_a_token) {
                return Err(format!(
                    "found a header called `{name}`, expected a name such as `authorization`"
                ));
            }
            // The value may be a secret: it is not repeated.
            if value.bytes().any(|byte| byte != b'\t' && byte.is_ascii_control()) {
                return Err(format!(
                    "the value of the header `{name}` has a control character, expected text"
                ));
            }
        }
        Ok(Self(headers))
    }
}

/// RFC 9110, section 5.6.2.
fn is_of_a_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

impl Headers {
    /// Names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Request {
    /// Adds the headers of a configuration.
    pub fn headers(self, headers: &Headers) -> Self {
        headers.iter().fold(self, |request, (name, value)| request.header(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_scheme_and_a_host_and_no_user() {
        for (text, expected) in [
            ("http://a", Ok("a")),
            ("https://a.example:8443/b?c#d", Ok("a.example:8443")),
            ("https://[::1]:80?x", Ok("[::1]:80")),
            ("a.example/b", Err("found the URL `a.example/b`")),
            ("ftp://a/b", Err("found the URL `ftp://a/b`")),
            ("http:///b", Err("found the URL `http:///b`")),
            ("http://me:hunter2@a/b", Err("put credentials into a header")),
        ] {
            match (Url::try_from(text.to_owned()), expected) {
                (Ok(url), Ok(authority)) => assert_eq!(url.authority(), authority),
                (Err(wrong), Err(words)) => {
                    assert!(wrong.contains(words) && !wrong.contains("hunter2"), "{wrong}");
                }
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_header_is_said_without_its_value() {
        for (headers, words) in [
            (r#"{"a b": "hunter2"}"#, "a header called `a b`"),
            (r#"{"": "hunter2"}"#, "a header called ``"),
            (r#"{"authorization": "hunter2\r\nx: y"}"#, "`authorization` has a control character"),
        ] {
            let wrong = serde_json::from_str::<Headers>(headers).unwrap_err().to_string();
            assert!(wrong.contains(words) && !wrong.contains("hunter2"), "{wrong}");
        }
    }
}
