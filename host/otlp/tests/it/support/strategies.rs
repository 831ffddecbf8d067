//! Random sound requests, in the form `encode` gives them: resources, scopes and values present, no empty groups.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use wasmeter_otlp::messages::exponential_histogram_data_point::Buckets;
use wasmeter_otlp::messages::summary_data_point::ValueAtQuantile;
use wasmeter_otlp::messages::*;

/// A fixed seed: the same cases in every run.
pub(crate) fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 256,
        rng_seed: RngSeed::Fixed(0x6f74_6c70),
        failure_persistence: None,
        ..<_>::default()
    }
}

pub(crate) fn request() -> impl Strategy<Value = ExportMetricsServiceRequest> {
    vec(resource_metrics(), 0..3)
        .prop_map(|resource_metrics| ExportMetricsServiceRequest { resource_metrics })
}

fn resource_metrics() -> impl Strategy<Value = ResourceMetrics> {
    (attributes(), 0..3_u32, vec(entity(), 0..3), vec(scope_metrics(), 1..3), string()).prop_map(
        |(attributes, dropped_attributes_count, entities, scope_metrics, schema_url)| {
            let entity_refs = entities.iter().filter_map(|entity| entity.of(&attributes)).collect();
            ResourceMetrics {
                resource: Some(Resource { attributes, dropped_attributes_count, entity_refs }),
                scope_metrics,
                schema_url,
            }
        },
    )
}

/// An entity, with bits that say which attributes of its resource identify and which describe it.
#[derive(Clone, Debug)]
struct Entity {
    schema_url: String,
    entity_type: String,
    id: u8,
    description: u8,
}

fn entity() -> impl Strategy<Value = Entity> {
    (string(), select(vec!["service", "k8s.pod"]), any::<u8>(), any::<u8>()).prop_map(
        |(schema_url, entity_type, id, description)| Entity {
            schema_url,
            entity_type: entity_type.to_owned(),
            id,
            description,
        },
    )
}

impl Entity {
    /// The reference to it, if anything identifies it.
    fn of(&self, attributes: &[KeyValue]) -> Option<EntityRef> {
        let mut keys: Vec<&str> = Vec::new();
        for pair in attributes {
            if !keys.contains(&pair.key.as_str()) {
                keys.push(&pair.key);
            }
        }
        let named = |bits: u8| {
            let keys = keys.iter().enumerate().filter(move |(place, _)| bits >> place & 1 == 1);
            keys.map(|(_, key)| (*key).to_owned()).collect::<Vec<_>>()
        };
        let (id_keys, description_keys) = (named(self.id), named(self.description & !self.id));
        let (schema_url, entity_type) = (self.schema_url.clone(), self.entity_type.clone());
        let reference = EntityRef { schema_url, r#type: entity_type, id_keys, description_keys };
        (!reference.id_keys.is_empty()).then_some(reference)
    }
}

fn scope_metrics() -> impl Strategy<Value = ScopeMetrics> {
    (string(), string(), attributes(), 0..3_u32, vec(metric(), 1..4), string()).prop_map(
        |(name, version, attributes, dropped_attributes_count, metrics, schema_url)| ScopeMetrics {
            scope: Some(InstrumentationScope { name, version, attributes, dropped_attributes_count }),
            metrics,
            schema_url,
        },
    )
}

fn metric() -> impl Strategy<Value = Metric> {
    ("[a-z][a-z.]{0,9}", string(), string(), attributes(), data()).prop_map(
        |(name, description, unit, metadata, data)| Metric { name, description, unit, metadata, data },
    )
}

fn data() -> impl Strategy<Value = Option<metric::Data>> {
    let temporality = || select(vec![1, 2]);
    prop_oneof![
        Just(None),
        vec(number(), 0..3).prop_map(|data_points| Some(metric::Data::Gauge(Gauge { data_points }))),
        (vec(number(), 0..3), temporality(), any::<bool>()).prop_map(
            |(data_points, aggregation_temporality, is_monotonic)| {
                Some(metric::Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic }))
            }
        ),
        (vec(histogram(), 0..3), temporality()).prop_map(|(data_points, aggregation_temporality)| {
            Some(metric::Data::Histogram(Histogram { data_points, aggregation_temporality }))
        }),
        (vec(exponential(), 0..3), temporality()).prop_map(|(data_points, aggregation_temporality)| {
            Some(metric::Data::ExponentialHistogram(ExponentialHistogram {
                data_points,
                aggregation_temporality,
            }))
        }),
        vec(summary(), 0..3).prop_map(|data_points| Some(metric::Data::Summary(Summary { data_points }))),
    ]
}

fn number() -> impl Strategy<Value = NumberDataPoint> {
    let value = prop_oneof![
        any::<i64>().prop_map(|int| Some(number_data_point::Value::AsInt(int))),
        double().prop_map(|double| Some(number_data_point::Value::AsDouble(double))),
        Just(None),
    ];
    (attributes(), times(), vec(exemplar(), 0..3), flags(), value).prop_map(
        |(attributes, (start_time_unix_nano, time_unix_nano), exemplars, flags, value)| NumberDataPoint {
            attributes,
            start_time_unix_nano,
            time_unix_nano,
            exemplars,
            // Without a value it is one that says that its series has ended.
            flags: flags | u32::from(value.is_none()),
            value,
        },
    )
}

