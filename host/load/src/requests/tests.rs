//! Every round, decoded by `prost`, is what it says it is.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::slice;

use prost::Message;
use wasmeter_otlp::messages::{
    ExportMetricsServiceRequest, HistogramDataPoint, KeyValue, NumberDataPoint, any_value, metric,
    number_data_point,
};

use super::*;
use crate::standings::Name;

fn data(body: &[u8]) -> metric::Data {
    let request = ExportMetricsServiceRequest::decode(body).unwrap();
    request.resource_metrics[0].scope_metrics[0].metrics[0].data.clone().unwrap()
}

/// A series, its start and time, and what it counts, sums up and has in its buckets.
type Row = (Name, (u64, u64), f64, f64, Vec<u64>);

fn name(attributes: &[KeyValue]) -> Name {
    let pair = |attribute: &KeyValue| match attribute.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) => Some((attribute.key.clone(), text.clone())),
        _ => None,
    };
    Name::new(attributes.iter().map(|attribute| pair(attribute).unwrap()).collect())
}

fn rows(body: &[u8]) -> Vec<Row> {
    let number = |point: NumberDataPoint| {
        let value = match point.value.unwrap() {
            number_data_point::Value::AsInt(value) => value as f64,
            number_data_point::Value::AsDouble(value) => value,
        };
        let times = (point.start_time_unix_nano, point.time_unix_nano);
        (name(&point.attributes), times, value, 0.0, Vec::new())
    };
    match data(body) {
        metric::Data::Sum(data) => data.data_points.into_iter().map(number).collect(),
        metric::Data::Gauge(data) => data.data_points.into_iter().map(number).collect(),
        metric::Data::Histogram(data) => data
            .data_points
            .into_iter()
            .map(|point| {
                let times = (point.start_time_unix_nano, point.time_unix_nano);
                let (count, sum) = (point.count as f64, point.sum.unwrap());
                (name(&point.attributes), times, count, sum, point.bucket_counts)
            })
            .collect(),
        metric::Data::ExponentialHistogram(data) => data
            .data_points
            .into_iter()
            .map(|point| {
                let times = (point.start_time_unix_nano, point.time_unix_nano);
                let (count, sum) = (point.count as f64, point.sum.unwrap());
                (name(&point.attributes), times, count, sum, point.positive.unwrap().bucket_counts)
            })
            .collect(),
        other => panic!("found {other:?}"),
    }
}

fn round(requests: &mut Requests) -> Vec<Row> {
    let bodies: Vec<Vec<u8>> = requests.next().map(<[u8]>::to_vec).collect();
    bodies.iter().flat_map(|body| rows(body)).collect()
}

#[test]
fn every_round_is_one_more_for_every_series_where_they_are_even() {
    for kind in [Kind::Sum, Kind::Histogram] {
        let mut requests = Requests::new(Load::even(kind, Flow::Cumulative), 0..2500);
        assert_eq!(requests.next().count(), 3);
        let sizes: Vec<usize> = requests
            .next()
            .map(|body| match data(body) {
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
            })
            .collect();
        assert_eq!(sizes, [1000, 1000, 500]);
        let mut standings = Standings::default();
        requests.add_standings(slice::from_ref(&(1..3)), &[], &mut standings);
        assert!(standings.series.values().all(|standing| standing.value == 2.0));
        assert_eq!((standings.series.len(), standings.total()), (2500, 5000.0));
    }
}

#[test]
fn series_stand_where_the_points_of_the_taken_rounds_say() {
    let kinds = [Kind::Sum, Kind::Gauge, Kind::Histogram, Kind::Exponential];
    for (kind, flow) in kinds.into_iter().flat_map(|kind| [(kind, Flow::Cumulative), (kind, Flow::Delta)]) {
        for new_every in [None, Some(10)] {
            let mut requests = Requests::new(Load { new_every, ..Load::seeded(kind, flow) }, 500..1700);
            let (mut known, mut some) = (HashMap::new(), HashMap::new());
            let taken = [3..4, 6..11, 20..25];
            for number in 1..26 {
                for (name, _, value, sum, buckets) in round(&mut requests) {
                    assert!(buckets.is_empty() || buckets.iter().sum::<u64>() as f64 == value);
                    let is_taken = taken.iter().any(|rounds| rounds.contains(&number));
                    let point = Standing { value, sum: (!buckets.is_empty()).then_some(sum) };
                    let adds_up = flow == Flow::Delta && kind != Kind::Gauge;
                    for known in std::iter::once(&mut known).chain(is_taken.then_some(&mut some)) {
                        let stands = known.get(&name).filter(|_| adds_up).map_or(point, |at| *at + point);
                        known.insert(name.clone(), stands);
                    }
                }
            }
            for (taken, known) in [(slice::from_ref(&(1..26)), &known), (&taken, &some)] {
                let mut standings = Standings::default();
                requests.add_standings(taken, &[], &mut standings);
                assert_eq!(&standings.series, known, "{kind:?} {flow:?} {new_every:?}");
            }
            assert_eq!(
                requests.load.series(1200, 25),
                if new_every.is_some() { 1200 + 25 * 120 } else { 1200 }
            );
            // Of the oldest, those that would be new in the first round never were.
            assert_eq!(known.len(), if new_every.is_some() { 1200 + 24 * 120 } else { 1200 });
        }
    }
}

