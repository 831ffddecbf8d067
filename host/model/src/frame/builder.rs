//! Writing a frame row by row; interning keeps strings, values and attribute sets distinct.

use super::intern::Interned;
use super::points::{HAS_MAX, HAS_MIN, HAS_SUM};
use super::tables::{SetId, StringId};
use super::{BoundsId, Frame, FrameSizes, NumberPoints, PointColumns, PointKind, RowCounts};
use crate::{EntityRefs, Number, Temporality, Timestamp};

/// Writes one [`Frame`].
///
/// Order matters: a resource, then its scopes, then each scope's metrics, then each metric's points; a point's exemplars
/// are given with it. A point of another kind than the open metric's is not added, so that the columns stay consistent.
#[derive(Debug, Default)]
pub struct FrameBuilder {
    pub(super) frame: Frame,
    pub(super) interned: Interned,
    exemplars_start: usize,
}

/// A metric's own fields.
#[derive(Clone, Copy, Debug)]
pub struct MetricRow<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its description; empty if none.
    pub description: &'a str,
    /// Its unit; empty if none.
    pub unit: &'a str,
    /// The kind of its points.
    pub kind: PointKind,
    /// For sums and histograms.
    pub temporality: Option<Temporality>,
    /// For sums.
    pub monotonic: bool,
}

/// What a point of any kind has.
#[derive(Clone, Copy, Debug, Default)]
pub struct PointHeader {
    /// The attributes that name the series, from [`FrameBuilder::set`], [`FrameBuilder::attributes`] or [`FrameBuilder::kept`].
    pub attributes: SetId,
    /// The start of the interval.
    pub start: Timestamp,
    /// Its end.
    pub time: Timestamp,
    /// OTLP's bit field.
    pub flags: u32,
}

/// A point of a gauge or sum.
#[derive(Clone, Copy, Debug)]
pub struct NumberRow {
    /// What every point has.
    pub header: PointHeader,
    /// The value; `None` if there is none.
    pub value: Option<Number>,
}

/// A point of an explicit histogram.
#[derive(Clone, Copy, Debug, Default)]
pub struct HistogramRow<'a> {
    /// What every point has.
    pub header: PointHeader,
    /// How many values.
    pub count: u64,
    /// Their sum, if known.
    pub sum: Option<f64>,
    /// The smallest, if known.
    pub min: Option<f64>,
    /// The largest, if known.
    pub max: Option<f64>,
    /// The upper bounds of all buckets but the last.
    pub bounds: &'a [f64],
    /// The counts: one more than bounds, or none.
    pub counts: &'a [u64],
}

/// A point of an exponential histogram.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExponentialRow<'a> {
    /// What every point has.
    pub header: PointHeader,
    /// How many values.
    pub count: u64,
    /// Their sum, if known.
    pub sum: Option<f64>,
    /// The smallest, if known.
    pub min: Option<f64>,
    /// The largest, if known.
    pub max: Option<f64>,
    /// The resolution.
    pub scale: i32,
    /// How many values are in the zero bucket.
    pub zero_count: u64,
    /// Its width.
    pub zero_threshold: f64,
    /// The index of the first positive bucket, and the counts from there.
    pub positive: (i32, RowCounts<'a>),
    /// The same for negative values.
    pub negative: (i32, RowCounts<'a>),
}

/// A point of a summary.
#[derive(Clone, Copy, Debug, Default)]
pub struct SummaryRow<'a> {
    /// What every point has.
    pub header: PointHeader,
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Quantile and value.
    pub quantiles: &'a [(f64, f64)],
}

/// A sampled measurement.
#[derive(Clone, Copy, Debug)]
pub struct ExemplarRow {
    /// The attributes that are not on the point.
    pub attributes: SetId,
    /// When it was measured.
    pub time: Timestamp,
    /// The value.
    pub value: Option<Number>,
    /// The trace it belongs to; 0 if none.
    pub trace_id: u128,
    /// The span it belongs to; 0 if none.
    pub span_id: u64,
}

