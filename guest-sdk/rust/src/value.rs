//! Attribute values.

use std::hash::{Hash, Hasher};

/// The value of an attribute.
///
/// Equality is the host's: all NaNs are one value and `-0.0` equals `0.0`, so that such a value names one series.
#[derive(Clone, Debug)]
pub enum Value {
    /// The sender named the attribute but gave no value.
    Empty,
    /// A boolean.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// Text of any length; the host limits what a plugin may return.
    Text(String),
    /// Opaque bytes.
    Bytes(Vec<u8>),
    /// An array or map, as the text of its OTLP/JSON `AnyValue`, for example
    /// `{"arrayValue":{"values":[{"intValue":"1"}]}}`.
    Nested(String),
}

impl Value {
    /// The text, if the value is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if the value is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            _ => None,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Empty, Self::Empty) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Text(a), Self::Text(b)) | (Self::Nested(a), Self::Nested(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

/// Equal values have equal hashes.
impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Empty => {}
            Self::Bool(truth) => truth.hash(state),
            Self::Int(int) => int.hash(state),
            Self::Double(double) if double.is_nan() => f64::NAN.to_bits().hash(state),
            // Of both zeros one.
            Self::Double(double) => (double + 0.0).to_bits().hash(state),
            Self::Text(text) | Self::Nested(text) => text.hash(state),
            Self::Bytes(bytes) => bytes.hash(state),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<f64> for Value {
    fn from(double: f64) -> Self {
        Self::Double(double)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn nan_and_zero_each_are_one_value_and_types_differ() {
        assert_eq!(Value::Double(f64::NAN), Value::Double(-f64::NAN));
        assert_eq!(Value::Double(0.0), Value::Double(-0.0));
        assert_ne!(Value::Int(1), Value::Double(1.0));
        assert_ne!(Value::Text("{}".into()), Value::Nested("{}".into()));
    }
}
