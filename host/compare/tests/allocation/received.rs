//! A point of a known series that is received allocates nothing: a request costs as many allocations whether it has ten points or two
//! thousand.

use prost::Message;
use wasmeter_compare::allocation::allocations_of;
use wasmeter_engine::{Engine, EngineConfig, ReaderConfig, Views};
use wasmeter_model::Timestamp;
use wasmeter_otlp::messages::*;
use wasmeter_otlp::wire::Names;

const SERIES: usize = 2000;
const START: u64 = 1_700_000_000_000_000_000;

fn text(key: &str, value: String) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(value)) });
    KeyValue { key: key.to_owned(), value, key_strindex: 0 }
}

fn attributes(series: usize) -> Vec<KeyValue> {
    let keys = ["http.request.method", "http.route", "server.address", "url.scheme", "user.id"];
    keys.map(|key| text(key, format!("{key} {series}"))).into()
}

/// When a round's points are of.
fn time(round: u64) -> u64 {
    START + round * 1_000_000_000
}

fn sum(series: usize, round: u64) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: START,
        time_unix_nano: time(round),
        value: Some(number_data_point::Value::AsInt(round as i64)),
        ..NumberDataPoint::default()
    }
}

fn histogram(series: usize, round: u64) -> HistogramDataPoint {
    HistogramDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: START,
        time_unix_nano: time(round),
        count: 16 * round,
        sum: Some(16.0 * round as f64),
        bucket_counts: vec![round; 16],
        explicit_bounds: (0..15).map(f64::from).collect(),
        ..HistogramDataPoint::default()
    }
}

fn request(data: metric::Data) -> Vec<u8> {
    let metric = Metric { name: "received".to_owned(), data: Some(data), ..Metric::default() };
    let scope_metrics = vec![ScopeMetrics { metrics: vec![metric], ..ScopeMetrics::default() }];
    let resource =
        Resource { attributes: vec![text("service.name", "shop".to_owned())], ..Resource::default() };
    let resource_metrics =
        vec![ResourceMetrics { resource: Some(resource), scope_metrics, ..ResourceMetrics::default() }];
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

fn sums(series: usize, round: u64) -> Vec<u8> {
    request(metric::Data::Sum(Sum {
        data_points: (0..series).map(|series| sum(series, round)).collect(),
        aggregation_temporality: AggregationTemporality::Cumulative.into(),
        is_monotonic: true,
    }))
}

fn histograms(series: usize, round: u64) -> Vec<u8> {
    request(metric::Data::Histogram(Histogram {
        data_points: (0..series).map(|series| histogram(series, round)).collect(),
        aggregation_temporality: AggregationTemporality::Cumulative.into(),
    }))
}

#[test]
fn points_of_known_series_do_not_allocate() {
    for requests_of in [sums, histograms] {
        let config = EngineConfig { readers: vec![ReaderConfig::default()], ..EngineConfig::default() };
        let engine = Engine::new(config, Views::default(), Timestamp(START));
        let names = Names::new(64 << 20);
        let take = |request: &[u8], round| {
            let batch = names.read(request).expect("it is read where it lies");
            let report = engine.ingest_batch(&batch, Timestamp(time(round)));
            assert_eq!(report.accepted, batch.point_count() as u64);
        };
        for round in 1..4 {
            take(&requests_of(SERIES, round), round);
        }
        let allocations = |series, round| {
            let request = requests_of(series, round);
            allocations_of(|| take(&request, round))
        };
        let (few, many) = (allocations(10, 4), allocations(SERIES, 5));
        // Room for the points of a request is made at once or by doubling.
        assert!(many <= few + 40, "{few} for ten points, {many} for {SERIES}");
    }
}
