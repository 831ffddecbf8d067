//! What is written through the builder is what is read, and interning keeps the tables small.

use super::*;
use crate::{Attributes, Number, Temporality, Timestamp, Value, ValueRef};

fn sum(name: &str) -> MetricRow<'_> {
    MetricRow {
        name,
        description: "",
        unit: "1",
        kind: PointKind::Sum,
        temporality: Some(Temporality::Cumulative),
        monotonic: true,
    }
}

#[test]
fn rows_read_back_as_written_and_tables_are_interned() {
    let mut builder = FrameBuilder::new();
    let none = builder.set([]);
    let service = builder.set([("service.name", ValueRef::String("shop"))]);
    builder.resource(service, "https://schema", 2);
    builder.scope("shop.http", "1.0", "", none, 0);
    let get: Attributes = [("method", Value::from("GET")), ("code", Value::Int(200))].into_iter().collect();
    for name in ["a", "b"] {
        builder.metric(sum(name), none);
        let attributes = builder.attributes(&get);
        let header = PointHeader {
            attributes,
            start: Timestamp::from_secs(1),
            time: Timestamp::from_secs(2),
            flags: 0,
        };
        builder.exemplar(ExemplarRow {
            attributes: none,
            time: Timestamp::from_secs(2),
            value: Some(Number::Double(0.5)),
            trace_id: 7,
            span_id: 8,
        });
        builder.number(NumberRow { header, value: Some(Number::Int(3)) });
    }
    let frame = builder.finish();

    assert_eq!(frame.point_count(), 2);
    assert_eq!(frame.sets.offsets.len(), 3, "no attributes, the resource's and one shared by both points");
    let names: Vec<_> = frame.metrics().map(|metric| metric.name()).collect();
    assert_eq!(names, ["a", "b"]);
    for metric in frame.metrics() {
        let point = metric.numbers().next().unwrap();
        assert_eq!(point.value, Some(Number::Int(3)));
        assert_eq!(frame.attributes(point.point.attributes()), (get.clone(), 0));
        assert_eq!(point.point.exemplars().next().unwrap().trace_id, 7);
        assert_eq!(point.point.exemplars().len(), 1);
        let resource = metric.scope().resource();
        assert_eq!((resource.schema_url(), resource.dropped_attributes()), ("https://schema", 2));
        let service: Vec<_> = frame.pairs(resource.attributes()).collect();
        assert_eq!(service, [("service.name", ValueRef::String("shop"))]);
    }
}

#[test]
fn a_point_of_another_kind_than_its_metric_is_not_added() {
    let mut builder = FrameBuilder::new();
    let none = builder.set([]);
    builder.resource(none, "", 0);
    builder.scope("", "", "", none, 0);
    builder.metric(sum("a"), none);
    builder.histogram(HistogramRow::default());
    assert_eq!(builder.finish().point_count(), 0);
}

#[test]
fn values_of_every_case_survive_to_the_bit() {
    let mut builder = FrameBuilder::new();
    let values = [
        ValueRef::Empty,
        ValueRef::Bool(true),
        ValueRef::Int(-5),
        ValueRef::Double(-0.0),
        ValueRef::Double(0.0),
        ValueRef::String("x"),
        ValueRef::Bytes(b"x"),
        ValueRef::Nested("x"),
        ValueRef::Bytes(b""),
    ];
    let ids: Vec<_> = values.iter().map(|value| builder.value(*value)).collect();
    let again: Vec<_> = values.iter().map(|value| builder.value(*value)).collect();
    assert_eq!(ids, again);
    let frame = builder.finish();
    for (id, value) in ids.iter().zip(values) {
        let read = frame.values.get(*id, &frame.strings);
        assert_eq!(format!("{read:?}"), format!("{value:?}"));
    }
}
