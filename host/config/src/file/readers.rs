//! `meter_provider.readers` of the schema.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use wasmeter_model::InstrumentKind;

use super::{exporters, prometheus};
use crate::section::{Located, Section};
use crate::settings::{CardinalityLimits, PeriodicReader, PullReader, Reader};

/// The specified defaults of a periodic reader, also those of the environment variables.
pub(crate) const INTERVAL_DEFAULT: Duration = Duration::from_secs(60);
pub(crate) const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);

pub(super) fn read(entry: &Located<'_>) -> Option<Reader> {
    let mut section = entry.section()?;
    let chosen = section.exactly_one(&["periodic", "pull"]);
    section.finish();
    match chosen? {
        ("periodic", value) => periodic(&value),
        (_, value) => pull(&value),
    }
}

fn periodic(value: &Located<'_>) -> Option<Reader> {
    let mut section = value.section()?;
    // The schema allows an interval of zero, but collecting without a pause would leave no time for anything else.
    let interval = section.optional("interval").and_then(|value| value.millis(1)).unwrap_or(INTERVAL_DEFAULT);
    let timeout =
        section.optional("timeout").and_then(|value| value.timeout()).unwrap_or(Some(TIMEOUT_DEFAULT));
    let exporter = section.required("exporter").and_then(|value| exporters::read(&value));
    let cardinality_limits = cardinality_limits(&mut section);
    let batch_points_max = section
        .optional("max_export_batch_size/development")
        .and_then(|value| value.size("a number of points", 1))
        .and_then(NonZeroUsize::new);
    section.without_effect(&["producers"]);
    section.finish();
    Some(Reader::Periodic(PeriodicReader {
        interval,
        timeout,
        batch_points_max,
        exporter: exporter?,
        cardinality_limits,
    }))
}

fn pull(value: &Located<'_>) -> Option<Reader> {
    let mut section = value.section()?;
    let exporter = section.required("exporter").and_then(|value| prometheus::read(&value));
    let cardinality_limits = cardinality_limits(&mut section);
    section.without_effect(&["producers"]);
    section.finish();
    Some(Reader::Pull(PullReader { exporter: exporter?, cardinality_limits }))
}

fn cardinality_limits(reader: &mut Section<'_>) -> CardinalityLimits {
    let Some(mut section) = reader.get("cardinality_limits").and_then(|value| value.section()) else {
        return CardinalityLimits::default();
    };
    let default = section.optional("default").and_then(|value| limit(&value));
    let mut of_kinds = Vec::new();
    for kind in InstrumentKind::ALL {
        if let Some(limit) = section.optional(kind.name()).and_then(|value| limit(&value)) {
            of_kinds.push((kind, limit));
        }
    }
    section.finish();
    CardinalityLimits::new(default, of_kinds)
}

/// A cardinality limit; also that of a View.
pub(super) fn limit(value: &Located<'_>) -> Option<NonZeroU32> {
    let limit = value.integer("a whole number", 1..=i64::from(u32::MAX))?;
    u32::try_from(limit).ok().and_then(NonZeroU32::new)
}
