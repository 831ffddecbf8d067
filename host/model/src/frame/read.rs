//! Reading a frame row by row: metric, then its points, then their attributes. Copies nothing.

use super::points::{HAS_MAX, HAS_MIN, HAS_SUM, PointColumns};
use super::tables::{SetId, StringId, ValueId};
use super::{Frame, NumberPoints, PackedCounts, Pairs, PointKind};
use crate::{Attributes, EntityRefs, Number, Temporality, Timestamp};

/// A metric of a frame.
#[derive(Clone, Copy, Debug)]
pub struct MetricRef<'a> {
    frame: &'a Frame,
    row: usize,
    /// The rows of its points are from this one to before `points_end`.
    points_start: usize,
    points_end: usize,
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

/// What a point of any kind has.
#[derive(Clone, Copy, Debug)]
pub struct PointRef<'a> {
    frame: &'a Frame,
    columns: &'a PointColumns,
    row: usize,
}

/// A point of a gauge or sum.
#[derive(Clone, Copy, Debug)]
pub struct NumberRef<'a> {
    /// What every point has.
    pub point: PointRef<'a>,
    /// The value; `None` if the sender gave none.
    pub value: Option<Number>,
}

/// A point of an explicit histogram.
#[derive(Clone, Copy, Debug)]
pub struct HistogramRef<'a> {
    /// What every point has.
    pub point: PointRef<'a>,
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
    /// The counts; by the data model one more than bounds or none, but a received point may break that.
    pub counts: &'a [u64],
}

/// A point of an exponential histogram.
#[derive(Clone, Copy, Debug)]
pub struct ExponentialRef<'a> {
    /// What every point has.
    pub point: PointRef<'a>,
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
    pub positive: (i32, PackedCounts<'a>),
    /// The same for negative values.
    pub negative: (i32, PackedCounts<'a>),
}

/// A point of a summary.
#[derive(Clone, Copy, Debug)]
pub struct SummaryRef<'a> {
    /// What every point has.
    pub point: PointRef<'a>,
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The quantiles, 0 to 1.
    pub quantiles: &'a [f64],
    /// The value at each.
    pub quantile_values: &'a [f64],
}

/// A sampled measurement.
#[derive(Clone, Copy, Debug)]
pub struct ExemplarRef<'a> {
    frame: &'a Frame,
    set: SetId,
    /// When it was measured.
    pub time: Timestamp,
    /// The value.
    pub value: Option<Number>,
    /// The trace it belongs to; 0 if none.
    pub trace_id: u128,
    /// The span it belongs to; 0 if none.
    pub span_id: u64,
}

#[inline]
fn at<T: Copy + Default>(column: &[T], row: usize) -> T {
    column.get(row).copied().unwrap_or_default()
}

#[inline]
fn number(tag: u8, bits: u64) -> Option<Number> {
    match tag {
        NumberPoints::INT => Some(Number::Int(bits.cast_signed())),
        NumberPoints::DOUBLE => Some(Number::Double(f64::from_bits(bits))),
        _ => None,
    }
}

fn known(known: u8, bit: u8, value: f64) -> Option<f64> {
    (known & bit != 0).then_some(value)
}

impl Frame {
    /// Every resource, in order.
    pub fn resources(&self) -> impl ExactSizeIterator<Item = ResourceRef<'_>> {
        (0..self.resources.attributes.len()).map(|row| ResourceRef { frame: self, row })
    }

    /// Every scope, in order: grouped by resource.
    pub fn scopes(&self) -> impl ExactSizeIterator<Item = ScopeRef<'_>> {
        (0..self.scopes.name.len()).map(|row| ScopeRef { frame: self, row })
    }

    /// Every metric, in order: grouped by resource, then scope.
    pub fn metrics(&self) -> impl DoubleEndedIterator<Item = MetricRef<'_>> + ExactSizeIterator {
        (0..self.metrics.name.len()).map(|row| MetricRef::new(self, row))
    }

    /// The attributes of a set, as given: order and duplicates included.
    #[inline]
    pub fn pairs(&self, set: SetId) -> Pairs<'_> {
        Pairs::of(self, set)
    }

    /// The attributes of a set as rows of the tables: their keys and their values, equally many. None if the set is not interned: see
    /// [`Frame::into_interned`].
    #[inline]
    pub fn pair_ids(&self, set: SetId) -> (&[StringId], &[ValueId]) {
        let range = self.sets.offsets.range(set.0 as usize);
        let keys = self.sets.keys.get(range.clone()).unwrap_or_default();
        (keys, self.sets.values.get(range).unwrap_or_default())
    }

    /// A set as the engine keeps it, and how many duplicate keys were overwritten. Allocates, unless it is kept.
    pub fn attributes(&self, set: SetId) -> (Attributes, usize) {
        if let Some(kept) = self.sets.kept.get(set) {
            return (kept.clone(), 0);
        }
        Attributes::from_pairs(self.pairs(set).map(|(key, value)| (key, value.to_value())))
    }
}

