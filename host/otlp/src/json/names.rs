//! Finding out which field a key names, without allocating.

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

/// The fields of a message: the camelCase name and the original one.
pub(super) type Names = &'static [(&'static str, &'static str)];

/// Reads a key and yields the camelCase name of the field, or nothing for an unknown field.
pub(super) struct FieldName(pub(super) Names);

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldName {
    type Value = Option<&'static str>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a field name")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|(camel, original)| *camel == key || *original == key).map(|(camel, _)| *camel))
    }
}
