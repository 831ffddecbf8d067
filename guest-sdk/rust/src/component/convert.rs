//! Between the contract's types and this crate's; every conversion is by value and total.

use super::bindings::lifecycle::exports::wasmeter::plugin::lifecycle;
use super::bindings::lifecycle::wasmeter::plugin::host;
use super::bindings::view::exports::wasmeter::plugin::views;
use super::bindings::view::wasmeter::plugin::types;
use crate::{
    Aggregation, AttributeRule, Attributes, Combine, Instrument, InstrumentKind, Level, NumberKind, Origin,
    Pattern, PluginInfo, Problem, Scope, Stream, Value,
};

pub(super) fn level(level: Level) -> host::Level {
    match level {
        Level::Trace => host::Level::Trace,
        Level::Debug => host::Level::Debug,
        Level::Info => host::Level::Info,
        Level::Warn => host::Level::Warn,
        Level::Error => host::Level::Error,
    }
}

pub(super) fn info(info: PluginInfo) -> lifecycle::PluginInfo {
    lifecycle::PluginInfo {
        name: info.name.to_owned(),
        version: info.version.to_owned(),
        description: info.description.to_owned(),
        config_schema: info.config_schema.to_owned(),
        capabilities: Vec::new(),
    }
}

pub(super) fn problem(problem: Problem) -> lifecycle::Problem {
    lifecycle::Problem { path: problem.path, message: problem.message }
}

fn value(value: types::Value) -> Value {
    match value {
        types::Value::Empty => Value::Empty,
        types::Value::Boolean(truth) => Value::Bool(truth),
        types::Value::Int(int) => Value::Int(int),
        types::Value::Double(double) => Value::Double(double),
        types::Value::Text(text) => Value::Text(text),
        types::Value::Bytes(bytes) => Value::Bytes(bytes),
        types::Value::Nested(text) => Value::Nested(text),
    }
}

fn value_back(value: Value) -> types::Value {
    match value {
        Value::Empty => types::Value::Empty,
        Value::Bool(truth) => types::Value::Boolean(truth),
        Value::Int(int) => types::Value::Int(int),
        Value::Double(double) => types::Value::Double(double),
        Value::Text(text) => types::Value::Text(text),
        Value::Bytes(bytes) => types::Value::Bytes(bytes),
        Value::Nested(text) => types::Value::Nested(text),
    }
}

pub(super) fn attributes(attributes: Vec<types::Attribute>) -> Attributes {
    attributes.into_iter().map(|attribute| (attribute.key, value(attribute.value))).collect()
}

pub(super) fn attribute_list(attributes: Attributes) -> Vec<types::Attribute> {
    let back = |(key, value)| types::Attribute { key, value: value_back(value) };
    attributes.into_iter().map(back).collect()
}

pub(super) fn instrument(instrument: types::Instrument) -> Instrument {
    Instrument {
        name: instrument.name,
        description: instrument.description,
        unit: instrument.unit,
        kind: match instrument.kind {
            types::InstrumentKind::Counter => InstrumentKind::Counter,
            types::InstrumentKind::UpDownCounter => InstrumentKind::UpDownCounter,
            types::InstrumentKind::Histogram => InstrumentKind::Histogram,
            types::InstrumentKind::Gauge => InstrumentKind::Gauge,
            types::InstrumentKind::ObservableCounter => InstrumentKind::ObservableCounter,
            types::InstrumentKind::ObservableUpDownCounter => InstrumentKind::ObservableUpDownCounter,
            types::InstrumentKind::ObservableGauge => InstrumentKind::ObservableGauge,
        },
        number: match instrument.number {
            types::NumberKind::Int => NumberKind::Int,
            types::NumberKind::Double => NumberKind::Double,
        },
        origin: match instrument.origin {
            types::Origin::Recorded => Origin::Recorded,
            types::Origin::Received => Origin::Received,
            types::Origin::Observed => Origin::Observed,
        },
        scope: Scope {
            name: instrument.scope.name,
            version: instrument.scope.version,
            schema_url: instrument.scope.schema_url,
            attributes: attributes(instrument.scope.attributes),
        },
        resource_attributes: attributes(instrument.resource_attributes),
        resource_schema_url: instrument.resource_schema_url,
        advisory_boundaries: instrument.advisory_boundaries,
        advisory_attributes: instrument.advisory_attributes,
    }
}

fn aggregation(aggregation: Aggregation) -> views::Aggregation {
    match aggregation {
        Aggregation::Default => views::Aggregation::Default,
        Aggregation::Drop => views::Aggregation::Drop,
        Aggregation::Sum => views::Aggregation::Sum,
        Aggregation::LastValue => views::Aggregation::LastValue,
        Aggregation::ExplicitBucketHistogram { boundaries, record_min_max } => {
            views::Aggregation::ExplicitBucketHistogram(views::ExplicitBuckets { boundaries, record_min_max })
        }
        Aggregation::Base2ExponentialBucketHistogram { max_size, max_scale, record_min_max } => {
            let buckets = views::ExponentialBuckets { max_size, max_scale, record_min_max };
            views::Aggregation::Base2ExponentialBucketHistogram(buckets)
        }
    }
}

fn rules(rules: Vec<AttributeRule>) -> Vec<views::AttributeRule> {
    let texts = |patterns: Vec<Pattern>| patterns.into_iter().map(Pattern::into_string).collect();
    let rule = |rule| match rule {
        AttributeRule::Include(patterns) => views::AttributeRule::Include(texts(patterns)),
        AttributeRule::Exclude(patterns) => views::AttributeRule::Exclude(texts(patterns)),
        AttributeRule::Computed(tag) => views::AttributeRule::Computed(tag),
    };
    rules.into_iter().map(rule).collect()
}

pub(super) fn stream(stream: Stream) -> views::StreamSpec {
    views::StreamSpec {
        name: stream.name,
        description: stream.description,
        unit: stream.unit,
        attributes: rules(stream.attributes),
        resource_attributes: rules(stream.resource_attributes),
        aggregation: aggregation(stream.aggregation),
        combine: stream.combine.map(|combine| match combine {
            Combine::Sum => views::Combine::Sum,
            Combine::Min => views::Combine::Min,
            Combine::Max => views::Combine::Max,
            Combine::Last => views::Combine::Last,
        }),
        cardinality_limit: stream.cardinality_limit,
    }
}
