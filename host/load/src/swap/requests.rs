//! An OTLP request that is made once and sent many times: only its times change.

use anyhow::ensure;
use prost::Message;
use wasmeter_otlp::messages::{
    AggregationTemporality, AnyValue, ExportMetricsServiceRequest, Histogram, HistogramDataPoint, KeyValue,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, any_value, metric, number_data_point,
};

/// How many metrics there are; each has as many points.
const METRICS: usize = 4;
/// What stands for the times until they are known: eight equal bytes that nothing else in a request has.
const START: u64 = 0xA5A5_A5A5_A5A5_A5A5;
const TIME: u64 = 0x5A5A_5A5A_5A5A_5A5A;
/// The boundaries of the histogram's sixteen buckets.
const BOUNDS: [f64; 15] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 25.0];

/// Deltas of a counter of integers, one of doubles, an up-down-counter and a histogram, each with the same attribute sets.
/// All values are small binary fractions, so that every sum of them is exact.
pub(super) struct Requests {
    body: Vec<u8>,
    starts: Vec<usize>,
    times: Vec<usize>,
}

/// What one point adds to its series.
pub(super) const INCREMENT: f64 = 1.0;
pub(super) const HALF: f64 = 0.5;

fn text(key: &str, value: String) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(value)) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// Five attributes; all combinations differ.
fn attributes(place: usize) -> Vec<KeyValue> {
    let pick = |from: &[&str], at: usize| from[at % from.len()].to_owned();
    vec![
        text("http.request.method", pick(&["GET", "POST", "PUT", "DELETE"], place)),
        text("http.response.status_code", pick(&["200", "404", "503", "301", "500"], place / 4)),
        text("url.path", format!("/orders/{}", 10_000 + place / 20)),
        text("server.address", pick(&["eu.shop.example", "us.shop.example"], place / 3)),
        text("enduser.id", format!("user-{}", place / 20)),
    ]
}

fn number(place: usize, value: number_data_point::Value) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(place),
        start_time_unix_nano: START,
        time_unix_nano: TIME,
        value: Some(value),
        ..NumberDataPoint::default()
    }
}

fn histogram(place: usize) -> HistogramDataPoint {
    let mut counts = vec![0; BOUNDS.len() + 1];
    // 0.5 is in the bucket that it is the upper bound of.
    counts[7] = 1;
    HistogramDataPoint {
        attributes: attributes(place),
        start_time_unix_nano: START,
        time_unix_nano: TIME,
        count: 1,
        sum: Some(HALF),
        bucket_counts: counts,
        explicit_bounds: BOUNDS.to_vec(),
        ..HistogramDataPoint::default()
    }
}

fn metric_of(name: &str, unit: &str, data: metric::Data) -> Metric {
    Metric { name: name.to_owned(), unit: unit.to_owned(), data: Some(data), ..Metric::default() }
}

fn sum(sets: usize, value: number_data_point::Value, is_monotonic: bool) -> metric::Data {
    metric::Data::Sum(Sum {
        data_points: (0..sets).map(|place| number(place, value)).collect(),
        aggregation_temporality: AggregationTemporality::Delta.into(),
        is_monotonic,
    })
}

impl Requests {
    /// A request with `series` series over all its metrics.
    ///
    /// # Errors
    ///
    /// The times cannot be told from the rest.
    pub(super) fn new(series: usize) -> anyhow::Result<Self> {
        let sets = series.div_ceil(METRICS);
        let one = number_data_point::Value::AsInt(1);
        let durations = Histogram {
            data_points: (0..sets).map(histogram).collect(),
            aggregation_temporality: AggregationTemporality::Delta.into(),
        };
        let metrics = vec![
            metric_of("load.requests", "{request}", sum(sets, one, true)),
            metric_of("load.bytes", "By", sum(sets, number_data_point::Value::AsDouble(HALF), true)),
            metric_of("load.active", "{request}", sum(sets, one, false)),
            metric_of("load.duration", "s", metric::Data::Histogram(durations)),
        ];
        let scope = ScopeMetrics { metrics, ..ScopeMetrics::default() };
        let resource = ResourceMetrics { scope_metrics: vec![scope], ..ResourceMetrics::default() };
        let body = ExportMetricsServiceRequest { resource_metrics: vec![resource] }.encode_to_vec();
        let find = |mark: u64| {
            let windows = body.windows(8).enumerate();
            windows.filter(|(_, bytes)| *bytes == mark.to_le_bytes()).map(|(at, _)| at).collect::<Vec<_>>()
        };
        let (starts, times) = (find(START), find(TIME));
        let points = METRICS * sets;
        ensure!(starts.len() == points && times.len() == points, "the times of a request cannot be told");
        Ok(Self { body, starts, times })
    }

    /// How many points a request has.
    pub(super) fn points(&self) -> u64 {
        self.times.len() as u64
    }

    /// The request for an interval, in nanoseconds since the epoch.
    pub(super) fn of(&mut self, start: u64, time: u64) -> &[u8] {
        let Self { body, starts, times } = self;
        for (places, value) in [(starts, start), (times, time)] {
            for &mut at in places {
                body[at..at + 8].copy_from_slice(&value.to_le_bytes());
            }
        }
        &self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_times_change_and_no_two_points_of_a_metric_are_of_one_series() {
        let mut requests = Requests::new(2000).unwrap();
        assert_eq!(requests.points(), 2000);
        let decode = |bytes: &[u8]| ExportMetricsServiceRequest::decode(bytes).unwrap();
        let (first, second) = (decode(requests.of(1, 2)), decode(requests.of(2, 3)));
        assert_ne!(first, second);
        let scope = &first.resource_metrics[0].scope_metrics[0];
        let Some(metric::Data::Sum(sum)) = &scope.metrics[0].data else { panic!("the first is a counter") };
        let interval = |point: &NumberDataPoint| (point.start_time_unix_nano, point.time_unix_nano);
        assert!(sum.data_points.iter().all(|point| interval(point) == (1, 2)));
        let sets: std::collections::HashSet<String> =
            sum.data_points.iter().map(|point| format!("{:?}", point.attributes)).collect();
        assert_eq!(sets.len(), 500);
        assert_eq!(decode(requests.of(1, 2)), first);
    }
}