fn histogram() -> impl Strategy<Value = HistogramDataPoint> {
    let buckets = prop_oneof![
        any::<u64>().prop_map(|count| (count, Vec::new(), Vec::new())),
        vec((1..1000_u32, 0..1000_u64), 0..5).prop_map(|pairs| {
            let bounds = pairs.iter().scan(-500.0, |bound, (step, _)| {
                *bound += f64::from(*step) / 7.0;
                Some(*bound)
            });
            let counts: Vec<u64> = pairs.iter().map(|(_, count)| *count).chain([3]).collect();
            (counts.iter().sum(), bounds.collect(), counts)
        }),
    ];
    (attributes(), times(), vec(exemplar(), 0..2), flags(), buckets, known(), known(), known()).prop_map(
        |(attributes, (start_time_unix_nano, time_unix_nano), exemplars, flags, buckets, sum, min, max)| {
            let (count, explicit_bounds, bucket_counts) = buckets;
            HistogramDataPoint {
                attributes,
                start_time_unix_nano,
                time_unix_nano,
                count,
                sum,
                bucket_counts,
                explicit_bounds,
                exemplars,
                flags,
                min,
                max,
            }
        },
    )
}

fn exponential() -> impl Strategy<Value = ExponentialHistogramDataPoint> {
    let buckets = || prop_oneof![Just(None), (1..1000_i32, vec(0..100_u64, 0..5)).prop_map(Some)];
    let threshold = select(vec![0.0, 0.5, f64::INFINITY]);
    let shape = (any::<i32>(), 0..9_u64, threshold, buckets(), buckets());
    (attributes(), times(), vec(exemplar(), 0..2), flags(), shape, known(), known(), known()).prop_map(
        |(attributes, (start_time_unix_nano, time_unix_nano), exemplars, flags, shape, sum, min, max)| {
            let (scale, zero_count, zero_threshold, positive, negative) = shape;
            let total =
                |side: &Option<(i32, Vec<u64>)>| side.iter().flat_map(|(_, counts)| counts).sum::<u64>();
            ExponentialHistogramDataPoint {
                attributes,
                start_time_unix_nano,
                time_unix_nano,
                count: zero_count + total(&positive) + total(&negative),
                sum,
                scale,
                zero_count,
                positive: positive.map(|(offset, bucket_counts)| Buckets { offset, bucket_counts }),
                negative: negative.map(|(offset, bucket_counts)| Buckets { offset: -offset, bucket_counts }),
                flags,
                exemplars,
                min,
                max,
                zero_threshold,
            }
        },
    )
}

fn summary() -> impl Strategy<Value = SummaryDataPoint> {
    let quantiles = vec((0..=100_u32, double()), 0..4).prop_map(|pairs| {
        let pair = |(percent, value)| ValueAtQuantile { quantile: f64::from(percent) / 100.0, value };
        pairs.into_iter().map(pair).collect()
    });
    (attributes(), times(), flags(), any::<u64>(), double(), quantiles).prop_map(
        |(attributes, (start_time_unix_nano, time_unix_nano), flags, count, sum, quantile_values)| {
            SummaryDataPoint {
                attributes,
                start_time_unix_nano,
                time_unix_nano,
                count,
                sum,
                quantile_values,
                flags,
            }
        },
    )
}

fn exemplar() -> impl Strategy<Value = Exemplar> {
    let value = prop_oneof![
        Just(None),
        any::<i64>().prop_map(|int| Some(exemplar::Value::AsInt(int))),
        double().prop_map(|double| Some(exemplar::Value::AsDouble(double))),
    ];
    let id = |length| prop_oneof![Just(Vec::new()), vec(1..=255_u8, length)];
    (attributes(), any::<u64>(), id(8), id(16), value).prop_map(
        |(filtered_attributes, time_unix_nano, span_id, trace_id, value)| Exemplar {
            filtered_attributes,
            time_unix_nano,
            span_id,
            trace_id,
            value,
        },
    )
}

/// A start, which may be unknown, and an end that is not before it.
fn times() -> impl Strategy<Value = (u64, u64)> {
    let start = |(a, b, is_known): (u64, u64, bool)| (if is_known { a.min(b) } else { 0 }, a.max(b));
    (any::<u64>(), any::<u64>(), any::<bool>()).prop_map(start)
}

/// None, those that mean something, and any there may be one day.
fn flags() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(1), any::<u32>()]
}

fn known() -> impl Strategy<Value = Option<f64>> {
    proptest::option::of(double())
}

/// Any double; one NaN, since JSON has but one.
fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::INFINITE,
        1 => select(vec![f64::NAN, 0.0, 1.0, f64::MAX, f64::MIN_POSITIVE]),
    ]
}

fn string() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z./\"\\\\\u{0}\u{1f}é🦀]{1,6}"]
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec(key_value(any_value()), 0..3)
}

fn key_value(value: impl Strategy<Value = AnyValue>) -> impl Strategy<Value = KeyValue> {
    ("[a-c]{1,2}", value).prop_map(|(key, value)| KeyValue { key, value: Some(value), key_strindex: 0 })
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        Just(None),
        any::<bool>().prop_map(|truth| Some(any_value::Value::BoolValue(truth))),
        any::<i64>().prop_map(|int| Some(any_value::Value::IntValue(int))),
        double().prop_map(|double| Some(any_value::Value::DoubleValue(double))),
        string().prop_map(|text| Some(any_value::Value::StringValue(text))),
        vec(any::<u8>(), 0..5).prop_map(|bytes| Some(any_value::Value::BytesValue(bytes))),
    ];
    leaf.prop_map(|value| AnyValue { value }).prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(|values| any_value::Value::ArrayValue(ArrayValue { values })),
            vec(key_value(inner), 0..3)
                .prop_map(|values| any_value::Value::KvlistValue(KeyValueList { values })),
        ]
        .prop_map(|value| AnyValue { value: Some(value) })
    })
}