#[test]
fn deltas_are_what_lies_between_two_totals_of_the_same_series() {
    for kind in [Kind::Sum, Kind::Histogram, Kind::Exponential] {
        let load = |flow| Load { new_every: Some(10), ..Load::seeded(kind, flow) };
        let mut totals = Requests::new(load(Flow::Cumulative), 0..100);
        let mut deltas = Requests::new(load(Flow::Delta), 0..100);
        let mut before = BTreeMap::new();
        for _ in 0..12 {
            let mut now = BTreeMap::new();
            for (total, delta) in round(&mut totals).into_iter().zip(round(&mut deltas)) {
                assert_eq!((&total.0, total.1.1), (&delta.0, delta.1.1));
                assert_eq!(delta.1.1 - delta.1.0, INTERVAL);
                let (count, sum, begin) = before.get(&total.0).copied().unwrap_or((0.0, 0.0, delta.1.0));
                assert_eq!((total.2 - count, total.3 - sum, total.1.0), (delta.2, delta.3, begin));
                now.insert(total.0, (total.2, total.3, total.1.0));
            }
            before = now;
        }
    }
}

#[test]
fn in_another_order_they_are_the_same_points() {
    let load = Load::seeded(Kind::Sum, Flow::Cumulative);
    let given = round(&mut Requests::new(load, 0..20_000));
    let in_order = |rows: &[Row]| {
        let mut rows = rows.to_vec();
        rows.sort_by(|one, other| one.0.cmp(&other.0));
        rows
    };
    for (what, requests_kept, in_place_max) in [
        (Shuffled::Points, 0, 20),
        (Shuffled::Requests { and_points: true }, 20, 20),
        (Shuffled::Requests { and_points: false }, 20, 5 * POINTS_PER_REQUEST),
    ] {
        let shuffled = round(&mut Requests::shuffled(load, 0..20_000, what, 7));
        let in_place = given.iter().zip(&shuffled).filter(|(one, other)| one == other).count();
        assert!(in_place <= in_place_max, "{in_place} have their place: {what:?}");
        assert_eq!(in_order(&shuffled), in_order(&given));
        let requests: Vec<_> = given.chunks(POINTS_PER_REQUEST).map(in_order).collect();
        let kept =
            shuffled.chunks(POINTS_PER_REQUEST).filter(|request| requests.contains(&in_order(request)));
        assert_eq!(kept.count(), requests_kept, "{what:?}");
    }
}

#[test]
fn users_share_their_other_attributes_and_nobody_else_does() {
    let load = Load { users: 10, ..Load::seeded(Kind::Sum, Flow::Delta) };
    let names: Vec<String> =
        round(&mut Requests::new(load, 0..2000)).into_iter().map(|row| row.0.to_string()).collect();
    let without_user = |name: &String| name.split_once(", ").unwrap().1.to_owned();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), 2000);
    assert_eq!(names.iter().map(without_user).collect::<HashSet<_>>().len(), 200);
    for users in names.chunks(10) {
        assert_eq!(users.iter().map(without_user).collect::<BTreeSet<_>>().len(), 1);
    }
}

#[test]
fn bodies_of_many_values_compress_less_than_those_of_one() {
    let compressed = |values| {
        let load = Load { values, ..Load::even(Kind::Sum, Flow::Cumulative) };
        let mut requests = Requests::new(load, 0..1000);
        requests.go_on_from(1000);
        let body = requests.next().next().unwrap().to_vec();
        wasmeter_otlp::Compression::Gzip.compress(body.into()).unwrap().len()
    };
    let (even, seeded) = (compressed(Values::Even), compressed(Values::Seeded));
    assert!(seeded as f64 > even as f64 * 1.1, "{seeded} and {even} bytes");
}
