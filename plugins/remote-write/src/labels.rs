//! Attributes as labels.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wasmeter_guest::frame::{AttributesRef, ScopeRef, ValueRef};
use wasmeter_prometheus_names::{TranslationStrategy, label};

/// Names and values by name.
pub(crate) type Labels = BTreeMap<String, String>;

/// `job` and `instance` of a resource (compatibility specification, "Resource Attributes"), and the attributes that they do not
/// tell, for `target_info`.
pub(crate) fn target(resource: AttributesRef<'_>) -> (Labels, Labels) {
    let text = |key| resource.get(key).map(text).unwrap_or_default();
    let (service, namespace, instance) =
        (text("service.name"), text("service.namespace"), text("service.instance.id"));
    let mut identity = Labels::new();
    if !service.is_empty() {
        let job = if namespace.is_empty() { service } else { format!("{namespace}/{service}") };
        identity.insert("job".to_owned(), job);
    }
    if !instance.is_empty() {
        identity.insert("instance".to_owned(), instance);
    }
    let told = |key: &str| match key {
        "service.name" | "service.namespace" => identity.contains_key("job"),
        "service.instance.id" => identity.contains_key("instance"),
        _ => false,
    };
    let mut others = Labels::new();
    add(&mut others, resource.iter().filter(|(key, _)| !told(key)));
    (identity, others)
}

/// The labels that name a scope (compatibility specification, "Instrumentation Scope").
pub(crate) fn scope(scope: &ScopeRef<'_>) -> Labels {
    let pairs = [("otel_scope_name", scope.name()), ("otel_scope_version", scope.version())];
    let told = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    told.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Adds attributes. Of keys that become the same label the values are joined by `;` in the order of the keys (compatibility
/// specification, "Metric Attributes"); a label that is there already is one of the target's or the scope's and stays, and the
/// attribute's is prefixed as Prometheus does it.
pub(crate) fn add<'a>(labels: &mut Labels, attributes: impl Iterator<Item = (&'a str, ValueRef<'a>)>) {
    let mut sorted: Vec<(&str, String)> = attributes.map(|(key, value)| (key, text(value))).collect();
    sorted.sort_unstable();
    let mut own = Labels::new();
    for (key, value) in sorted {
        if value.is_empty() {
            continue;
        }
        let name = label(TranslationStrategy::UnderscoreEscapingWithSuffixes, key);
        let joined = own.entry(name).or_default();
        if !joined.is_empty() {
            joined.push(';');
        }
        joined.push_str(&value);
    }
    for (name, value) in own {
        let mut name = name;
        while labels.contains_key(&name) {
            name.insert_str(0, "exported_");
        }
        labels.insert(name, value);
    }
}

/// The text of a value (common specification, "AnyValue representation for non-OTLP protocols"); arrays and maps are in
/// OTLP/JSON.
pub(crate) fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Empty => String::new(),
        ValueRef::Bool(truth) => truth.to_string(),
        ValueRef::Int(int) => int.to_string(),
        ValueRef::Double(double) if double.is_infinite() => {
            if double > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
        }
        ValueRef::Double(double) => {
            let text = format!("{double:?}");
            text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
        }
        ValueRef::Text(text) | ValueRef::Nested(text) => text.to_owned(),
        ValueRef::Bytes(bytes) => STANDARD.encode(bytes),
    }
}
