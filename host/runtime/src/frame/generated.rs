//! Random sound frames with everything a frame can hold, and random damage to their columns.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use wasmeter_model::frame::{
    ExemplarRow, ExponentialRow, Frame, FrameBuilder, HistogramRow, MetricRow, NumberRow, PointHeader,
    PointKind, SetId, SummaryRow,
};
use wasmeter_model::{EntityRef, Number, Temporality, Timestamp, Value};

use crate::bindings::frames;

type Attributes = Vec<(String, Value)>;

#[derive(Clone, Debug)]
struct Exemplar {
    attributes: Attributes,
    time: u64,
    value: Option<Number>,
    trace_id: u128,
    span_id: u64,
}

/// A point of any kind: what its kind does not have is not used.
#[derive(Clone, Debug)]
struct Point {
    attributes: Attributes,
    times: (u64, u64, u32),
    exemplars: Vec<Exemplar>,
    value: Option<Number>,
    known: [Option<f64>; 3],
    buckets: Vec<u64>,
    first_bound: f64,
    scale: i32,
    zero: (u64, f64),
    offsets: (i32, i32),
    quantiles: Vec<(f64, f64)>,
}

#[derive(Clone, Debug)]
struct Metric {
    name: String,
    texts: (String, String),
    kind: PointKind,
    temporality: Option<Temporality>,
    monotonic: bool,
    metadata: Attributes,
    points: Vec<Point>,
}

type Scope = (String, String, Attributes, u32, Vec<Metric>);

fn text() -> impl Strategy<Value = String> {
    select(vec!["", "a", "b.c", "http.route", "größe", "日本", "https://example.com/1"])
        .prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Empty),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Double),
        text().prop_map(|text| Value::String(text.into())),
        vec(any::<u8>(), 0..4).prop_map(|bytes| Value::Bytes(bytes.into())),
        Just(Value::Nested(r#"{"arrayValue":{"values":[{"intValue":"1"}]}}"#.into())),
    ]
}

/// In any order, without repeated keys.
fn attributes() -> impl Strategy<Value = Attributes> {
    vec((select(vec!["z", "k", "service.name", "ключ"]), value()), 0..4).prop_map(|pairs| {
        let mut distinct: Attributes = Vec::new();
        for (key, value) in pairs {
            if distinct.iter().all(|(known, _)| known != key) {
                distinct.push((key.to_owned(), value));
            }
        }
        distinct
    })
}

fn number() -> impl Strategy<Value = Option<Number>> {
    prop_oneof![
        any::<i64>().prop_map(|int| Some(Number::Int(int))),
        any::<f64>().prop_map(|double| Some(Number::Double(double))),
        Just(None),
    ]
}

fn exemplar() -> impl Strategy<Value = Exemplar> {
    (attributes(), any::<u64>(), number(), any::<u128>(), any::<u64>()).prop_map(
        |(attributes, time, value, trace_id, span_id)| Exemplar {
            attributes,
            time,
            value,
            trace_id,
            span_id,
        },
    )
}

fn point() -> impl Strategy<Value = Point> {
    let known = || proptest::option::of(any::<f64>());
    let counts = vec(0..u64::from(u32::MAX), 0..5);
    (
        (attributes(), (any::<u64>(), any::<u64>(), 0..2_u32), vec(exemplar(), 0..3), number()),
        ([known(), known(), known()], counts, -1e6..1e6, -10..20_i32),
        ((0..9_u64, 0.0..1.0), (-100..100_i32, -100..100_i32), vec((0.0..=1.0, any::<f64>()), 0..3)),
    )
        .prop_map(
            |((attributes, times, exemplars, value), (known, buckets, first_bound, scale), more)| {
                let (zero, offsets, quantiles) = more;
                Point {
                    attributes,
                    times,
                    exemplars,
                    value,
                    known,
                    buckets,
                    first_bound,
                    scale,
                    zero,
                    offsets,
                    quantiles,
                }
            },
        )
}

fn metric() -> impl Strategy<Value = Metric> {
    let kind = select(vec![
        PointKind::None,
        PointKind::Gauge,
        PointKind::Sum,
        PointKind::Histogram,
        PointKind::ExponentialHistogram,
        PointKind::Summary,
    ]);
    let temporality = select(vec![None, Some(Temporality::Delta), Some(Temporality::Cumulative)]);
    let texts = (text(), text());
    ("[a-z.]{1,4}", texts, kind, temporality, any::<bool>(), attributes(), vec(point(), 0..4)).prop_map(
        |(name, texts, kind, temporality, monotonic, metadata, points)| Metric {
            name,
            texts,
            kind,
            temporality,
            monotonic,
            metadata,
            points,
        },
    )
}

