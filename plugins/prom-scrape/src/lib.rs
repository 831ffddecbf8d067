//! Observes a Prometheus page, in the text format or OpenMetrics. See the README for what becomes of what.

mod config;
mod owner;
mod page;
mod translate;

use std::time::Duration;

use serde::Deserialize;
use wasmeter_guest::http::{Request, Response};
use wasmeter_guest::{Fault, Observation, Observer};

use config::Config;
use owner::Owners;
use page::Format;

/// What is asked for: OpenMetrics, which says more, before text.
const ACCEPT: &str =
    "application/openmetrics-text; version=1.0.0, text/plain; version=0.0.4; q=0.5, */*; q=0.1";

/// The observer.
#[derive(Deserialize)]
#[serde(try_from = "Config")]
pub struct PromScrape(Config);

impl TryFrom<Config> for PromScrape {
    type Error = String;

    fn try_from(config: Config) -> Result<Self, String> {
        config.check().map(Self)
    }
}

impl PromScrape {
    fn scrape(&self) -> Result<Response, Fault> {
        let Config { url, headers, timeout_ms, page_bytes_max, .. } = &self.0;
        let request = Request::get(url)
            .header("accept", ACCEPT)
            .timeout(Duration::from_millis(timeout_ms.get()))
            .body_bytes_max(usize::try_from(page_bytes_max.get()).unwrap_or(usize::MAX))
            .headers(headers);
        let response =
            request.send().map_err(|error| Fault::new(format!("cannot scrape `{url}`: {error}")))?;
        if !response.is_success() {
            let status = response.status;
            return Err(Fault::new(format!(
                "`{url}` answers with status {status}, expected 200: look whether it is a page"
            )));
        }
        Ok(response)
    }
}

impl Observer for PromScrape {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn observe(&self, observation: &mut Observation) -> Result<(), Fault> {
        let url = &self.0.url;
        let response = self.scrape()?;
        let format = Format::of_content_type(response.header("content-type").unwrap_or_default());
        let text = std::str::from_utf8(&response.body)
            .map_err(|error| Fault::new(format!("the page of `{url}` is not UTF-8 text: {error}")))?;
        let families = page::parse(text, format).map_err(|wrong| {
            Fault::new(format!(
                "the page of `{url}` breaks the rules of its format in {wrong}; nothing of it is taken"
            ))
        })?;
        let left_out = translate::say(observation, &families, &Owners::new(self.0.own(), &families));
        if let Some(first) = left_out.first {
            wasmeter_guest::warn!(
                "{} series of `{url}` are left out, the first one of {first}",
                left_out.series
            );
        }
        Ok(())
    }
}

wasmeter_guest::register_observer!(PromScrape);

#[cfg(test)]
mod tests;
