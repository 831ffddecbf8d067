//! Reading a frame row by row: metric, then its points, then their exemplars. Copies nothing.

use std::borrow::Cow;
use std::ops::Range;

use super::Frame;
use super::columns::{HAS_MAX, HAS_MIN, HAS_SUM, Points, at, slice};
use super::rows::{
    Buckets, Exemplar, ExponentialHistogram, Histogram, Metric, MetricKind, Number, Point, PointData,
    Resource, Summary, Temporality,
};
use super::tables::AttributesRef;
use super::values::Values;
use crate::Scope;

/// The metrics of a frame, in order; see [`Frame::metrics`].
#[derive(Clone, Debug)]
pub struct Metrics<'a> {
    frame: &'a Frame,
    row: usize,
    /// How many points of each table, and how many exemplars, the metrics before have.
    next: [usize; 4],
    exemplars: usize,
}

/// A metric of a frame.
#[derive(Clone, Debug)]
pub struct MetricRef<'a> {
    frame: &'a Frame,
    row: usize,
    points: Range<usize>,
    exemplars: usize,
}

/// A scope of a frame.
#[derive(Clone, Copy, Debug)]
pub struct ScopeRef<'a> {
    frame: &'a Frame,
    row: usize,
}

/// A resource of a frame.
#[derive(Clone, Copy, Debug)]
pub struct ResourceRef<'a> {
    frame: &'a Frame,
    row: usize,
}

/// A point of a frame.
#[derive(Clone, Debug)]
pub struct PointRef<'a> {
    frame: &'a Frame,
    columns: &'a Points,
    kind: MetricKind,
    row: usize,
    exemplars: Range<usize>,
}

/// An exemplar of a frame.
#[derive(Clone, Copy, Debug)]
pub struct ExemplarRef<'a> {
    frame: &'a Frame,
    row: usize,
}

/// The table of a kind's points, by a number to keep a place in it.
fn table(frame: &Frame, kind: MetricKind) -> Option<(usize, &Points)> {
    match kind {
        MetricKind::Empty => None,
        MetricKind::Gauge | MetricKind::Sum => Some((0, &frame.numbers.points)),
        MetricKind::Histogram => Some((1, &frame.histograms.points)),
        MetricKind::ExponentialHistogram => Some((2, &frame.exponentials.points)),
        MetricKind::Summary => Some((3, &frame.summaries.points)),
    }
}

pub(super) fn number(tag: u8, bits: u64) -> Option<Number> {
    match tag {
        1 => Some(Number::Int(bits.cast_signed())),
        2 => Some(Number::Double(f64::from_bits(bits))),
        _ => None,
    }
}

fn known(known: u8, bit: u8, value: f64) -> Option<f64> {
    (known & bit != 0).then_some(value)
}

impl Frame {
    /// Every metric, in order: grouped by resource, then by scope.
    pub fn metrics(&self) -> Metrics<'_> {
        Metrics { frame: self, row: 0, next: [0; 4], exemplars: 0 }
    }
}

impl<'a> Iterator for Metrics<'a> {
    type Item = MetricRef<'a>;

    fn next(&mut self) -> Option<MetricRef<'a>> {
        let kind = MetricKind::of_code(*self.frame.metrics.kind.get(self.row)?);
        let mut metric =
            MetricRef { frame: self.frame, row: self.row, points: 0..0, exemplars: self.exemplars };
        if let Some((table, columns)) = table(self.frame, kind)
            && let Some(next) = self.next.get_mut(table)
        {
            let points = at(&self.frame.metrics.points, self.row) as usize;
            metric.points = *next..*next + points;
            *next += points;
            // Mostly there are none to be counted.
            if self.exemplars < self.frame.exemplars.attributes.len() {
                let exemplars = columns.exemplars.get(metric.points.clone()).unwrap_or_default();
                self.exemplars += exemplars.iter().map(|count| *count as usize).sum::<usize>();
            }
        }
        self.row += 1;
        Some(metric)
    }
}

