//! Which page is scraped, and of whom it is.

use std::collections::BTreeMap;

use std::num::{NonZeroU32, NonZeroU64};

use serde::Deserialize;
use wasmeter_guest::Attributes;
use wasmeter_guest::http::{Headers, Url};

/// Which page is scraped, and of whom it is.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "prom-scrape"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The page; its scheme, host and port are to be granted.
    pub(crate) url: Url,
    /// The `service.name` of what the page says. Left out, it belongs to the resource of the host itself.
    #[serde(default)]
    job: String,
    /// Its `service.instance.id`; left out: host and port of the URL, where there is a job.
    #[serde(default)]
    instance: String,
    /// Further attributes of its resource.
    #[serde(default)]
    resource: BTreeMap<String, String>,
    /// Sent with the request; left out: none. A token stands for itself by reference: `Bearer ${secret:NAME}`.
    #[serde(default)]
    pub(crate) headers: Headers,
    /// How long the page may take, in milliseconds; less than the `observe_deadline_ms` of the plugin.
    #[serde(default = "default_timeout_ms")]
    pub(crate) timeout_ms: NonZeroU64,
    /// The largest page, in bytes.
    #[serde(default = "default_page_bytes_max")]
    pub(crate) page_bytes_max: NonZeroU32,
}

/// Less than an observer has by default, so that it is the page that is said to be late.
fn default_timeout_ms() -> NonZeroU64 {
    const { NonZeroU64::new(800).unwrap() }
}

fn default_page_bytes_max() -> NonZeroU32 {
    const { NonZeroU32::new(4 << 20).unwrap() }
}

impl Config {
    pub(crate) fn check(self) -> Result<Self, String> {
        if self.job.is_empty() && !self.instance.is_empty() {
            return Err("found `instance` and no `job`, expected both or neither".to_owned());
        }
        Ok(self)
    }

    /// The resource of what the page says; none for the host's own.
    pub(crate) fn own(&self) -> Attributes {
        let pairs = self.resource.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let mut own: Attributes = pairs.collect();
        if !self.job.is_empty() {
            let instance = if self.instance.is_empty() { self.url.authority() } else { &self.instance };
            own.set("service.name", self.job.as_str());
            own.set("service.instance.id", instance);
        }
        own
    }
}
