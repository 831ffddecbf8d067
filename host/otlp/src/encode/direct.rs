//! From a frame to the bytes of a request, without messages in between: the same bytes that prost makes of [`super::encode`], but for
//! negative zeros, which prost does not write where a field has no presence.
//!
//! Everything is written backward, the last field of the last message first.

use bytes::Bytes;
use wasmeter_model::frame::{
    ExemplarRef, ExponentialRef, HistogramRef, MetricRef, PackedCounts, Part, PointKind, PointRef,
    ResourceRef, ScopeRef, SummaryRef,
};
use wasmeter_model::{EntityRefs, Number, Temporality};

use super::backward::Backward;
use super::pairs::Pairs;

/// The bytes of a metric without its points, of a point without its attributes and of an attribute, about: where they are more, the
/// buffer grows.
const METRIC_BYTES: usize = 256;
const NUMBER_BYTES: usize = 48;
const HISTOGRAM_BYTES: usize = 80;
const PAIR_BYTES: usize = 40;
const EXEMPLAR_BYTES: usize = 64;
/// A bucket's bound and its count have eight bytes each.
const BUCKET_BYTES: usize = 8;
const QUANTILE_BYTES: usize = 20;

/// The request that says what a part of a frame says, see [`super::encode`].
pub(super) fn request(part: Part<'_>) -> Bytes {
    let mut to = Backward::with_room(room(part));
    let mut pairs = Pairs::new(part.frame());
    let mut rows = part.metrics().rev().peekable();
    // Where the open scope and the open resource end.
    let (mut scope_end, mut resource_end) = (to.len(), to.len());
    let mut is_first = true;
    while let Some(row) = rows.next() {
        let (scope, resource) = (row.scope(), row.scope().resource());
        if is_first {
            to.text_field(0x1a, resource.schema_url());
            scope_end = to.len();
            to.text_field(0x1a, scope.schema_url());
            is_first = false;
        }
        metric(&mut to, &mut pairs, row);
        let before = rows.peek().map(|row| row.scope());
        if before.is_some_and(|before| before.row() == scope.row()) {
            continue;
        }
        self::scope(&mut to, &mut pairs, scope);
        to.close(0x12, scope_end);
        scope_end = to.len();
        if before.is_none_or(|before| before.resource().row() != resource.row()) {
            self::resource(&mut to, &mut pairs, resource);
            to.close(0x0a, resource_end);
            resource_end = to.len();
            before.iter().for_each(|before| to.text_field(0x1a, before.resource().schema_url()));
            scope_end = to.len();
        }
        before.iter().for_each(|before| to.text_field(0x1a, before.schema_url()));
    }
    to.finish()
}

/// About how many bytes the request will have: copying what is written as the buffer grows takes twice the memory.
pub(super) fn room(part: Part<'_>) -> usize {
    let common = |bytes: usize, point: PointRef<'_>| {
        let pairs = match part.frame().sets.kept.get(point.attributes()) {
            Some(kept) => kept.fields().len(),
            None => point.pairs().len() * PAIR_BYTES,
        };
        bytes + pairs + point.exemplars().len() * EXEMPLAR_BYTES
    };
    let metric = |metric: MetricRef<'_>| -> usize {
        let points: usize = match metric.kind() {
            PointKind::None => 0,
            PointKind::Gauge | PointKind::Sum => {
                metric.numbers().map(|row| common(NUMBER_BYTES, row.point)).sum()
            }
            PointKind::Histogram => {
                let buckets = |row: &HistogramRef<'_>| (row.bounds.len() + row.counts.len()) * BUCKET_BYTES;
                metric.histograms().map(|row| common(HISTOGRAM_BYTES + buckets(&row), row.point)).sum()
            }
            PointKind::ExponentialHistogram => {
                let buckets =
                    |row: &ExponentialRef<'_>| row.positive.1.bytes().len() + row.negative.1.bytes().len();
                metric.exponentials().map(|row| common(HISTOGRAM_BYTES + buckets(&row), row.point)).sum()
            }
            PointKind::Summary => {
                let quantiles = |row: &SummaryRef<'_>| row.quantiles.len() * QUANTILE_BYTES;
                metric.summaries().map(|row| common(NUMBER_BYTES + quantiles(&row), row.point)).sum()
            }
        };
        METRIC_BYTES + points
    };
    part.metrics().map(metric).sum()
}

fn resource(to: &mut Backward, pairs: &mut Pairs<'_>, row: ResourceRef<'_>) {
    let end = to.len();
    entity_refs(to, row.entities());
    to.varint_field(0x10, u64::from(row.dropped_attributes()));
    pairs.put(to, 0x0a, row.attributes());
    to.close(0x0a, end);
}

