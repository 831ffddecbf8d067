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

/// The frame with all of its sets kept instead of interned.
fn with_kept_sets(frame: &Frame) -> Frame {
    let mut kept = FrameBuilder::new();
    let ids: Vec<SetId> =
        (0..frame.sets.len() as u32).map(|row| kept.kept(&frame.attributes(SetId(row)).0)).collect();
    let tables = kept.finish();
    let mut frame = Frame { sets: tables.sets, ..frame.clone() };
    for column in frame.set_columns() {
        column.iter_mut().for_each(|set| *set = ids[set.0 as usize]);
    }
    frame
}

#[test]
fn what_was_written_apart_is_put_together_as_if_it_had_been_one() {
    let (one, other) = (frame("shop"), frame("last"));
    let mut expected = FrameBuilder::new();
    expected.append(&one, |_, _| true);
    expected.append(&other, |_, _| true);
    let expected = expected.finish();
    for (kept, other_kept) in [(false, false), (false, true), (true, false), (true, true)] {
        let given = |frame: &Frame, kept| if kept { with_kept_sets(frame) } else { frame.clone() };
        let mut both = FrameBuilder::new();
        both.join(given(&one, kept));
        both.join(given(&other, other_kept));
        both.join(Frame::default());
        let both = both.finish();
        assert_eq!(points(&both), points(&expected));
        assert_eq!(both.resources.entities, expected.resources.entities);
        assert_eq!(both.scopes.resource, expected.scopes.resource);
        assert_eq!(both.is_interned(), !kept && !other_kept);
        both.check().unwrap();
    }
}

#[test]
fn points_may_follow_what_was_joined() {
    let mut both = FrameBuilder::new();
    both.join(frame("shop"));
    both.append(&frame("last"), |_, _| true);
    let mut expected = FrameBuilder::new();
    expected.append(&frame("shop"), |_, _| true);
    expected.append(&frame("last"), |_, _| true);
    assert_eq!(points(&both.finish()), points(&expected.finish()));
}

#[test]
fn kept_sets_read_as_interned_ones_and_become_them() {
    let interned = frame("shop");
    let kept = with_kept_sets(&interned);
    assert!(interned.is_interned() && !kept.is_interned());
    assert_eq!(points(&kept), points(&interned));
    assert_eq!(kept.interned().as_ref(), &interned);
    assert_ne!(kept, interned);
    assert_eq!(kept, with_kept_sets(&interned));
    assert_ne!(kept, with_kept_sets(&frame("other")));
    // Copies are as what they are copied from.
    let mut copy = FrameBuilder::new();
    copy.append(&kept, |_, _| true);
    let copy = copy.finish();
    assert!(!copy.is_interned() && points(&copy) == points(&interned));
    assert_eq!((copy.resources.attributes.len(), copy.scopes.name.len()), (2, 3));
    let parts = kept.parts(std::num::NonZeroUsize::MIN).map(|part| part.to_frame().into_owned());
    let parts: Vec<_> = parts.flat_map(|part| points(&part.into_interned())).collect();
    assert_eq!(parts, points(&interned));
}

#[test]
fn a_kept_set_that_comes_twice_in_a_row_is_kept_once() {
    let set = |value: i64| crate::Attributes::from_iter([("n", value)]);
    let (one, other) = (set(1), set(2));
    let mut builder = FrameBuilder::new();
    let none = crate::Attributes::empty();
    let ids = [&one, &one.clone(), &other, &one, &none, &none].map(|set| builder.kept(set).0);
    assert_eq!(ids, [0, 0, 1, 2, 3, 3]);
    let interned = builder.attributes(&other);
    assert_eq!((interned, builder.kept(&other)), (SetId(4), SetId(4)), "the last one, which is interned");
    let frame = builder.finish();
    let pairs = |row| frame.pairs(SetId(row)).rev().collect::<Vec<_>>();
    assert_eq!(pairs(1), [("n", ValueRef::Int(2))]);
    assert_eq!((pairs(2), pairs(3), pairs(4)), (pairs(0), vec![], pairs(1)));
    assert_eq!(frame.interned().sets.len(), 3);
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
