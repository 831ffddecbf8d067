//! What is probed, and what counts as an answer.

use std::num::NonZeroU64;

use serde::Deserialize;
use wasmeter_guest::http::{Headers, Url};

/// Which URLs are asked for, one after the other.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "http-probe"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// What is asked for.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(crate) targets: Vec<Target>,
    /// How long each step of a request may take, in milliseconds; that of all targets together is to be less than the
    /// `observe_deadline_ms` of the plugin.
    #[serde(default = "default_timeout_ms")]
    pub(crate) timeout_ms: NonZeroU64,
}

/// A URL that is asked for.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    /// Its scheme, host and port are to be granted. It is an attribute, so put no secret into it.
    pub(crate) url: Url,
    /// Left out: `GET`.
    #[serde(default)]
    pub(crate) method: Method,
    /// The status codes of an answer as it should be: numbers, or classes such as `2xx`, which it is if left out.
    #[serde(default = "default_status")]
    pub(crate) status: Vec<Status>,
    /// Sent with the request; left out: none. A token stands for itself by reference: `Bearer ${secret:NAME}`.
    #[serde(default)]
    pub(crate) headers: Headers,
}

/// A method without a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    #[default]
    Get,
    Head,
    Options,
}

/// A status code, or a class of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(with = "String", inline, extend("pattern" = "^[1-5](xx|[0-9][0-9])$"))
)]
#[serde(try_from = "String")]
pub(crate) struct Status {
    least: u16,
    most: u16,
}

/// Three targets that hang leave an observer its default deadline.
fn default_timeout_ms() -> NonZeroU64 {
    const { NonZeroU64::new(300).unwrap() }
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
            let same = |other: &&Target| other.url == *url && other.method == *method;
            if self.targets.iter().filter(same).count() > 1 {
                return Err(format!("found {} of `{url}` twice, expected it once", method.name()));
            }
        }
        Ok(self)
    }
}