impl<'a> MetricRef<'a> {
    pub(super) fn new(frame: &'a Frame, row: usize) -> Self {
        let points_start = at(&frame.metrics.points_start, row) as usize;
        let points_end = at(&frame.metrics.points_end, row) as usize;
        Self { frame, row, points_start, points_end }
    }

    /// Without so many of its first and of its last points.
    pub(super) fn between(self, before: usize, behind: usize) -> Self {
        let points_start = self.points_start + before;
        Self { points_start, points_end: self.points_end.saturating_sub(behind), ..self }
    }

    /// The row, to tell metrics apart.
    pub fn row(&self) -> usize {
        self.row
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        self.frame.strings.get(at(&self.frame.metrics.name, self.row))
    }

    /// Its description; empty if none.
    pub fn description(&self) -> &'a str {
        self.frame.strings.get(at(&self.frame.metrics.description, self.row))
    }

    /// Its unit; empty if none.
    pub fn unit(&self) -> &'a str {
        self.frame.strings.get(at(&self.frame.metrics.unit, self.row))
    }

    /// The kind of its points.
    pub fn kind(&self) -> PointKind {
        at(&self.frame.metrics.kind, self.row)
    }

    /// For sums and histograms; `None` if unspecified.
    pub fn temporality(&self) -> Option<Temporality> {
        at(&self.frame.metrics.temporality, self.row)
    }

    /// For sums: whether the value only grows.
    pub fn monotonic(&self) -> bool {
        at(&self.frame.metrics.monotonic, self.row)
    }

    /// OTLP's `metadata`.
    pub fn metadata(&self) -> SetId {
        at(&self.frame.metrics.metadata, self.row)
    }

    /// Its scope.
    pub fn scope(&self) -> ScopeRef<'a> {
        ScopeRef { frame: self.frame, row: at(&self.frame.metrics.scope, self.row) as usize }
    }

    /// The rows of its points in the table of its kind.
    #[inline]
    pub fn points(&self) -> std::ops::Range<usize> {
        self.points_start..self.points_end
    }

    /// Its points, of whatever kind, as far as points of all kinds are alike.
    #[inline]
    pub fn all_points(&self) -> impl DoubleEndedIterator<Item = PointRef<'a>> + ExactSizeIterator + use<'a> {
        let (metric, rows) = (*self, self.points());
        let columns = match self.kind() {
            PointKind::None | PointKind::Gauge | PointKind::Sum => &self.frame.numbers.columns,
            PointKind::Histogram => &self.frame.histograms.columns,
            PointKind::ExponentialHistogram => &self.frame.exponentials.columns,
            PointKind::Summary => &self.frame.summaries.columns,
        };
        let rows = if self.kind() == PointKind::None { 0..0 } else { rows };
        rows.map(move |row| metric.point(columns, row))
    }

    #[inline]
    fn rows(&self, kinds: &[PointKind]) -> std::ops::Range<usize> {
        if kinds.contains(&self.kind()) { self.points() } else { 0..0 }
    }

    #[inline]
    fn point(&self, columns: &'a PointColumns, row: usize) -> PointRef<'a> {
        PointRef { frame: self.frame, columns, row }
    }

    /// Its points, if it is a gauge or sum.
    #[inline]
    pub fn numbers(&self) -> impl DoubleEndedIterator<Item = NumberRef<'a>> + ExactSizeIterator + use<'a> {
        let metric = *self;
        let table = &self.frame.numbers;
        self.rows(&[PointKind::Gauge, PointKind::Sum]).map(move |row| NumberRef {
            point: metric.point(&table.columns, row),
            value: number(at(&table.tags, row), at(&table.bits, row)),
        })
    }

    /// Its points, if it is an explicit histogram.
    #[inline]
    pub fn histograms(
        &self,
    ) -> impl DoubleEndedIterator<Item = HistogramRef<'a>> + ExactSizeIterator + use<'a> {
        let metric = *self;
        let table = &self.frame.histograms;
        self.rows(&[PointKind::Histogram]).map(move |row| HistogramRef {
            point: metric.point(&table.columns, row),
            count: at(&table.count, row),
            sum: known(at(&table.known, row), HAS_SUM, at(&table.sum, row)),
            min: known(at(&table.known, row), HAS_MIN, at(&table.min, row)),
            max: known(at(&table.known, row), HAS_MAX, at(&table.max, row)),
            bounds: metric.frame.bounds.get(at(&table.bounds, row)),
            counts: table.counts.get(table.counts_offsets.range(row)).unwrap_or_default(),
        })
    }

    /// Its points, if it is an exponential histogram.
    #[inline]
    pub fn exponentials(
        &self,
    ) -> impl DoubleEndedIterator<Item = ExponentialRef<'a>> + ExactSizeIterator + use<'a> {
        let metric = *self;
        let table = &self.frame.exponentials;
        self.rows(&[PointKind::ExponentialHistogram]).map(move |row| ExponentialRef {
            point: metric.point(&table.columns, row),
            count: at(&table.count, row),
            sum: known(at(&table.known, row), HAS_SUM, at(&table.sum, row)),
            min: known(at(&table.known, row), HAS_MIN, at(&table.min, row)),
            max: known(at(&table.known, row), HAS_MAX, at(&table.max, row)),
            scale: at(&table.scale, row),
            zero_count: at(&table.zero_count, row),
            zero_threshold: at(&table.zero_threshold, row),
            positive: (at(&table.positive_offset, row), table.positive.get(row)),
            negative: (at(&table.negative_offset, row), table.negative.get(row)),
        })
    }

    /// Its points, if it is a summary.
    #[inline]
    pub fn summaries(&self) -> impl DoubleEndedIterator<Item = SummaryRef<'a>> + ExactSizeIterator + use<'a> {
        let metric = *self;
        let table = &self.frame.summaries;
        self.rows(&[PointKind::Summary]).map(move |row| {
            let range = table.quantile_offsets.range(row);
            SummaryRef {
                point: metric.point(&table.columns, row),
                count: at(&table.count, row),
                sum: at(&table.sum, row),
                quantiles: table.quantiles.get(range.clone()).unwrap_or_default(),
                quantile_values: table.quantile_values.get(range).unwrap_or_default(),
            }
        })
    }
}

