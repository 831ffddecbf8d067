//! The export of an exporter: `exporters`.

use std::marker::PhantomData;

use super::bindings::exporter::exports::wasmeter::plugin::exporters;
use super::{frames, with_plugin_mut};
use crate::exporter::TemporalityPreference;
use crate::frame::Temporality;
use crate::{Accepted, Aggregation, ExportError, Exporter, Fault, InstrumentKind, Preference, Registered};

/// The part of a component that serves the exporter `E`.
pub struct ExporterComponent<E>(PhantomData<E>);

impl<E: Exporter + Registered> exporters::Guest for ExporterComponent<E> {
    fn preference() -> exporters::ExportPreference {
        preference(with_plugin_mut("preference", |exporter: &mut E| exporter.preference()))
    }

    fn export(frame: exporters::Frame) -> Result<exporters::Accepted, exporters::ExportError> {
        let frame = frames::taken(frame);
        match with_plugin_mut("export", |exporter: &mut E| exporter.export(frame)) {
            Ok(Accepted { rejected_points, message }) => Ok(exporters::Accepted { rejected_points, message }),
            Err(ExportError::Retryable { after, reason }) => {
                let after_ms = after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
                Err(exporters::ExportError::Retryable(exporters::Retry { after_ms, reason }))
            }
            Err(ExportError::Permanent { reason }) => {
                Err(exporters::ExportError::Permanent(exporters::Fault { reason }))
            }
        }
    }

    fn flush() -> Result<(), exporters::Fault> {
        with_plugin_mut("flush", |exporter: &mut E| exporter.flush()).map_err(fault)
    }

    fn shutdown() -> Result<(), exporters::Fault> {
        with_plugin_mut("shutdown", |exporter: &mut E| exporter.shutdown()).map_err(fault)
    }
}

fn fault(fault: Fault) -> exporters::Fault {
    exporters::Fault { reason: fault.reason }
}

fn preference(preference: Preference) -> exporters::ExportPreference {
    let aggregations = preference.aggregations.into_iter();
    let aggregations =
        aggregations.filter_map(|(kind, wanted)| Some((self::kind(kind), aggregation(wanted)?)));
    exporters::ExportPreference {
        temporality: match preference.temporality {
            TemporalityPreference::Cumulative => exporters::TemporalityPreference::Cumulative,
            TemporalityPreference::Delta => exporters::TemporalityPreference::Delta,
            TemporalityPreference::LowMemory => exporters::TemporalityPreference::LowMemory,
            TemporalityPreference::ByKind(each) => {
                exporters::TemporalityPreference::ByKind(exporters::Temporalities {
                    counter: temporality(each.counter),
                    up_down_counter: temporality(each.up_down_counter),
                    histogram: temporality(each.histogram),
                    observable_counter: temporality(each.observable_counter),
                    observable_up_down_counter: temporality(each.observable_up_down_counter),
                })
            }
        },
        aggregations: aggregations.collect(),
    }
}

fn temporality(temporality: Temporality) -> exporters::Temporality {
    match temporality {
        Temporality::Delta => exporters::Temporality::Delta,
        Temporality::Cumulative | Temporality::Unspecified => exporters::Temporality::Cumulative,
    }
}

/// `None` for the specification's default, which is what kinds have that are not named.
fn aggregation(aggregation: Aggregation) -> Option<exporters::Aggregation> {
    Some(match aggregation {
        Aggregation::Default => return None,
        Aggregation::Drop => exporters::Aggregation::Drop,
        Aggregation::Sum => exporters::Aggregation::Sum,
        Aggregation::LastValue => exporters::Aggregation::LastValue,
        Aggregation::ExplicitBucketHistogram { boundaries, record_min_max } => {
            let buckets = exporters::ExplicitBuckets { boundaries, record_min_max };
            exporters::Aggregation::ExplicitBucketHistogram(buckets)
        }
        Aggregation::Base2ExponentialBucketHistogram { max_size, max_scale, record_min_max } => {
            let buckets = exporters::ExponentialBuckets { max_size, max_scale, record_min_max };
            exporters::Aggregation::Base2ExponentialBucketHistogram(buckets)
        }
    })
}

fn kind(kind: InstrumentKind) -> exporters::InstrumentKind {
    match kind {
        InstrumentKind::Counter => exporters::InstrumentKind::Counter,
        InstrumentKind::UpDownCounter => exporters::InstrumentKind::UpDownCounter,
        InstrumentKind::Histogram => exporters::InstrumentKind::Histogram,
        InstrumentKind::Gauge => exporters::InstrumentKind::Gauge,
        InstrumentKind::ObservableCounter => exporters::InstrumentKind::ObservableCounter,
        InstrumentKind::ObservableUpDownCounter => exporters::InstrumentKind::ObservableUpDownCounter,
        InstrumentKind::ObservableGauge => exporters::InstrumentKind::ObservableGauge,
    }
}
