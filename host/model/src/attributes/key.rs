//! A key as it is encoded, so that attributes need not be taken apart to be told from others.

use super::encoding::{KEY, TEXT, VALUE};

/// A key and how attributes begin that have it.
#[derive(Clone, Debug)]
pub struct EncodedKey {
    key: String,
    /// The key's field and the tag of the value; empty if the key is too long for a length of one byte.
    fields: Vec<u8>,
}

impl EncodedKey {
    /// Costs two allocations.
    pub fn new(key: &str) -> Self {
        let fields = match u8::try_from(key.len()) {
            Ok(length @ 1..0x80) => [&[KEY, length], key.as_bytes(), &[VALUE]].concat(),
            _ => Vec::new(),
        };
        Self { key: key.to_owned(), fields }
    }

    /// The key.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.key
    }

    /// The text of the first attribute of these, if it has the key and its value is text, and all its lengths are of one byte.
    #[inline]
    pub(crate) fn text_in<'a>(&self, fields: &'a [u8]) -> Option<&'a [u8]> {
        let message = short_message(fields)?;
        let value = if self.fields.is_empty() { None } else { message.strip_prefix(self.fields.as_slice()) };
        short_text(value?)
    }

    /// As [`EncodedKey::text_in`], where it is known that they begin with an attribute that has the key.
    #[inline]
    pub(crate) fn text_behind<'a>(&self, fields: &'a [u8]) -> Option<&'a [u8]> {
        let message = short_message(fields)?;
        // The same key may have a longer length.
        if message.first_chunk::<2>()? != self.fields.first_chunk::<2>()? {
            return None;
        }
        // What is behind a key is its value or nothing.
        short_text(message.get(self.fields.len()..)?)
    }
}

/// The first attribute of these, without its tag and its length, if that is of one byte. It goes no further: what is behind it is
/// another one.
#[inline]
fn short_message(fields: &[u8]) -> Option<&[u8]> {
    match fields.split_first_chunk::<2>()? {
        ([_tag, length @ 0..0x80], rest) => rest.get(..usize::from(*length)),
        _ => None,
    }
}

/// The text of a value from its length on, if it is text and all lengths are of one byte.
#[inline]
fn short_text(value: &[u8]) -> Option<&[u8]> {
    match value.split_first_chunk::<3>()? {
        ([0..0x80, TEXT, length @ 0..0x80], text) => text.get(..usize::from(*length)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Attributes, EncodedKey};

    fn text<'a>(set: &'a Attributes, place: usize, key: &str) -> Option<&'a str> {
        let text = EncodedKey::new(key).text_in(set.fields_from(place)?)?;
        std::str::from_utf8(text).ok()
    }

    #[test]
    fn a_text_is_found_by_its_whole_key() {
        let set = Attributes::from_iter([("a", "1"), ("ab", ""), ("b", "two")]);
        assert_eq!(
            (text(&set, 0, "a"), text(&set, 1, "ab"), text(&set, 2, "b")),
            (Some("1"), Some(""), Some("two"))
        );
        for (place, key) in [(0, "b"), (0, "ab"), (1, "a"), (1, "b"), (0, ""), (3, "a")] {
            assert_eq!(text(&set, place, key), None, "{place} {key}");
        }
    }

    #[test]
    fn a_key_that_is_known_to_be_there_is_not_compared_but_how_it_is_encoded_is() {
        // The value is so long that what is one byte before it would be taken for the lengths of another text.
        let message = |length: &[u8]| [b"\x0a", length, b"key\x12\x0a\x0a\x08eight..8"].concat();
        let field = |message: &[u8]| [&[0x3a, message.len() as u8], message].concat();
        let key = EncodedKey::new("key");
        for (length, expected) in [(&b"\x03"[..], Some(&b"eight..8"[..])), (b"\x83\x00", None)] {
            let list = [field(&message(length)), field(b"\x0a\x01z\x12\x02\x18\x01")].concat();
            let set = Attributes::from_encoded(&list, 0x3a).unwrap();
            let fields = set.fields_from(0).unwrap();
            assert_eq!(set.attribute(0).map(|attribute| attribute.key()), Some("key"));
            assert_eq!((key.text_in(fields), key.text_behind(fields)), (expected, expected));
        }
        let long = "x".repeat(200);
        let set = Attributes::from_iter([(long.as_str(), "1")]);
        assert_eq!(EncodedKey::new(&long).text_behind(set.fields_from(0).unwrap()), None);
    }

    #[test]
    fn a_value_that_is_not_there_is_not_looked_for_in_the_next_attribute() {
        let field = |tag: u8, message: &[u8]| [&[tag, message.len() as u8], message].concat();
        let key = EncodedKey::new("key");
        for tag in [0x3a, 0x4a, 0x0a] {
            for message in [&b"\x0a\x03key"[..], b"\x0a\x03key\x12\x00", b"\x0a\x03key\x12\x02\x0a\x00"] {
                let list = [field(tag, message), field(tag, b"\x0a\x03the\x12\x06\x0a\x04next")].concat();
                let set = Attributes::from_encoded(&list, tag).unwrap();
                let fields = set.fields_from(0).unwrap();
                let expected = message.ends_with(b"\x0a\x00").then_some(&b""[..]);
                assert_eq!((key.text_in(fields), key.text_behind(fields)), (expected, expected), "{tag:#x}");
            }
        }
    }

    #[test]
    fn what_is_no_text_or_is_long_is_left_to_others() {
        let set = Attributes::from_iter([("a", 1_i64)]);
        assert_eq!(text(&set, 0, "a"), None);
        let long = "x".repeat(200);
        let set = Attributes::from_iter([("a", long.as_str()), (long.as_str(), "1"), ("z", "short")]);
        let found: Vec<_> =
            [(0, "a"), (1, &long), (2, "z")].iter().map(|(place, key)| text(&set, *place, key)).collect();
        assert_eq!(found, [None, None, Some("short")]);
    }
}
