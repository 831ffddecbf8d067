//! A guest's frame as the host has it. Nothing in it is believed: the columns are put together here and then checked as
//! a whole by the model.

use std::collections::HashSet;

use wasmeter_model::frame::{
    Bounds, BoundsId, BucketCounts, Exemplars, ExponentialPoints, Frame, HistogramPoints, KeptSets, Metrics,
    NumberPoints, Offsets, PointColumns, PointKind, Resources, Scopes, SetId, Sets, StringId, Strings,
    SummaryPoints, ValueId, Values,
};
use wasmeter_model::{EntityRefs, Temporality, Timestamp, ValueRef};

use super::lower::{CUMULATIVE, DELTA, UNSPECIFIED};
use crate::answer::{Wrong, check_nested};
use crate::bindings::frames;

/// Checks a guest's frame and makes a frame of it. `given` is the frame the guest had: nested values that are in it need
/// no second look. Entities are unknown to guests; see [`super::keep_entities`].
pub(crate) fn lift(frame: frames::Frame, given: &Frame) -> Result<Frame, Wrong> {
    let text = String::from_utf8(frame.strings.text)
        .map_err(|error| format!("table `strings`: the text is not UTF-8: {}", error.utf8_error()))?;
    let mut metrics = metrics(frame.metrics)?;
    let mut numbers = Ranges::new(frame.numbers.points);
    let mut histograms = Ranges::new(frame.histograms.points);
    let mut exponentials = Ranges::new(frame.exponentials.points);
    let mut summaries = Ranges::new(frame.summaries.points);
    // Lengths become ranges: of points in the order of the metrics, of exemplars in the order of the points.
    let mut exemplars = 0;
    for (row, kind) in metrics.kind.iter().enumerate() {
        let points = metrics.points_end.get(row).copied().unwrap_or_default();
        let table = match kind {
            PointKind::None if points == 0 => {
                metrics.points_start.push(0);
                continue;
            }
            PointKind::None => return Err(format!("table `metrics`: row {row} has points, but no kind")),
            PointKind::Gauge | PointKind::Sum => &mut numbers,
            PointKind::Histogram => &mut histograms,
            PointKind::ExponentialHistogram => &mut exponentials,
            PointKind::Summary => &mut summaries,
        };
        metrics.points_start.push(table.next());
        table
            .claim(points, &mut exemplars)
            .map_err(|wrong| format!("the points of metric {row}: {wrong}"))?;
        if let Some(end) = metrics.points_end.get_mut(row) {
            *end = table.next();
        }
    }
    let frame = Frame {
        strings: Strings { text, offsets: offsets(frame.strings.ends) },
        values: Values {
            tags: frame.values.tags,
            bits: frame.values.bits,
            blob: frame.values.blob,
            blobs: offsets(frame.values.blob_ends),
        },
        sets: Sets {
            keys: strings(frame.sets.keys),
            values: frame.sets.values.into_iter().map(ValueId).collect(),
            offsets: offsets(frame.sets.ends),
            kept: KeptSets::default(),
        },
        bounds: Bounds { bounds: frame.bounds.bounds, offsets: offsets(frame.bounds.ends) },
        resources: Resources {
            attributes: sets(frame.resources.attributes),
            schema_url: strings(frame.resources.schema_url),
            entities: vec![EntityRefs::NONE; frame.resources.dropped_attributes.len()],
            dropped_attributes: frame.resources.dropped_attributes,
        },
        scopes: Scopes {
            resource: frame.scopes.resource,
            name: strings(frame.scopes.name),
            version: strings(frame.scopes.version),
            schema_url: strings(frame.scopes.schema_url),
            attributes: sets(frame.scopes.attributes),
            dropped_attributes: frame.scopes.dropped_attributes,
        },
        metrics,
        numbers: NumberPoints {
            columns: numbers.columns,
            tags: frame.numbers.tags,
            bits: frame.numbers.bits,
        },
        histograms: HistogramPoints {
            columns: histograms.columns,
            count: frame.histograms.count,
            known: frame.histograms.known,
            sum: frame.histograms.sum,
            min: frame.histograms.min,
            max: frame.histograms.max,
            bounds: frame.histograms.bounds.into_iter().map(BoundsId).collect(),
            counts: frame.histograms.counts,
            counts_offsets: offsets(frame.histograms.counts_ends),
        },
        exponentials: ExponentialPoints {
            columns: exponentials.columns,
            count: frame.exponentials.count,
            known: frame.exponentials.known,
            sum: frame.exponentials.sum,
            min: frame.exponentials.min,
            max: frame.exponentials.max,
            scale: frame.exponentials.scale,
            zero_count: frame.exponentials.zero_count,
            zero_threshold: frame.exponentials.zero_threshold,
            positive_offset: frame.exponentials.positive_offset,
            positive: buckets("positive", frame.exponentials.positive, frame.exponentials.positive_ends)?,
            negative_offset: frame.exponentials.negative_offset,
            negative: buckets("negative", frame.exponentials.negative, frame.exponentials.negative_ends)?,
        },
        summaries: SummaryPoints {
            columns: summaries.columns,
            count: frame.summaries.count,
            sum: frame.summaries.sum,
            quantiles: frame.summaries.quantiles,
            quantile_values: frame.summaries.quantile_values,
            quantile_offsets: offsets(frame.summaries.quantile_ends),
        },
        exemplars: self::exemplars(frame.exemplars)?,
    };
    frame.check().map_err(|fault| fault.to_string())?;
    nested(&frame, given)?;
    Ok(frame)
}