/// A frame that keeps every rule.
pub(super) fn frame() -> impl Strategy<Value = Frame> {
    let scope = (text(), text(), attributes(), 0..3_u32, vec(metric(), 0..5));
    let entities = vec((text(), any::<u8>()), 0..3);
    vec((attributes(), text(), 0..3_u32, entities, vec(scope, 0..3)), 0..3).prop_map(|resources| {
        let mut frame = FrameBuilder::new();
        for (attributes, schema_url, dropped, entities, scopes) in resources {
            let set = set(&mut frame, &attributes);
            frame.resource(set, &schema_url, dropped);
            frame.entities(&entities.iter().filter_map(|entity| reference(entity, &attributes)).collect());
            scopes.iter().for_each(|scope| write_scope(&mut frame, scope));
        }
        frame.finish()
    })
}

/// A reference to an entity of this schema, if the bits say that an attribute identifies it; the other ones describe it.
fn reference((schema_url, bits): &(String, u8), attributes: &Attributes) -> Option<EntityRef> {
    let keys = |wanted| {
        let keys = attributes.iter().enumerate().filter(move |(place, _)| bits >> place & 1 == wanted);
        keys.map(|(_, (key, _))| key.as_str().into()).collect::<Box<[_]>>()
    };
    let (id_keys, description_keys) = (keys(1), keys(0));
    let (schema_url, entity_type) = (schema_url.as_str().into(), "entity".into());
    (!id_keys.is_empty()).then_some(EntityRef { schema_url, entity_type, id_keys, description_keys })
}

fn set(frame: &mut FrameBuilder, attributes: &Attributes) -> SetId {
    frame.set(attributes.iter().map(|(key, value)| (key.as_str(), value.as_ref())))
}

fn write_scope(frame: &mut FrameBuilder, (name, version, attributes, dropped, metrics): &Scope) {
    let attributes = set(frame, attributes);
    frame.scope(name, version, "", attributes, *dropped);
    for metric in metrics {
        let metadata = set(frame, &metric.metadata);
        let (description, unit) = (&metric.texts.0, &metric.texts.1);
        let Metric { name, kind, temporality, monotonic, .. } = metric;
        let (kind, temporality, monotonic) = (*kind, *temporality, *monotonic);
        frame.metric(MetricRow { name, description, unit, kind, temporality, monotonic }, metadata);
        for (number, point) in metric.points.iter().enumerate() {
            write_point(frame, kind, number, point);
        }
    }
}

fn write_point(frame: &mut FrameBuilder, kind: PointKind, number: usize, point: &Point) {
    let mut attributes = point.attributes.clone();
    // What tells the points of a metric apart.
    attributes.push(("number".to_owned(), Value::Int(number as i64)));
    let (start, time, flags) = point.times;
    let (start, time) = (Timestamp(start), Timestamp(time));
    let header = PointHeader { attributes: set(frame, &attributes), start, time, flags };
    if !matches!(kind, PointKind::None | PointKind::Summary) {
        for exemplar in &point.exemplars {
            let attributes = set(frame, &exemplar.attributes);
            let Exemplar { time, value, trace_id, span_id, .. } = *exemplar;
            let time = Timestamp(time);
            frame.exemplar(ExemplarRow { attributes, time, value, trace_id, span_id });
        }
    }
    let [sum, min, max] = point.known;
    let held: u64 = point.buckets.iter().sum();
    match kind {
        PointKind::None => {}
        PointKind::Gauge | PointKind::Sum => frame.number(NumberRow { header, value: point.value }),
        PointKind::Histogram => {
            let bounds = point.buckets.len().saturating_sub(1);
            let bounds: Vec<f64> = (0..bounds).map(|step| point.first_bound + step as f64 * 0.5).collect();
            let (count, counts) = (held, &point.buckets);
            frame.histogram(HistogramRow { header, count, sum, min, max, bounds: &bounds, counts });
        }
        PointKind::ExponentialHistogram => {
            let (positive, negative) = point.buckets.split_at(point.buckets.len() / 2);
            frame.exponential(ExponentialRow {
                header,
                count: held + point.zero.0,
                sum,
                min,
                max,
                scale: point.scale,
                zero_count: point.zero.0,
                zero_threshold: point.zero.1,
                positive: (point.offsets.0, positive.into()),
                negative: (point.offsets.1, negative.into()),
            });
        }
        PointKind::Summary => {
            let quantiles = &point.quantiles;
            frame.summary(SummaryRow { header, count: held, sum: sum.unwrap_or_default(), quantiles });
        }
    }
}

/// Damage to one column.
#[derive(Clone, Debug)]
pub(super) struct Mutation {
    column: Index,
    row: Index,
    change: Change,
}