impl<'a> MetricRef<'a> {
    fn text(&self, column: &[u32]) -> &'a str {
        self.frame.tables.string(at(column, self.row))
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        self.text(&self.frame.metrics.name)
    }

    /// Its description; empty if there is none.
    pub fn description(&self) -> &'a str {
        self.text(&self.frame.metrics.description)
    }

    /// Its unit, in UCUM; empty if there is none.
    pub fn unit(&self) -> &'a str {
        self.text(&self.frame.metrics.unit)
    }

    /// What its points are.
    pub fn kind(&self) -> MetricKind {
        MetricKind::of_code(at(&self.frame.metrics.kind, self.row))
    }

    /// Of sums and histograms: what time the points cover.
    pub fn temporality(&self) -> Temporality {
        Temporality::of_code(at(&self.frame.metrics.temporality, self.row))
    }

    /// Of sums: whether they only grow.
    pub fn monotonic(&self) -> bool {
        at(&self.frame.metrics.monotonic, self.row) != 0
    }

    /// Further facts about the metric.
    pub fn metadata(&self) -> AttributesRef<'a> {
        self.frame.tables.set(at(&self.frame.metrics.metadata, self.row))
    }

    /// The scope it belongs to.
    pub fn scope(&self) -> ScopeRef<'a> {
        ScopeRef { frame: self.frame, row: at(&self.frame.metrics.scope, self.row) as usize }
    }

    /// The rows of its points in the table of its kind.
    pub(crate) fn rows(&self) -> Range<usize> {
        self.points.clone()
    }

    /// Its points, in order.
    pub fn points(&self) -> impl Iterator<Item = PointRef<'a>> + use<'a> {
        let (frame, kind) = (self.frame, self.kind());
        let columns = table(frame, kind).map(|(_, columns)| columns);
        let mut exemplars = self.exemplars;
        columns
            .into_iter()
            .flat_map({
                let points = self.points.clone();
                move |columns| points.clone().map(move |row| (columns, row))
            })
            .map(move |(columns, row)| {
                let start = exemplars;
                exemplars += at(&columns.exemplars, row) as usize;
                PointRef { frame, columns, kind, row, exemplars: start..exemplars }
            })
    }

    /// The values of its points, in order, if it is a gauge or sum; none of a point that has no value. Reads two columns and
    /// nothing else, at about a nanosecond a point.
    pub fn numbers(&self) -> impl ExactSizeIterator<Item = Option<Number>> + use<'a> {
        let numbers = &self.frame.numbers;
        let points = match self.kind() {
            MetricKind::Gauge | MetricKind::Sum => self.points.clone(),
            _ => 0..0,
        };
        let tags = numbers.tags.get(points.clone()).unwrap_or_default();
        let bits = numbers.bits.get(points).unwrap_or_default();
        Values::new(tags, bits)
    }

    /// A copy that is the plugin's own.
    pub fn to_metric(&self) -> Metric {
        Metric {
            name: self.name().to_owned(),
            description: self.description().to_owned(),
            unit: self.unit().to_owned(),
            kind: self.kind(),
            temporality: self.temporality(),
            monotonic: self.monotonic(),
            metadata: self.metadata().to_attributes(),
        }
    }
}

impl<'a> ScopeRef<'a> {
    /// The row, to tell scopes apart.
    pub fn row(&self) -> usize {
        self.row
    }

    /// The scope's name; may be empty.
    pub fn name(&self) -> &'a str {
        self.frame.tables.string(at(&self.frame.scopes.name, self.row))
    }

    /// The scope's version; empty if unknown.
    pub fn version(&self) -> &'a str {
        self.frame.tables.string(at(&self.frame.scopes.version, self.row))
    }

    /// The semantic conventions' schema of the scope's metrics; empty if unknown.
    pub fn schema_url(&self) -> &'a str {
        self.frame.tables.string(at(&self.frame.scopes.schema_url, self.row))
    }

    /// How many attributes the sender had dropped.
    pub fn dropped_attributes(&self) -> u32 {
        at(&self.frame.scopes.dropped_attributes, self.row)
    }

    /// The scope's attributes.
    pub fn attributes(&self) -> AttributesRef<'a> {
        self.frame.tables.set(at(&self.frame.scopes.attributes, self.row))
    }

    /// The resource it belongs to.
    pub fn resource(&self) -> ResourceRef<'a> {
        ResourceRef { frame: self.frame, row: at(&self.frame.scopes.resource, self.row) as usize }
    }

    /// A copy that is the plugin's own.
    pub fn to_scope(&self) -> Scope {
        let text = |column: &[u32]| self.frame.tables.string(at(column, self.row)).to_owned();
        Scope {
            name: text(&self.frame.scopes.name),
            version: text(&self.frame.scopes.version),
            schema_url: text(&self.frame.scopes.schema_url),
            attributes: self.attributes().to_attributes(),
        }
    }
}

impl<'a> ResourceRef<'a> {
    /// The row, to tell resources apart.
    pub fn row(&self) -> usize {
        self.row
    }

    /// What produced the data.
    pub fn attributes(&self) -> AttributesRef<'a> {
        self.frame.tables.set(at(&self.frame.resources.attributes, self.row))
    }

    /// The semantic conventions' schema of the attributes; empty if unknown.
    pub fn schema_url(&self) -> &'a str {
        self.frame.tables.string(at(&self.frame.resources.schema_url, self.row))
    }

    /// How many attributes the sender had dropped.
    pub fn dropped_attributes(&self) -> u32 {
        at(&self.frame.resources.dropped_attributes, self.row)
    }

    /// A copy that is the plugin's own.
    pub fn to_resource(&self) -> Resource {
        Resource {
            attributes: self.attributes().to_attributes(),
            schema_url: self.schema_url().to_owned(),
            dropped_attributes: self.dropped_attributes(),
        }
    }
}

