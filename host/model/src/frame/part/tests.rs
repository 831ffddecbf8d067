//! Parts put together are the frame they are of, whatever is in it.

use std::num::NonZeroUsize;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::super::*;
use crate::{EntityRef, Number, Temporality, Timestamp, ValueRef};

/// A resource, its scopes, their metrics: each a kind and how many points.
type Shape = Vec<Vec<Vec<(u8, u8)>>>;

/// A frame of a shape, in which no two points are the same.
fn frame(shape: &Shape) -> Frame {
    let mut builder = FrameBuilder::new();
    let mut serial = 0;
    for (resource, scopes) in (0_u32..).zip(shape) {
        let attributes = builder.set([("resource", ValueRef::Int(i64::from(resource)))]);
        builder.resource(attributes, "https://schema", resource);
        let entity = EntityRef { entity_type: resource.to_string().into(), ..EntityRef::default() };
        builder.entities(&[entity].into_iter().collect());
        for (scope, metrics) in (0_u32..).zip(scopes) {
            let attributes = builder.set([("scope", ValueRef::String("text"))]);
            builder.scope("scope", "1.0", "", attributes, scope);
            for (kind, points) in metrics {
                let kind = [
                    PointKind::None,
                    PointKind::Gauge,
                    PointKind::Sum,
                    PointKind::Histogram,
                    PointKind::ExponentialHistogram,
                    PointKind::Summary,
                ][usize::from(kind % 6)];
                let metadata = builder.set([("kind", ValueRef::Int(serial))]);
                builder.metric(
                    MetricRow {
                        name: &format!("metric {serial}"),
                        description: "text",
                        unit: "1",
                        kind,
                        temporality: Some(Temporality::Delta),
                        monotonic: serial % 2 == 0,
                    },
                    metadata,
                );
                for _ in (0..*points).filter(|_| kind != PointKind::None) {
                    serial += 1;
                    point(&mut builder, kind, serial);
                }
            }
        }
    }
    builder.finish()
}

fn point(builder: &mut FrameBuilder, kind: PointKind, serial: i64) {
    let (float, int) = (f64::from(i32::try_from(serial).unwrap()), u64::try_from(serial).unwrap());
    for exemplar in 0..serial % 3 {
        let attributes = builder.set([("exemplar", ValueRef::Int(exemplar))]);
        builder.exemplar(ExemplarRow {
            attributes,
            time: Timestamp::from_secs(int),
            value: Some(Number::Double(float)),
            trace_id: u128::from(int),
            span_id: int,
        });
    }
    // Sets are shared by points, and those of one batch are not those of another.
    let attributes = builder.set([("set", ValueRef::Int(serial % 4)), ("text", ValueRef::Bytes(b"x"))]);
    let header = PointHeader {
        attributes,
        start: Timestamp::from_secs(1),
        time: Timestamp::from_secs(int),
        flags: u32::from(serial % 5 == 0),
    };
    let known = |bit: i64| (serial % bit == 0).then_some(float);
    let counts = [int, 2, 3];
    match kind {
        PointKind::None => {}
        PointKind::Gauge => builder.number(NumberRow { header, value: Some(Number::Double(float)) }),
        PointKind::Sum => {
            builder.number(NumberRow { header, value: (serial % 5 != 0).then_some(Number::Int(serial)) });
        }
        PointKind::Histogram => builder.histogram(HistogramRow {
            header,
            count: int,
            sum: known(2),
            min: known(3),
            max: known(5),
            bounds: &[1.0, float],
            counts: &counts,
        }),
        PointKind::ExponentialHistogram => builder.exponential(ExponentialRow {
            header,
            count: int,
            sum: known(2),
            min: known(3),
            max: known(5),
            scale: 3,
            zero_count: int,
            zero_threshold: float,
            positive: (7, (&counts).into()),
            negative: (-7, counts[..1].into()),
        }),
        PointKind::Summary => {
            builder.summary(SummaryRow {
                header,
                count: int,
                sum: float,
                quantiles: &[(0.5, float), (1.0, 2.0)],
            });
        }
    }
}

/// Every point with everything that is known of it, as text.
fn rows(frame: &Frame) -> Vec<String> {
    rows_of(frame, frame.metrics())
}

fn rows_of<'a>(frame: &'a Frame, metrics: impl Iterator<Item = MetricRef<'a>>) -> Vec<String> {
    let pairs = |set| format!("{:?}", frame.pairs(set).collect::<Vec<_>>());
    let mut rows = Vec::new();
    for metric in metrics {
        let scope = metric.scope();
        let resource = scope.resource();
        let entities = resource.entities();
        let resource =
            (pairs(resource.attributes()), resource.schema_url(), resource.dropped_attributes(), entities);
        let scope_attributes = pairs(scope.attributes());
        let scope =
            (scope.name(), scope.version(), scope.schema_url(), scope_attributes, scope.dropped_attributes());
        let own = (metric.name(), metric.description(), metric.unit(), metric.kind(), metric.temporality());
        let own =
            format!("{resource:?} {scope:?} {own:?} {} {}", metric.monotonic(), pairs(metric.metadata()));
        let mut add = |point: PointRef<'_>, data: String| {
            let exemplars: Vec<_> = point
                .exemplars()
                .map(|e| {
                    format!(
                        "{:?} {:?} {:?} {} {}",
                        e.pairs().collect::<Vec<_>>(),
                        e.time,
                        e.value,
                        e.trace_id,
                        e.span_id
                    )
                })
                .collect();
            let header = (pairs(point.attributes()), point.start(), point.time(), point.flags());
            rows.push(format!("{own} {header:?} {exemplars:?} {data}"));
        };
        for p in metric.numbers() {
            add(p.point, format!("{:?}", p.value));
        }
        for p in metric.histograms() {
            add(p.point, format!("{:?}", (p.count, p.sum, p.min, p.max, p.bounds, p.counts)));
        }
        for p in metric.exponentials() {
            let range = (p.count, p.sum, p.min, p.max);
            add(
                p.point,
                format!("{range:?} {:?}", (p.scale, p.zero_count, p.zero_threshold, p.positive, p.negative)),
            );
        }
        for p in metric.summaries() {
            add(p.point, format!("{:?}", (p.count, p.sum, p.quantiles, p.quantile_values)));
        }
    }
    rows
}

