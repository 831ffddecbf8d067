//! Encoded requests of known series that are made once: only times and values change.

use prost::Message;
use wasmeter_otlp::messages::{
    AggregationTemporality, AnyValue, ExportMetricsServiceRequest, Histogram, HistogramDataPoint, KeyValue,
    Metric, NumberDataPoint, Resource, ResourceMetrics, ScopeMetrics, Sum, any_value, metric,
    number_data_point,
};

/// Points of one request, as batching clients send them.
pub(crate) const POINTS_PER_REQUEST: usize = 1000;
/// What stands for the start and time of a point, its value, and what a histogram counts and sums up: eight bytes that nothing
/// else has.
const BEGIN: u64 = 0xA5A5_A5A5_A5A5_A5A5;
const TIME: u64 = 0x5A5A_5A5A_5A5A_5A5A;
const VALUE: u64 = 0xC3C3_C3C3_C3C3_C3C3;
const SUM: u64 = 0x3C3C_3C3C_3C3C_3C3C;
/// When all series began.
pub(crate) const START: u64 = 1_700_000_000_000_000_000;
/// From one point of a series to the next.
const INTERVAL: u64 = 10_000_000_000;
/// The boundaries of the histogram's sixteen buckets.
const BOUNDS: [f64; 15] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 25.0];

/// What the points are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Points of a monotonic sum, which grows by one from round to round.
    Sum,
    /// Points of a histogram of sixteen buckets, which gets one value of 0.5 in each round.
    Histogram,
}

/// What a point is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// All since the start of its series.
    Cumulative,
    /// All since the point before.
    Delta,
}

/// Requests of one kind of points, of so many series.
pub(crate) struct Requests {
    bodies: Vec<Body>,
    flow: Flow,
    series: usize,
    round: u64,
}

struct Body {
    bytes: Vec<u8>,
    begins: Vec<usize>,
    times: Vec<usize>,
    values: Vec<usize>,
    sums: Vec<usize>,
}

fn text(key: &str, value: String) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(value)) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// Five attributes, about 150 bytes; all combinations differ, also without `server.address`.
fn attributes(series: usize) -> Vec<KeyValue> {
    let pick = |from: &[&str], at: usize| from[at % from.len()].to_owned();
    vec![
        text("http.request.method", pick(&["GET", "POST", "PUT", "DELETE"], series)),
        text("http.response.status_code", pick(&["200", "404", "503", "301", "500"], series / 4)),
        text("http.route", format!("/orders/{}/items", series / 20)),
        text("server.address", format!("shop-{}.example.com", series % 30)),
        text("enduser.id", format!("user-{series:07}")),
    ]
}

fn data(kind: Kind, flow: Flow, series: &[usize]) -> metric::Data {
    let aggregation_temporality = match flow {
        Flow::Cumulative => AggregationTemporality::Cumulative,
        Flow::Delta => AggregationTemporality::Delta,
    };
    let aggregation_temporality = aggregation_temporality.into();
    match kind {
        Kind::Sum => {
            let value = Some(number_data_point::Value::AsInt(VALUE.cast_signed()));
            let point = |series| NumberDataPoint {
                attributes: attributes(series),
                start_time_unix_nano: BEGIN,
                time_unix_nano: TIME,
                value,
                ..NumberDataPoint::default()
            };
            let data_points = series.iter().copied().map(point).collect();
            metric::Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic: true })
        }
        Kind::Histogram => {
            let mut bucket_counts = vec![0; BOUNDS.len() + 1];
            // 0.5 is in the bucket that it is the upper bound of.
            bucket_counts[7] = VALUE;
            let point = |series| HistogramDataPoint {
                attributes: attributes(series),
                start_time_unix_nano: BEGIN,
                time_unix_nano: TIME,
                count: VALUE,
                sum: Some(f64::from_bits(SUM)),
                bucket_counts: bucket_counts.clone(),
                explicit_bounds: BOUNDS.to_vec(),
                ..HistogramDataPoint::default()
            };
            let data_points = series.iter().copied().map(point).collect();
            metric::Data::Histogram(Histogram { data_points, aggregation_temporality })
        }
    }
}

impl Body {
    fn new(service: &str, kind: Kind, flow: Flow, series: &[usize]) -> Self {
        let metric = Metric {
            name: "http.server.requests".to_owned(),
            unit: "1".to_owned(),
            data: Some(data(kind, flow, series)),
            ..Metric::default()
        };
        let scope = ScopeMetrics { metrics: vec![metric], ..ScopeMetrics::default() };
        let resource =
            Resource { attributes: vec![text("service.name", service.to_owned())], ..Resource::default() };
        let resource = ResourceMetrics {
            resource: Some(resource),
            scope_metrics: vec![scope],
            ..ResourceMetrics::default()
        };
        let bytes = ExportMetricsServiceRequest { resource_metrics: vec![resource] }.encode_to_vec();
        let find = |mark: u64| {
            let windows = bytes.windows(8).enumerate();
            windows.filter(|(_, bytes)| *bytes == mark.to_le_bytes()).map(|(at, _)| at).collect::<Vec<_>>()
        };
        let (begins, times, values, sums) = (find(BEGIN), find(TIME), find(VALUE), find(SUM));
        Self { bytes, begins, times, values, sums }
    }

