//! Byte fields: ids in hexadecimal, all else in base64.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serializer};

use super::codecs::Codec;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Bytes as base64: written in the standard alphabet with padding, read in either alphabet with or without.
pub(super) struct Base64;

impl Codec<Vec<u8>> for Base64 {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let engine = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
        engine
            .decode(text.as_bytes())
            .map_err(|_| D::Error::invalid_value(Unexpected::Str(&excerpt(&text)), &"base64"))
    }

    fn write<S: Serializer>(value: &Vec<u8>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(value))
    }

    fn is_absent(value: &Vec<u8>) -> bool {
        value.is_empty()
    }
}

/// A trace or span id in hexadecimal of either case (OTLP/JSON's exception from the mapping).
pub(super) struct HexId;

struct HexVisitor;

impl Visitor<'_> for HexVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("hexadecimal digits, two a byte")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        let invalid = || E::invalid_value(Unexpected::Str(&excerpt(text)), &self);
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut bytes = Vec::with_capacity(text.len() / 2);
        for pair in text.as_bytes().chunks(2) {
            let [high, low] = pair else { return Err(invalid()) };
            let (Some(high), Some(low)) = (digit(high), digit(low)) else { return Err(invalid()) };
            bytes.push(high << 4 | low);
        }
        Ok(bytes)
    }
}

impl Codec<Vec<u8>> for HexId {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_str(HexVisitor)
    }

    fn write<S: Serializer>(value: &Vec<u8>, serializer: S) -> Result<S::Ok, S::Error> {
        use std::fmt::Write;
        let mut text = String::with_capacity(value.len() * 2);
        for byte in value {
            write!(text, "{byte:02x}").map_err(serde::ser::Error::custom)?;
        }
        serializer.serialize_str(&text)
    }

    fn is_absent(value: &Vec<u8>) -> bool {
        value.is_empty()
    }
}

/// What an error quotes of the sender's text.
fn excerpt(text: &str) -> String {
    text.chars().take(64).collect()
}
