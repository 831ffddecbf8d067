//! What is copied reads as what it was copied from.

use super::*;
use crate::{EntityRef, EntityRefs, Number, Temporality, Timestamp, ValueRef};

fn metric(name: &str, kind: PointKind) -> MetricRow<'_> {
    let temporality = Some(Temporality::Delta);
    MetricRow { name, description: "text", unit: "1", kind, temporality, monotonic: true }
}

fn entities(entity_type: &str) -> EntityRefs {
    let entity = EntityRef { entity_type: entity_type.into(), ..EntityRef::default() };
    [entity].into_iter().collect()
}

/// A frame of two resources with points of every kind, told apart by the attribute `n`.
fn frame(first_resource: &str) -> Frame {
    let mut builder = FrameBuilder::new();
    let none = builder.set([]);
    let mut number = 0;
    for (resource, scope) in [(first_resource, "one"), (first_resource, "two"), ("last", "one")] {
        if scope == "one" {
            let service = builder.set([("service.name", ValueRef::String(resource))]);
            builder.resource(service, "schema", 3);
            builder.entities(&entities(resource));
        }
        builder.scope(scope, "1.0", "schema", none, 4);
        for kind in [
            PointKind::Gauge,
            PointKind::Sum,
            PointKind::Histogram,
            PointKind::ExponentialHistogram,
            PointKind::Summary,
        ] {
            let metadata = builder.set([("prometheus.type", ValueRef::String("info"))]);
            builder.metric(metric("name", kind), metadata);
            for _ in 0..2 {
                number += 1;
                let attributes = builder.set([("n", ValueRef::Int(number))]);
                let (start, time) = (Timestamp(1), Timestamp(number.unsigned_abs()));
                let header = PointHeader { attributes, start, time, flags: 1 };
                builder.exemplar(ExemplarRow {
                    attributes,
                    time,
                    value: Some(Number::Double(0.5)),
                    trace_id: 7,
                    span_id: 8,
                });
                let (sum, min, max) = (Some(2.0), None, Some(1.5));
                match kind {
                    PointKind::Gauge | PointKind::Sum => {
                        builder.number(NumberRow { header, value: Some(Number::Int(number)) });
                    }
                    PointKind::Histogram => {
                        let (bounds, counts) = (&[1.0, 2.0][..], &[1, 2, 3][..]);
                        builder.histogram(HistogramRow { header, count: 6, sum, min, max, bounds, counts });
                    }
                    PointKind::ExponentialHistogram => builder.exponential(ExponentialRow {
                        header,
                        count: 6,
                        sum,
                        min,
                        max,
                        scale: 3,
                        zero_count: 1,
                        zero_threshold: 0.25,
                        positive: (-2, (&[1, 2]).into()),
                        negative: (5, (&[2]).into()),
                    }),
                    _ => {
                        let quantiles = &[(0.5, 1.0), (0.9, 3.0)];
                        builder.summary(SummaryRow { header, count: 6, sum: 2.0, quantiles });
                    }
                }
            }
        }
    }
    builder.finish()
}