impl<'a> PointRef<'a> {
    /// The attributes that name the series.
    pub fn attributes(&self) -> AttributesRef<'a> {
        self.frame.tables.set(at(&self.columns.attributes, self.row))
    }

    /// The start of the interval, in nanoseconds since the Unix epoch; 0 if unknown.
    pub fn start(&self) -> u64 {
        at(&self.columns.start, self.row)
    }

    /// Its end, likewise.
    pub fn time(&self) -> u64 {
        at(&self.columns.time, self.row)
    }

    /// OTLP's bit field, see [`NO_RECORDED_VALUE`](super::NO_RECORDED_VALUE).
    pub fn flags(&self) -> u32 {
        at(&self.columns.flags, self.row)
    }

    /// True if the series has ended and the point only says so.
    pub fn is_ended(&self) -> bool {
        self.flags() & super::NO_RECORDED_VALUE != 0
    }

    /// What was measured.
    pub fn data(&self) -> PointData<'a> {
        let (frame, row) = (self.frame, self.row);
        match self.kind {
            MetricKind::Empty | MetricKind::Gauge | MetricKind::Sum => {
                PointData::Number(number(at(&frame.numbers.tags, row), at(&frame.numbers.bits, row)))
            }
            MetricKind::Histogram => {
                let table = &frame.histograms;
                let bits = at(&table.known, row);
                PointData::Histogram(Histogram {
                    count: at(&table.count, row),
                    sum: known(bits, HAS_SUM, at(&table.sum, row)),
                    min: known(bits, HAS_MIN, at(&table.min, row)),
                    max: known(bits, HAS_MAX, at(&table.max, row)),
                    bounds: Cow::Borrowed(frame.bounds.list(at(&table.bounds, row))),
                    counts: Cow::Borrowed(slice(&table.counts, &table.counts_ends, row)),
                })
            }
            MetricKind::ExponentialHistogram => {
                let table = &frame.exponentials;
                let bits = at(&table.known, row);
                PointData::ExponentialHistogram(ExponentialHistogram {
                    count: at(&table.count, row),
                    sum: known(bits, HAS_SUM, at(&table.sum, row)),
                    min: known(bits, HAS_MIN, at(&table.min, row)),
                    max: known(bits, HAS_MAX, at(&table.max, row)),
                    scale: at(&table.scale, row),
                    zero_count: at(&table.zero_count, row),
                    zero_threshold: at(&table.zero_threshold, row),
                    positive: Buckets {
                        offset: at(&table.positive_offset, row),
                        counts: Cow::Borrowed(slice(&table.positive, &table.positive_ends, row)),
                    },
                    negative: Buckets {
                        offset: at(&table.negative_offset, row),
                        counts: Cow::Borrowed(slice(&table.negative, &table.negative_ends, row)),
                    },
                })
            }
            MetricKind::Summary => {
                let table = &frame.summaries;
                PointData::Summary(Summary {
                    count: at(&table.count, row),
                    sum: at(&table.sum, row),
                    quantiles: Cow::Borrowed(slice(&table.quantiles, &table.quantile_ends, row)),
                    values: Cow::Borrowed(slice(&table.quantile_values, &table.quantile_ends, row)),
                })
            }
        }
    }

    /// Its exemplars.
    pub fn exemplars(&self) -> impl ExactSizeIterator<Item = ExemplarRef<'a>> + use<'a> {
        let frame = self.frame;
        self.exemplars.clone().map(move |row| ExemplarRef { frame, row })
    }

    /// A copy with attributes of its own; buckets are still those of the frame. Allocates for each attribute.
    pub fn to_point(&self) -> Point<'a> {
        Point {
            attributes: self.attributes().to_attributes(),
            start: self.start(),
            time: self.time(),
            flags: self.flags(),
            data: self.data(),
            exemplars: self.exemplars().map(|exemplar| exemplar.to_exemplar()).collect(),
        }
    }
}

impl<'a> ExemplarRef<'a> {
    /// The attributes of the measurement that are not on the point.
    pub fn attributes(&self) -> AttributesRef<'a> {
        self.frame.tables.set(at(&self.frame.exemplars.attributes, self.row))
    }

    /// A copy that is the plugin's own.
    pub fn to_exemplar(&self) -> Exemplar {
        let table = &self.frame.exemplars;
        let (high, low) = (at(&table.trace_id_high, self.row), at(&table.trace_id_low, self.row));
        Exemplar {
            attributes: self.attributes().to_attributes(),
            time: at(&table.time, self.row),
            value: number(at(&table.tags, self.row), at(&table.bits, self.row)),
            trace_id: (u128::from(high) << 64) | u128::from(low),
            span_id: at(&table.span_id, self.row),
        }
    }
}
