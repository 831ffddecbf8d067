//! Writing a frame from rows.

use super::Frame;
use super::MetricRef;
use super::columns::{HAS_MAX, HAS_MIN, HAS_SUM, Points};
use super::intern::{BoundsInterner, Interner};
use super::rows::{Metric, MetricKind, Number, Point, PointData, Resource};
use super::tables::ValueRef;
use crate::{Attributes, Scope};

/// Writes a [`Frame`]: a resource, then its scopes, then each scope's metrics, then each metric's points.
///
/// Costs a few hundred nanoseconds for each attribute of a point; where only attributes change,
/// [`Frame::edit_attributes`] costs a fraction of that.
///
/// ```
/// use wasmeter_guest::frame::{FrameBuilder, Metric, MetricKind, Number, Point, PointData, Resource, Temporality};
/// use wasmeter_guest::{Attributes, Scope};
///
/// let mut frame = FrameBuilder::new();
/// frame.resource(&Resource { attributes: [("service.name", "shop")].into(), ..Resource::default() });
/// frame.scope(&Scope::default(), 0);
/// frame.metric(&Metric {
///     name: "orders".to_owned(),
///     description: String::new(),
///     unit: "{order}".to_owned(),
///     kind: MetricKind::Sum,
///     temporality: Temporality::Delta,
///     monotonic: true,
///     metadata: Attributes::new(),
/// });
/// frame.point(&Point {
///     attributes: [("country", "at")].into(),
///     start: 1,
///     time: 2,
///     flags: 0,
///     data: PointData::Number(Some(Number::Int(3))),
///     exemplars: Vec::new(),
/// });
/// assert_eq!(frame.finish().point_count(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct FrameBuilder {
    frame: Frame,
    tables: Interner,
    bounds: BoundsInterner,
    /// The rows of the resource and scope that [`FrameBuilder::open_owner_of`] opened last.
    owner: Option<(usize, usize)>,
}

