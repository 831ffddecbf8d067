//! Checks what an exporter wants to be given, and what it says became of a frame.

use std::collections::HashMap;
use std::time::Duration;

use wasmeter_model::{InstrumentKind, Temporality, TemporalityPreference};

use super::streams::check_aggregation;
use super::{Budget, Wrong, at_most};
use crate::bindings::exporter::exports::wasmeter::plugin::exporters;
use crate::bindings::types;
use crate::bindings::view::exports::wasmeter::plugin::views;
use crate::config::AnswerLimits;
use crate::exporters::{Accepted, ExportError, ExportPreference};
use crate::log::PluginLog;

/// Checks the answer of `preference`.
pub(crate) fn check_preference(
    preference: exporters::ExportPreference,
    limits: AnswerLimits,
    bytes_max: usize,
) -> Result<ExportPreference, Wrong> {
    let exporters::ExportPreference { temporality, aggregations } = preference;
    at_most("aggregations", aggregations.len(), InstrumentKind::ALL.len())?;
    let mut budget = Budget::new(limits, bytes_max);
    let mut checked = HashMap::new();
    for (kind, aggregation) in aggregations {
        let aggregation = check_aggregation(as_of_views(aggregation), &mut budget)?;
        if checked.insert(model_kind(kind), aggregation).is_some() {
            return Err(format!("two aggregations of the kind `{}`", model_kind(kind).name()));
        }
    }
    Ok(ExportPreference { temporality: check_temporality(temporality), aggregations: checked })
}

/// Checks that no more points are rejected than there were, and cleans the words.
pub(crate) fn check_accepted(
    accepted: exporters::Accepted,
    points: u64,
    log: &PluginLog,
) -> Result<Accepted, Wrong> {
    let exporters::Accepted { rejected_points, message } = accepted;
    if rejected_points > points {
        return Err(format!("{rejected_points} rejected points of a frame that has {points}"));
    }
    Ok(Accepted { rejected_points, message: log.words(&message) })
}

/// Cleans the words.
pub(crate) fn check_export_error(error: exporters::ExportError, log: &PluginLog) -> ExportError {
    let words = |reason: &str| log.words(reason);
    match error {
        exporters::ExportError::Retryable(exporters::Retry { after_ms, reason }) => {
            ExportError::Retryable { after: after_ms.map(Duration::from_millis), reason: words(&reason) }
        }
        exporters::ExportError::Permanent(types::Fault { reason }) => {
            ExportError::Permanent { reason: words(&reason) }
        }
    }
}

/// The same preference has one form only, so that a successor that words it otherwise keeps its series.
fn check_temporality(preference: exporters::TemporalityPreference) -> TemporalityPreference {
    let each = match preference {
        exporters::TemporalityPreference::Cumulative => return TemporalityPreference::Cumulative,
        exporters::TemporalityPreference::Delta => return TemporalityPreference::Delta,
        exporters::TemporalityPreference::LowMemory => return TemporalityPreference::LowMemory,
        exporters::TemporalityPreference::ByKind(each) => each,
    };
    let by_kind = TemporalityPreference::by_kind(|kind| match kind {
        InstrumentKind::Counter => model_temporality(each.counter),
        InstrumentKind::UpDownCounter => model_temporality(each.up_down_counter),
        InstrumentKind::Histogram => model_temporality(each.histogram),
        InstrumentKind::ObservableCounter => model_temporality(each.observable_counter),
        InstrumentKind::ObservableUpDownCounter => model_temporality(each.observable_up_down_counter),
        InstrumentKind::Gauge | InstrumentKind::ObservableGauge => Temporality::Cumulative,
    });
    [TemporalityPreference::Cumulative, TemporalityPreference::Delta, TemporalityPreference::LowMemory]
        .into_iter()
        .find(|named| InstrumentKind::ALL.iter().all(|kind| named.of(*kind) == by_kind.of(*kind)))
        .unwrap_or(by_kind)
}

fn model_temporality(temporality: exporters::Temporality) -> Temporality {
    match temporality {
        exporters::Temporality::Delta => Temporality::Delta,
        exporters::Temporality::Cumulative => Temporality::Cumulative,
    }
}

fn model_kind(kind: types::InstrumentKind) -> InstrumentKind {
    match kind {
        types::InstrumentKind::Counter => InstrumentKind::Counter,
        types::InstrumentKind::UpDownCounter => InstrumentKind::UpDownCounter,
        types::InstrumentKind::Histogram => InstrumentKind::Histogram,
        types::InstrumentKind::Gauge => InstrumentKind::Gauge,
        types::InstrumentKind::ObservableCounter => InstrumentKind::ObservableCounter,
        types::InstrumentKind::ObservableUpDownCounter => InstrumentKind::ObservableUpDownCounter,
        types::InstrumentKind::ObservableGauge => InstrumentKind::ObservableGauge,
    }
}

/// One set of rules for both worlds.
fn as_of_views(aggregation: exporters::Aggregation) -> views::Aggregation {
    match aggregation {
        exporters::Aggregation::Drop => views::Aggregation::Drop,
        exporters::Aggregation::Sum => views::Aggregation::Sum,
        exporters::Aggregation::LastValue => views::Aggregation::LastValue,
        exporters::Aggregation::ExplicitBucketHistogram(exporters::ExplicitBuckets {
            boundaries,
            record_min_max,
        }) => {
            views::Aggregation::ExplicitBucketHistogram(views::ExplicitBuckets { boundaries, record_min_max })
        }
        exporters::Aggregation::Base2ExponentialBucketHistogram(exporters::ExponentialBuckets {
            max_size,
            max_scale,
            record_min_max,
        }) => {
            let buckets = views::ExponentialBuckets { max_size, max_scale, record_min_max };
            views::Aggregation::Base2ExponentialBucketHistogram(buckets)
        }
    }
}