impl<'a> ScopeRef<'a> {
    /// The row, to tell scopes apart.
    pub fn row(&self) -> usize {
        self.row
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        self.frame.strings.get(at(&self.frame.scopes.name, self.row))
    }

    /// Its version.
    pub fn version(&self) -> &'a str {
        self.frame.strings.get(at(&self.frame.scopes.version, self.row))
    }

    /// Its schema.
    pub fn schema_url(&self) -> &'a str {
        self.frame.strings.get(at(&self.frame.scopes.schema_url, self.row))
    }

    /// Its attributes.
    #[inline]
    pub fn attributes(&self) -> SetId {
        at(&self.frame.scopes.attributes, self.row)
    }

    /// How many attributes the sender had dropped.
    pub fn dropped_attributes(&self) -> u32 {
        at(&self.frame.scopes.dropped_attributes, self.row)
    }

    /// Its resource.
    pub fn resource(&self) -> ResourceRef<'a> {
        ResourceRef { frame: self.frame, row: at(&self.frame.scopes.resource, self.row) as usize }
    }
}

impl<'a> ResourceRef<'a> {
    /// The row, to tell resources apart.
    pub fn row(&self) -> usize {
        self.row
    }

    /// Its attributes.
    #[inline]
    pub fn attributes(&self) -> SetId {
        at(&self.frame.resources.attributes, self.row)
    }

    /// Its schema.
    pub fn schema_url(&self) -> &'a str {
        self.frame.strings.get(at(&self.frame.resources.schema_url, self.row))
    }

    /// How many attributes the sender had dropped.
    pub fn dropped_attributes(&self) -> u32 {
        at(&self.frame.resources.dropped_attributes, self.row)
    }

    /// The entities it stands for.
    pub fn entities(&self) -> &'a EntityRefs {
        self.frame.resources.entities.get(self.row).unwrap_or(const { &EntityRefs::NONE })
    }
}

impl<'a> PointRef<'a> {
    /// Its row in the table of its kind.
    pub fn row(&self) -> usize {
        self.row
    }

    /// The attributes that name the series; see [`Frame::pairs`].
    #[inline]
    pub fn attributes(&self) -> SetId {
        at(&self.columns.attributes, self.row)
    }

    /// The attributes, in order.
    pub fn pairs(&self) -> Pairs<'a> {
        self.frame.pairs(self.attributes())
    }

    /// The start of the interval.
    #[inline]
    pub fn start(&self) -> Timestamp {
        at(&self.columns.start, self.row)
    }

    /// Its end.
    #[inline]
    pub fn time(&self) -> Timestamp {
        at(&self.columns.time, self.row)
    }

    /// OTLP's bit field.
    #[inline]
    pub fn flags(&self) -> u32 {
        at(&self.columns.flags, self.row)
    }

    /// True if the series has ended and this point only says so.
    #[inline]
    pub fn is_ended(&self) -> bool {
        self.flags() & super::NO_RECORDED_VALUE != 0
    }

    /// Its exemplars.
    #[inline]
    pub fn exemplars(
        &self,
    ) -> impl DoubleEndedIterator<Item = ExemplarRef<'a>> + ExactSizeIterator + use<'a> {
        let frame = self.frame;
        let table = &frame.exemplars;
        let start = at(&self.columns.exemplars_start, self.row) as usize;
        (start..at(&self.columns.exemplars_end, self.row) as usize).map(move |row| ExemplarRef {
            frame,
            set: at(&table.attributes, row),
            time: at(&table.time, row),
            value: number(at(&table.tags, row), at(&table.bits, row)),
            trace_id: at(&table.trace_id, row),
            span_id: at(&table.span_id, row),
        })
    }
}

impl<'a> ExemplarRef<'a> {
    /// The attributes that are not on the point, among the sets.
    pub fn set(&self) -> SetId {
        self.set
    }

    /// The attributes that are not on the point.
    pub fn pairs(&self) -> Pairs<'a> {
        self.frame.pairs(self.set)
    }
}
