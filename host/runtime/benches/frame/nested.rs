//! The other shapes: nested records, and OTLP bytes.

use std::path::Path;

use prost::Message;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use super::Rows;
use super::points::{NAME, Row, START, TIME, UNIT, Value, rows_key};

#[path = "../guests/otlp/src/messages.rs"]
mod messages;

mod bindings {
    pub(super) mod records {
        wasmtime::component::bindgen!({ path: "benches/guests/shapes.wit", world: "records" });
    }
    pub(super) mod otlp {
        wasmtime::component::bindgen!({ path: "benches/guests/shapes.wit", world: "otlp" });
    }
}

use bindings::records::bench::frame::shapes;
use shapes::Metric;

/// Compiles as the host does.
pub(crate) fn engine() -> Engine {
    Engine::default()
}

fn component(engine: &Engine, file: &Path) -> Component {
    Component::from_file(engine, file).expect("the component is built")
}

/// The component over nested records.
pub(crate) struct Records {
    store: Store<()>,
    instance: bindings::records::Records,
}

impl Records {
    pub(crate) fn load(engine: &Engine, file: &Path) -> Self {
        let mut store = Store::new(engine, ());
        let component = component(engine, file);
        let instance = bindings::records::Records::instantiate(&mut store, &component, &Linker::new(engine));
        Self { instance: instance.expect("it imports nothing"), store }
    }

    pub(crate) fn read(&mut self, metrics: &[Metric]) -> f64 {
        self.instance.call_read(&mut self.store, metrics).expect("it does not trap")
    }

    pub(crate) fn remove(&mut self, metrics: &[Metric]) -> Vec<Metric> {
        self.instance.call_remove(&mut self.store, metrics, super::KEY).expect("it does not trap")
    }
}

/// The component over OTLP bytes.
pub(crate) struct Otlp {
    store: Store<()>,
    instance: bindings::otlp::Otlp,
}

impl Otlp {
    pub(crate) fn load(engine: &Engine, file: &Path) -> Self {
        let mut store = Store::new(engine, ());
        let component = component(engine, file);
        let instance = bindings::otlp::Otlp::instantiate(&mut store, &component, &Linker::new(engine));
        Self { instance: instance.expect("it imports nothing"), store }
    }

    pub(crate) fn read(&mut self, request: &[u8]) -> f64 {
        self.instance.call_read(&mut self.store, request).expect("it does not trap")
    }

    pub(crate) fn remove(&mut self, request: &[u8]) -> Vec<u8> {
        self.instance.call_remove(&mut self.store, request, super::KEY).expect("it does not trap")
    }
}

/// The rows as nested records.
pub(crate) fn records(rows: &Rows) -> Vec<Metric> {
    let attribute = |(key, value): &(&str, Value)| shapes::Attribute {
        key: (*key).to_owned(),
        value: match value {
            Value::Int(int) => shapes::Value::Integer(*int),
            Value::Text(text) => shapes::Value::Text(text.clone()),
        },
    };
    let point = |row: &Row| shapes::Point {
        attributes: row.attributes.iter().map(attribute).collect(),
        start: START,
        time: TIME,
        value: row.value,
    };
    vec![Metric { name: NAME.to_owned(), unit: UNIT.to_owned(), points: rows.iter().map(point).collect() }]
}

/// The rows of nested records.
pub(crate) fn of_records(metrics: &[Metric]) -> Rows {
    let attribute = |attribute: &shapes::Attribute| {
        let value = match &attribute.value {
            shapes::Value::Integer(int) => Value::Int(*int),
            shapes::Value::Text(text) => Value::Text(text.clone()),
        };
        (rows_key(&attribute.key), value)
    };
    let row = |point: &shapes::Point| Row {
        attributes: point.attributes.iter().map(attribute).collect(),
        value: point.value,
    };
    metrics.iter().flat_map(|metric| &metric.points).map(row).collect()
}

/// The rows as an OTLP request.
pub(crate) fn otlp(rows: &Rows) -> Vec<u8> {
    let attribute = |(key, value): &(&str, Value)| messages::KeyValue {
        key: (*key).to_owned(),
        value: Some(messages::AnyValue {
            value: Some(match value {
                Value::Int(int) => messages::Value::Int(*int),
                Value::Text(text) => messages::Value::String(text.clone()),
            }),
        }),
    };
    let point = |row: &Row| messages::NumberDataPoint {
        start_time_unix_nano: START,
        time_unix_nano: TIME,
        as_double: Some(row.value),
        attributes: row.attributes.iter().map(attribute).collect(),
    };
    let gauge = messages::Gauge { data_points: rows.iter().map(point).collect() };
    let metric = messages::Metric { name: NAME.to_owned(), unit: UNIT.to_owned(), gauge: Some(gauge) };
    let scope_metrics = vec![messages::ScopeMetrics { metrics: vec![metric] }];
    let resource_metrics = vec![messages::ResourceMetrics { scope_metrics }];
    messages::Request { resource_metrics }.encode_to_vec()
}
