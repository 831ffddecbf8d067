//! Removes the resource attributes that tell the processes of one service apart, so that the series of its workers become
//! one. See the README for what is removed and the configuration.

use serde::Deserialize;
use wasmeter_guest::{Attributes, Instrument, Pattern, Stream, Streams, View};

/// What differs between the processes of one service: the semantic conventions' names, and `worker`, which the Gunicorn
/// example of OpenTelemetry Python sets. All of `process.*`, so that a rolling upgrade of a runtime does not split series.
const PER_PROCESS: [&str; 3] = ["service.instance.id", "process.*", "worker"];

/// The resource rule of every stream.
const RESOURCE: u32 = 0;

/// The View and its configuration.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "merge-workers"))]
#[serde(default, deny_unknown_fields)]
pub struct MergeWorkers {
    /// Patterns (`?`, `*`) of resource attributes to remove besides the built-in ones; left out: none.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    remove: Vec<Pattern>,
    /// Patterns (`?`, `*`) of resource attributes to keep, whatever else says to remove them; left out: none.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    keep: Vec<Pattern>,
}

impl MergeWorkers {
    fn removes(&self, key: &str) -> bool {
        let fits = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(key));
        let per_process = PER_PROCESS.iter().any(|&pattern| Pattern::new(pattern).matches(key));
        (per_process || fits(&self.remove)) && !fits(&self.keep)
    }
}

impl View for MergeWorkers {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn streams(&self, instrument: &Instrument) -> Streams {
        if instrument.resource_attributes.iter().any(|(key, _)| self.removes(key)) {
            Stream::keep().computed_resource(RESOURCE).into()
        } else {
            Streams::none()
        }
    }

    fn map_attributes(&self, _tag: u32, mut attributes: Attributes) -> Option<Attributes> {
        attributes.retain(|key, _| !self.removes(key));
        Some(attributes)
    }
}

wasmeter_guest::register_view!(MergeWorkers);

#[cfg(test)]
mod tests;