/// Lengths of columns are ids; a frame beyond 2^32 rows is cut off by the intake's size limits long before.
pub(super) fn id(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[inline]
fn number_columns(value: Option<Number>) -> (u8, u64) {
    match value {
        None => (NumberPoints::NONE, 0),
        Some(Number::Int(int)) => (NumberPoints::INT, int.cast_unsigned()),
        Some(Number::Double(double)) => (NumberPoints::DOUBLE, double.to_bits()),
    }
}

impl FrameBuilder {
    /// An empty frame.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty frame with room for as much as another one has: the next of the same kind is mostly as large. What exceeds
    /// it makes the tables grow.
    pub fn with_room(sizes: &FrameSizes) -> Self {
        Self { frame: sizes.room(), interned: Interned::with_room(sizes), exemplars_start: 0 }
    }

    /// Opens a resource. The scopes that follow belong to it.
    pub fn resource(&mut self, attributes: SetId, schema_url: &str, dropped_attributes: u32) {
        let schema_url = self.string(schema_url);
        let resources = &mut self.frame.resources;
        resources.attributes.push(attributes);
        resources.schema_url.push(schema_url);
        resources.dropped_attributes.push(dropped_attributes);
        resources.entities.push(EntityRefs::default());
    }

    /// Says which entities the open resource stands for; see [`EntityRefs::hear`] for what becomes of those it was given before.
    pub fn entities(&mut self, entities: &EntityRefs) {
        if let Some(open) = self.frame.resources.entities.last_mut() {
            open.hear(entities);
        }
    }

    /// Opens a scope of the open resource.
    pub fn scope(
        &mut self,
        name: &str,
        version: &str,
        schema_url: &str,
        attributes: SetId,
        dropped_attributes: u32,
    ) {
        let (name, version, schema_url) = (self.string(name), self.string(version), self.string(schema_url));
        let resource = id(self.frame.resources.attributes.len().saturating_sub(1));
        let scopes = &mut self.frame.scopes;
        scopes.resource.push(resource);
        scopes.name.push(name);
        scopes.version.push(version);
        scopes.schema_url.push(schema_url);
        scopes.attributes.push(attributes);
        scopes.dropped_attributes.push(dropped_attributes);
    }

    /// Opens a metric of the open scope.
    pub fn metric(&mut self, row: MetricRow<'_>, metadata: SetId) {
        let (name, description, unit) =
            (self.string(row.name), self.string(row.description), self.string(row.unit));
        let start = id(self.table_len(row.kind));
        let scope = id(self.frame.scopes.name.len().saturating_sub(1));
        let metrics = &mut self.frame.metrics;
        metrics.scope.push(scope);
        metrics.name.push(name);
        metrics.description.push(description);
        metrics.unit.push(unit);
        metrics.kind.push(row.kind);
        metrics.temporality.push(row.temporality);
        metrics.monotonic.push(row.monotonic);
        metrics.metadata.push(metadata);
        metrics.points_start.push(start);
        metrics.points_end.push(start);
    }

    /// Adds an exemplar to the point that is added next.
    pub fn exemplar(&mut self, row: ExemplarRow) {
        let (tag, bits) = number_columns(row.value);
        let exemplars = &mut self.frame.exemplars;
        exemplars.attributes.push(row.attributes);
        exemplars.time.push(row.time);
        exemplars.tags.push(tag);
        exemplars.bits.push(bits);
        exemplars.trace_id.push(row.trace_id);
        exemplars.span_id.push(row.span_id);
    }

    /// Adds a point to the open gauge or sum.
    #[inline]
    pub fn number(&mut self, row: NumberRow) {
        if !matches!(self.open_kind(), PointKind::Gauge | PointKind::Sum) {
            return self.discard_exemplars();
        }
        let (tag, bits) = number_columns(row.value);
        self.frame.numbers.tags.push(tag);
        self.frame.numbers.bits.push(bits);
        self.close_point(row.header, |frame| &mut frame.numbers.columns);
    }

    /// Adds a point to the open histogram.
    pub fn histogram(&mut self, row: HistogramRow<'_>) {
        let bounds = self.bounds(row.bounds);
        self.histogram_of(bounds, row);
    }

    /// Adds counts to the buckets of the histogram that is added next, before those of its row.
    #[inline]
    pub fn counts(&mut self, counts: impl ExactSizeIterator<Item = u64>) {
        self.frame.histograms.counts.extend(counts);
    }

    /// What [`FrameBuilder::counts`] has added so far for the histogram that is added next.
    #[inline]
    pub fn next_counts(&self) -> &[u64] {
        let points = &self.frame.histograms;
        points.counts.get(points.counts_offsets.end()..).unwrap_or_default()
    }

    /// Takes back what was added for the point that was to be added next.
    pub fn discard_next(&mut self) {
        self.discard_exemplars();
        let points = &mut self.frame.histograms;
        points.counts.truncate(points.counts_offsets.end());
    }

    /// As [`FrameBuilder::histogram`], of bounds that were interned before; those of the row are not looked at.
    #[inline]
    pub fn histogram_of(&mut self, bounds: BoundsId, row: HistogramRow<'_>) {
        if self.open_kind() != PointKind::Histogram {
            return self.discard_next();
        }
        let points = &mut self.frame.histograms;
        points.count.push(row.count);
        points.known.push(known(row.sum, row.min, row.max));
        points.sum.push(row.sum.unwrap_or_default());
        points.min.push(row.min.unwrap_or_default());
        points.max.push(row.max.unwrap_or_default());
        points.bounds.push(bounds);
        points.counts.extend_from_slice(row.counts);
        points.counts_offsets.close(points.counts.len());
        self.close_point(row.header, |frame| &mut frame.histograms.columns);
    }

    /// Adds a point to the open exponential histogram.
    pub fn exponential(&mut self, row: ExponentialRow<'_>) {
        if self.open_kind() != PointKind::ExponentialHistogram {
            return self.discard_exemplars();
        }
        let points = &mut self.frame.exponentials;
        points.count.push(row.count);
        points.known.push(known(row.sum, row.min, row.max));
        points.sum.push(row.sum.unwrap_or_default());
        points.min.push(row.min.unwrap_or_default());
        points.max.push(row.max.unwrap_or_default());
        points.scale.push(row.scale);
        points.zero_count.push(row.zero_count);
        points.zero_threshold.push(row.zero_threshold);
        points.positive_offset.push(row.positive.0);
        points.positive.push(row.positive.1);
        points.negative_offset.push(row.negative.0);
        points.negative.push(row.negative.1);
        self.close_point(row.header, |frame| &mut frame.exponentials.columns);
    }

    /// Adds a point to the open summary.
    pub fn summary(&mut self, row: SummaryRow<'_>) {
        if self.open_kind() != PointKind::Summary {
            return self.discard_exemplars();
        }
        let points = &mut self.frame.summaries;
        points.count.push(row.count);
        points.sum.push(row.sum);
        points.quantiles.extend(row.quantiles.iter().map(|(quantile, _)| quantile));
        points.quantile_values.extend(row.quantiles.iter().map(|(_, value)| value));
        points.quantile_offsets.close(points.quantiles.len());
        self.close_point(row.header, |frame| &mut frame.summaries.columns);
    }

    /// True if the open resource is this one.
    pub(super) fn is_open_resource(&self, attributes: SetId, schema_url: &str, dropped: u32) -> bool {
        let Frame { strings, resources, .. } = &self.frame;
        resources.attributes.last().is_some_and(|open| self.frame.is_same_set(*open, attributes))
            && resources.schema_url.last().is_some_and(|id| strings.get(*id) == schema_url)
            && resources.dropped_attributes.last() == Some(&dropped)
    }

    /// True if the open scope is this one, and of the open resource.
    pub(super) fn is_open_scope(
        &self,
        name: &str,
        version: &str,
        schema_url: &str,
        attributes: SetId,
        dropped: u32,
    ) -> bool {
        let Frame { strings, resources, scopes, .. } = &self.frame;
        let is = |column: &[StringId], text: &str| column.last().is_some_and(|id| strings.get(*id) == text);
        scopes.resource.last().map(|row| *row as usize + 1) == Some(resources.attributes.len())
            && is(&scopes.name, name)
            && is(&scopes.version, version)
            && is(&scopes.schema_url, schema_url)
            && scopes.attributes.last().is_some_and(|open| self.frame.is_same_set(*open, attributes))
            && scopes.dropped_attributes.last() == Some(&dropped)
    }

    /// The finished frame.
    pub fn finish(self) -> Frame {
        self.frame
    }

    #[inline]
    pub(super) fn open_kind(&self) -> PointKind {
        self.frame.metrics.kind.last().copied().unwrap_or_default()
    }

    pub(super) fn table_len(&self, kind: PointKind) -> usize {
        match kind {
            PointKind::None => 0,
            PointKind::Gauge | PointKind::Sum => self.frame.numbers.columns.len(),
            PointKind::Histogram => self.frame.histograms.columns.len(),
            PointKind::ExponentialHistogram => self.frame.exponentials.columns.len(),
            PointKind::Summary => self.frame.summaries.columns.len(),
        }
    }

    #[inline]
    fn close_point(&mut self, header: PointHeader, columns: impl Fn(&mut Frame) -> &mut PointColumns) {
        let exemplars_end = self.frame.exemplars.time.len();
        let columns = columns(&mut self.frame);
        columns.attributes.push(header.attributes);
        columns.start.push(header.start);
        columns.time.push(header.time);
        columns.flags.push(header.flags);
        columns.exemplars_start.push(id(self.exemplars_start));
        columns.exemplars_end.push(id(exemplars_end));
        self.exemplars_start = exemplars_end;
        if let Some(end) = self.frame.metrics.points_end.last_mut() {
            *end += 1;
        }
    }

    /// Says that all exemplars there are belong to points there are.
    pub(super) fn close_exemplars(&mut self) {
        self.exemplars_start = self.frame.exemplars.time.len();
    }

    fn discard_exemplars(&mut self) {
        let exemplars = &mut self.frame.exemplars;
        exemplars.attributes.truncate(self.exemplars_start);
        exemplars.time.truncate(self.exemplars_start);
        exemplars.tags.truncate(self.exemplars_start);
        exemplars.bits.truncate(self.exemplars_start);
        exemplars.trace_id.truncate(self.exemplars_start);
        exemplars.span_id.truncate(self.exemplars_start);
    }
}

fn known(sum: Option<f64>, min: Option<f64>, max: Option<f64>) -> u8 {
    let bit = |value: Option<f64>, bit: u8| if value.is_some() { bit } else { 0 };
    bit(sum, HAS_SUM) | bit(min, HAS_MIN) | bit(max, HAS_MAX)
}
