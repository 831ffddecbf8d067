//! The `[config]` table as JSON, which is what plugins take.

use serde_json::{Map, Number, Value as Json};
use toml::de::{DeTable, DeValue};

/// Where in the file, in bytes, and what is wrong there.
type Wrong = (usize, String);

/// Turns a table into a JSON object. Dates become text, as TOML writes them; the parser bounds how deep tables nest.
pub(super) fn json_table(table: &DeTable<'_>) -> Result<Map<String, Json>, Wrong> {
    table
        .iter()
        .map(|(key, value)| Ok((key.get_ref().to_string(), json(value.span().start, value.get_ref())?)))
        .collect()
}

fn json(at: usize, value: &DeValue<'_>) -> Result<Json, Wrong> {
    Ok(match value {
        DeValue::String(text) => Json::String(text.to_string()),
        DeValue::Boolean(truth) => Json::Bool(*truth),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map(|number| Json::Number(number.into()))
            .map_err(|_| (at, format!("{} is no 64-bit integer", integer.as_str())))?,
        DeValue::Float(float) => {
            float.as_str().parse().ok().and_then(Number::from_f64).map(Json::Number).ok_or_else(|| {
                (at, format!("{} has no JSON form, which is what plugins take", float.as_str()))
            })?
        }
        DeValue::Datetime(date) => Json::String(date.to_string()),
        DeValue::Array(values) => values
            .iter()
            .map(|value| json(value.span().start, value.get_ref()))
            .collect::<Result<_, _>>()
            .map(Json::Array)?,
        DeValue::Table(table) => Json::Object(json_table(table)?),
    })
}
