//! Finding out which field a key names, without allocating.

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

/// The fields of a message: the camelCase name and the original one.
pub(super) type Names = &'static [(&'static str, &'static str)];

/// Reads a key and yields the camelCase name of the field, or nothing for an unknown field. A field that stands there twice
/// is an error: whichever of the two were kept, the other would be lost without a word.
pub(super) struct FieldNames {
    names: Names,
    seen: u32,
}

impl FieldNames {
    pub(super) const fn new(names: Names) -> Self {
        assert!(names.len() <= 32, "one bit of `seen` for each field");
        Self { names, seen: 0 }
    }
}

impl<'de> DeserializeSeed<'de> for &mut FieldNames {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for &mut FieldNames {
    type Value = Option<&'static str>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a field name")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        for (index, (camel, original)) in self.names.iter().enumerate() {
            if *camel == key || *original == key {
                let bit = 1 << index;
                if self.seen & bit != 0 {
                    return Err(E::duplicate_field(camel));
                }
                self.seen |= bit;
                return Ok(Some(camel));
            }
        }
        Ok(None)
    }
}
