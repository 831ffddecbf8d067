//! Checks the attribute set a View answers with.

use std::sync::Arc;

use wasmeter_model::{Attributes, Value, ValueRef};

use super::nested::check_nested;
use super::{Budget, Wrong, at_most};
use crate::bindings::types;
use crate::config::AnswerLimits;

/// What an attribute costs beside its key and value.
const ATTRIBUTE_BYTES: usize = 32;

/// Checks the answer of `map-attributes`. Of equal keys the last one wins. `question` is the set that was asked about:
/// nested values it already has need no second look.
pub(crate) fn check_attributes(
    answer: Vec<types::Attribute>,
    question: &Attributes,
    limits: AnswerLimits,
    bytes_max: usize,
) -> Result<Attributes, Wrong> {
    // As many as the sender sent may always be returned.
    at_most("attributes", answer.len(), limits.attributes_max.max(question.len()))?;
    let mut budget = Budget::new(limits, bytes_max);
    let mut pairs: Vec<(Arc<str>, Value)> = Vec::with_capacity(answer.len());
    for types::Attribute { key, value } in answer {
        budget.take(ATTRIBUTE_BYTES)?;
        if key.is_empty() {
            return Err("an attribute with an empty key".to_owned());
        }
        // A key the sender chose may be longer than what a plugin may invent.
        match question.get(&key) {
            Some(_) => budget.take(key.len())?,
            None => budget.text("an attribute key", &key, limits.key_bytes_max)?,
        }
        let value = check_value(value, question, &mut budget)?;
        pairs.push((key.into(), value));
    }
    Ok(Attributes::from_pairs(pairs).0)
}

fn check_value(value: types::Value, question: &Attributes, budget: &mut Budget) -> Result<Value, Wrong> {
    Ok(match value {
        types::Value::Empty => Value::Empty,
        types::Value::Boolean(truth) => Value::Bool(truth),
        types::Value::Int(int) => Value::Int(int),
        types::Value::Double(double) => Value::Double(double),
        types::Value::Text(text) => {
            budget.take(text.len())?;
            Value::String(text.into())
        }
        types::Value::Bytes(bytes) => {
            budget.take(bytes.len())?;
            Value::Bytes(bytes.into())
        }
        types::Value::Nested(text) => {
            budget.take(text.len())?;
            if !question.iter().any(|(_, value)| value == ValueRef::Nested(&text)) {
                check_nested(&text)?;
            }
            Value::Nested(text.into())
        }
    })
}
