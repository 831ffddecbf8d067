//! Strings, values and attribute sets, each kept once.

use super::columns::{at, slice};
use super::texts::Texts;
use crate::{Attributes, Value};

/// The tables of a frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tables {
    pub(crate) text: Texts,
    pub(crate) text_ends: Vec<u32>,
    pub(crate) tags: Vec<u8>,
    pub(crate) bits: Vec<u64>,
    pub(crate) blob: Vec<u8>,
    pub(crate) blob_ends: Vec<u32>,
    pub(crate) keys: Vec<u32>,
    pub(crate) values: Vec<u32>,
    pub(crate) set_ends: Vec<u32>,
}

/// Tags of values.
pub(crate) const EMPTY: u8 = 0;
pub(crate) const BOOL: u8 = 1;
pub(crate) const INT: u8 = 2;
pub(crate) const DOUBLE: u8 = 3;
pub(crate) const TEXT: u8 = 4;
pub(crate) const BYTES: u8 = 5;
pub(crate) const NESTED: u8 = 6;

/// The value of an attribute, in its frame; see [`Value`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueRef<'a> {
    /// The sender named the attribute but gave no value.
    Empty,
    /// A boolean.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// Text.
    Text(&'a str),
    /// Opaque bytes.
    Bytes(&'a [u8]),
    /// An array or map, as the text of its OTLP/JSON `AnyValue`.
    Nested(&'a str),
}

impl ValueRef<'_> {
    /// A copy that is the plugin's own.
    pub fn to_value(self) -> Value {
        match self {
            Self::Empty => Value::Empty,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Int(int) => Value::Int(int),
            Self::Double(double) => Value::Double(double),
            Self::Text(text) => Value::Text(text.to_owned()),
            Self::Bytes(bytes) => Value::Bytes(bytes.to_owned()),
            Self::Nested(text) => Value::Nested(text.to_owned()),
        }
    }
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Empty => Self::Empty,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Int(int) => Self::Int(*int),
            Value::Double(double) => Self::Double(*double),
            Value::Text(text) => Self::Text(text),
            Value::Bytes(bytes) => Self::Bytes(bytes),
            Value::Nested(text) => Self::Nested(text),
        }
    }
}

impl Tables {
    pub(crate) fn string(&self, row: u32) -> &str {
        self.text.get(super::columns::range(&self.text_ends, row as usize)).unwrap_or_default()
    }

    pub(crate) fn value(&self, row: u32) -> ValueRef<'_> {
        let bits = at(&self.bits, row as usize);
        let index = u32::try_from(bits).unwrap_or(u32::MAX);
        match at(&self.tags, row as usize) {
            BOOL => ValueRef::Bool(bits != 0),
            INT => ValueRef::Int(bits.cast_signed()),
            DOUBLE => ValueRef::Double(f64::from_bits(bits)),
            TEXT => ValueRef::Text(self.string(index)),
            BYTES => ValueRef::Bytes(slice(&self.blob, &self.blob_ends, index as usize)),
            NESTED => ValueRef::Nested(self.string(index)),
            _ => ValueRef::Empty,
        }
    }

    pub(crate) fn set(&self, row: u32) -> AttributesRef<'_> {
        AttributesRef {
            tables: self,
            keys: slice(&self.keys, &self.set_ends, row as usize),
            values: slice(&self.values, &self.set_ends, row as usize),
        }
    }
}

/// An attribute set in its frame.
#[derive(Clone, Copy, Debug)]
pub struct AttributesRef<'a> {
    tables: &'a Tables,
    keys: &'a [u32],
    values: &'a [u32],
}

impl<'a> AttributesRef<'a> {
    /// The attributes; keys are distinct.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'a str, ValueRef<'a>)> + use<'a> {
        let tables = self.tables;
        self.keys.iter().zip(self.values).map(|(key, value)| (tables.string(*key), tables.value(*value)))
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<ValueRef<'a>> {
        self.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// How many attributes the set has.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// True for the set without attributes.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// A copy that is the plugin's own. Allocates for each attribute.
    pub fn to_attributes(&self) -> Attributes {
        self.iter().map(|(key, value)| (key, value.to_value())).collect()
    }
}
