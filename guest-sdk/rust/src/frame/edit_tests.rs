//! Edits of whole tables yield what writing the same rows anew does.

use std::collections::HashSet;

use super::*;
use crate::{Attributes, Scope, Value};

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// Some of a few keys, so that sets are often equal without one, and values of every kind.
    fn attributes(&mut self) -> Attributes {
        let mut attributes = Vec::new();
        for key in ["größe", "host", "method", "user.id", "user.name"] {
            let number = self.below(12);
            let value = match self.below(8) {
                0 | 1 => continue,
                2 => Value::Int(number as i64),
                3 => Value::Bytes(vec![number as u8; 2]),
                4 => Value::Double(number as f64),
                5 => Value::Nested(format!("{{\"intValue\":\"{number}\"}}")),
                6 => Value::Text(key.to_owned()),
                _ => Value::Text(format!("{key}-日本-{number}")),
            };
            attributes.push((key, value));
        }
        attributes.into_iter().collect()
    }
}

/// A frame of many sets; `attributes` says what becomes of each.
fn frame(seed: u64, mut attributes: impl FnMut(Attributes) -> Attributes) -> Frame {
    let mut numbers = Numbers(seed);
    let mut frame = FrameBuilder::new();
    for name in ["größe", "requests"] {
        let resource = Resource { attributes: attributes(numbers.attributes()), ..Resource::default() };
        frame.resource(&resource);
        frame.scope(&Scope { attributes: attributes(numbers.attributes()), ..Scope::default() }, 0);
        frame.metric(&Metric {
            name: name.to_owned(),
            description: String::new(),
            unit: "1".to_owned(),
            kind: MetricKind::Gauge,
            temporality: Temporality::Unspecified,
            monotonic: false,
            metadata: attributes(numbers.attributes()),
        });
        for _ in 0..numbers.below(60) {
            let value = Number::Int(numbers.below(100) as i64);
            let exemplar = Exemplar {
                attributes: attributes(numbers.attributes()),
                time: 1,
                value: Some(value),
                trace_id: 0,
                span_id: 0,
            };
            frame.point(&Point {
                attributes: attributes(numbers.attributes()),
                start: 0,
                time: 1,
                flags: 0,
                data: PointData::Number(Some(value)),
                exemplars: if numbers.below(4) == 0 { vec![exemplar] } else { Vec::new() },
            });
        }
    }
    frame.finish()
}

type Row<'a> = (Resource, Scope, Metric, Vec<Point<'a>>);

fn rows(frame: &Frame) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for metric in frame.metrics() {
        let scope = metric.scope();
        let points = metric.points().map(|point| point.to_point()).collect();
        rows.push((scope.resource().to_resource(), scope.to_scope(), metric.to_metric(), points));
    }
    rows
}

/// Every row is there once and is referred to, as the plugin contract has it and removal needs.
fn assert_tables_hold_nothing_else(frame: &Frame, rewritten: &Frame) {
    let (tables, expected) = (&frame.tables, &rewritten.tables);
    let distinct = |items: Vec<String>, what: &str| {
        let count = items.len();
        assert_eq!(items.into_iter().collect::<HashSet<_>>().len(), count, "{what}");
    };
    let strings = tables.text_ends.len() as u32;
    distinct((0..strings).map(|row| tables.string(row).to_owned()).collect(), "strings");
    let values = tables.tags.len() as u32;
    distinct((0..values).map(|row| format!("{:?}", tables.value(row))).collect(), "values");
    let sets = tables.set_ends.len() as u32;
    let pairs = |row| format!("{:?}", tables.set(row).iter().collect::<Vec<_>>());
    distinct((0..sets).map(pairs).collect(), "sets");
    assert_eq!(tables.set_ends.len(), expected.set_ends.len());
    assert_eq!(tables.tags.len(), expected.tags.len());
    assert_eq!(tables.text_ends.len(), expected.text_ends.len());
    assert_eq!(tables.text.len(), expected.text.len());
    assert_eq!(tables.blob_ends.len(), expected.blob_ends.len());
}

fn without(attributes: Attributes, goes: impl Fn(&str) -> bool) -> Attributes {
    let kept = attributes.iter().filter(|(key, _)| !goes(key));
    kept.map(|(key, value)| (key, value.clone())).collect()
}