/// Everything that can be read of a point, in words.
fn points(frame: &Frame) -> Vec<String> {
    let of = |metric: MetricRef<'_>, point: PointRef<'_>, rest: String| {
        let (scope, resource) = (metric.scope(), metric.scope().resource());
        let owner = format!(
            "{:?} {} {} {:?} | {} {} {} {}",
            frame.pairs(resource.attributes()).collect::<Vec<_>>(),
            resource.schema_url(),
            resource.dropped_attributes(),
            resource.entities(),
            scope.name(),
            scope.version(),
            scope.schema_url(),
            scope.dropped_attributes()
        );
        let what = format!(
            "{} {} {} {:?} {:?} {} {:?}",
            metric.name(),
            metric.description(),
            metric.unit(),
            metric.kind(),
            metric.temporality(),
            metric.monotonic(),
            frame.pairs(metric.metadata()).collect::<Vec<_>>()
        );
        let exemplars: Vec<_> = point
            .exemplars()
            .map(|row| (row.time, row.value, row.trace_id, row.span_id, format!("{:?}", row.pairs().next())))
            .collect();
        let header = (point.pairs().collect::<Vec<_>>(), point.start(), point.time(), point.flags());
        format!("{owner} | {what} | {header:?} {exemplars:?} | {rest}")
    };
    let mut all = Vec::new();
    for metric in frame.metrics() {
        all.extend(metric.numbers().map(|row| of(metric, row.point, format!("{:?}", row.value))));
        all.extend(metric.histograms().map(|row| {
            let rest = (row.count, row.sum, row.min, row.max, row.bounds, row.counts);
            of(metric, row.point, format!("{rest:?}"))
        }));
        all.extend(metric.exponentials().map(|row| {
            let zero = (row.scale, row.zero_count, row.zero_threshold, row.positive, row.negative);
            of(metric, row.point, format!("{:?} {zero:?}", (row.count, row.sum, row.min, row.max)))
        }));
        all.extend(metric.summaries().map(|row| {
            of(metric, row.point, format!("{:?}", (row.count, row.sum, row.quantiles, row.quantile_values)))
        }));
    }
    all
}

#[test]
fn a_copy_has_everything_of_every_point() {
    let original = frame("shop");
    let mut copy = FrameBuilder::new();
    copy.append(&original, |_, _| true);
    let copy = copy.finish();
    assert_eq!(points(&copy), points(&original));
    assert_eq!(copy.point_count(), 30);
    assert_eq!((copy.resources.attributes.len(), copy.scopes.name.len()), (2, 3));
}

#[test]
fn frames_are_joined_where_one_ends_as_the_other_begins() {
    let (one, other) = (frame("shop"), frame("last"));
    let mut both = FrameBuilder::new();
    both.append(&one, |_, _| true);
    both.append(&other, |_, _| true);
    let both = both.finish();
    assert_eq!(points(&both), [points(&one), points(&other)].concat());
    // All of the second frame is of the resource that the first one ends with, and its first scope is the same, too.
    assert_eq!(both.resources.attributes.len(), 2);
    assert_eq!(both.scopes.resource, [0, 0, 1, 1, 1]);
}

#[test]
fn a_resource_that_goes_on_has_the_entities_that_were_told_last() {
    let told = |told: &EntityRefs| {
        let mut frame = frame("last");
        frame.resources.entities.iter_mut().for_each(|entities| *entities = told.clone());
        frame
    };
    let (none, one, other) = (EntityRefs::NONE, entities("one"), entities("other"));
    for (first, second, expected) in
        [(&none, &one, &one), (&one, &none, &one), (&one, &other, &other), (&none, &none, &none)]
    {
        let mut both = FrameBuilder::new();
        both.append(&told(first), |_, _| true);
        both.append(&told(second), |_, _| true);
        let both = both.finish();
        assert_eq!(
            both.resources.entities.iter().collect::<Vec<_>>(),
            [expected],
            "{first:?}, then {second:?}"
        );
    }
}

#[test]
fn what_is_left_out_leaves_no_empty_metric_scope_or_resource() {
    let original = frame("shop");
    let odd = |point: PointRef<'_>| point.time().0 % 2 == 1;
    let mut part = FrameBuilder::new();
    part.append(&original, |metric, point| {
        metric.scope().name() == "two" && metric.kind() != PointKind::Sum && odd(point)
    });
    let part = part.finish();
    let kept: Vec<_> =
        points(&original).into_iter().enumerate().filter(|(at, _)| [10, 14, 16, 18].contains(at)).collect();
    assert_eq!(points(&part), kept.into_iter().map(|(_, point)| point).collect::<Vec<_>>());
    assert_eq!(part.exemplars.time.len(), 4);
    assert_eq!((part.resources.attributes.len(), part.scopes.name.len(), part.metrics.name.len()), (1, 1, 4));
}