fn entity_refs(to: &mut Backward, entities: &EntityRefs) {
    for entity in entities.as_slice().iter().rev() {
        let end = to.len();
        entity.description_keys.iter().rev().for_each(|key| to.bytes(0x22, key.as_bytes()));
        entity.id_keys.iter().rev().for_each(|key| to.bytes(0x1a, key.as_bytes()));
        to.text_field(0x12, &entity.entity_type);
        to.text_field(0x0a, &entity.schema_url);
        to.close(0x1a, end);
    }
}

fn scope(to: &mut Backward, pairs: &mut Pairs<'_>, row: ScopeRef<'_>) {
    let end = to.len();
    to.varint_field(0x20, u64::from(row.dropped_attributes()));
    pairs.put(to, 0x1a, row.attributes());
    to.text_field(0x12, row.version());
    to.text_field(0x0a, row.name());
    to.close(0x0a, end);
}

fn metric(to: &mut Backward, pairs: &mut Pairs<'_>, row: MetricRef<'_>) {
    let end = to.len();
    pairs.put(to, 0x62, row.metadata());
    data(to, pairs, row);
    to.text_field(0x1a, row.unit());
    to.text_field(0x12, row.description());
    to.text_field(0x0a, row.name());
    to.close(0x12, end);
}

fn data(to: &mut Backward, pairs: &mut Pairs<'_>, row: MetricRef<'_>) {
    let end = to.len();
    let temporality = match row.temporality() {
        None => 0,
        Some(Temporality::Delta) => 1,
        Some(Temporality::Cumulative) => 2,
    };
    let tag = match row.kind() {
        PointKind::None => return,
        PointKind::Gauge => {
            numbers(to, pairs, row);
            0x2a
        }
        PointKind::Sum => {
            to.varint_field(0x18, u64::from(row.monotonic()));
            to.varint_field(0x10, temporality);
            numbers(to, pairs, row);
            0x3a
        }
        PointKind::Histogram => {
            to.varint_field(0x10, temporality);
            histograms(to, pairs, row);
            0x4a
        }
        PointKind::ExponentialHistogram => {
            to.varint_field(0x10, temporality);
            exponentials(to, pairs, row);
            0x52
        }
        PointKind::Summary => {
            summaries(to, pairs, row);
            0x5a
        }
    };
    to.close(tag, end);
}

fn numbers(to: &mut Backward, pairs: &mut Pairs<'_>, metric: MetricRef<'_>) {
    for row in metric.numbers().rev() {
        let end = to.len();
        to.varint_field(0x40, u64::from(row.point.flags()));
        pairs.put(to, 0x3a, row.point.attributes());
        exemplars(to, pairs, 0x2a, row.point);
        number(to, (0x21, 0x31), row.value);
        times(to, row.point);
        to.close(0x0a, end);
    }
}

fn histograms(to: &mut Backward, pairs: &mut Pairs<'_>, metric: MetricRef<'_>) {
    for row in metric.histograms().rev() {
        let end = to.len();
        to.optional(0x61, row.max);
        to.optional(0x59, row.min);
        to.varint_field(0x50, u64::from(row.point.flags()));
        pairs.put(to, 0x4a, row.point.attributes());
        exemplars(to, pairs, 0x42, row.point);
        to.packed_fixed64(0x3a, row.bounds.iter().map(|bound| bound.to_bits()));
        to.packed_fixed64(0x32, row.counts.iter().copied());
        to.optional(0x29, row.sum);
        to.fixed64_field(0x21, row.count);
        times(to, row.point);
        to.close(0x0a, end);
    }
}

fn exponentials(to: &mut Backward, pairs: &mut Pairs<'_>, metric: MetricRef<'_>) {
    for row in metric.exponentials().rev() {
        let end = to.len();
        to.double_field(0x71, row.zero_threshold);
        to.optional(0x69, row.max);
        to.optional(0x61, row.min);
        exemplars(to, pairs, 0x5a, row.point);
        to.varint_field(0x50, u64::from(row.point.flags()));
        buckets(to, 0x4a, row.negative);
        buckets(to, 0x42, row.positive);
        to.fixed64_field(0x39, row.zero_count);
        to.zigzag_field(0x30, row.scale);
        to.optional(0x29, row.sum);
        to.fixed64_field(0x21, row.count);
        times(to, row.point);
        pairs.put(to, 0x0a, row.point.attributes());
        to.close(0x0a, end);
    }
}