fn strings(column: Vec<u32>) -> Vec<StringId> {
    column.into_iter().map(StringId).collect()
}

fn sets(column: Vec<u32>) -> Vec<SetId> {
    column.into_iter().map(SetId).collect()
}

fn times(column: Vec<u64>) -> Vec<Timestamp> {
    column.into_iter().map(Timestamp).collect()
}

fn offsets(ends: Vec<u32>) -> Offsets {
    Offsets { ends }
}

/// The counts of the exponential histograms' buckets of one sign.
fn buckets(column: &str, counts: Vec<u64>, ends: Vec<u32>) -> Result<BucketCounts, Wrong> {
    BucketCounts::from_column("exponentials", column, &counts, ends).map_err(|fault| fault.to_string())
}

/// The metrics; `points_end` holds how many points each has, and `points_start` nothing yet.
fn metrics(metrics: frames::Metrics) -> Result<Metrics, Wrong> {
    let code = |column: &str, code: u8| format!("table `metrics`: {code} is no {column}");
    let kind = |kind: u8| match kind {
        0 => Ok(PointKind::None),
        1 => Ok(PointKind::Gauge),
        2 => Ok(PointKind::Sum),
        3 => Ok(PointKind::Histogram),
        4 => Ok(PointKind::ExponentialHistogram),
        5 => Ok(PointKind::Summary),
        other => Err(code("kind", other)),
    };
    let temporality = |temporality: u8| match temporality {
        UNSPECIFIED => Ok(None),
        DELTA => Ok(Some(Temporality::Delta)),
        CUMULATIVE => Ok(Some(Temporality::Cumulative)),
        other => Err(code("temporality", other)),
    };
    let monotonic = |monotonic: u8| match monotonic {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(code("truth value", other)),
    };
    Ok(Metrics {
        scope: metrics.scope,
        name: strings(metrics.name),
        description: strings(metrics.description),
        unit: strings(metrics.unit),
        kind: metrics.kind.into_iter().map(kind).collect::<Result<_, _>>()?,
        temporality: metrics.temporality.into_iter().map(temporality).collect::<Result<_, _>>()?,
        monotonic: metrics.monotonic.into_iter().map(monotonic).collect::<Result<_, _>>()?,
        metadata: sets(metrics.metadata),
        points_start: Vec::new(),
        points_end: metrics.points,
    })
}

/// The points of one table while the metrics claim them.
struct Ranges {
    columns: PointColumns,
    exemplars: Vec<u32>,
}

impl Ranges {
    fn new(points: frames::Points) -> Self {
        let rows = points.exemplars.len();
        let columns = PointColumns {
            attributes: sets(points.attributes),
            start: times(points.start),
            time: times(points.time),
            flags: points.flags,
            exemplars_start: Vec::with_capacity(rows),
            exemplars_end: Vec::with_capacity(rows),
        };
        Self { columns, exemplars: points.exemplars }
    }

    /// The first point that is not claimed yet.
    fn next(&self) -> u32 {
        u32::try_from(self.columns.exemplars_end.len()).unwrap_or(u32::MAX)
    }

    /// Claims this many points, and their exemplars from `exemplars` on.
    fn claim(&mut self, points: u32, exemplars: &mut u32) -> Result<(), Wrong> {
        let start = self.columns.exemplars_end.len();
        let end = start.saturating_add(points as usize);
        let Some(lengths) = self.exemplars.get(start..end) else {
            return Err(format!("{points} points, of which {} are there", self.exemplars.len() - start));
        };
        // Mostly there are none, and then both columns are one number.
        if lengths.iter().all(|length| *length == 0) {
            self.columns.exemplars_start.resize(end, *exemplars);
            self.columns.exemplars_end.resize(end, *exemplars);
            return Ok(());
        }
        for length in lengths {
            self.columns.exemplars_start.push(*exemplars);
            *exemplars = exemplars.checked_add(*length).ok_or("more exemplars than there can be")?;
            self.columns.exemplars_end.push(*exemplars);
        }
        Ok(())
    }
}

fn exemplars(exemplars: frames::Exemplars) -> Result<Exemplars, Wrong> {
    let (high, low) = (exemplars.trace_id_high, exemplars.trace_id_low);
    if high.len() != low.len() {
        return Err(format!("table `exemplars`: columns of {} and {} rows", high.len(), low.len()));
    }
    let trace_id = |(high, low): (u64, u64)| (u128::from(high) << 64) | u128::from(low);
    Ok(Exemplars {
        attributes: sets(exemplars.attributes),
        time: times(exemplars.time),
        tags: exemplars.tags,
        bits: exemplars.bits,
        trace_id: high.into_iter().zip(low).map(trace_id).collect(),
        span_id: exemplars.span_id,
    })
}

/// Refuses nested values that an exporter could not write out again. What a sender sent is passed on as it was.
fn nested(frame: &Frame, given: &Frame) -> Result<(), Wrong> {
    let new: Vec<&str> = texts(frame).collect();
    if new.is_empty() {
        return Ok(());
    }
    let known: HashSet<&str> = texts(given).collect();
    new.into_iter().filter(|text| !known.contains(text)).try_for_each(check_nested)
}

fn texts(frame: &Frame) -> impl Iterator<Item = &str> {
    let rows = frame.values.tags.iter().enumerate().filter(|(_, tag)| **tag == Values::NESTED);
    rows.filter_map(|(row, _)| match frame.values.get(ValueId(row as u32), &frame.strings) {
        ValueRef::Nested(text) => Some(text),
        _ => None,
    })
}