fn row(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn number(value: Option<Number>) -> (u8, u64) {
    match value {
        None => (0, 0),
        Some(Number::Int(int)) => (1, int.cast_unsigned()),
        Some(Number::Double(double)) => (2, double.to_bits()),
    }
}

fn known(sum: Option<f64>, min: Option<f64>, max: Option<f64>) -> u8 {
    let bit = |value: Option<f64>, bit: u8| if value.is_some() { bit } else { 0 };
    bit(sum, HAS_SUM) | bit(min, HAS_MIN) | bit(max, HAS_MAX)
}

impl FrameBuilder {
    /// An empty frame.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn set(&mut self, attributes: &Attributes) -> u32 {
        let mut pairs = Vec::with_capacity(attributes.len());
        for (key, value) in attributes.iter() {
            pairs.push((self.tables.string(key), self.tables.value(ValueRef::from(value))));
        }
        self.tables.set(pairs)
    }

    /// Opens the resource and the scope of a metric of another frame, unless they are open already. Whoever writes a frame of
    /// the metrics of one other frame, in their order, needs to open nothing else.
    pub fn open_owner_of(&mut self, metric: &MetricRef<'_>) {
        let scope = metric.scope();
        let here = (scope.resource().row(), scope.row());
        if self.owner == Some(here) {
            return;
        }
        if self.owner.map(|(resource, _)| resource) != Some(here.0) {
            self.resource(&scope.resource().to_resource());
        }
        self.scope(&scope.to_scope(), scope.dropped_attributes());
        self.owner = Some(here);
    }

    /// Opens a resource.
    pub fn resource(&mut self, resource: &Resource) {
        self.owner = None;
        let (attributes, schema_url) =
            (self.set(&resource.attributes), self.tables.string(&resource.schema_url));
        let columns = &mut self.frame.resources;
        columns.attributes.push(attributes);
        columns.schema_url.push(schema_url);
        columns.dropped_attributes.push(resource.dropped_attributes);
    }

    /// Opens a scope of the open resource; the sender had dropped so many of its attributes.
    ///
    /// # Panics
    ///
    /// No resource is open.
    pub fn scope(&mut self, scope: &Scope, dropped_attributes: u32) {
        let resources = self.frame.resources.attributes.len();
        assert!(resources > 0, "a scope needs a resource: call `resource` first");
        self.owner = None;
        let attributes = self.set(&scope.attributes);
        let tables = &mut self.tables;
        let columns = &mut self.frame.scopes;
        columns.resource.push(row(resources - 1));
        columns.name.push(tables.string(&scope.name));
        columns.version.push(tables.string(&scope.version));
        columns.schema_url.push(tables.string(&scope.schema_url));
        columns.attributes.push(attributes);
        columns.dropped_attributes.push(dropped_attributes);
    }

    /// Opens a metric of the open scope.
    ///
    /// # Panics
    ///
    /// No scope is open.
    pub fn metric(&mut self, metric: &Metric) {
        let scopes = self.frame.scopes.name.len();
        assert!(scopes > 0, "a metric needs a scope: call `scope` first");
        let metadata = self.set(&metric.metadata);
        let tables = &mut self.tables;
        let columns = &mut self.frame.metrics;
        columns.scope.push(row(scopes - 1));
        columns.name.push(tables.string(&metric.name));
        columns.description.push(tables.string(&metric.description));
        columns.unit.push(tables.string(&metric.unit));
        columns.kind.push(metric.kind.code());
        columns.temporality.push(metric.temporality.code());
        columns.monotonic.push(u8::from(metric.monotonic));
        columns.metadata.push(metadata);
        columns.points.push(0);
    }

    /// Adds a point to the open metric.
    ///
    /// # Panics
    ///
    /// No metric is open, or it is of another kind.
    pub fn point(&mut self, point: &Point<'_>) {
        let kind = self.frame.metrics.kind.last().map(|code| MetricKind::of_code(*code));
        let kind = kind.unwrap_or_else(|| panic!("a point needs a metric: call `metric` first"));
        let attributes = self.set(&point.attributes);
        let frame = &mut self.frame;
        match (kind, &point.data) {
            (MetricKind::Gauge | MetricKind::Sum, PointData::Number(value)) => {
                let (tag, bits) = number(*value);
                frame.numbers.tags.push(tag);
                frame.numbers.bits.push(bits);
                header(&mut frame.numbers.points, attributes, point);
            }
            (MetricKind::Histogram, PointData::Histogram(data)) => {
                let table = &mut frame.histograms;
                table.count.push(data.count);
                table.known.push(known(data.sum, data.min, data.max));
                table.sum.push(data.sum.unwrap_or_default());
                table.min.push(data.min.unwrap_or_default());
                table.max.push(data.max.unwrap_or_default());
                table.bounds.push(self.bounds.row(&mut frame.bounds, &data.bounds));
                table.counts.extend_from_slice(&data.counts);
                table.counts_ends.push(row(table.counts.len()));
                header(&mut table.points, attributes, point);
            }
            (MetricKind::ExponentialHistogram, PointData::ExponentialHistogram(data)) => {
                let table = &mut frame.exponentials;
                table.count.push(data.count);
                table.known.push(known(data.sum, data.min, data.max));
                table.sum.push(data.sum.unwrap_or_default());
                table.min.push(data.min.unwrap_or_default());
                table.max.push(data.max.unwrap_or_default());
                table.scale.push(data.scale);
                table.zero_count.push(data.zero_count);
                table.zero_threshold.push(data.zero_threshold);
                table.positive_offset.push(data.positive.offset);
                table.positive.extend_from_slice(&data.positive.counts);
                table.positive_ends.push(row(table.positive.len()));
                table.negative_offset.push(data.negative.offset);
                table.negative.extend_from_slice(&data.negative.counts);
                table.negative_ends.push(row(table.negative.len()));
                header(&mut table.points, attributes, point);
            }
            (MetricKind::Summary, PointData::Summary(data)) => {
                let table = &mut frame.summaries;
                table.count.push(data.count);
                table.sum.push(data.sum);
                table.quantiles.extend_from_slice(&data.quantiles);
                table.quantile_values.extend_from_slice(&data.values);
                table.quantile_ends.push(row(table.quantiles.len()));
                header(&mut table.points, attributes, point);
            }
            (kind, _) => panic!("the open metric is a {kind:?} and the point is none"),
        }
        if let Some(points) = frame.metrics.points.last_mut() {
            *points += 1;
        }
        self.exemplars(point);
    }

    fn exemplars(&mut self, point: &Point<'_>) {
        for exemplar in &point.exemplars {
            let attributes = self.set(&exemplar.attributes);
            let (tag, bits) = number(exemplar.value);
            let columns = &mut self.frame.exemplars;
            columns.attributes.push(attributes);
            columns.time.push(exemplar.time);
            columns.tags.push(tag);
            columns.bits.push(bits);
            columns.trace_id_high.push((exemplar.trace_id >> 64) as u64);
            columns.trace_id_low.push(exemplar.trace_id as u64);
            columns.span_id.push(exemplar.span_id);
        }
    }

    /// The finished frame.
    pub fn finish(self) -> Frame {
        Frame { tables: self.tables.finish(), ..self.frame }
    }
}

fn header(columns: &mut Points, attributes: u32, point: &Point<'_>) {
    columns.attributes.push(attributes);
    columns.start.push(point.start);
    columns.time.push(point.time);
    columns.flags.push(point.flags);
    columns.exemplars.push(row(point.exemplars.len()));
}