#[test]
fn removing_yields_what_was_never_written() {
    type Goes = fn(&str) -> bool;
    let removals: [(&str, Goes); 4] = [
        ("one", |key| key == "host"),
        ("two", |key| key.starts_with("user.")),
        ("not ASCII", |key| key == "größe"),
        ("all", |_| true),
    ];
    for seed in 0..40 {
        for (name, goes) in removals {
            let mut edited = frame(seed, |attributes| attributes);
            assert!(edited.remove_attributes(goes), "{name}, {seed}");
            let expected = frame(seed, |attributes| without(attributes, goes));
            assert_eq!(rows(&edited), rows(&expected), "{name}, {seed}");
            assert_tables_hold_nothing_else(&edited, &expected);
            assert!(!edited.remove_attributes(goes), "{name}, {seed}");

            let mut asked = frame(seed, |attributes| attributes);
            asked.edit_attributes(|key, _| if goes(key) { Edit::Remove } else { Edit::Keep });
            assert_eq!(asked, edited, "{name}, {seed}");
        }
    }
}

#[test]
fn replacing_yields_what_the_new_values_would_have_been() {
    let new = |key: &str, value: &Value| match (key, value) {
        ("host", _) => None,
        (_, Value::Int(number)) if number % 2 == 0 => Some(Value::Text("even".to_owned())),
        (_, Value::Bytes(_)) => Some(Value::Bytes(vec![7])),
        (key, Value::Text(text)) if key == text => Some(Value::Int(1)),
        (_, value) => Some(value.clone()),
    };
    for seed in 0..40 {
        let mut edited = frame(seed, |attributes| attributes);
        edited.edit_attributes(|key, value| match new(key, &value.to_value()) {
            None => Edit::Remove,
            Some(new) if new == value.to_value() => Edit::Keep,
            Some(new) => Edit::Replace(new),
        });
        let replaced = |attributes: Attributes| {
            attributes.iter().filter_map(|(key, value)| Some((key, new(key, value)?))).collect()
        };
        let expected = frame(seed, replaced);
        assert_eq!(rows(&edited), rows(&expected), "{seed}");
        assert_tables_hold_nothing_else(&edited, &expected);
    }
}

#[test]
fn removing_what_is_not_there_leaves_the_frame_as_it_is() {
    let mut edited = frame(1, |attributes| attributes);
    let mut asked = Vec::new();
    assert!(!edited.remove_attributes(|key| {
        asked.push(key.to_owned());
        false
    }));
    assert_eq!(edited, frame(1, |attributes| attributes));
    asked.sort();
    assert_eq!(asked, ["größe", "host", "method", "user.id", "user.name"], "each once");
}

#[test]
fn points_whose_attributes_differ_in_nothing_but_their_order_are_one_series() {
    let mut edited = FrameBuilder::new();
    edited.resource(&Resource::default());
    edited.scope(&Scope::default(), 0);
    edited.metric(&Metric {
        name: "requests".to_owned(),
        description: String::new(),
        unit: "1".to_owned(),
        kind: MetricKind::Sum,
        temporality: Temporality::Delta,
        monotonic: true,
        metadata: Attributes::new(),
    });
    for user in 1..=2 {
        edited.point(&Point {
            attributes: [("code", 200), ("route", 1), ("user", user)].into_iter().collect(),
            start: 0,
            time: 1,
            flags: 0,
            data: PointData::Number(Some(Number::Int(user))),
            exemplars: Vec::new(),
        });
    }
    let mut edited = edited.finish();
    // As a plugin before this one may have left it.
    let last = edited.tables.keys.len() - 1;
    edited.tables.keys.swap(last, last - 2);
    edited.tables.values.swap(last, last - 2);
    assert!(edited.remove_attributes(|key| key == "user"));
    assert_eq!(edited.merge_points(), Merged { merged: 1, dropped: 0 });
    let points: Vec<_> = rows(&edited).remove(0).3;
    let [point] = &points[..] else { panic!("{points:?}") };
    assert_eq!(point.attributes, [("code", 200), ("route", 1)].into_iter().collect());
    assert_eq!(point.data, PointData::Number(Some(Number::Int(3))));
}

#[test]
fn the_values_of_numbers_are_there_without_their_points() {
    let frame = frame(3, |attributes| attributes);
    for metric in frame.metrics() {
        let data = metric.points().map(|point| point.data());
        assert!(metric.numbers().map(PointData::Number).eq(data));
    }
}
