//! What is probed, and what counts as an answer.

use serde::Deserialize;

/// The configuration; the README has a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) targets: Vec<Target>,
    #[serde(default = "default_timeout_ms")]
    pub(crate) timeout_ms: u64,
}

/// A URL that is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) method: Method,
    /// The status codes of an answer as it should be: numbers, or classes such as `2xx`.
    #[serde(default = "default_status")]
    pub(crate) status: Vec<Status>,
}

/// A method without a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    #[default]
    Get,
    Head,
    Options,
}

/// A status code, or a class of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Status {
    least: u16,
    most: u16,
}

/// Three targets that hang leave an observer its default deadline.
fn default_timeout_ms() -> u64 {
    300
}

fn default_status() -> Vec<Status> {
    vec![Status { least: 200, most: 299 }]
}

impl Method {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
        }
    }
}

impl TryFrom<String> for Status {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong =
            || format!("found status `{text}`, expected a number such as `204` or a class such as `2xx`");
        let code = |text: &str| text.parse().ok().filter(|code| (100..=599).contains(code));
        match text.strip_suffix("xx") {
            Some(class) if class.len() == 1 => {
                let least = code(&format!("{class}00")).ok_or_else(wrong)?;
                Ok(Self { least, most: least + 99 })
            }
            Some(_) => Err(wrong()),
            None => code(&text).map(|code| Self { least: code, most: code }).ok_or_else(wrong),
        }
    }
}

impl Status {
    pub(crate) fn is(self, code: u16) -> bool {
        (self.least..=self.most).contains(&code)
    }
}

impl Config {
    pub(crate) fn check(self) -> Result<Self, String> {
        if self.targets.is_empty() {
            return Err("found no `targets`, expected at least one".to_owned());
        }
        for Target { url, method, .. } in &self.targets {
            let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
            if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/')) {
                return Err(format!(
                    "found `url` = `{url}`, expected one such as `https://example.com/health`"
                ));
            }
            let same = |other: &&Target| other.url == *url && other.method == *method;
            if self.targets.iter().filter(same).count() > 1 {
                return Err(format!("found {} of `{url}` twice, expected it once", method.name()));
            }
        }
        Ok(self)
    }
}