    fn put(&mut self, begin: u64, time: u64, value: u64) {
        let sum = (value as f64 * 0.5).to_bits();
        let fields = [(&self.begins, begin), (&self.times, time), (&self.values, value), (&self.sums, sum)];
        for (places, bits) in fields {
            for &at in places {
                self.bytes[at..at + 8].copy_from_slice(&bits.to_le_bytes());
            }
        }
    }
}

impl Requests {
    pub(crate) fn new(kind: Kind, flow: Flow, series: std::ops::Range<usize>) -> Self {
        Self::of_service("shop", kind, flow, series)
    }

    /// The same of a service of this name.
    pub(crate) fn of_service(service: &str, kind: Kind, flow: Flow, series: std::ops::Range<usize>) -> Self {
        Self::of(service, kind, flow, &series.collect::<Vec<_>>())
    }

    /// The same points in another order, which is told by `seed`.
    pub(crate) fn shuffled(kind: Kind, flow: Flow, series: std::ops::Range<usize>, seed: u64) -> Self {
        let mut series: Vec<_> = series.collect();
        let mut random = seed;
        for place in (1..series.len()).rev() {
            // Knuth's generator of 64 bits, of which the upper ones are good.
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = ((u128::from(random) * (place as u128 + 1)) >> 64) as usize;
            series.swap(place, other);
        }
        Self::of("shop", kind, flow, &series)
    }

    fn of(service: &str, kind: Kind, flow: Flow, series: &[usize]) -> Self {
        let bodies = series.chunks(POINTS_PER_REQUEST);
        let bodies = bodies.map(|series| Body::new(service, kind, flow, series)).collect();
        Self { bodies, flow, series: series.len(), round: 0 }
    }

    /// Has the next round be the one behind this one.
    pub(crate) fn go_on_from(&mut self, round: u64) {
        self.round = round;
    }

    pub(crate) fn series(&self) -> usize {
        self.series
    }

    /// The next point of every series. The value of each is 1 if they are deltas, otherwise the number of the round, from 1 on.
    pub(crate) fn next(&mut self) -> impl Iterator<Item = &[u8]> {
        self.round += 1;
        let time = START + self.round * INTERVAL;
        let (begin, value) = match self.flow {
            Flow::Cumulative => (START, self.round),
            Flow::Delta => (time - INTERVAL, 1),
        };
        self.bodies.iter_mut().for_each(|body| body.put(begin, time, value));
        self.bodies.iter().map(|body| &body.bytes[..])
    }

    /// How many rounds there were, and when the last one was, in nanoseconds since the epoch.
    pub(crate) fn last(&self) -> (u64, u64) {
        (self.round, START + self.round * INTERVAL)
    }

    /// Bytes of a point, about.
    pub(crate) fn bytes_per_point(&self) -> f64 {
        self.bodies.iter().map(|body| body.bytes.len()).sum::<usize>() as f64 / self.series as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_is_one_more_for_every_series() {
        for kind in [Kind::Sum, Kind::Histogram] {
            let mut requests = Requests::new(kind, Flow::Cumulative, 0..2500);
            let sizes = |bodies: Vec<&[u8]>| {
                bodies
                    .into_iter()
                    .map(|body| {
                        let request = ExportMetricsServiceRequest::decode(body).unwrap();
                        let metric = &request.resource_metrics[0].scope_metrics[0].metrics[0];
                        match metric.data.as_ref().unwrap() {
                            metric::Data::Sum(sum) => {
                                let value = Some(number_data_point::Value::AsInt(2));
                                assert!(sum.data_points.iter().all(|point| point.value == value));
                                sum.data_points.len()
                            }
                            metric::Data::Histogram(data) => {
                                let is_2 = |point: &HistogramDataPoint| {
                                    (point.count, point.sum) == (2, Some(1.0)) && point.bucket_counts[7] == 2
                                };
                                assert!(data.data_points.iter().all(is_2));
                                data.data_points.len()
                            }
                            other => panic!("found {other:?}"),
                        }
                    })
                    .collect::<Vec<_>>()
            };
            assert_eq!(requests.next().count(), 3);
            assert_eq!(sizes(requests.next().collect()), [1000, 1000, 500]);
        }
    }

    #[test]
    fn in_another_order_they_are_the_same_points() {
        let points = |mut requests: Requests| {
            let mut all = Vec::new();
            for body in requests.next() {
                let request = ExportMetricsServiceRequest::decode(body).unwrap();
                match request.resource_metrics[0].scope_metrics[0].metrics[0].data.clone().unwrap() {
                    metric::Data::Sum(sum) => all.extend(sum.data_points),
                    other => panic!("found {other:?}"),
                }
            }
            all
        };
        let name = |point: &NumberDataPoint| format!("{:?}", point.attributes);
        let given = points(Requests::new(Kind::Sum, Flow::Cumulative, 0..2500));
        let mut shuffled = points(Requests::shuffled(Kind::Sum, Flow::Cumulative, 0..2500, 7));
        let in_place = given.iter().zip(&shuffled).filter(|(one, other)| one == other).count();
        assert!(in_place < 20, "{in_place} have their place");
        shuffled.sort_by_key(name);
        let mut sorted = given;
        sorted.sort_by_key(name);
        assert_eq!(shuffled, sorted);
    }
}