/// Every index points into its table, and no table has rows that nothing leads to.
fn is_valid(frame: &Frame) -> bool {
    let scopes = frame.metrics().all(|metric| metric.scope().row() < frame.scopes.name.len());
    let resources =
        frame.scopes.resource.iter().all(|resource| (*resource as usize) < frame.resources.attributes.len());
    let sets = frame.sets.offsets.len();
    let columns = [
        &frame.numbers.columns,
        &frame.histograms.columns,
        &frame.exponentials.columns,
        &frame.summaries.columns,
    ];
    let exemplars: usize = columns
        .iter()
        .map(|table| {
            table
                .exemplars_start
                .iter()
                .zip(&table.exemplars_end)
                .map(|(a, b)| (b - a) as usize)
                .sum::<usize>()
        })
        .sum();
    let known_sets = columns.iter().all(|table| table.attributes.iter().all(|set| (set.0 as usize) < sets));
    let is_distinct = rows(frame).len() == frame.point_count();
    scopes && resources && known_sets && exemplars == frame.exemplars.time.len() && is_distinct
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn n5_batches_are_full_and_together_the_frame(
        shape in vec(vec(vec((any::<u8>(), 0_u8..7), 0..4), 0..3), 0..3),
        points_max in 1_usize..20,
    ) {
        let whole = frame(&shape);
        let points = whole.point_count();
        let parts: Vec<Part<'_>> = whole.parts(NonZeroUsize::new(points_max).unwrap()).collect();
        prop_assert_eq!(parts.len(), points.div_ceil(points_max));
        for (place, part) in parts.iter().enumerate() {
            let is_last = place + 1 == parts.len();
            let expected = if is_last { points - place * points_max } else { points_max };
            prop_assert_eq!(part.point_count(), expected);
            let copy = part.to_frame();
            prop_assert!(is_valid(&copy));
            prop_assert_eq!(copy.point_count(), expected);
            prop_assert_eq!(rows_of(&whole, part.metrics()), rows(&copy));
            let metrics = |frame: &Frame| frame.metrics().map(|metric| metric.name().to_owned()).collect::<Vec<_>>();
            let seen: Vec<String> = part.metrics().map(|metric| metric.name().to_owned()).collect();
            prop_assert_eq!(seen, metrics(&copy));
        }
        let together: Vec<String> = parts.iter().flat_map(|part| rows(&part.to_frame())).collect();
        prop_assert_eq!(&together, &rows(&whole));
    }

    #[test]
    fn what_is_left_of_a_frame_is_all_but_its_first_points(
        shape in vec(vec(vec((any::<u8>(), 0_u8..7), 0..4), 0..3), 0..3),
        first in 0_usize..40,
    ) {
        let whole = frame(&shape);
        let first = first.min(whole.point_count());
        let left = whole.clone().without_first(first);
        prop_assert!(is_valid(&left));
        let expected = rows(&whole).split_off(first);
        prop_assert_eq!(rows(&left), expected);
    }
}

#[test]
fn parts_that_do_not_fit_are_halved_and_together_the_frame() {
    let whole = frame(&vec![vec![vec![(2, 3), (0, 0), (3, 6)]], vec![vec![(1, 5)]]]);
    let of_last =
        |part: Part<'_>| part.metrics().any(|metric| metric.name() == whole.metrics().last().unwrap().name());
    let fit = |part: Part<'_>| part.point_count() <= if of_last(part) { 2 } else { 4 };
    let parts: Vec<Part<'_>> = whole.parts_that(NonZeroUsize::new(8).unwrap(), fit).collect();
    let counts: Vec<usize> = parts.iter().map(Part::point_count).collect();
    assert_eq!(counts, [4, 4, 1, 2, 1, 2]);
    let together: Vec<String> = parts.iter().flat_map(|part| rows(&part.to_frame())).collect();
    assert_eq!(together, rows(&whole));
    assert_eq!(whole.parts_that(NonZeroUsize::MAX, |_| false).count(), whole.point_count());
}

#[test]
fn n5_a_frame_that_is_small_enough_is_its_own_batch_and_an_empty_one_has_none() {
    let whole = frame(&vec![vec![vec![(2, 3), (0, 0), (3, 2)]]]);
    let parts: Vec<Part<'_>> = whole.parts(NonZeroUsize::new(5).unwrap()).collect();
    let [part] = parts.as_slice() else { panic!("{parts:?}") };
    assert!(std::ptr::eq(&*part.to_frame(), &raw const whole), "it is not copied");
    assert_eq!(part.metrics().len(), 3);
    assert_eq!(Frame::default().parts(NonZeroUsize::MIN).count(), 0);
}
