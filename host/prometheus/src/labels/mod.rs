//! The labels of a series: attributes, scope and resource under the names of Prometheus, joined where names collide.

mod series;
mod value;

use std::borrow::Cow;

use wasmeter_model::ValueRef;

use crate::out::Out;

pub(crate) use series::{Found, LabelsId, SeriesLabels};
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

impl Label<'_> {
    /// The same, of text of its own.
    fn into_owned(self) -> Label<'static> {
        let Self { name, key, origin, value } = self;
        Label { name, key: Cow::Owned(key.into_owned()), origin, value: Cow::Owned(value.into_owned()) }
    }
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
pub(crate) fn push(out: &mut Out, name: &str, value: &str) {
    if !out.is_empty() && !out.as_bytes().ends_with(b"{") {
        out.push(',');
    }
    push_bare(out, name, value);
}

fn push_bare(out: &mut Out, name: &str, value: &str) {
    out.push_str(name);
    out.push_str("=\"");
    push_value(out, value.as_bytes());
    out.push('"');
}

/// Appends a value that is there as bytes, escaped.
#[inline]
fn push_value(out: &mut Out, value: &[u8]) {
    if has_escapes(value) {
        return push_escaped(out, value);
    }
    out.push_text(value);
}

fn push_escaped(out: &mut Out, value: &[u8]) {
    let mut rest = value;
    while let Some(place) = rest.iter().position(|byte| matches!(byte, b'\\' | b'"' | b'\n')) {
        let (plain, escaped) = rest.split_at(place);
        out.push_text(plain);
        let Some((escaped, behind)) = escaped.split_first() else { break };
        out.push_str(match escaped {
            b'\\' => "\\\\",
            b'"' => "\\\"",
            _ => "\\n",
        });
        rest = behind;
    }
    out.push_text(rest);
}

/// True if any of the bytes is escaped on a page. Few values have one, so all are looked at at once, eight of them in one go.
#[inline]
fn has_escapes(value: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    /// Has a bit set if one of the bytes is this one (and none if there is none).
    const fn has(word: u64, byte: u8) -> u64 {
        let zero = word ^ (ONES * byte as u64);
        zero.wrapping_sub(ONES) & !zero & (ONES << 7)
    }
    let in_word = |word: [u8; 8]| {
        let word = u64::from_le_bytes(word);
        has(word, b'\\') | has(word, b'"') | has(word, b'\n')
    };
    let (words, rest) = value.as_chunks::<8>();
    let found = words.iter().fold(0, |found, word| found | in_word(*word));
    let last = match value.last_chunk::<8>() {
        // Some of these for the second time.
        Some(last) => in_word(*last),
        None => u64::from(rest.iter().any(|byte| matches!(byte, b'\\' | b'"' | b'\n'))),
    };
    found | last != 0
}

#[cfg(test)]
mod tests;