fn summaries(to: &mut Backward, pairs: &mut Pairs<'_>, metric: MetricRef<'_>) {
    for row in metric.summaries().rev() {
        let end = to.len();
        to.varint_field(0x40, u64::from(row.point.flags()));
        pairs.put(to, 0x3a, row.point.attributes());
        for (quantile, value) in row.quantiles.iter().zip(row.quantile_values).rev() {
            let end = to.len();
            to.double_field(0x11, *value);
            to.double_field(0x09, *quantile);
            to.close(0x32, end);
        }
        to.double_field(0x29, row.sum);
        to.fixed64_field(0x21, row.count);
        times(to, row.point);
        to.close(0x0a, end);
    }
}

fn buckets(to: &mut Backward, tag: u8, (offset, counts): (i32, PackedCounts<'_>)) {
    if offset == 0 && counts.is_empty() {
        return;
    }
    let end = to.len();
    if !counts.is_empty() {
        to.bytes(0x12, counts.bytes());
    }
    to.zigzag_field(0x08, offset);
    to.close(tag, end);
}

#[inline]
fn times(to: &mut Backward, point: PointRef<'_>) {
    to.fixed64_fields((0x11, point.start().0), (0x19, point.time().0));
}

/// A value, by the tags of a double and of an integer.
#[inline]
fn number(to: &mut Backward, (double, int): (u8, u8), value: Option<Number>) {
    match value {
        None => {}
        Some(Number::Double(value)) => to.fixed64(double, value.to_bits()),
        Some(Number::Int(value)) => to.fixed64(int, value.cast_unsigned()),
    }
}

#[inline]
fn exemplars(to: &mut Backward, pairs: &mut Pairs<'_>, tag: u8, point: PointRef<'_>) {
    // Most have none.
    if point.exemplars().len() > 0 {
        some_exemplars(to, pairs, tag, point);
    }
}

fn some_exemplars(to: &mut Backward, pairs: &mut Pairs<'_>, tag: u8, point: PointRef<'_>) {
    for row in point.exemplars().rev() {
        let end = to.len();
        exemplar(to, pairs, row);
        to.close(tag, end);
    }
}

fn exemplar(to: &mut Backward, pairs: &mut Pairs<'_>, row: ExemplarRef<'_>) {
    pairs.put(to, 0x3a, row.set());
    if row.trace_id != 0 {
        to.bytes(0x2a, &row.trace_id.to_be_bytes());
    }
    if row.span_id != 0 {
        to.bytes(0x22, &row.span_id.to_be_bytes());
    }
    number(to, (0x19, 0x31), row.value);
    to.fixed64_field(0x11, row.time.0);
}

#[cfg(test)]
mod tests {
    use wasmeter_model::ValueRef;
    use wasmeter_model::frame::{Frame, FrameBuilder, HistogramRow, MetricRow, NumberRow, PointHeader};

    use super::*;

    /// A metric of this kind with a hundred series of five attributes, each of its own time.
    fn frame(kind: PointKind) -> Frame {
        let mut builder = FrameBuilder::new();
        let none = builder.set([]);
        builder.resource(none, "", 0);
        builder.scope("scope", "", "", none, 0);
        let temporality = Some(Temporality::Cumulative);
        builder.metric(
            MetricRow { name: "metric", description: "", unit: "", kind, temporality, monotonic: true },
            none,
        );
        let (bounds, counts) = ((0_u32..15).map(f64::from).collect::<Vec<_>>(), [u64::MAX; 16]);
        for series in 0_u32..100 {
            let keys = ["http.request.method", "http.response.status_code", "http.route", "server", "user"];
            let value = format!("the value {series}");
            let attributes = builder.set(keys.map(|key| (key, ValueRef::String(&value))));
            let time = wasmeter_model::Timestamp(u64::MAX);
            let header = PointHeader { attributes, start: time, time, flags: 1 };
            let some = Some(f64::from(series));
            builder.number(NumberRow { header, value: some.map(Number::Double) });
            let (count, bounds, counts) = (1, bounds.as_slice(), counts.as_slice());
            builder.histogram(HistogramRow {
                header,
                count,
                sum: some,
                min: some,
                max: some,
                bounds,
                counts,
            });
        }
        builder.finish()
    }

    #[test]
    fn there_is_room_for_a_usual_request_from_the_first_and_not_for_much_more() {
        for kind in [PointKind::Gauge, PointKind::Sum, PointKind::Histogram] {
            let frame = frame(kind);
            assert_eq!(frame.point_count(), 100);
            let (room, length) = (room(Part::from(&frame)), request(Part::from(&frame)).len());
            assert!((length..=length + length / 2).contains(&room), "{kind:?}: {room} for {length}");
        }
    }
}
