//! How each kind of field is written in JSON.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Unexpected, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

use crate::messages::AggregationTemporality;

/// The JSON form of a field of type `T`.
pub(super) trait Codec<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>;
    fn write<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error>;
    /// True for the value a missing field stands for.
    fn is_absent(value: &T) -> bool;
}

/// Reads a `T`, or nothing for `null`.
pub(super) struct Nullable<T, C>(PhantomData<(T, C)>);

pub(super) fn nullable<T, C: Codec<T>>() -> Nullable<T, C> {
    Nullable(PhantomData)
}

impl<'de, T, C: Codec<T>> DeserializeSeed<'de> for Nullable<T, C> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T, C: Codec<T>> Visitor<'de> for Nullable<T, C> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        C::read(deserializer).map(Some)
    }
}

/// A value on its way to the serializer.
pub(super) struct Written<'a, T, C>(&'a T, PhantomData<C>);

pub(super) fn written<T, C: Codec<T>>(value: &T) -> Written<'_, T, C> {
    Written(value, PhantomData)
}

impl<T, C: Codec<T>> Serialize for Written<'_, T, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        C::write(self.0, serializer)
    }
}

/// A JSON string.
pub(super) struct Text;

impl Codec<String> for Text {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        String::deserialize(deserializer)
    }

    fn write<S: Serializer>(value: &String, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(value)
    }

    fn is_absent(value: &String) -> bool {
        value.is_empty()
    }
}

/// A JSON boolean.
pub(super) struct Bool;

impl Codec<bool> for Bool {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
        bool::deserialize(deserializer)
    }

    fn write<S: Serializer>(value: &bool, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*value)
    }

    fn is_absent(value: &bool) -> bool {
        !*value
    }
}

/// An integer: read from a number or a string, written as a string if it has 64 bits.
pub(super) struct Int;

struct IntVisitor;

impl Visitor<'_> for IntVisitor {
    type Value = i128;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an integer, as a number or a decimal string")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<i128, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<i128, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<i128, E> {
        // The mapping allows `1.0` and `1e3`; beyond 2^53 a double does not say which integer was meant.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if value.fract() == 0.0 && value.abs() <= EXACT {
            #[expect(clippy::cast_possible_truncation, reason = "integral and within 2^53")]
            return Ok(value as i128);
        }
        Err(E::invalid_value(Unexpected::Float(value), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i128, E> {
        text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

macro_rules! int_codec {
    ($int:ty, $write:ident) => {
        impl Codec<$int> for Int {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$int, D::Error> {
                let value = deserializer.deserialize_any(IntVisitor)?;
                <$int>::try_from(value).map_err(|_| {
                    D::Error::custom(format_args!(
                        concat!("integer {} is out of the range of ", stringify!($int)),
                        value
                    ))
                })
            }

            fn write<S: Serializer>(value: &$int, serializer: S) -> Result<S::Ok, S::Error> {
                $write(*value, serializer)
            }

            fn is_absent(value: &$int) -> bool {
                *value == 0
            }
        }
    };
}

fn as_text<T: fmt::Display, S: Serializer>(value: T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&value)
}

fn as_number<T: Serialize, S: Serializer>(value: T, serializer: S) -> Result<S::Ok, S::Error> {
    value.serialize(serializer)
}

int_codec!(u64, as_text);
int_codec!(i64, as_text);
int_codec!(u32, as_number);
int_codec!(i32, as_number);

/// A double: a number, or a string such as `"NaN"`, `"Infinity"`, `"-Infinity"`.
pub(super) struct Double;

struct DoubleVisitor;

impl Visitor<'_> for DoubleVisitor {
    type Value = f64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, or one of the strings `NaN`, `Infinity`, `-Infinity`")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    #[expect(clippy::cast_precision_loss, reason = "the field is a double; a JSON integer is rounded to one")]
    fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "the field is a double; a JSON integer is rounded to one")]
    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        let number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        match text {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            _ if number => text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self)),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

impl Codec<f64> for Double {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_any(DoubleVisitor)
    }

    fn write<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_nan() {
            serializer.serialize_str("NaN")
        } else if value.is_infinite() {
            serializer.serialize_str(if *value > 0.0 { "Infinity" } else { "-Infinity" })
        } else {
            serializer.serialize_f64(*value)
        }
    }

    fn is_absent(value: &f64) -> bool {
        // A negative zero is none that need not be said.
        value.to_bits() == 0
    }
}

/// The aggregation temporality: read from its number or name, written as its number.
pub(super) struct TemporalityCode;

struct TemporalityVisitor;

impl Visitor<'_> for TemporalityVisitor {
    type Value = i32;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "an aggregation temporality, as its number or as a name such as `AGGREGATION_TEMPORALITY_DELTA`",
        )
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<i32, E> {
        i32::try_from(value).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<i32, E> {
        i32::try_from(value).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<i32, E> {
        match AggregationTemporality::from_str_name(name) {
            Some(known) => Ok(known.into()),
            None => Err(E::invalid_value(Unexpected::Str(name), &self)),
        }
    }
}

impl Codec<i32> for TemporalityCode {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
        deserializer.deserialize_any(TemporalityVisitor)
    }

    fn write<S: Serializer>(value: &i32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(*value)
    }

    fn is_absent(value: &i32) -> bool {
        *value == 0
    }
}

/// A message within a message.
pub(super) struct Message;

impl<T: for<'de> Deserialize<'de> + Serialize> Codec<T> for Message {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }

    fn write<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    fn is_absent(_: &T) -> bool {
        false
    }
}

/// A field that tells absent from default.
pub(super) struct Optional<C>(PhantomData<C>);

impl<T, C: Codec<T>> Codec<Option<T>> for Optional<C> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        C::read(deserializer).map(Some)
    }

    fn write<S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => C::write(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    fn is_absent(value: &Option<T>) -> bool {
        value.is_none()
    }
}

/// A repeated field.
pub(super) struct List<C>(PhantomData<C>);

struct ListVisitor<T, C>(PhantomData<(T, C)>);

struct Item<T, C>(PhantomData<(T, C)>);

impl<'de, T, C: Codec<T>> DeserializeSeed<'de> for Item<T, C> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        C::read(deserializer)
    }
}

impl<'de, T, C: Codec<T>> Visitor<'de> for ListVisitor<T, C> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Item::<T, C>(PhantomData))? {
            list.push(item);
        }
        Ok(list)
    }
}

impl<T, C: Codec<T>> Codec<Vec<T>> for List<C> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(ListVisitor::<T, C>(PhantomData))
    }

    fn write<S: Serializer>(value: &Vec<T>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(value.len()))?;
        for item in value {
            sequence.serialize_element(&written::<T, C>(item))?;
        }
        sequence.end()
    }

    fn is_absent(value: &Vec<T>) -> bool {
        value.is_empty()
    }
}
