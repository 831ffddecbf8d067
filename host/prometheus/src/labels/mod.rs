//! The labels of a series: attributes, scope and resource under the names of Prometheus, joined where names collide.

mod series;
mod texts;
mod value;

use std::borrow::Cow;

use wasmeter_model::ValueRef;

pub(crate) use series::{Found, SeriesLabels};
pub(crate) use texts::{LabelId, LabelTexts};
pub(crate) use value::text as value_text;

/// A label before collisions are settled.
#[derive(Clone, Debug)]
pub(crate) struct Label<'a> {
    /// Its name on the page.
    pub(crate) name: String,
    /// What it was called in OpenTelemetry; decides the order of values that end up under one name.
    pub(crate) key: Cow<'a, str>,
    /// Where it comes from; equal keys of one origin are one attribute given twice, of which the last counts.
    pub(crate) origin: Origin,
    /// Not escaped.
    pub(crate) value: Cow<'a, str>,
}

/// What part of the telemetry a label tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    Resource,
    Scope,
    Point,
}

impl<'a> Label<'a> {
    pub(crate) fn new(name: String, key: &'a str, origin: Origin, value: ValueRef<'a>) -> Self {
        Self { name, key: Cow::Borrowed(key), origin, value: value_text(value) }
    }
}

/// Names and values by name, each name once, without empty values.
///
/// Of labels with the same name the values are joined by `;` in the order of their OpenTelemetry keys (compatibility
/// specification, "Metric Attributes"). A label of the name `reserved` gives way, with the prefix that Prometheus itself
/// uses for that.
pub(crate) fn settle(
    shared: &[Label<'_>],
    own: &[Label<'_>],
    reserved: Option<&str>,
) -> Vec<(String, String)> {
    fn identity<'b>(label: &'b Label<'_>) -> (&'b str, &'b str, Origin) {
        (&label.name, &label.key, label.origin)
    }
    let exported: Vec<Label<'_>> = shared
        .iter()
        .chain(own)
        .filter(|label| reserved == Some(&label.name))
        .map(|label| Label { name: format!("exported_{}", label.name), ..label.clone() })
        .collect();
    let mut labels: Vec<&Label<'_>> =
        shared.iter().chain(own).filter(|label| reserved != Some(&label.name)).chain(&exported).collect();
    labels.sort_by(|a, b| identity(a).cmp(&identity(b)));
    let mut settled = Vec::new();
    for named in labels.chunk_by(|a, b| a.name == b.name) {
        let mut value = String::new();
        for (position, same) in named.chunk_by(|a, b| identity(a) == identity(b)).enumerate() {
            if position > 0 {
                value.push(';');
            }
            value.push_str(same.last().map_or("", |label| &label.value));
        }
        let (Some(first), false) = (named.first(), value.is_empty()) else {
            continue;
        };
        settled.push((first.name.clone(), value));
    }
    settled
}

/// Appends one more label.
pub(crate) fn push(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() && !out.ends_with('{') {
        out.push(',');
    }
    push_bare(out, name, value);
}

fn push_bare(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str("=\"");
    let is_escaped = |byte: u8| (byte == b'\\') | (byte == b'"') | (byte == b'\n');
    // Few values have any, so all bytes are looked at at once first.
    let mut rest = value;
    let has_escapes = value.bytes().fold(false, |any, byte| any | is_escaped(byte));
    while has_escapes && let Some(place) = rest.bytes().position(is_escaped) {
        let (plain, escaped) = rest.split_at(place);
        out.push_str(plain);
        let mut characters = escaped.chars();
        out.push_str(match characters.next() {
            Some('\\') => "\\\\",
            Some('"') => "\\\"",
            _ => "\\n",
        });
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests;
