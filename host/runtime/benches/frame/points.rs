//! The points of the bench, in the shape all others are made of and compared in.

use wasmeter_model::frame::{Frame, FrameBuilder, MetricRow, NumberRow, PointHeader, PointKind, SetId};
use wasmeter_model::{Number, Timestamp, ValueRef};

use super::Rows;

pub(crate) const POINTS: usize = 10_000;
/// The attribute that is removed.
pub(crate) const KEY: &str = "server.address";
pub(crate) const NAME: &str = "http.server.active_requests";
pub(crate) const UNIT: &str = "{request}";
pub(crate) const START: u64 = 1_700_000_000_000_000_000;
pub(crate) const TIME: u64 = START + 60_000_000_000;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Int(i64),
    Text(String),
}

/// A point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) attributes: Vec<(&'static str, Value)>,
    pub(crate) value: f64,
}

/// Distinct series, as a busy service has them.
pub(crate) fn rows() -> Rows {
    let methods = ["GET", "POST", "PUT", "DELETE"];
    let row = |number: usize| Row {
        attributes: vec![
            ("http.request.method", Value::Text(methods[number % 4].to_owned())),
            ("http.response.status_code", Value::Int(200 + (number / 4 % 5) as i64)),
            ("http.route", Value::Text(format!("/orders/{}/{{id}}", number / 20 % 50))),
            (KEY, Value::Text(format!("shop-{}.example.com", number % 30))),
            ("user.id", Value::Text(format!("user-{number:05}"))),
        ],
        value: number as f64 / 8.0,
    };
    (0..POINTS).map(row).collect()
}

/// The same without the attribute.
pub(crate) fn removed(rows: &Rows) -> Rows {
    let mut rows = rows.clone();
    rows.iter_mut().for_each(|row| row.attributes.retain(|(key, _)| *key != KEY));
    rows
}

/// As one gauge.
pub(crate) fn frame(rows: &Rows) -> Frame {
    let set = |frame: &mut FrameBuilder, row: &Row| frame.set(attributes(row));
    frame_of(rows, set)
}

/// As the engine collects it: with its own sets.
pub(crate) fn collected(rows: &Rows) -> Frame {
    frame_of(rows, |frame, row| frame.kept(&attributes(row).collect()))
}

fn attributes(row: &Row) -> impl Iterator<Item = (&str, ValueRef<'_>)> {
    row.attributes.iter().map(|(key, value)| match value {
        Value::Int(int) => (*key, ValueRef::Int(*int)),
        Value::Text(text) => (*key, ValueRef::String(text)),
    })
}

fn frame_of(rows: &Rows, set: impl Fn(&mut FrameBuilder, &Row) -> SetId) -> Frame {
    let mut frame = FrameBuilder::new();
    let none = frame.set([]);
    frame.resource(none, "", 0);
    frame.scope("", "", "", none, 0);
    let row = MetricRow {
        name: NAME,
        description: "",
        unit: UNIT,
        kind: PointKind::Gauge,
        temporality: None,
        monotonic: false,
    };
    frame.metric(row, none);
    for row in rows {
        let attributes = set(&mut frame, row);
        let header = PointHeader { attributes, start: Timestamp(START), time: Timestamp(TIME), flags: 0 };
        frame.number(NumberRow { header, value: Some(Number::Double(row.value)) });
    }
    frame.finish()
}

/// The points of a frame.
pub(crate) fn of_frame(frame: &Frame) -> Rows {
    let numbers = frame.metrics().flat_map(|metric| metric.numbers());
    numbers
        .map(|number| Row {
            attributes: number
                .point
                .pairs()
                .map(|(key, value)| match value {
                    ValueRef::Int(int) => (rows_key(key), Value::Int(int)),
                    ValueRef::String(text) => (rows_key(key), Value::Text(text.to_owned())),
                    other => panic!("found {other:?}"),
                })
                .collect(),
            value: match number.value {
                Some(Number::Double(value)) => value,
                other => panic!("found {other:?}"),
            },
        })
        .collect()
}

/// A key as the rows have it.
pub(crate) fn rows_key(key: &str) -> &'static str {
    ["http.request.method", "http.response.status_code", "http.route", KEY, "user.id"]
        .into_iter()
        .find(|known| *known == key)
        .unwrap_or_else(|| panic!("no point has `{key}`"))
}
