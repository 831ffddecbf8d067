//! Gives HTTP metrics the attributes and the buckets of the semantic conventions, under their stable and their old names.
//! See the README for the lists and the configuration.

mod conventions;

use serde::Deserialize;
use wasmeter_guest::{Instrument, InstrumentKind, Origin, Pattern, Stream, Streams, View};

/// The View and its configuration.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "http-semconv"))]
#[serde(default, deny_unknown_fields)]
pub struct HttpSemconv {
    /// Patterns (`?`, `*`) of attributes to keep besides those of the conventions; left out: none.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    keep: Vec<Pattern>,
    /// Whether received histograms are asked to take the conventions' buckets, too; left out: `false`. The host does so where
    /// these are a subset of the received ones, and else reports why not.
    rebucket: bool,
}

impl HttpSemconv {
    /// The buckets to ask for, in the instrument's unit.
    fn boundaries(&self, instrument: &Instrument) -> Option<Vec<f64>> {
        let wanted = match instrument.origin {
            // An instrument that gives advice knows better than a rule for all.
            Origin::Recorded => instrument.advisory_boundaries.is_none(),
            // A received histogram can be given a subset of the bounds it has, and a View does not see which those are:
            // asking would be refused for every client with other buckets.
            Origin::Received | Origin::Observed => self.rebucket,
        };
        let histogram = instrument.kind == InstrumentKind::Histogram;
        if wanted && histogram { conventions::boundaries(&instrument.unit) } else { None }
    }
}

impl View for HttpSemconv {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn streams(&self, instrument: &Instrument) -> Streams {
        let Some(convention) = conventions::of(&instrument.name) else { return Streams::none() };
        let known = convention.attributes().map(Pattern::from);
        let stream = Stream::keep().include(known.chain(self.keep.iter().cloned()));
        match self.boundaries(instrument) {
            Some(boundaries) if convention.is_duration() => stream.boundaries(boundaries).into(),
            _ => stream.into(),
        }
    }
}

wasmeter_guest::register_view!(HttpSemconv);

#[cfg(test)]
mod tests;
