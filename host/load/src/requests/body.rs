//! One encoded request. Most are made once, and then only times, values and new names are written over the old ones; where a value's
//! length depends on it, all of it is encoded anew.

use prost::Message;
use wasmeter_otlp::messages::{
    AggregationTemporality, ExponentialHistogram, ExponentialHistogramDataPoint, ExportMetricsServiceRequest,
    Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Resource, ResourceMetrics, ScopeMetrics,
    Sum, exponential_histogram_data_point, metric, number_data_point,
};

use super::series::{USER, USER_DIGITS, attributes, resource, user};
use super::values::{BOUNDS, BUCKETS, sum_of};
use super::{Flow, Kind, Load};

/// The instrument that all points are of.
pub(crate) const INSTRUMENT: &str = "http.server.requests";
/// What stands for the start and time of a point, for what it counts, for a sum or value, and for what a bucket counts: eight bytes
/// that nothing else has.
const BEGIN: u64 = 0xA5A5_A5A5_A5A5_A5A5;
const TIME: u64 = 0x5A5A_5A5A_5A5A_5A5A;
const COUNT: u64 = 0xC3C3_C3C3_C3C3_C3C3;
const SUM: u64 = 0x3C3C_3C3C_3C3C_3C3C;
const BUCKET: u64 = 0x9696_9696_9696_9696;
/// The scale of the exponential histograms and the index of their first bucket: from 1/256 to 256.
const SCALE: i32 = 0;
const OFFSET: i32 = -8;

/// A point, whatever its kind takes of it.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) place: usize,
    pub(super) series: usize,
    pub(super) begin: u64,
    pub(super) time: u64,
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) buckets: [u64; BUCKETS],
}

impl Point {
    /// Of a histogram.
    pub(super) fn of_buckets(
        place: usize,
        series: usize,
        (begin, time): (u64, u64),
        buckets: [u64; BUCKETS],
    ) -> Self {
        Self { place, series, begin, time, count: buckets.iter().sum(), sum: sum_of(&buckets), buckets }
    }

    /// With a mark in place of whatever changes from round to round.
    fn marked(place: usize) -> Self {
        let (sum, buckets) = (f64::from_bits(SUM), [BUCKET; BUCKETS]);
        Self { place, series: place, begin: BEGIN, time: TIME, count: COUNT, sum, buckets }
    }

    fn number(&self, value: number_data_point::Value, users: usize) -> NumberDataPoint {
        NumberDataPoint {
            attributes: attributes(self.place, self.series, users),
            start_time_unix_nano: self.begin,
            time_unix_nano: self.time,
            value: Some(value),
            ..NumberDataPoint::default()
        }
    }

    fn explicit(&self, users: usize) -> HistogramDataPoint {
        HistogramDataPoint {
            attributes: attributes(self.place, self.series, users),
            start_time_unix_nano: self.begin,
            time_unix_nano: self.time,
            count: self.count,
            sum: Some(self.sum),
            bucket_counts: self.buckets.to_vec(),
            explicit_bounds: BOUNDS.to_vec(),
            ..HistogramDataPoint::default()
        }
    }

    fn exponential(&self, users: usize) -> ExponentialHistogramDataPoint {
        let positive = exponential_histogram_data_point::Buckets {
            offset: OFFSET,
            bucket_counts: self.buckets.to_vec(),
        };
        ExponentialHistogramDataPoint {
            attributes: attributes(self.place, self.series, users),
            start_time_unix_nano: self.begin,
            time_unix_nano: self.time,
            count: self.count,
            sum: Some(self.sum),
            scale: SCALE,
            positive: Some(positive),
            ..ExponentialHistogramDataPoint::default()
        }
    }
}

