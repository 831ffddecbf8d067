//! Which page is scraped, and of whom it is.

use std::collections::BTreeMap;

use serde::Deserialize;
use wasmeter_guest::Attributes;

/// The configuration; the README has a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) url: String,
    /// The `service.name` of what the page says; the host's own resource without.
    #[serde(default)]
    job: String,
    /// Its `service.instance.id`; the URL's host and port by default, where there is a job.
    #[serde(default)]
    instance: String,
    /// Further attributes of the resource.
    #[serde(default)]
    resource: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default = "default_timeout_ms")]
    pub(crate) timeout_ms: u64,
    #[serde(default = "default_page_bytes_max")]
    pub(crate) page_bytes_max: usize,
}

/// Less than an observer has by default, so that it is the page that is said to be late.
fn default_timeout_ms() -> u64 {
    800
}

fn default_page_bytes_max() -> usize {
    4 << 20
}

impl Config {
    pub(crate) fn check(self) -> Result<Self, String> {
        let authority = self.authority().ok_or_else(|| {
            format!("found `url` = `{}`, expected one such as `http://127.0.0.1:9100/metrics`", self.url)
        })?;
        if authority.contains('@') {
            return Err("found a user in `url`, expected none: put credentials into `headers`".to_owned());
        }
        if self.job.is_empty() && !self.instance.is_empty() {
            return Err("found `instance` and no `job`, expected both or neither".to_owned());
        }
        Ok(self)
    }

    /// Host and port.
    fn authority(&self) -> Option<&str> {
        let rest = self.url.strip_prefix("http://").or_else(|| self.url.strip_prefix("https://"))?;
        rest.split(['/', '?', '#']).next().filter(|authority| !authority.is_empty())
    }

    /// The resource of what the page says; none for the host's own.
    pub(crate) fn own(&self) -> Attributes {
        let pairs = self.resource.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let mut own: Attributes = pairs.collect();
        if !self.job.is_empty() {
            let instance =
                if self.instance.is_empty() { self.authority().unwrap_or_default() } else { &self.instance };
            own.set("service.name", self.job.as_str());
            own.set("service.instance.id", instance);
        }
        own
    }
}
