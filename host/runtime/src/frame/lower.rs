//! A frame as a guest gets it: the same columns, each crossing as a whole.

use wasmeter_model::frame::{Frame, PointColumns, PointKind, SetId, StringId};
use wasmeter_model::{Temporality, Timestamp};

use crate::bindings::frames;
use crate::failure::{FailureKind, Refusal, bytes};

/// Codes of the plugin contract.
pub(super) const UNSPECIFIED: u8 = 0;
pub(super) const DELTA: u8 = 1;
pub(super) const CUMULATIVE: u8 = 2;

/// What crosses the sandbox for a point beside its attributes' text, about.
const POINT_BYTES: usize = 64;

/// A frame for a guest.
///
/// # Errors
///
/// It is larger than `bytes_max`: the guest could do nothing but exhaust its limits.
pub(crate) fn lower(frame: &Frame, bytes_max: usize) -> Result<frames::Frame, Refusal> {
    let frame = &*frame.interned();
    let size = size(frame);
    if size > bytes_max {
        return Err(Refusal::new(
            FailureKind::QuestionTooLarge,
            format!(
                "a frame of {} points has {size} bytes, and plugins get at most {}",
                frame.point_count(),
                bytes(bytes_max as u64)
            ),
            "have a view remove attributes, or limit the cardinality; the plugin is not to blame",
        ));
    }
    Ok(frames::Frame {
        strings: frames::Strings {
            text: frame.strings.text.as_bytes().to_vec(),
            ends: frame.strings.offsets.ends.clone(),
        },
        values: frames::Values {
            tags: frame.values.tags.clone(),
            bits: frame.values.bits.clone(),
            blob: frame.values.blob.clone(),
            blob_ends: frame.values.blobs.ends.clone(),
        },
        sets: frames::Sets {
            keys: strings(&frame.sets.keys),
            values: frame.sets.values.iter().map(|value| value.0).collect(),
            ends: frame.sets.offsets.ends.clone(),
        },
        bounds: frames::Bounds {
            bounds: frame.bounds.bounds.clone(),
            ends: frame.bounds.offsets.ends.clone(),
        },
        resources: frames::Resources {
            attributes: sets(&frame.resources.attributes),
            schema_url: strings(&frame.resources.schema_url),
            dropped_attributes: frame.resources.dropped_attributes.clone(),
        },
        scopes: frames::Scopes {
            resource: frame.scopes.resource.clone(),
            name: strings(&frame.scopes.name),
            version: strings(&frame.scopes.version),
            schema_url: strings(&frame.scopes.schema_url),
            attributes: sets(&frame.scopes.attributes),
            dropped_attributes: frame.scopes.dropped_attributes.clone(),
        },
        metrics: metrics(frame),
        numbers: frames::Numbers {
            points: points(&frame.numbers.columns),
            tags: frame.numbers.tags.clone(),
            bits: frame.numbers.bits.clone(),
        },
        histograms: histograms(frame),
        exponentials: exponentials(frame),
        summaries: frames::Summaries {
            points: points(&frame.summaries.columns),
            count: frame.summaries.count.clone(),
            sum: frame.summaries.sum.clone(),
            quantiles: frame.summaries.quantiles.clone(),
            quantile_values: frame.summaries.quantile_values.clone(),
            quantile_ends: frame.summaries.quantile_offsets.ends.clone(),
        },
        exemplars: frames::Exemplars {
            attributes: sets(&frame.exemplars.attributes),
            time: times(&frame.exemplars.time),
            tags: frame.exemplars.tags.clone(),
            bits: frame.exemplars.bits.clone(),
            trace_id_high: frame.exemplars.trace_id.iter().map(|id| (id >> 64) as u64).collect(),
            trace_id_low: frame.exemplars.trace_id.iter().map(|id| *id as u64).collect(),
            span_id: frame.exemplars.span_id.clone(),
        },
    })
}

/// About how many bytes cross the sandbox.
fn size(frame: &Frame) -> usize {
    let buckets = frame.bounds.bounds.len()
        + frame.histograms.counts.len()
        + frame.exponentials.positive.bytes()
        + frame.exponentials.negative.bytes()
        + frame.summaries.quantiles.len() * 2;
    frame.strings.text.len()
        + frame.values.blob.len()
        + (frame.strings.offsets.len() + frame.values.tags.len() * 2 + frame.sets.keys.len()) * 8
        + (frame.metrics.name.len() + frame.point_count() + frame.exemplars.time.len()) * POINT_BYTES
        + buckets * 8
}

fn strings(column: &[StringId]) -> Vec<u32> {
    column.iter().map(|id| id.0).collect()
}

fn sets(column: &[SetId]) -> Vec<u32> {
    column.iter().map(|id| id.0).collect()
}

fn times(column: &[Timestamp]) -> Vec<u64> {
    column.iter().map(|time| time.0).collect()
}

/// How long each range is.
fn lengths(starts: &[u32], ends: &[u32]) -> Vec<u32> {
    starts.iter().zip(ends).map(|(start, end)| end.saturating_sub(*start)).collect()
}

fn metrics(frame: &Frame) -> frames::Metrics {
    let metrics = &frame.metrics;
    let kind = |kind: &PointKind| *kind as u8;
    let temporality = |temporality: &Option<Temporality>| match temporality {
        None => UNSPECIFIED,
        Some(Temporality::Delta) => DELTA,
        Some(Temporality::Cumulative) => CUMULATIVE,
    };
    frames::Metrics {
        scope: metrics.scope.clone(),
        name: strings(&metrics.name),
        description: strings(&metrics.description),
        unit: strings(&metrics.unit),
        kind: metrics.kind.iter().map(kind).collect(),
        temporality: metrics.temporality.iter().map(temporality).collect(),
        monotonic: metrics.monotonic.iter().map(|monotonic| u8::from(*monotonic)).collect(),
        metadata: sets(&metrics.metadata),
        points: lengths(&metrics.points_start, &metrics.points_end),
    }
}

fn points(columns: &PointColumns) -> frames::Points {
    frames::Points {
        attributes: sets(&columns.attributes),
        start: times(&columns.start),
        time: times(&columns.time),
        flags: columns.flags.clone(),
        exemplars: lengths(&columns.exemplars_start, &columns.exemplars_end),
    }
}

fn histograms(frame: &Frame) -> frames::Histograms {
    let histograms = &frame.histograms;
    frames::Histograms {
        points: points(&histograms.columns),
        count: histograms.count.clone(),
        known: histograms.known.clone(),
        sum: histograms.sum.clone(),
        min: histograms.min.clone(),
        max: histograms.max.clone(),
        bounds: histograms.bounds.iter().map(|id| id.0).collect(),
        counts: histograms.counts.clone(),
        counts_ends: histograms.counts_offsets.ends.clone(),
    }
}

fn exponentials(frame: &Frame) -> frames::Exponentials {
    let exponentials = &frame.exponentials;
    let (positive, positive_ends) = exponentials.positive.to_column();
    let (negative, negative_ends) = exponentials.negative.to_column();
    frames::Exponentials {
        points: points(&exponentials.columns),
        count: exponentials.count.clone(),
        known: exponentials.known.clone(),
        sum: exponentials.sum.clone(),
        min: exponentials.min.clone(),
        max: exponentials.max.clone(),
        scale: exponentials.scale.clone(),
        zero_count: exponentials.zero_count.clone(),
        zero_threshold: exponentials.zero_threshold.clone(),
        positive_offset: exponentials.positive_offset.clone(),
        positive,
        positive_ends,
        negative_offset: exponentials.negative_offset.clone(),
        negative,
        negative_ends,
    }
}