fn encode(service: &str, load: &Load, points: &[Point]) -> Vec<u8> {
    let aggregation_temporality = match load.flow {
        Flow::Cumulative => AggregationTemporality::Cumulative,
        Flow::Delta => AggregationTemporality::Delta,
    };
    let aggregation_temporality = aggregation_temporality.into();
    let users = load.users;
    let points = points.iter();
    let data = match load.kind {
        Kind::Sum => {
            let value = |point: &Point| number_data_point::Value::AsInt(point.count.cast_signed());
            let data_points = points.map(|point| point.number(value(point), users)).collect();
            metric::Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic: true })
        }
        Kind::Gauge => {
            let value = |point: &Point| number_data_point::Value::AsDouble(point.sum);
            let data_points = points.map(|point| point.number(value(point), users)).collect();
            metric::Data::Gauge(Gauge { data_points })
        }
        Kind::Histogram => {
            let data_points = points.map(|point| point.explicit(users)).collect();
            metric::Data::Histogram(Histogram { data_points, aggregation_temporality })
        }
        Kind::Exponential => {
            let data_points = points.map(|point| point.exponential(users)).collect();
            metric::Data::ExponentialHistogram(ExponentialHistogram { data_points, aggregation_temporality })
        }
    };
    let metric =
        Metric { name: INSTRUMENT.to_owned(), unit: "1".to_owned(), data: Some(data), ..Metric::default() };
    let scope = ScopeMetrics { metrics: vec![metric], ..ScopeMetrics::default() };
    let resource = Resource { attributes: resource(service), ..Resource::default() };
    let resource = ResourceMetrics {
        resource: Some(resource),
        scope_metrics: vec![scope],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest { resource_metrics: vec![resource] }.encode_to_vec()
}

/// Where the values of a request's points are.
struct Marks {
    begins: Vec<usize>,
    times: Vec<usize>,
    counts: Vec<usize>,
    sums: Vec<usize>,
    buckets: Vec<usize>,
    users: Vec<usize>,
}

impl Marks {
    fn of(bytes: &[u8]) -> Self {
        // What is found does not overlap: buckets lie next to each other.
        let find = |mark: &[u8]| {
            let (mut places, mut from) = (Vec::new(), 0);
            while let Some(window) = bytes.get(from..from + mark.len()) {
                let is_found = window == mark;
                if is_found {
                    places.push(from);
                }
                from += if is_found { mark.len() } else { 1 };
            }
            places
        };
        let [begins, times, counts, sums, buckets] =
            [BEGIN, TIME, COUNT, SUM, BUCKET].map(|mark| find(&mark.to_le_bytes()));
        Self { begins, times, counts, sums, buckets, users: find(USER.as_bytes()) }
    }
}

pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    /// None: encoded anew in each round.
    marks: Option<Marks>,
}

impl Body {
    pub(super) fn new(service: &str, load: &Load, places: &[usize]) -> Self {
        let marked: Vec<_> = places.iter().map(|place| Point::marked(*place)).collect();
        let bytes = encode(service, load, &marked);
        let marks = (load.kind != Kind::Exponential).then(|| Marks::of(&bytes));
        Self { bytes, marks }
    }

    /// Makes it the request of these points, which are at the places it was made for.
    pub(super) fn put(&mut self, service: &str, load: &Load, points: impl Iterator<Item = Point>) {
        let Self { bytes, marks } = self;
        let Some(marks) = marks else {
            *bytes = encode(service, load, &points.collect::<Vec<_>>());
            return;
        };
        let mut write = |at: usize, new: &[u8]| bytes[at..at + new.len()].copy_from_slice(new);
        for (row, point) in points.enumerate() {
            let sum = point.sum.to_bits();
            let fields = [
                (&marks.begins, point.begin),
                (&marks.times, point.time),
                (&marks.counts, point.count),
                (&marks.sums, sum),
            ];
            for (places, bits) in fields {
                // A kind of points does not have all of these.
                if let Some(at) = places.get(row) {
                    write(*at, &bits.to_le_bytes());
                }
            }
            let buckets = marks.buckets.chunks(BUCKETS).nth(row).unwrap_or_default();
            for (at, count) in buckets.iter().zip(point.buckets) {
                write(*at, &count.to_le_bytes());
            }
            if load.new_every.is_some()
                && let Some(at) = marks.users.get(row)
            {
                let digits = at + USER.len();
                debug_assert!(USER_DIGITS == user(point.series).len(), "all names have one length");
                write(digits, user(point.series).as_bytes());
            }
        }
    }
}
