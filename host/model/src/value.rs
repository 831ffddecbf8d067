//! Attribute values, owned and borrowed.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use smol_str::SmolStr;

/// An attribute value, cheap to clone.
///
/// Equality and hashing treat all NaNs as one value and `-0.0` as `0.0`, so that an attribute with such a value names one
/// series rather than a new one each time.
#[derive(Clone, Debug)]
pub enum Value {
    /// The OTLP value with nothing set.
    Empty,
    /// A boolean.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// A double; see the type about NaN and negative zero.
    Double(f64),
    /// UTF-8 text; up to 23 bytes of it are in the value itself.
    String(SmolStr),
    /// Opaque bytes.
    Bytes(Arc<[u8]>),
    /// An array or map, as the text of its OTLP/JSON `AnyValue` (for example `{"arrayValue":{"values":[]}}`).
    /// Text, because the plugin contract has no recursive types.
    Nested(Arc<str>),
}

/// A borrowed [`Value`]; the same cases with the same meaning.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the cases are those of `Value`, where they are documented")]
pub enum ValueRef<'a> {
    Empty,
    Bool(bool),
    Int(i64),
    Double(f64),
    String(&'a str),
    Bytes(&'a [u8]),
    Nested(&'a str),
}

/// The bits that stand for a double in comparisons: one NaN, one zero.
pub(crate) fn double_identity(double: f64) -> u64 {
    if double.is_nan() {
        f64::NAN.to_bits()
    } else if double == 0.0 {
        0
    } else {
        double.to_bits()
    }
}

impl Value {
    /// A borrowed view of the value.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Empty => ValueRef::Empty,
            Self::Bool(value) => ValueRef::Bool(*value),
            Self::Int(value) => ValueRef::Int(*value),
            Self::Double(value) => ValueRef::Double(*value),
            Self::String(value) => ValueRef::String(value),
            Self::Bytes(value) => ValueRef::Bytes(value),
            Self::Nested(value) => ValueRef::Nested(value),
        }
    }

    /// The text, if the value is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl ValueRef<'_> {
    /// An owned copy; allocates for text and bytes.
    pub fn to_value(self) -> Value {
        match self {
            Self::Empty => Value::Empty,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Double(value) => Value::Double(value),
            Self::String(value) => Value::String(value.into()),
            Self::Bytes(value) => Value::Bytes(value.into()),
            Self::Nested(value) => Value::Nested(value.into()),
        }
    }
}

impl<'a> ValueRef<'a> {
    /// The text, if the value is a string.
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Self {
        value.to_value()
    }
}

impl PartialEq for ValueRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Empty, Self::Empty) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => double_identity(*a) == double_identity(*b),
            (Self::String(a), Self::String(b)) | (Self::Nested(a), Self::Nested(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for ValueRef<'_> {}

impl Hash for ValueRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Empty => {}
            Self::Bool(value) => value.hash(state),
            Self::Int(value) => value.hash(state),
            Self::Double(value) => double_identity(*value).hash(state),
            Self::String(value) | Self::Nested(value) => value.hash(state),
            Self::Bytes(value) => value.hash(state),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
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
