//! Checks nested values: the text of an OTLP/JSON `AnyValue`.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Wrong, quoted};

/// The deepest nesting of `AnyValue`s, as the OTLP receivers have it.
const DEPTH_MAX: usize = 64;
/// Brackets an `AnyValue` nests by: itself, its `arrayValue` or `kvlistValue`, the list, and in a map the pair.
const BRACKETS_PER_LEVEL: usize = 4;

/// The cases of `AnyValue`; exactly one of them is given. Deeper values are only checked to be JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AnyValue {
    string_value: Option<IgnoredAny>,
    bool_value: Option<IgnoredAny>,
    int_value: Option<IgnoredAny>,
    double_value: Option<IgnoredAny>,
    bytes_value: Option<IgnoredAny>,
    array_value: Option<IgnoredAny>,
    kvlist_value: Option<IgnoredAny>,
}

/// Refuses what an OTLP exporter could not write out again. Takes constant memory and stack whatever the text.
pub(crate) fn check_nested(text: &str) -> Result<(), Wrong> {
    if depth(text) > DEPTH_MAX * BRACKETS_PER_LEVEL {
        return Err(format!("a nested value deeper than {DEPTH_MAX} levels"));
    }
    let value: AnyValue = serde_json::from_str(text)
        .map_err(|error| format!("the nested value `{}` is no OTLP/JSON AnyValue: {error}", quoted(text)))?;
    let cases = [
        value.string_value,
        value.bool_value,
        value.int_value,
        value.double_value,
        value.bytes_value,
        value.array_value,
        value.kvlist_value,
    ];
    let given = cases.iter().flatten().count();
    if given != 1 {
        return Err(format!("the nested value `{}` has {given} values, one is needed", quoted(text)));
    }
    Ok(())
}

/// How deep brackets nest outside of strings. Says nothing about whether the text is JSON.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth = depth.saturating_add(1);
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