#[derive(Clone, Debug)]
enum Change {
    Set(u64),
    Add(u64),
    Remove,
    Repeat,
    Clear,
}

pub(super) fn mutation() -> impl Strategy<Value = Mutation> {
    let number = || prop_oneof![0..10_u64, any::<u64>(), Just(u64::MAX), Just(f64::NAN.to_bits())];
    let change = prop_oneof![
        number().prop_map(Change::Set),
        number().prop_map(Change::Add),
        Just(Change::Remove),
        Just(Change::Repeat),
        Just(Change::Clear),
    ];
    (any::<Index>(), any::<Index>(), change).prop_map(|(column, row, change)| Mutation {
        column,
        row,
        change,
    })
}

/// A column whose rows can be read from and written as 64 bits.
trait Column {
    fn damage(&mut self, mutation: &Mutation);
}

macro_rules! columns_of {
    ($($number:ty: $from:expr, $into:expr;)*) => {$(
        impl Column for Vec<$number> {
            fn damage(&mut self, mutation: &Mutation) {
                let (from, into): (fn(u64) -> $number, fn($number) -> u64) = ($from, $into);
                if self.is_empty() {
                    if let Change::Set(bits) | Change::Add(bits) = mutation.change {
                        self.push(from(bits));
                    }
                    return;
                }
                let row = mutation.row.index(self.len());
                match mutation.change {
                    Change::Set(bits) => self[row] = from(bits),
                    Change::Add(bits) => self[row] = from(into(self[row]).wrapping_add(bits)),
                    Change::Remove => drop(self.remove(row)),
                    Change::Repeat => self.insert(row, self[row]),
                    Change::Clear => self.clear(),
                }
            }
        }
    )*};
}

columns_of! {
    u8: |bits| bits as u8, u64::from;
    u32: |bits| bits as u32, u64::from;
    u64: |bits| bits, |bits| bits;
    i32: |bits| bits as i32, |number| number as u64;
    f64: f64::from_bits, f64::to_bits;
}

fn of_points(points: &mut frames::Points) -> Vec<&mut dyn Column> {
    vec![
        &mut points.attributes,
        &mut points.start,
        &mut points.time,
        &mut points.flags,
        &mut points.exemplars,
    ]
}

impl Mutation {
    pub(super) fn apply(&self, frame: &mut frames::Frame) {
        let mut columns: Vec<&mut dyn Column> = vec![
            &mut frame.strings.text,
            &mut frame.strings.ends,
            &mut frame.values.tags,
            &mut frame.values.bits,
            &mut frame.values.blob,
            &mut frame.values.blob_ends,
            &mut frame.sets.keys,
            &mut frame.sets.values,
            &mut frame.sets.ends,
            &mut frame.resources.attributes,
            &mut frame.bounds.bounds,
            &mut frame.bounds.ends,
            &mut frame.resources.schema_url,
            &mut frame.scopes.resource,
            &mut frame.scopes.name,
            &mut frame.scopes.version,
            &mut frame.scopes.attributes,
            &mut frame.metrics.scope,
            &mut frame.metrics.name,
            &mut frame.metrics.unit,
            &mut frame.metrics.kind,
            &mut frame.metrics.temporality,
            &mut frame.metrics.monotonic,
            &mut frame.metrics.metadata,
            &mut frame.metrics.points,
            &mut frame.numbers.tags,
            &mut frame.numbers.bits,
            &mut frame.histograms.count,
            &mut frame.histograms.known,
            &mut frame.histograms.sum,
            &mut frame.histograms.bounds,
            &mut frame.histograms.counts,
            &mut frame.histograms.counts_ends,
            &mut frame.exponentials.count,
            &mut frame.exponentials.scale,
            &mut frame.exponentials.zero_count,
            &mut frame.exponentials.zero_threshold,
            &mut frame.exponentials.positive_offset,
            &mut frame.exponentials.positive,
            &mut frame.exponentials.positive_ends,
            &mut frame.exponentials.negative_offset,
            &mut frame.exponentials.negative,
            &mut frame.exponentials.negative_ends,
            &mut frame.summaries.count,
            &mut frame.summaries.quantiles,
            &mut frame.summaries.quantile_values,
            &mut frame.summaries.quantile_ends,
            &mut frame.exemplars.attributes,
            &mut frame.exemplars.tags,
            &mut frame.exemplars.trace_id_high,
            &mut frame.exemplars.span_id,
        ];
        columns.extend(of_points(&mut frame.numbers.points));
        columns.extend(of_points(&mut frame.histograms.points));
        columns.extend(of_points(&mut frame.exponentials.points));
        columns.extend(of_points(&mut frame.summaries.points));
        let at = self.column.index(columns.len());
        columns[at].damage(self);
    }
}
